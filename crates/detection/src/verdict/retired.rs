//! `retired` and `retired_unproven`: the chain says that the record ended.

use chain::{Retirement, RetirementReason};

use super::{Facts, Finding, Reason, Verdict};

pub(super) fn judge(retirement: &Retirement, facts: &Facts<'_>) -> Finding {
    let data_left = facts.is_left || facts.row.is_some_and(|row| !row.holds_nothing());
    let is_erased = retirement.reason == RetirementReason::Erased;
    if !facts.retirement_is_proven {
        Finding::new(Verdict::RetiredUnproven, Reason::RetirementNotProven)
    } else if is_erased && data_left && !facts.is_being_destroyed {
        Finding::new(Verdict::RetiredUnproven, Reason::DataLeft)
    } else if is_erased && data_left {
        Finding::new(Verdict::Retired, Reason::BeingDestroyed)
    } else {
        Finding::new(Verdict::Retired, Reason::Retired(retirement.reason))
    }
}

/// The authority voided every version: there is nothing to compare a row with, and none to be missed.
pub(super) fn all_voided(facts: &Facts<'_>) -> Finding {
    match facts.row {
        Some(row) if !row.holds_nothing() => Finding::new(Verdict::Forged, Reason::VersionVoided),
        _ => Finding::new(Verdict::Retired, Reason::Voided),
    }
}
