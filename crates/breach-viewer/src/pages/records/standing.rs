//! Where a record stands on its way to the chain, in the words of a data-protection officer.

use database::records::{Record, RecordState};
use database::verifications::{Subject, VerdictKind};

/// In the grid. What is not anchored of a corrected record is the correction: the record itself stands.
pub fn words(record: &Record) -> &'static str {
    if record.has_correction_under_way() {
        return "correction under way";
    }
    match record.state {
        RecordState::AwaitingConsent => "awaiting the owner's consent",
        RecordState::CorrectionRequested => "correction asked before consent",
        RecordState::Consented => "consented, awaiting approval",
        RecordState::Approved => "approved, being anchored",
        RecordState::Anchored => "anchored",
        RecordState::Erasing => "being erased",
        RecordState::Declined => "declined by the owner",
        RecordState::Lapsed => "not signed in time",
    }
}

/// What that means, where the chain holds nothing of the record yet, or never will.
pub const fn meaning(state: RecordState) -> Option<&'static str> {
    match state {
        RecordState::AwaitingConsent => Some(
            "Its owner was asked for consent and has not signed. The chain holds nothing of it to compare with yet; that its values are sealed as we sealed them is checked all the same.",
        ),
        RecordState::CorrectionRequested => Some(
            "Its owner wants something corrected before signing: the entry desk corrects it and sends a new link.",
        ),
        RecordState::Consented => {
            Some("Its owner has signed. Once staff approve it, its proof goes to the chain.")
        }
        RecordState::Approved => Some(
            "Its owner has signed and staff have approved it: its proof is on the way to the chain.",
        ),
        RecordState::Declined => Some(
            "Its owner declined before anything was anchored. Their details and the key to them are destroyed; the row says only that somebody declined, and when.",
        ),
        RecordState::Lapsed => Some(
            "Nobody signed it in time. The details and the key to them are destroyed; the row says only that somebody was entered and did not sign, and when.",
        ),
        RecordState::Anchored | RecordState::Erasing => None,
    }
}

/// What the page of a record is called. Only what is forged is a row that nothing on the chain or of ours vouches for.
pub fn title(subject: Subject, state: Option<RecordState>, verdict: Option<VerdictKind>) -> String {
    if let Some(uid) = subject.as_uid() {
        return format!("Record {uid}");
    }
    let title = match state {
        _ if verdict == Some(VerdictKind::Forged) => UNKNOWN,
        Some(RecordState::Declined) => "Record that its owner declined",
        Some(RecordState::Lapsed) => "Record that was not signed in time",
        Some(
            RecordState::AwaitingConsent
            | RecordState::CorrectionRequested
            | RecordState::Consented
            | RecordState::Approved,
        ) => "Record that is not anchored yet",
        // Its own row is not ours, or says what can't be.
        None | Some(RecordState::Anchored | RecordState::Erasing) => UNKNOWN,
    };
    title.to_owned()
}

const UNKNOWN: &str = "Row that the chain does not know";

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use database::verifications::VerdictKind::{Altered, Forged, Pending};
    use record::ids::{RecordId, Uid};

    use super::*;

    #[test]
    fn only_what_is_forged_is_called_unknown_to_the_chain() {
        let row = Subject::row(RecordId::from_bytes([7; 16]));
        let declined = Some(RecordState::Declined);
        let waiting = Some(RecordState::Consented);
        assert_eq!(
            title(row, declined, Some(Pending)),
            "Record that its owner declined"
        );
        assert_eq!(
            title(row, waiting, Some(Altered)),
            "Record that is not anchored yet"
        );
        assert_eq!(title(row, waiting, Some(Forged)), UNKNOWN);
        assert_eq!(title(row, None, Some(Forged)), UNKNOWN);
        let seven = Subject::uid(Uid::new(7).unwrap());
        assert_eq!(title(seven, None, Some(Forged)), "Record 7");
    }
}
