//! Rows and versions that the chain does not know: `forged`, or not anchored yet.

use std::time::Duration;

use database::{anchoring_jobs::JobState, records::RecordState, sealed::OpenedVersion};
use record::time::UnixMillis;

use super::{
    Facts, Finding, HeadState, Job, KeyState, Part, Reason, Row, Verdict, VersionRow,
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
        let at_fault = tampered(known.facts, known.row, row)
            .or_else(|| consent_gone(known.facts, known.row, row));
        if at_fault.is_some() {
            return at_fault;
        }
    }
    None
}

/// A rectification on its way: sealed by us for this place, and not anchored yet.
fn is_draft(known: &Known<'_>, row: &VersionRow) -> bool {
    let opens = match &row.opened {
        Some(opened) => {
            let faults = Faults::of(known.row, row);
            faults.other_draft.is_empty() && !all_of(&faults, opened)
        }
        // Without the key nothing opens, what was anchored neither; the head tells.
        None => known.head_fits(),
    };
    opens && (!row.has_anchor_cell() || known.facts.in_flight(row.version))
}

/// A row whose UID, if it claims one, the chain does not know.
pub(super) fn judge(facts: &Facts<'_>) -> Finding {
    let Some(row) = facts.row else {
        return Finding::new(Verdict::Pending, Reason::Empty);
    };
    forged(facts, row)
        .or_else(|| key_problem(row))
        .or_else(|| {
            row.versions
                .values()
                .find_map(|version| tampered(facts, row, version))
        })
        .or_else(|| head_problem(row))
        .or_else(|| {
            row.versions
                .values()
                .find_map(|version| consent_gone(facts, row, version))
        })
        .unwrap_or_else(|| waiting(facts, row))
}

fn forged(facts: &Facts<'_>, row: &Row) -> Option<Finding> {
    let mut in_flight = facts.jobs.iter().filter(|job| job.is_in_flight());
    let is_planned = |claimed| in_flight.any(|job| job.uid.map(u64::from) == Some(claimed));
    let is_unknown =
        |version: &VersionRow| version.has_anchor_cell() && !facts.in_flight(version.version);
    let nothing_opens = row
        .versions
        .values()
        .all(|version| nothing_is_ours(row, version));
    let reason = if !row.claimed_uid.is_none_or(is_planned) {
        Reason::UidUnknown
    } else if row.has_stray_versions {
        Reason::VersionUnknown
    } else if row.versions.values().any(is_unknown) {
        Reason::AnchorUnknown
    } else if nothing_opens && !row.head_is_ours() {
        Reason::NothingOpens
    } else {
        return None;
    };
    Some(Finding::new(Verdict::Forged, reason))
}

/// Whether no cell of a version was sealed for this record.
fn nothing_is_ours(row: &Row, version: &VersionRow) -> bool {
    version
        .opened
        .as_ref()
        .is_none_or(|opened| all_of(&Faults::of(row, version), opened))
}

fn all_of(faults: &Faults, opened: &OpenedVersion) -> bool {
    faults.broken.len() + faults.other_record.len() == cells::count(opened)
}

/// Values whose key is gone, or is none of theirs.
fn key_problem(row: &Row) -> Option<Finding> {
    if row.versions.is_empty() && row.owner_key == KeyState::Absent {
        return None;
    }
    let (verdict, reason) = match row.owner_key {
        KeyState::Opens => return None,
        KeyState::OfAnotherRecord => (Verdict::Swapped, Reason::OtherRecord),
        KeyState::Absent | KeyState::Broken => (Verdict::Altered, Reason::CellsBroken),
    };
    Some(Finding::new(verdict, reason).with([Part::OwnerKey]))
}

/// A head that is not ours, or speaks of other things than those that stand beside it. Its state can only make things
/// worse: whoever could write it holds our keys.
fn head_problem(row: &Row) -> Option<Finding> {
    let fits = match row.head {
        HeadState::NotOurs => false,
        HeadState::Ours { state, .. } if state.is_empty() => row.holds_nothing(),
        HeadState::Ours { .. } => row.head_names_newest(),
    };
    (!fits).then(|| Finding::new(Verdict::Altered, Reason::CellsBroken).with([Part::Head]))
}

/// A version that was signed, by its head's word, or approved, by its own job's, and has no consent.
fn consent_gone(facts: &Facts<'_>, row: &Row, version: &VersionRow) -> Option<Finding> {
    let is_signed = match row.head {
        HeadState::Ours {
            version: named,
            state: RecordState::Consented | RecordState::Approved | RecordState::Anchored,
            ..
        } => named == version.version,
        _ => false,
    };
    let is_approved = facts.job(version.version).is_some_and(Job::wants_consent);
    let is_unsigned = version.opened.as_ref()?.message.is_none();
    ((is_signed || is_approved) && is_unsigned).then(|| {
        Finding::new(Verdict::Altered, Reason::CellsBroken)
            .at(version.version)
            .with([Part::ConsentMessage, Part::ConsentSignature])
    })
}

/// What was changed before it was anchored: no promise covers it, and the cells and the signature tell it all the same.
fn tampered(facts: &Facts<'_>, row: &Row, version: &VersionRow) -> Option<Finding> {
    let faults = Faults::of(row, version);
    let (verdict, reason, parts) = if !faults.other_record.is_empty() {
        (
            Verdict::Swapped,
            Reason::OtherRecordsCells,
            faults.other_record,
        )
    } else if !faults.other_draft.is_empty() {
        (Verdict::RolledBack, Reason::OtherDraft, faults.other_draft)
    } else if !faults.broken.is_empty() {
        (Verdict::Altered, Reason::CellsBroken, faults.broken)
    } else {
        let differs = differs_from_signed(facts, version.opened.as_ref()?).unwrap_or_default();
        match (differs.is_empty(), version.unfit_index_or_receipt()) {
            (false, _) => (Verdict::Altered, Reason::SignedDiffers, differs),
            (true, Some(part)) => (Verdict::Altered, Reason::CellsBroken, [part].into()),
            (true, None) => return None,
        }
    };
    Some(
        Finding::new(verdict, reason)
            .at(version.version)
            .with(parts),
    )
}

fn waiting(facts: &Facts<'_>, row: &Row) -> Finding {
    if row.holds_nothing() {
        return Finding::new(Verdict::Pending, Reason::Empty);
    }
    // The chain knows no version of it: it waits for the first, whatever follows.
    let (reason, since, patience) = match facts.jobs.first() {
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
