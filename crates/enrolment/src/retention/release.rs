//! A person releases the erasure of a record whose time is over. From there it goes the way of every erasure (docs/ERASURE.md).

use database::MySqlConnection;
use database::erasures::{self, Erasure, ErasureState};
use database::record_events::RecordEventKind;
use database::records;
use database::request_way::RequestWay;
use rand::CryptoRng;
use record::erasure::ErasureEvidence;
use record::ids::{ErasureId, RecordId};
use record::time::UnixMillis;
use record::wiped_json;
use serde::{Deserialize, Serialize};

use super::hold::hold;
use super::rules::Rules;
use super::term::Term;
use crate::EnrolmentError;
use crate::erasure::move_on;
use crate::office::Office;

/// What a record is released on.
pub struct Releasing<'a> {
    /// What the authority signed. Who releases has seen that it holds.
    pub evidence: ErasureEvidence,
    /// Why, in the words of staff. It stays when the record is gone.
    pub reason: &'a str,
}

/// Why a record was erased that nobody asked to have erased; it lies beside the evidence.
#[derive(Clone, Serialize, Deserialize)]
pub struct Why {
    /// In the words of staff.
    pub reason: String,
    /// Since when nothing permitted to keep it.
    pub due_since: UnixMillis,
}

#[derive(Serialize)]
struct Content<'a> {
    #[serde(flatten)]
    evidence: &'a ErasureEvidence,
    released: Why,
}

#[derive(Deserialize)]
struct Released {
    released: Why,
}

impl Why {
    /// From what lies in an erasure; none in one that its owner asked for.
    #[must_use]
    pub fn from_content(json: &[u8]) -> Option<Self> {
        let content: Released = serde_json::from_slice(json).ok()?;
        Some(content.released)
    }
}

/// Decides to erase the record: it moves on as one whose erasure was granted. Its retirement is queued by the caller, before, in the same
/// transaction. Gives the erasure, for its copy.
///
/// # Errors
/// [`EnrolmentError::Held`] where something permits to keep it, or has to be seen to first.
pub async fn release(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    rules: &Rules<'_>,
    id: RecordId,
    releasing: &Releasing<'_>,
    rng: &mut (impl CryptoRng + Send),
) -> Result<Erasure, EnrolmentError> {
    let (keys, now) = (office.keys, office.now);
    let mut record = records::lock(transaction, &keys.front(), id)
        .await?
        .ok_or(EnrolmentError::Unknown)?;
    let term = Term::load(transaction, keys, &record, rules).await?;
    if let Some(hold) = hold(transaction, keys, &record, &term, now).await? {
        return Err(EnrolmentError::Held(hold));
    }
    let (Some(uid), Some(due_since)) = (record.uid, term.due_at()) else {
        return Err(EnrolmentError::State(record.state));
    };
    let mut erasure = Erasure {
        id: ErasureId::random(rng),
        record_id: id,
        uid,
        state: ErasureState::Granted,
        way: RequestWay::Retention,
        identity: None,
        asked_at: now,
        due_at: now,
        decided_by: Some(office.staff),
        decided_at: Some(now),
        content: None,
        destroyed_at: None,
        key_version: None,
    };
    let content = Content {
        evidence: &releasing.evidence,
        released: Why {
            reason: releasing.reason.to_owned(),
            due_since,
        },
    };
    let json = wiped_json(&content).expect("plain data has a JSON form");
    erasure.fill(keys, &json, rng);
    erasures::insert(transaction, keys, &erasure).await?;
    move_on(transaction, office, &mut record).await?;
    let what = RecordEventKind::ErasureReleased;
    office.note(transaction, id, what).await?;
    Ok(erasure)
}
