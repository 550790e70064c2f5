//! The verdict on one record: one pure function behind button, sweep and watch. docs/VERDICTS.md is its page.
//!
//! [`judge`] reads top to bottom as the order of verdicts: the first that holds is the verdict.

mod altered;
mod cells;
mod content;
mod explanation;
mod facts;
mod finding;
mod known;
mod newest;
mod question;
mod retired;
mod rolled_back;
mod row;
mod swapped;
mod unknown;
mod wallet_change;

#[cfg(test)]
mod tests;

pub use database::verifications::VerdictKind as Verdict;
pub use explanation::Explanation;
pub use facts::{Facts, Job, Obstacle, Patience};
pub use finding::{ConsentProblem, Finding, OrderProblem, Part, Reason};
pub(crate) use question::OrderQuestion;
pub use row::{HeadState, KeyState, OrderAnswer, Row, VersionRow};

use chain::{OnChainRecord, OnChainVersion};
use known::Known;

/// Whether the row holds this version of the chain whole, whatever is to be said of its other versions.
pub(crate) fn holds(facts: &Facts<'_>, version: &OnChainVersion) -> bool {
    let (Some(chain), Some(row)) = (facts.chain, facts.row) else {
        return false;
    };
    let Some(newest) = newest_of(chain) else {
        return false;
    };
    let known = Known {
        facts,
        chain,
        row,
        newest,
    };
    newest::holds(&known, version)
}

/// The newest version that counts.
pub(crate) fn newest_of(chain: &OnChainRecord) -> Option<&OnChainVersion> {
    chain.versions.iter().rfind(|one| !one.voided)
}

/// Compares what was read of a record with what the chain says of it.
#[must_use]
pub fn judge(facts: &Facts<'_>) -> Finding {
    if let Some(obstacle) = facts.obstacle {
        return Finding::new(Verdict::Unverifiable, Reason::Obstacle(obstacle));
    }
    let Some(chain) = facts.chain else {
        return unknown::judge(facts);
    };
    if let Some(retirement) = &chain.retired {
        return retired::judge(retirement, facts);
    }
    let Some(newest) = newest_of(chain) else {
        return retired::all_voided(facts);
    };
    let missing = || Finding::new(Verdict::Missing, Reason::NoRow).of(newest);
    let Some(row) = facts.row.filter(|row| !row.holds_nothing()) else {
        return missing();
    };
    let known = Known {
        facts,
        chain,
        row,
        newest,
    };
    if let Some(forged) = unknown::surplus(&known) {
        return forged;
    }
    // A draft above what was anchored does not stand in for it.
    if known.row_for(newest.version).is_none() {
        return missing();
    }
    let fault = match newest::judge(&known) {
        Ok(finding) => return finding,
        Err(fault) => fault,
    };
    rolled_back::judge(&known, &fault)
        .or_else(|| swapped::judge(&known, &fault))
        .unwrap_or_else(|| altered::judge(&known, &fault))
}
