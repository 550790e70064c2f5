//! Keeping one record for longer than its purposes do, for a reason (GDPR Art. 17(3)).

use database::record_events::RecordEventKind;
use database::records::{self, RecordState};
use database::retentions::{self, Retention};
use database::{MySqlConnection, sealed};
use keyring::{ApplicationKeys, CellKind};
use rand::CryptoRng;
use record::ids::{Draft, RecordId, StaffId, Version};
use record::time::UnixMillis;
use record::wiped_json;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize as _;

use super::rules::Rules;
use super::term::Term;
use crate::EnrolmentError;
use crate::link::key_of;
use crate::office::Office;

/// What was reckoned from this is reckoned anew at the next look.
const NOTHING: [u8; 32] = [0; 32];

/// One decision. It can't be printed: the reason may tell of the person.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prolongation {
    /// Until when.
    pub until: UnixMillis,
    /// Why, in the words of staff.
    pub reason: String,
    /// Who decided.
    pub by: StaffId,
    /// When.
    pub at: UnixMillis,
}

impl Drop for Prolongation {
    fn drop(&mut self) {
        self.reason.zeroize();
    }
}

impl std::fmt::Debug for Prolongation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Prolongation until {}", self.until)
    }
}

/// Keeps a record until then; a later decision replaces an earlier one. The reason lies under the owner's own key, and goes with it.
///
/// # Errors
/// [`EnrolmentError::State`] when it was never anchored or is being erased; when what stands of earlier decisions does not open.
pub async fn prolong(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    rules: &Rules<'_>,
    id: RecordId,
    (until, reason): (UnixMillis, &str),
    rng: &mut (impl CryptoRng + Send),
) -> Result<(), EnrolmentError> {
    let keys = office.keys;
    let record = records::lock(transaction, &keys.front(), id)
        .await?
        .ok_or(EnrolmentError::Unknown)?;
    if record.uid.is_none() || record.state == RecordState::Erasing {
        return Err(EnrolmentError::State(record.state));
    }
    let mut term = Term::load(transaction, keys, &record, rules).await?;
    if term.is_tampered {
        return Err(EnrolmentError::unreadable(
            "until when it is kept does not hold",
        ));
    }
    term.prolongations.push(Prolongation {
        until,
        reason: reason.to_owned(),
        by: office.staff,
        at: office.now,
    });
    let json = wiped_json(&term.prolongations).expect("text and numbers always become JSON");
    let key = key_of(transaction, keys, id).await?;
    let (version, draft, kind) = PLACE;
    let retention = Retention {
        record_id: id,
        due_at: term.due_at(),
        basis: NOTHING,
        prolongations: Some(sealed::seal_cell(&key, version, draft, kind, &json, rng)),
    };
    retentions::store(transaction, keys, &retention).await?;
    let what = RecordEventKind::RetentionProlonged;
    office.note(transaction, id, what).await?;
    Ok(())
}

/// There is one such cell of a record, whatever its version.
const PLACE: (Version, Draft, CellKind) = (Version::FIRST, Draft::FIRST, CellKind::Prolongations);

/// What staff decided about a record so far.
///
/// # Errors
/// When what stands of it is not ours or does not open.
pub(crate) async fn prolongations_of(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    id: RecordId,
) -> Result<Vec<Prolongation>, EnrolmentError> {
    let standing = retentions::load(connection, keys, id).await?;
    open_prolongations(connection, keys, standing.as_ref()).await
}

/// The same of its row.
pub(super) async fn open_prolongations(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    standing: Option<&Retention>,
) -> Result<Vec<Prolongation>, EnrolmentError> {
    let Some((row, cell)) = standing.and_then(|row| Some((row, row.prolongations.as_deref()?)))
    else {
        return Ok(Vec::new());
    };
    let key = key_of(connection, keys, row.record_id).await?;
    let (version, draft, kind) = PLACE;
    let opened = sealed::open_cell(&key, version, draft, kind, cell);
    let opened = opened.map_err(EnrolmentError::unreadable)?;
    serde_json::from_slice(&opened.value).map_err(EnrolmentError::unreadable)
}
