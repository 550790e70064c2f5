//! How the erasure of a record stands, on the record's page and in the list of them.

use database::erasures::{Erasure, ErasureState, Identity};
use database::request_way::RequestWay;
use keyring::ApplicationKeys;
use record::time::UnixMillis;
use web_kit::components::Tone;
use zeroize::Zeroizing;

/// What is shown of it.
pub struct ErasureView {
    pub tone: Tone,
    pub label: &'static str,
    pub is_open: bool,
    pub asked_at: UnixMillis,
    pub due_at: UnixMillis,
    pub way: &'static str,
    pub identity: Option<&'static str>,
    pub decided_at: Option<UnixMillis>,
    pub destroyed_at: Option<UnixMillis>,
    /// Why it was refused; on the record's page alone.
    pub reason: Option<Zeroizing<String>>,
}

impl ErasureView {
    pub fn of(erasure: &Erasure, now: UnixMillis) -> Self {
        let (label, tone) = match erasure.state {
            ErasureState::Open if now > erasure.due_at => ("Answer overdue", Tone::Bad),
            ErasureState::Open => ("Erasure asked", Tone::Warning),
            ErasureState::Refused => ("Not erased", Tone::Neutral),
            ErasureState::Granted => ("Being erased", Tone::Waiting),
            ErasureState::Destroyed => ("Erased", Tone::Good),
        };
        Self {
            tone,
            label,
            is_open: erasure.state == ErasureState::Open,
            asked_at: erasure.asked_at,
            due_at: erasure.due_at,
            way: way_in_words(erasure.way),
            identity: erasure.identity.map(identity_in_words),
            decided_at: erasure.decided_at,
            destroyed_at: erasure.destroyed_at,
            reason: None,
        }
    }

    /// With what the owner was told, where it was refused and that opens.
    pub fn with_reason(self, erasure: &Erasure, keys: &ApplicationKeys) -> Self {
        let refused = Some(erasure).filter(|one| one.state == ErasureState::Refused);
        let opened = refused.and_then(|one| one.open(keys).ok().flatten());
        let reason = opened.and_then(|text| String::from_utf8(text.to_vec()).ok());
        Self {
            reason: reason.map(Zeroizing::new),
            ..self
        }
    }
}

pub const fn way_in_words(way: RequestWay) -> &'static str {
    match way {
        RequestWay::Receipt | RequestWay::Link => "with the address in a mail",
        RequestWay::InPerson => "in person",
        RequestWay::ByPhone => "by phone",
        RequestWay::ByLetter => "by letter",
        RequestWay::ByMail => "by e-mail",
        RequestWay::Retention => "since its time was over",
    }
}

pub const fn identity_in_words(identity: Identity) -> &'static str {
    match identity {
        Identity::Wallet => "their wallet signed",
        Identity::Code => "a code came to the address in the record",
        Identity::Document => "staff saw a document",
        Identity::Known => "staff know them",
    }
}
