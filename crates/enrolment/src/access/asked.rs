//! What the owner asked for, and what came of it.

use database::erasures::{self, ErasureState, Identity};
use database::restriction_steps::RestrictionStep as Step;
use database::{access_copies, corrections, sealed, wallet_changes, withdrawals};
use keyring::{CellKind, OwnerKey};
use record::consent::Choice;

use super::disclosure::{
    Copied, Correction, Erasure, Prolonged, Restriction, RestrictionStep, WalletChange, Withdrawal,
};
use super::gather::Gathering;
use crate::EnrolmentError;
use crate::restriction::{Requests, Wanted};
use crate::retention::prolongations_of;
use crate::wallet_change::{Content, is_under_way};

pub(super) async fn withdrawals(
    gathering: &mut Gathering<'_>,
) -> Result<Vec<Withdrawal>, EnrolmentError> {
    let (front, id) = (gathering.keys.front(), gathering.record.id);
    let found = withdrawals::of_record(gathering.connection, &front, id).await?;
    let mut told = Vec::new();
    for row in gathering.ours(found) {
        let opened = row.open(&front).ok();
        let purposes = opened.and_then(|json| serde_json::from_slice::<Vec<Choice>>(&json).ok());
        let Some(purposes) = purposes else {
            gathering.left_out += 1;
            continue;
        };
        told.push(Withdrawal {
            at: row.at,
            way: row.way.as_str().to_owned(),
            purposes,
        });
    }
    Ok(told)
}

pub(super) async fn corrections(
    gathering: &mut Gathering<'_>,
) -> Result<Vec<Correction>, EnrolmentError> {
    let mut found = corrections::of_record(gathering.connection, gathering.record.id).await?;
    found.reverse();
    let mut told = Vec::new();
    for row in found {
        let open = |kind, cell: &[u8]| {
            let cell = sealed::open_cell(gathering.key, row.version, row.draft, kind, cell).ok()?;
            cell.text().map(str::to_owned)
        };
        let Some(note) = open(CellKind::CorrectionNote, &row.note) else {
            gathering.left_out += 1;
            continue;
        };
        let answer = row.answer.as_deref();
        told.push(Correction {
            asked_at: row.asked_at,
            note,
            resolved_at: row.resolved_at,
            answer: answer.and_then(|cell| open(CellKind::CorrectionAnswer, cell)),
        });
    }
    Ok(told)
}

pub(super) async fn erasures(
    gathering: &mut Gathering<'_>,
) -> Result<Vec<Erasure>, EnrolmentError> {
    let (keys, id) = (gathering.keys, gathering.record.id);
    let found = erasures::of_record(gathering.connection, keys, id).await?;
    let told = gathering.ours(found).into_iter().map(|row| {
        let refused = Some(&row).filter(|row| row.state == ErasureState::Refused);
        let reason = refused.and_then(|row| row.open(keys).ok().flatten());
        Erasure {
            asked_at: row.asked_at,
            way: row.way.as_str().to_owned(),
            identity: name_of(row.identity),
            due_at: row.due_at,
            state: row.state.as_str().to_owned(),
            decided_at: row.decided_at,
            reason: reason.and_then(|text| str::from_utf8(&text).map(str::to_owned).ok()),
        }
    });
    Ok(told.collect())
}

pub(super) async fn wallet_changes(
    gathering: &mut Gathering<'_>,
) -> Result<Vec<WalletChange>, EnrolmentError> {
    let (keys, record) = (gathering.keys, gathering.record);
    let found = wallet_changes::of_record(gathering.connection, keys, record.id).await?;
    let key = gathering.key;
    let told = gathering.ours(found).into_iter().map(|row| WalletChange {
        asked_at: row.asked_at,
        identity: row.identity.as_str().to_owned(),
        confirmed_at: row.confirmed_at,
        confirmed_identity: name_of(row.confirmed_identity),
        state: row.state.as_str().to_owned(),
        is_under_way: is_under_way(&row, record),
        new_wallet: Content::of(&row, key).map(|content| content.new_wallet()),
    });
    Ok(told.collect())
}

pub(super) async fn restrictions(
    gathering: &mut Gathering<'_>,
) -> Result<Vec<Restriction>, EnrolmentError> {
    let (front, id) = (gathering.keys.front(), gathering.record.id);
    let requests = Requests::load(gathering.connection, &front, id).await?;
    gathering.left_out += requests.tampered as u64;
    let key = gathering.key;
    let told = requests.all.into_iter().map(|request| Restriction {
        subject: request.asked.subject.as_str().to_owned(),
        ground: match &request.wanted {
            Wanted::Restriction(ground) => Some(ground.as_str().to_owned()),
            Wanted::Objection(_) => None,
        },
        purposes: request.purposes().to_vec(),
        due_at: request.asked.due_at,
        steps: request
            .steps
            .iter()
            .map(|step| step_of(step, key))
            .collect(),
    });
    Ok(told.collect())
}

/// Why staff keep the record for longer than its purposes do.
pub(super) async fn prolongations(
    gathering: &mut Gathering<'_>,
) -> Result<Vec<Prolonged>, EnrolmentError> {
    let (keys, id) = (gathering.keys, gathering.record.id);
    match prolongations_of(gathering.connection, keys, id).await {
        Ok(decisions) => {
            let told = decisions.iter().map(|one| Prolonged {
                decided_at: one.at,
                ends_at: one.until,
                reason: one.reason.clone(),
            });
            Ok(told.collect())
        }
        Err(error) if error.is_tampering() => {
            gathering.left_out += 1;
            Ok(Vec::new())
        }
        Err(error) => Err(error),
    }
}

fn step_of(step: &Step, key: &OwnerKey) -> RestrictionStep {
    let note = step.note.as_deref().and_then(|cell| {
        let kind = CellKind::RestrictionNote;
        let opened = sealed::open_cell(key, step.version, step.draft, kind, cell).ok()?;
        opened.text().map(str::to_owned)
    });
    RestrictionStep {
        at: step.at,
        what: step.kind.as_str().to_owned(),
        way: step.way.map(|way| way.as_str().to_owned()),
        identity: name_of(step.identity),
        note,
    }
}

/// Requests like this one, and what came of those before.
pub(super) async fn copies(gathering: &mut Gathering<'_>) -> Result<Vec<Copied>, EnrolmentError> {
    let (front, id) = (gathering.keys.front(), gathering.record.id);
    let found = access_copies::of_record(gathering.connection, &front, id).await?;
    let told = gathering.ours(found).into_iter().rev().map(|row| Copied {
        asked_at: row.asked_at,
        way: row.way.as_str().to_owned(),
        identity: name_of(row.identity),
        opened_at: row.opened_at,
    });
    Ok(told.collect())
}

fn name_of(identity: Option<Identity>) -> Option<String> {
    identity.map(|identity| identity.as_str().to_owned())
}
