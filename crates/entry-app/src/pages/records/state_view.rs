//! States of a record in words and tones.

use database::records::{Record, RecordState};
use database::wallet_changes::WalletChangeState;
use web_kit::components::Tone;

/// In the order of a record's way.
pub const ALL: [RecordState; 8] = [
    RecordState::AwaitingConsent,
    RecordState::CorrectionRequested,
    RecordState::Consented,
    RecordState::Approved,
    RecordState::Anchored,
    RecordState::Erasing,
    RecordState::Declined,
    RecordState::Lapsed,
];

/// In a word or two, of a record: what is under way may be a correction.
pub fn label_of(record: &Record) -> &'static str {
    if !record.has_correction_under_way() {
        return label(record.state);
    }
    match record.state {
        RecordState::AwaitingConsent => "Correction awaits consent",
        RecordState::Consented => "Correction consented",
        RecordState::Approved => "Correction anchoring",
        other => label(other),
    }
}

/// In a word or two.
pub const fn label(state: RecordState) -> &'static str {
    match state {
        RecordState::AwaitingConsent => "Awaiting consent",
        RecordState::CorrectionRequested => "Correction asked",
        RecordState::Consented => "Consented",
        RecordState::Approved => "Anchoring",
        RecordState::Anchored => "Anchored",
        RecordState::Erasing => "Being erased",
        RecordState::Declined => "Declined",
        RecordState::Lapsed => "Lapsed",
    }
}

/// How it looks.
pub const fn tone(state: RecordState) -> Tone {
    match state {
        RecordState::AwaitingConsent | RecordState::Approved | RecordState::Erasing => {
            Tone::Waiting
        }
        RecordState::CorrectionRequested => Tone::Warning,
        RecordState::Consented => Tone::Info,
        RecordState::Anchored => Tone::Good,
        RecordState::Declined | RecordState::Lapsed => Tone::Neutral,
    }
}

/// How far another wallet has come, and how that looks; `is_begun` where its version awaits the new wallet.
pub const fn wallet_change(state: WalletChangeState, is_begun: bool) -> (Tone, &'static str) {
    match state {
        WalletChangeState::Asked => (Tone::Warning, "Awaits a second person"),
        WalletChangeState::Confirmed => (Tone::Waiting, "Awaits the authority"),
        WalletChangeState::Ordered if is_begun => (Tone::Waiting, "Awaits the new wallet"),
        WalletChangeState::Ordered => (Tone::Info, "Ordered by the authority"),
        WalletChangeState::GivenUp => (Tone::Neutral, "Given up"),
    }
}

/// What happens next, and who has to do it, of a record: until a correction is anchored, the version before stands.
pub fn next_step_of(record: &Record) -> &'static str {
    if !record.has_correction_under_way() {
        return next_step(record.state);
    }
    match record.state {
        RecordState::AwaitingConsent => {
            "A correction waits for its owner to sign it. Until it is anchored, the record stands as signed before."
        }
        RecordState::CorrectionRequested => {
            "The owner wants the correction to be another one. Edit it; a new link goes out."
        }
        RecordState::Consented => {
            "The owner has signed the correction. Approve it, and its proof goes to the chain."
        }
        RecordState::Approved => {
            "Approved. The proof of the correction is on the way to the chain."
        }
        other => next_step(other),
    }
}

/// What happens next, and who has to do it.
pub const fn next_step(state: RecordState) -> &'static str {
    match state {
        RecordState::AwaitingConsent => "The owner opens the link, reads the details and signs.",
        RecordState::CorrectionRequested => {
            "The owner asks for a correction. Edit the details; a new link goes out."
        }
        RecordState::Consented => {
            "The owner has signed. Approve it, and its proof goes to the chain."
        }
        RecordState::Approved => "Approved. Its proof is on the way to the chain.",
        RecordState::Anchored => {
            "The proof stands on the chain. Any change of the record will be noticed."
        }
        RecordState::Erasing => {
            "Its erasure was granted. The record ends on the chain, and then everything of it is destroyed."
        }
        RecordState::Declined => "The owner declined. Details and key were destroyed at once.",
        RecordState::Lapsed => {
            "Nobody signed in time. Details and key were destroyed; enter the person anew if they come back."
        }
    }
}
