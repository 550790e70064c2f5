//! `altered`: none of the others, and the parts at fault by name where they can be told.

use std::collections::BTreeSet;

use database::sealed::OpenedVersion;
use record::{
    Address,
    consent::ConsentMessage,
    proof::{FieldName, Leaves},
    signature::ConsentSignature,
};

use super::{
    Facts, Finding, KeyState, Part, Reason, Verdict, VersionRow,
    content::proof,
    known::{Fault, Known},
};

pub(super) fn judge(known: &Known<'_>, fault: &Fault<'_>) -> Finding {
    let mut parts = fault
        .row
        .map(|row| unfit(known, fault, row))
        .unwrap_or_default();
    if known.row.owner_key != KeyState::Opens {
        parts.insert(Part::OwnerKey);
    }
    if !known.uid_fits() {
        parts.insert(Part::Uid);
    } else if !known.row.head_is_ours() {
        parts.insert(Part::Head);
    }
    let named = fault
        .row
        .and_then(|row| named(known, fault, row))
        .filter(|(_, named)| !named.is_empty());
    // Where nothing else is wrong, the head is of another time than the versions beside it.
    if parts.is_empty() && named.is_none() && !known.head_fits() {
        parts.insert(Part::Head);
    }
    let reason = match &named {
        _ if !parts.is_empty() => Reason::CellsBroken,
        Some((told_by, _)) => *told_by,
        None => Reason::NotTold,
    };
    parts.extend(named.into_iter().flat_map(|(_, named)| named));
    let found = fault
        .row
        .and_then(|row| known.proof_found(fault.version.version, row));
    Finding::new(Verdict::Altered, reason)
        .of(fault.version)
        .found(found)
        .with(parts)
}

/// Cells that do not open or are gone, and numbers that do not fit.
fn unfit(known: &Known<'_>, fault: &Fault<'_>, row: &VersionRow) -> BTreeSet<Part> {
    let faults = known.faults(row);
    let mut parts = faults.broken;
    if faults.only_the_draft_number {
        parts.insert(Part::Draft);
    }
    let Some(opened) = &row.opened else {
        return parts;
    };
    if opened.message.is_none() {
        parts.extend([Part::ConsentMessage, Part::ConsentSignature]);
    }
    if !row.has_anchor_cell() && !known.facts.in_flight(fault.version.version) {
        parts.insert(Part::Anchor);
    }
    if !known.order_fits(row) {
        parts.insert(Part::WalletOrder);
    }
    // Whoever changed a cell of a consent broke the MAC of its row as well.
    let cells = [Part::ConsentMessage, Part::ConsentSignature];
    if cells.iter().all(|part| !parts.contains(part)) {
        parts.extend(row.unfit_index_or_receipt());
    }
    // A row that gives the anchored word, with an anchor cell that says other things.
    if known.matched(fault.version, row).is_some() && !known.anchor_fits(fault.version, row) {
        parts.insert(Part::Anchor);
    }
    parts
}

/// What was altered, told by what was anchored or else by what was signed.
fn named(
    known: &Known<'_>,
    fault: &Fault<'_>,
    row: &VersionRow,
) -> Option<(Reason, BTreeSet<Part>)> {
    let opened = row.opened.as_ref()?;
    let (message, signature) = consent(opened)?;
    let anchored = || {
        let leaves = Leaves::new(row.anchor()?.leaves.clone()).ok()?;
        let spot = known.spot(fault.version.version, row)?;
        let digest = message.digest(known.facts.chain_id, known.facts.relay);
        // The message was not altered with the fields: it tells the wallet that was anchored.
        let word = proof(
            known.site(),
            spot,
            message.wallet,
            &digest,
            signature,
            leaves.clone(),
        );
        (word == fault.version.word).then_some(leaves)
    };
    if let Some(leaves) = anchored() {
        return Some((
            Reason::LeavesDiffer,
            differing_leaves(opened, message, &leaves),
        ));
    }
    Some((
        Reason::SignedDiffers,
        differs_from_signed(known.facts, opened)?,
    ))
}

fn consent(opened: &OpenedVersion) -> Option<(&ConsentMessage, &ConsentSignature)> {
    Some((
        opened.whole_message()?,
        opened.signature.as_ref()?.as_ref().ok()?,
    ))
}

/// Opened fields whose leaf is not the one that was anchored, and the wallet if it is not the one signed.
fn differing_leaves(
    opened: &OpenedVersion,
    message: &ConsentMessage,
    anchored: &Leaves,
) -> BTreeSet<Part> {
    let mut parts = BTreeSet::new();
    if opened.fields.len() == anchored.as_slice().len() {
        for ((name, cell), leaf) in opened.fields.iter().zip(anchored.as_slice()) {
            let found = cell.as_ref().map(|field| Leaves::of([(name, field)]));
            if found.is_ok_and(|found| found.is_ok_and(|found| found.as_slice() != [*leaf])) {
                parts.insert(Part::Field(name.clone()));
            }
        }
    }
    if opened
        .wallet
        .as_ref()
        .is_ok_and(|wallet| *wallet != message.wallet)
    {
        parts.insert(Part::Wallet);
    }
    parts
}

/// Fields whose value is not the one in the message, if the row's wallet did sign that message.
pub(super) fn differs_from_signed(
    facts: &Facts<'_>,
    opened: &OpenedVersion,
) -> Option<BTreeSet<Part>> {
    let (message, signature) = consent(opened)?;
    let wallet: Address = *opened.wallet.as_ref().ok()?;
    let ConsentSignature::Ecdsa(signature) = signature else {
        return None;
    };
    if signature.recover(&message.digest(facts.chain_id, facts.relay)) != Ok(wallet) {
        return None;
    }
    let signed = |name: &FieldName| message.fields.iter().find(|field| field.name == *name);
    let differs =
        |name: &FieldName, value: &str| signed(name).is_none_or(|field| field.value != value);
    let opened_fields = opened
        .fields
        .iter()
        .filter_map(|(name, cell)| Some((name, cell.as_ref().ok()?)));
    let fields = opened_fields.filter(|(name, field)| differs(name, field.value()));
    Some(fields.map(|(name, _)| Part::Field(name.clone())).collect())
}
