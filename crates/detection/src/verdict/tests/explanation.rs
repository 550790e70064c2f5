//! What is said about a finding.

use chain::RetirementReason;
use record::{consent::TermsProblem, ids::Uid, proof::FieldName, wallet_change::ChangeProblem};

use super::{super::*, world::*};

#[test]
fn verdicts_read_back_and_only_some_are_bad() {
    let bad: Vec<_> = Verdict::ALL
        .iter()
        .filter(|verdict| verdict.is_bad())
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        bad,
        [
            "altered",
            "rolled_back",
            "swapped",
            "missing",
            "forged",
            "consent_invalid",
            "retired_unproven"
        ]
    );
    for verdict in Verdict::ALL {
        assert_eq!(verdict.to_string().parse(), Ok(*verdict));
    }
    assert_eq!(Verdict::ALL.len(), 12);
}

#[test]
fn an_altered_record_is_told_with_its_fields_by_name() {
    let mut world = World::anchored(1);
    for name in ["email", "phone", "wallet"] {
        *cell(world.row(1), name).last_mut().unwrap() ^= 1;
    }
    let explanation = world.judge().explanation();
    assert_eq!(
        explanation.what,
        "Version 1 of the record was altered: e-mail address, phone number and wallet address."
    );
    assert_eq!(
        explanation.meaning,
        "The record is not what its owner signed and the chain holds."
    );
    assert!(explanation.advice.contains("restore"));
}

#[test]
fn every_reason_is_said_in_one_sentence() {
    let (v, uid) = (version(1), Uid::new(3).unwrap());
    let consent = [
        ConsentProblem::Signature,
        ConsentProblem::Contract,
        ConsentProblem::Terms(TermsProblem::Version),
        ConsentProblem::Terms(TermsProblem::Uid),
        ConsentProblem::Terms(TermsProblem::PreviousProof),
        ConsentProblem::Terms(TermsProblem::Time),
        ConsentProblem::CheckBlock,
        ConsentProblem::WalletChanged(v),
        ConsentProblem::WalletOrder(OrderProblem::Unreadable),
        ConsentProblem::WalletOrder(OrderProblem::Change(ChangeProblem::Wallets)),
        ConsentProblem::WalletOrder(OrderProblem::Change(ChangeProblem::Terms(
            TermsProblem::Version,
        ))),
        ConsentProblem::WalletOrder(OrderProblem::Change(ChangeProblem::Terms(
            TermsProblem::Uid,
        ))),
        ConsentProblem::WalletOrder(OrderProblem::Change(ChangeProblem::Terms(
            TermsProblem::PreviousProof,
        ))),
        ConsentProblem::WalletOrder(OrderProblem::Change(ChangeProblem::Terms(
            TermsProblem::Time,
        ))),
        ConsentProblem::WalletOrder(OrderProblem::Signature),
        ConsentProblem::WalletOrder(OrderProblem::CheckBlock),
        ConsentProblem::OlderVersionGone(v),
        ConsentProblem::NonceReused(uid),
    ];
    let obstacles = [
        Obstacle::DatabaseUnreachable,
        Obstacle::ChainUnreachable,
        Obstacle::WrongChain,
        Obstacle::ChainBehind,
        Obstacle::ChainDisagrees,
        Obstacle::EndpointsDisagree,
        Obstacle::ChainForgets,
        Obstacle::DatabaseReadOnly,
        Obstacle::DatabaseRefuses,
        Obstacle::DatabaseInterrupts,
        Obstacle::WrongKeys,
    ];
    let reasons = [
        Reason::Matches,
        Reason::Retired(RetirementReason::Erased),
        Reason::Retired(RetirementReason::Withdrawn),
        Reason::Voided,
        Reason::RetirementNotProven,
        Reason::DataLeft,
        Reason::BeingDestroyed,
        Reason::NoRow,
        Reason::UidUnknown,
        Reason::AnchorUnknown,
        Reason::NothingOpens,
        Reason::VersionUnknown,
        Reason::VersionVoided,
        Reason::OlderVersion(v),
        Reason::OtherDraft,
        Reason::BeforeConsent,
        Reason::OtherRecord,
        Reason::OtherRecordsCells,
        Reason::CellsBroken,
        Reason::LeavesDiffer,
        Reason::SignedDiffers,
        Reason::NotTold,
        Reason::Empty,
        Reason::AwaitsApproval,
        Reason::AwaitsAnchor,
        Reason::Rejected,
    ];
    let all = reasons
        .into_iter()
        .chain(consent.map(Reason::Consent))
        .chain(obstacles.map(Reason::Obstacle));
    let mut said = std::collections::BTreeSet::new();
    for reason in all {
        let part = Part::Field(FieldName::new("email").unwrap());
        let finding = Finding::new(Verdict::Altered, reason)
            .at(version(2))
            .with([part]);
        let what = finding.explanation().what;
        assert!(what.ends_with('.') && what.len() > 20, "{what}");
        assert_eq!(what.matches('.').count(), 1, "{what}");
        assert!(said.insert(what), "{reason:?} is said like another");
    }
}
