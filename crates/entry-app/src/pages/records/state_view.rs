//! States of a record in words and tones.

use database::records::RecordState;
use web_kit::components::Tone;

/// In the order of a record's way.
pub const ALL: [RecordState; 6] = [
    RecordState::AwaitingConsent,
    RecordState::CorrectionRequested,
    RecordState::Consented,
    RecordState::Approved,
    RecordState::Anchored,
    RecordState::Declined,
];

/// In a word or two.
pub const fn label(state: RecordState) -> &'static str {
    match state {
        RecordState::AwaitingConsent => "Awaiting consent",
        RecordState::CorrectionRequested => "Correction asked",
        RecordState::Consented => "Consented",
        RecordState::Approved => "Anchoring",
        RecordState::Anchored => "Anchored",
        RecordState::Declined => "Declined",
    }
}

/// How it looks.
pub const fn tone(state: RecordState) -> Tone {
    match state {
        RecordState::AwaitingConsent | RecordState::Approved => Tone::Waiting,
        RecordState::CorrectionRequested => Tone::Warning,
        RecordState::Consented => Tone::Info,
        RecordState::Anchored => Tone::Good,
        RecordState::Declined => Tone::Neutral,
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
        RecordState::Declined => "The owner declined. Details and key were destroyed at once.",
    }
}
