//! `rolled_back`: the row is, or holds cells of, an older version or draft of the same record.

use record::ids::Version;

use super::{
    Finding, Reason, Verdict, VersionRow,
    cells::Faults,
    content::{Content, Spot},
    known::{Fault, Known},
};

pub(super) fn judge(known: &Known<'_>, fault: &Fault<'_>) -> Option<Finding> {
    let row = fault.row?;
    let faults = Faults::of(known.row, row);
    let (reason, parts) = if let Some(older) = equals_older(known, fault, row) {
        (Reason::OlderVersion(older), faults.other_draft)
    } else if !faults.other_draft.is_empty() && !faults.only_the_draft_number {
        (Reason::OtherDraft, faults.other_draft)
    } else {
        return None;
    };
    let found = known.proof_found(fault.version.version, row);
    Some(
        Finding::new(Verdict::RolledBack, reason)
            .of(fault.version)
            .found(found)
            .with(parts),
    )
}

/// The older version whose word this row gives, at its own place or sealed anew at a later one.
fn equals_older(known: &Known<'_>, fault: &Fault<'_>, row: &VersionRow) -> Option<Version> {
    let content = Content::of(row.opened.as_ref()?)?;
    known.before(fault.version.version).find_map(|older| {
        let own = known
            .row
            .versions
            .get(&older.version)
            .and_then(VersionRow::anchor);
        let timestamps = [row.anchor(), own]
            .into_iter()
            .flatten()
            .map(|anchor| anchor.timestamp);
        let gives = |timestamp| {
            let spot = Spot {
                uid: known.chain.uid,
                version: older.version,
                timestamp,
            };
            content.matches(known.site(), spot, older.word).is_some()
        };
        timestamps.into_iter().any(gives).then_some(older.version)
    })
}
