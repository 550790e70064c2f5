//! A finding in the words of a data-protection officer.

use chain::RetirementReason;
use record::consent::TermsProblem;
use record::wallet_change::ChangeProblem;

use super::{ConsentProblem, Finding, Obstacle, OrderProblem, Part, Reason, Verdict};

/// What was found, what that means, what to do. Holds no personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What was found.
    pub what: String,
    /// What the verdict means.
    pub meaning: &'static str,
    /// What to do about it.
    pub advice: &'static str,
}

impl Finding {
    /// In plain words.
    #[must_use]
    pub fn explanation(&self) -> Explanation {
        let (meaning, usual_advice) = of_verdict(self.verdict);
        let meaning = match self.reason {
            Reason::Empty => ENDED,
            _ => meaning,
        };
        let advice = match self.reason {
            Reason::Consent(ConsentProblem::OlderVersionGone(_)) => RESTORE_OLDER,
            Reason::Consent(ConsentProblem::WalletChanged(_) | ConsentProblem::WalletOrder(_)) => {
                RESTORE_ORDER
            }
            _ => usual_advice,
        };
        Explanation {
            what: what(self),
            meaning,
            advice,
        }
    }
}

const RESTORE: &str =
    "Assess the incident; restore the record from the backup if its copy still matches the chain.";
const VOID: &str = "Assess the incident, have the authority void what was anchored and replace the controller's key, then restore.";
const RESTORE_OLDER: &str = "Assess the incident and restore the older version from the backup; if the wallets then differ, have the authority void the newer one.";
const RESTORE_ORDER: &str = "Assess the incident. If the wallet was changed as it should be, the backup holds the authority's order: restore it. Otherwise have the authority void what was anchored and replace the controller's key, then restore.";
const ENDED: &str =
    "The record ended before it was anchored: its owner declined, or did not sign in time.";
const NOTHING: &str = "Nothing is to be done.";

fn of_verdict(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Valid => ("The record is exactly what its owner signed.", NOTHING),
        Verdict::Altered => (
            "The record is not what its owner signed and the chain holds.",
            RESTORE,
        ),
        Verdict::RolledBack => (
            "Something newer was replaced by something older of the same record.",
            RESTORE,
        ),
        Verdict::Swapped => (
            "Data of one person stands in the record of another.",
            RESTORE,
        ),
        Verdict::Missing => (
            "The chain holds this record, the database does not.",
            RESTORE,
        ),
        Verdict::Forged => (
            "The database holds something that was never anchored as a record.",
            "Assess the incident; keep the row as evidence, then remove it.",
        ),
        Verdict::ConsentInvalid => (
            "The chain holds this record as it is, and nothing shows that its owner agreed: somebody may have used the controller's key.",
            VOID,
        ),
        Verdict::Retired => ("The record has ended, and rightly so.", NOTHING),
        Verdict::RetiredUnproven => (
            "The chain says that the record has ended, and that is not in order.",
            "Assess the incident: find the owner's request, or finish the erasure.",
        ),
        Verdict::Pending => (
            "The record is not anchored yet, and within its time.",
            NOTHING,
        ),
        Verdict::Overdue => (
            "The record should have been anchored by now; until then nothing protects it.",
            "Ask the staff of the entry desk why it waits.",
        ),
        Verdict::Unverifiable => (
            "Nothing can be said about this record right now; this is no sign of a breach.",
            "Ask operations to mend it; verdicts come back by themselves.",
        ),
    }
}

fn what(finding: &Finding) -> String {
    let which = finding.version.map_or_else(
        || "The record".to_owned(),
        |v| format!("Version {v} of the record"),
    );
    let parts = listed(finding);
    match finding.reason {
        Reason::Obstacle(obstacle) => of_obstacle(obstacle).to_owned(),
        Reason::Matches => "All versions give the proofs on the chain, and the owner's signature stands under each.".to_owned(),
        Reason::Retired(RetirementReason::Erased) => "The record was erased on the owner's request or by order, and nothing of it is left.".to_owned(),
        Reason::Retired(RetirementReason::Withdrawn) => "The owner has withdrawn their consent.".to_owned(),
        Reason::Voided => "The authority declared every version of this record void, and no row claims it.".to_owned(),
        Reason::RetirementNotProven => "No signed request or order is kept that gives the evidence on the chain.".to_owned(),
        Reason::DataLeft => "The record was erased on the chain, but data or its key is still stored, or has come back.".to_owned(),
        Reason::BeingDestroyed => "The record was erased on the owner's request or by order a moment ago; what is left of it is being destroyed.".to_owned(),
        Reason::NoRow => "The record is anchored, and its row is gone.".to_owned(),
        Reason::UidUnknown => "A row claims a UID that the chain has not given to it.".to_owned(),
        Reason::AnchorUnknown => "A row says that it is anchored, and the chain does not know it.".to_owned(),
        Reason::NothingOpens => "A row was put in that nothing of ours sealed, or its key was destroyed.".to_owned(),
        Reason::VersionUnknown => format!("{which} stands in the database and not on the chain."),
        Reason::VersionVoided => format!("{which} was declared void by the authority and is still stored as if it counted."),
        Reason::Consent(problem) => of_consent(problem, &which),
        Reason::OlderVersion(older) => format!("In the place of version {} stands the older version {older}.", finding.version.map_or(0, record::ids::Version::get)),
        Reason::OtherDraft => format!("{which} holds values of another draft or version of the same record: {parts}."),
        Reason::BeforeConsent => {
            format!("{which} stands as it did before its owner signed: consent and anchor are gone.")
        }
        Reason::BeforeAnchor => {
            format!("{which} stands as it did before it was anchored.")
        }
        Reason::OtherRecord => format!("{which} is stored in the place of another record."),
        Reason::OtherRecordsCells => format!("{which} holds values that belong to another record: {parts}."),
        Reason::CellsBroken => format!("{which} was altered: {parts}."),
        Reason::LeavesDiffer => format!("{which} was altered: {parts} differ from what was anchored."),
        Reason::SignedDiffers => format!("{which} was altered: {parts} differ from what the owner signed."),
        Reason::NotTold => format!("{which} was altered; which part can no longer be told."),
        Reason::Empty => "Nothing personal is stored here, and nothing will be anchored.".to_owned(),
        Reason::AwaitsApproval => "Its owner has not signed it yet, or staff have not approved it.".to_owned(),
        Reason::AwaitsAnchor => "It is signed and approved, and its proof waits to be written to the chain.".to_owned(),
        Reason::Rejected => "Anchoring was refused, because what is stored is not what the owner signed, or not in time.".to_owned(),
    }
}

fn of_obstacle(obstacle: Obstacle) -> &'static str {
    match obstacle {
        Obstacle::DatabaseUnreachable => "The database does not answer.",
        Obstacle::DatabaseReadOnly => "The database takes no writes.",
        Obstacle::DatabaseRefuses => {
            "The database answers, and refuses what has to be read or written."
        }
        Obstacle::DatabaseInterrupts => {
            "The database answers, and what is asked of it is broken off."
        }
        Obstacle::ChainUnreachable => "The chain does not answer.",
        Obstacle::WrongChain => {
            "The chain that answers is not the one this installation was set up with."
        }
        Obstacle::ChainBehind => "The chain that answers is behind what was seen before.",
        Obstacle::ChainDisagrees => "What is told about the chain contradicts itself.",
        Obstacle::EndpointsDisagree => "The two endpoints of the chain tell different things.",
        Obstacle::ChainForgets => {
            "The chain's node can't tell what a contract wallet answered when it signed, or who the authority was: it keeps no state that old."
        }
        Obstacle::WrongKeys => "The keys in use are not those that sealed the records.",
    }
}

fn of_consent(problem: ConsentProblem, which: &str) -> String {
    match problem {
        ConsentProblem::Signature => {
            format!("{which} is anchored, and the owner's wallet did not sign it.")
        }
        ConsentProblem::Contract => format!(
            "{which} is anchored, and the owner's contract wallet was not seen to accept it."
        ),
        ConsentProblem::CheckBlock => format!(
            "{which} is anchored, and the owner's contract wallet accepted it at another time than between being asked and the anchor."
        ),
        ConsentProblem::Terms(terms) => {
            let what = match terms {
                TermsProblem::Version => "for another version",
                TermsProblem::Uid => "for another record",
                TermsProblem::PreviousProof => "as the successor of something else",
                TermsProblem::Time => "for another time",
            };
            format!("{which} is anchored, and the owner signed {what}.")
        }
        ConsentProblem::WalletChanged(older) => {
            format!(
                "{which} is signed by another wallet than version {older}, and no order of the authority for that is kept."
            )
        }
        ConsentProblem::WalletOrder(order) => of_order(order, which),
        ConsentProblem::OlderVersionGone(older) => {
            format!(
                "{which} is anchored, but version {older} is gone from the database, so nothing shows that the same owner signed both."
            )
        }
        ConsentProblem::NonceReused(uid) => {
            format!("{which} carries a signature that the owner gave for record {uid}.")
        }
    }
}

fn of_order(problem: OrderProblem, which: &str) -> String {
    let what = match problem {
        OrderProblem::Unreadable => {
            "the authority's order for that was altered or is of another place"
        }
        OrderProblem::Change(ChangeProblem::Wallets) => {
            "what the authority ordered is about other wallets"
        }
        OrderProblem::Change(ChangeProblem::Terms(terms)) => match terms {
            TermsProblem::Version => "what the authority ordered is for another version",
            TermsProblem::Uid => "what the authority ordered is for another record",
            TermsProblem::PreviousProof => {
                "what the authority ordered is for the successor of something else"
            }
            TermsProblem::Time => "what the authority ordered is for another time",
        },
        OrderProblem::Signature => "the order for that is not signed by who was the authority then",
        OrderProblem::CheckBlock => {
            "the authority's contract accepted the order for that at another time than between its issue and the anchor"
        }
    };
    format!("{which} is signed by another wallet than the version before, and {what}.")
}

fn listed(finding: &Finding) -> String {
    let names: Vec<_> = finding.parts.iter().map(name).collect();
    match names.split_last() {
        None => "no part by itself".to_owned(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

fn name(part: &Part) -> &str {
    match part {
        Part::Field(field) => match field.as_str() {
            "address" => "postal address",
            "email" => "e-mail address",
            "phone" => "phone number",
            other => other,
        },
        Part::Wallet => "wallet address",
        Part::Relation => "relation to the owner",
        Part::ConsentMessage => "signed message",
        Part::ConsentSignature => "signature",
        Part::WalletOrder => "authority's order to change the wallet",
        Part::Anchor => "note of the anchor",
        Part::OwnerKey => "the key that opens it",
        Part::Uid => "UID",
        Part::Draft => "number of the draft",
        Part::NonceIndex => "index of the signed message",
        Part::ConsentReceipt => "note of when and how the signature came",
        Part::Head => "the record's own row (its state, look-up indexes or times)",
    }
}
