//! Verdicts in words and tones.

use database::verifications::VerdictKind;
use web_kit::components::Tone;

/// Worst first: the order of the grid's tabs.
pub const ALL: [VerdictKind; 12] = [
    VerdictKind::Altered,
    VerdictKind::Swapped,
    VerdictKind::RolledBack,
    VerdictKind::Missing,
    VerdictKind::Forged,
    VerdictKind::ConsentInvalid,
    VerdictKind::RetiredUnproven,
    VerdictKind::Overdue,
    VerdictKind::Unverifiable,
    VerdictKind::Pending,
    VerdictKind::Valid,
    VerdictKind::Retired,
];

/// In a word or two.
pub const fn label(verdict: VerdictKind) -> &'static str {
    match verdict {
        VerdictKind::Valid => "Valid",
        VerdictKind::Altered => "Altered",
        VerdictKind::RolledBack => "Rolled back",
        VerdictKind::Swapped => "Swapped",
        VerdictKind::Missing => "Missing",
        VerdictKind::Forged => "Forged",
        VerdictKind::ConsentInvalid => "Consent invalid",
        VerdictKind::Retired => "Retired",
        VerdictKind::RetiredUnproven => "Retired, unproven",
        VerdictKind::Pending => "Pending",
        VerdictKind::Overdue => "Overdue",
        VerdictKind::Unverifiable => "Unverifiable",
    }
}

/// How it looks.
pub const fn tone(verdict: VerdictKind) -> Tone {
    match verdict {
        VerdictKind::Valid => Tone::Good,
        VerdictKind::Retired => Tone::Neutral,
        VerdictKind::Pending => Tone::Waiting,
        VerdictKind::Overdue | VerdictKind::Unverifiable => Tone::Warning,
        _ => Tone::Bad,
    }
}

/// A part of a record by the name that people know.
pub fn part(name: &str) -> &str {
    match name {
        "address" => "postal address",
        "email" => "e-mail",
        "consent_message" => "consent message",
        "consent_signature" => "signature",
        "owner_key" => "key",
        "uid" => "UID",
        "nonce_index" => "index of the nonce",
        "consent_receipt" => "note of receipt",
        "head" => "head of the record",
        other => other,
    }
}

/// Several parts, in a row.
pub fn parts(names: &[String]) -> String {
    let names: Vec<&str> = names.iter().map(|name| part(name)).collect();
    names.join(", ")
}
