//! How an account stands, in words.

use database::staff::Staff;
use record::time::UnixMillis;
use web_kit::components::Tone;

/// Tone and word of its badge.
pub fn standing(account: &Staff, now: UnixMillis) -> (Tone, &'static str) {
    match () {
        () if !account.is_enabled() => (Tone::Neutral, "Disabled"),
        () if account.has_password() => (Tone::Good, "Active"),
        () if account.has_open_link(now) => (Tone::Waiting, "Link sent"),
        () => (Tone::Warning, "Link ended"),
    }
}
