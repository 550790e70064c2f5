//! `rolled_back`: the row is, or holds cells of, an older version or draft of the same record.

use record::ids::Version;

use super::{
    Finding, Part, Reason, Verdict, VersionRow,
    cells::Faults,
    content::{Content, Spot},
    known::{Fault, Known},
};

pub(super) fn judge(known: &Known<'_>, fault: &Fault<'_>) -> Option<Finding> {
    let row = fault.row?;
    let faults = known.faults(row);
    let (reason, parts) = if let Some(older) = equals_older(known, fault, row) {
        (Reason::OlderVersion(older), faults.other_draft)
    } else if !faults.other_record.is_empty() {
        // What brought another record's cells along is no older state of this one.
        return None;
    } else if !faults.other_draft.is_empty() && !faults.only_the_draft_number {
        (Reason::OtherDraft, faults.other_draft)
    } else if stands_as_before_consent(known, fault, row, &faults) {
        let gone = [Part::Anchor, Part::ConsentMessage, Part::ConsentSignature];
        (Reason::BeforeConsent, gone.into())
    } else if stands_as_before_anchor(known, fault, row, &faults) {
        (Reason::BeforeAnchor, [Part::Anchor, Part::Uid].into())
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
    let content = Content::of(row)?;
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

/// A row put back to a time before the owner signed has neither consent nor anchor, and nothing else wrong with it.
fn stands_as_before_consent(
    known: &Known<'_>,
    fault: &Fault<'_>,
    row: &VersionRow,
    faults: &Faults,
) -> bool {
    let unsigned = row.opened.as_ref().is_some_and(|opened| {
        opened.message.is_none() && opened.signature.is_none() && opened.anchor.is_none()
    });
    unsigned && faults.is_empty() && !known.facts.in_flight(fault.version.version)
}

/// Head and row put back together to a time before the record was anchored: neither names its UID, and the head is genuine.
fn stands_as_before_anchor(
    known: &Known<'_>,
    fault: &Fault<'_>,
    row: &VersionRow,
    faults: &Faults,
) -> bool {
    let unanchored = row.opened.is_some() && !row.has_anchor_cell();
    let without_uid = known.row.claimed_uid.is_none() && known.head_fits();
    let rest_fits = faults.is_empty() && row.unfit_index_or_receipt().is_none();
    unanchored && without_uid && rest_fits && !known.facts.in_flight(fault.version.version)
}
