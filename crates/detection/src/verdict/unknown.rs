//! Rows and versions that the chain does not know: `forged`, or not anchored yet.

use std::time::Duration;

use database::anchoring_jobs::JobState;
use record::time::UnixMillis;

use super::{
    Facts, Finding, Job, Reason, Row, Verdict, VersionRow,
    altered::differs_from_signed,
    cells::{self, Faults},
    known::Known,
};

/// A version of the row that the chain does not hold, though the row is of a record that the chain knows.
pub(super) fn surplus(known: &Known<'_>) -> Option<Finding> {
    let forged = |reason| Finding::new(Verdict::Forged, reason);
    if known.row.has_stray_versions {
        return Some(forged(Reason::VersionUnknown));
    }
    let newer = known
        .row
        .versions
        .range(known.newest.version..)
        .skip_while(|(v, _)| **v == known.newest.version);
    for (version, row) in newer {
        if known.chain.version(*version).is_some() {
            return Some(forged(Reason::VersionVoided).at(*version));
        }
        if !is_draft(known, row) {
            return Some(forged(Reason::VersionUnknown).at(*version));
        }
    }
    None
}

/// A rectification on its way: sealed by us, and not anchored yet.
fn is_draft(known: &Known<'_>, row: &VersionRow) -> bool {
    let opens = row.opened.is_some() && Faults::of(known.row, row).is_empty();
    opens && (!row.has_anchor_cell() || known.facts.in_flight(row.version))
}

/// A row whose UID, if it claims one, the chain does not know.
pub(super) fn judge(facts: &Facts<'_>) -> Finding {
    let Some(row) = facts
        .row
        .filter(|row| !row.holds_nothing() || row.claimed_uid.is_some())
    else {
        return Finding::new(Verdict::Pending, Reason::Empty);
    };
    forged(facts, row)
        .or_else(|| {
            row.versions
                .values()
                .find_map(|version| tampered(facts, row, version))
        })
        .unwrap_or_else(|| waiting(facts, row))
}

fn forged(facts: &Facts<'_>, row: &Row) -> Option<Finding> {
    let in_flight = facts.job.filter(Job::is_in_flight);
    let planned = in_flight.and_then(|job| job.uid).map(u64::from);
    let nothing_opens = row
        .versions
        .values()
        .all(|version| nothing_is_ours(row, version));
    let reason = if row.claimed_uid.is_some() && row.claimed_uid != planned {
        Reason::UidUnknown
    } else if row.has_stray_versions {
        Reason::VersionUnknown
    } else if row.versions.values().any(VersionRow::has_anchor_cell) && in_flight.is_none() {
        Reason::AnchorUnknown
    } else if nothing_opens {
        Reason::NothingOpens
    } else {
        return None;
    };
    Some(Finding::new(Verdict::Forged, reason))
}

/// Whether no cell of a version was sealed for this record.
fn nothing_is_ours(row: &Row, version: &VersionRow) -> bool {
    version.opened.as_ref().is_none_or(|opened| {
        let faults = Faults::of(row, version);
        faults.broken.len() + faults.other_record.len() == cells::count(opened)
    })
}

/// What was changed before it was anchored: no promise covers it, and the cells and the signature tell it all the same.
fn tampered(facts: &Facts<'_>, row: &Row, version: &VersionRow) -> Option<Finding> {
    let faults = Faults::of(row, version);
    let (verdict, reason, parts) = if !faults.other_draft.is_empty() {
        (Verdict::RolledBack, Reason::OtherDraft, faults.other_draft)
    } else if !faults.other_record.is_empty() {
        (
            Verdict::Swapped,
            Reason::OtherRecordsCells,
            faults.other_record,
        )
    } else if !faults.broken.is_empty() {
        (Verdict::Altered, Reason::CellsBroken, faults.broken)
    } else {
        let differs = differs_from_signed(facts, version.opened.as_ref()?)?;
        if differs.is_empty() {
            return None;
        }
        (Verdict::Altered, Reason::SignedDiffers, differs)
    };
    Some(
        Finding::new(verdict, reason)
            .at(version.version)
            .with(parts),
    )
}

fn waiting(facts: &Facts<'_>, row: &Row) -> Finding {
    let (reason, since, patience) = match facts.job {
        Some(job) if job.state == JobState::Rejected => {
            return Finding::new(Verdict::Overdue, Reason::Rejected);
        }
        Some(job) => (
            Reason::AwaitsAnchor,
            job.approved_at,
            facts.patience.anchoring,
        ),
        None => (
            Reason::AwaitsApproval,
            row.entered_at,
            facts.patience.consent,
        ),
    };
    let verdict = if in_time(since, patience, facts.now) {
        Verdict::Pending
    } else {
        Verdict::Overdue
    };
    Finding::new(verdict, reason)
}

/// A time that lies far ahead was not written by us, and would else wait for ever.
fn in_time(since: UnixMillis, patience: Duration, now: UnixMillis) -> bool {
    now.since(since) <= patience && since.since(now) <= patience
}
