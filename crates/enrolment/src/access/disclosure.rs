//! What a copy says: the shape of its JSON, which docs/ACCESS.md tells field by field. Others read it: what a field means stays.

use alloy_primitives::{Address, B256};
use record::consent::{Choice, ConsentMessage, ConsentTerms};
use record::ids::RecordId;
use record::time::UnixMillis;
use record::wallet_change::WalletChange as Ordered;
use serde::{Deserialize, Serialize};

use crate::EnrolmentError;

/// Names this format.
pub(super) const FORMAT: &str = "sealwatch/v1/access";

/// What the file is called.
pub const FILE_NAME: &str = "sealwatch-copy.json";

/// Everything that is held about one owner. It holds their details in clear and is theirs.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Disclosure {
    pub(super) format: String,
    /// When it was gathered.
    pub made_at: UnixMillis,
    pub(super) controller: Controller,
    pub(super) notices: Vec<Notice>,
    pub(super) record: Held,
    pub(super) chain: Chain,
    pub(super) versions: Vec<Version>,
    pub(super) purposes: Vec<Purpose>,
    pub(super) withdrawals: Vec<Withdrawal>,
    pub(super) corrections: Vec<Correction>,
    pub(super) erasures: Vec<Erasure>,
    // None of these in copies that were made before there was such a thing.
    #[serde(default)]
    pub(super) restrictions: Vec<Restriction>,
    #[serde(default)]
    pub(super) wallet_changes: Vec<WalletChange>,
    #[serde(default)]
    pub(super) prolongations: Vec<Prolonged>,
    pub(super) copies: Vec<Copied>,
    pub(super) history: Vec<Step>,
    pub(super) readers: Vec<Look>,
    pub(super) mails: Vec<Sent>,
    pub(super) incidents: Vec<Incident>,
    pub(super) left_out: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Controller {
    pub(super) name: String,
    pub(super) address: String,
    pub(super) contact: String,
    pub(super) officer: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Notice {
    pub(super) hash: B256,
    pub(super) text: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Held {
    pub(super) id: RecordId,
    pub(super) uid: Option<u64>,
    pub(super) state: String,
    pub(super) entered_at: UnixMillis,
    pub(super) source: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Chain {
    pub(super) chain_id: u64,
    pub(super) relay: Address,
    pub(super) storage_layer: Address,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Version {
    pub(super) version: u32,
    pub(super) is_anchored: bool,
    pub(super) wallet: Address,
    pub(super) relation: String,
    pub(super) fields: Option<Vec<Field>>,
    pub(super) values_destroyed_at: Option<UnixMillis>,
    pub(super) leaves: Option<Vec<B256>>,
    pub(super) consent: Option<Consent>,
    pub(super) anchor: Option<Anchor>,
    #[serde(default)]
    pub(super) wallet_order: Option<WalletOrder>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) salt: B256,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Consent {
    pub(super) received_at: UnixMillis,
    pub(super) digest: B256,
    pub(super) consent_hash: B256,
    pub(super) signature: Signature,
    pub(super) message: Option<ConsentMessage>,
    pub(super) terms: Option<ConsentTerms>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Signature {
    pub(super) kind: u8,
    pub(super) check_block: u64,
    pub(super) bytes: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WalletOrder {
    pub(super) change: Ordered,
    pub(super) digest: B256,
    pub(super) signature: Signature,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Anchor {
    pub(super) uid: u64,
    pub(super) timestamp: u64,
    pub(super) record_proof: B256,
    pub(super) transaction: B256,
    pub(super) block: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Purpose {
    pub(super) name: String,
    pub(super) lawful_basis: String,
    pub(super) is_choice: bool,
    pub(super) granted: bool,
    pub(super) withdrawn_at: Option<UnixMillis>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Withdrawal {
    pub(super) at: UnixMillis,
    pub(super) way: String,
    pub(super) purposes: Vec<Choice>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Prolonged {
    pub(super) decided_at: UnixMillis,
    pub(super) ends_at: UnixMillis,
    pub(super) reason: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Correction {
    pub(super) asked_at: UnixMillis,
    pub(super) note: String,
    pub(super) resolved_at: Option<UnixMillis>,
    pub(super) answer: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Erasure {
    pub(super) asked_at: UnixMillis,
    pub(super) way: String,
    pub(super) identity: Option<String>,
    pub(super) due_at: UnixMillis,
    pub(super) state: String,
    pub(super) decided_at: Option<UnixMillis>,
    pub(super) reason: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WalletChange {
    pub(super) asked_at: UnixMillis,
    pub(super) identity: String,
    pub(super) confirmed_at: Option<UnixMillis>,
    pub(super) confirmed_identity: Option<String>,
    pub(super) state: String,
    /// Whether something may still come of it.
    pub(super) is_under_way: bool,
    pub(super) new_wallet: Option<Address>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Restriction {
    pub(super) subject: String,
    pub(super) ground: Option<String>,
    pub(super) purposes: Vec<Choice>,
    pub(super) due_at: Option<UnixMillis>,
    pub(super) steps: Vec<RestrictionStep>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RestrictionStep {
    pub(super) at: UnixMillis,
    pub(super) what: String,
    pub(super) way: Option<String>,
    pub(super) identity: Option<String>,
    pub(super) note: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Copied {
    pub(super) asked_at: UnixMillis,
    pub(super) way: String,
    pub(super) identity: Option<String>,
    pub(super) opened_at: Option<UnixMillis>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Step {
    pub(super) at: UnixMillis,
    pub(super) what: String,
    pub(super) by: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Look {
    pub(super) at: UnixMillis,
    pub(super) what: String,
    pub(super) app: String,
    pub(super) role: Option<String>,
    #[serde(default)]
    pub(super) ground: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sent {
    pub(super) kind: String,
    pub(super) written_at: UnixMillis,
    pub(super) sent_at: Option<UnixMillis>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Incident {
    pub(super) number: u64,
    pub(super) state: String,
    pub(super) detected_at: UnixMillis,
    pub(super) closed_at: Option<UnixMillis>,
    pub(super) findings: Vec<Finding>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Finding {
    pub(super) verdict: String,
    pub(super) fields: Vec<String>,
    pub(super) found_at: UnixMillis,
    pub(super) resolved_at: Option<UnixMillis>,
}

impl Disclosure {
    /// From the JSON that a copy's row holds.
    ///
    /// # Errors
    /// When it is none of ours.
    pub fn from_json(json: &[u8]) -> Result<Self, EnrolmentError> {
        let read: Self = serde_json::from_slice(json).map_err(EnrolmentError::unreadable)?;
        match read.format == FORMAT {
            true => Ok(read),
            false => Err(EnrolmentError::unreadable("a copy of another format")),
        }
    }

    /// The wallet that is the owner's: that of the newest version, and none while it is said to be lost.
    #[must_use]
    pub fn wallet(&self) -> Option<Address> {
        let is_lost = self.wallet_changes.iter().any(|change| change.is_under_way);
        let newest = self.versions.last().filter(|_| !is_lost);
        newest.map(|version| version.wallet)
    }
}
