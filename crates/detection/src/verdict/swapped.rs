//! `swapped`: the row, or a cell of it, belongs to another UID.

use database::anchoring_jobs::JobState;

use super::{
    Finding, Job, KeyState, Part, Reason, Verdict,
    known::{Fault, Known},
};

pub(super) fn judge(known: &Known<'_>, fault: &Fault<'_>) -> Option<Finding> {
    let uid = known.chain.uid;
    let faults = fault.row.map(|row| known.faults(row)).unwrap_or_default();
    let anchored_elsewhere = fault
        .row
        .and_then(|row| row.anchor())
        .is_some_and(|anchor| anchor.uid != uid);
    // A job that waits anew may still name the UID of a plan that is dead.
    let stands = |job: &&Job| !matches!(job.state, JobState::Queued | JobState::Rejected);
    let mut planned = known.facts.jobs.iter().filter(stands);
    let planned_elsewhere = planned.any(|job| job.uid.is_some_and(|planned| planned != uid));
    let (reason, parts) = if known.row.owner_key == KeyState::OfAnotherRecord {
        (Reason::OtherRecord, [Part::OwnerKey].into())
    } else if !faults.other_record.is_empty() {
        (Reason::OtherRecordsCells, faults.other_record)
    } else if anchored_elsewhere || planned_elsewhere {
        (Reason::OtherRecord, [Part::Uid].into())
    } else {
        return None;
    };
    let found = fault
        .row
        .and_then(|row| known.proof_found(fault.version.version, row));
    Some(
        Finding::new(Verdict::Swapped, reason)
            .of(fault.version)
            .found(found)
            .with(parts),
    )
}
