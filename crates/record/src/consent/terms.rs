//! What stays of a message once the values of its version were destroyed: enough to compute the record proof, and to tell what
//! the owner agreed to, and nothing of the person.

use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{ConsentMessage, MalformedMessage, Purpose, Standing, TermsProblem};
use crate::{ids::Version, json, wiped_json};

/// A message without details, wallet and nonce, and with its digest in their place. As long as the nonce was known, whoever
/// guessed the details could see by the digest that they had guessed right; without it nobody can.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConsentTerms {
    /// Who asked.
    pub controller: String,
    /// SHA-256 of the notice that was shown.
    pub notice: B256,
    /// Each purpose with its lawful basis and the owner's choice.
    pub purposes: Vec<Purpose>,
    /// The record on chain; 0 for version 1.
    #[serde(with = "json::u64")]
    pub uid: u64,
    /// Which state of the record.
    pub version: u32,
    /// The proof that this version follows; zero for version 1.
    pub previous_proof: B256,
    /// Unix seconds: when it was offered.
    #[serde(with = "json::u64")]
    pub issued_at: u64,
    /// Unix seconds: when the offer ended.
    #[serde(with = "json::u64")]
    pub expires_at: u64,
    /// The EIP-712 digest of the whole message: what the owner's wallet signed.
    pub digest: B256,
}

impl ConsentTerms {
    /// Its JSON, as it is sealed and stored.
    pub fn to_json(&self) -> Zeroizing<Vec<u8>> {
        wiped_json(self).expect("plain data has a JSON form")
    }

    /// Reads [`ConsentTerms::to_json`] back.
    pub fn from_json(json: &[u8]) -> Result<Self, MalformedMessage> {
        serde_json::from_slice(json).map_err(|_| MalformedMessage)
    }

    /// [`ConsentMessage::covers_check`], of the message that this was.
    pub const fn covers_check(&self, block_time: u64, timestamp: u64) -> bool {
        covers_check(self.issued_at, block_time, timestamp)
    }

    /// [`ConsentMessage::check_terms`], of the message that this was.
    pub fn check(&self, standing: &Standing<'_>, timestamp: u64) -> Result<(), TermsProblem> {
        check_terms(
            self.version,
            self.uid,
            &self.previous_proof,
            (self.issued_at, self.expires_at),
            standing,
            timestamp,
        )
    }
}

impl ConsentMessage {
    /// What stays of it.
    #[must_use]
    pub fn terms(&self, chain_id: u64, relay: Address) -> ConsentTerms {
        ConsentTerms {
            controller: self.controller.clone(),
            notice: self.notice,
            purposes: self.purposes.clone(),
            uid: self.uid,
            version: self.version,
            previous_proof: self.previous_proof,
            issued_at: self.issued_at,
            expires_at: self.expires_at,
            digest: self.digest(chain_id, relay),
        }
    }

    /// Whether a contract wallet was asked in the time between offer and anchor. All in Unix seconds.
    pub const fn covers_check(&self, block_time: u64, timestamp: u64) -> bool {
        covers_check(self.issued_at, block_time, timestamp)
    }

    /// Checks that the message is for this version of this record, and was anchored within its time. `timestamp` in Unix seconds.
    pub fn check_terms(&self, standing: &Standing<'_>, timestamp: u64) -> Result<(), TermsProblem> {
        check_terms(
            self.version,
            self.uid,
            &self.previous_proof,
            (self.issued_at, self.expires_at),
            standing,
            timestamp,
        )
    }
}

/// By so many seconds a check block may seem older than the offer: the newest block is always a little old, and the clock that dated the
/// offer is not the chain's.
pub const CHECK_SLACK: u64 = 15 * 60;

pub(crate) const fn covers_check(issued_at: u64, block_time: u64, timestamp: u64) -> bool {
    issued_at <= block_time.saturating_add(CHECK_SLACK) && block_time <= timestamp
}

/// Whether what was signed names this place, and this time lies within its own.
pub(crate) fn check_terms(
    version: u32,
    uid: u64,
    previous_proof: &B256,
    (issued_at, expires_at): (u64, u64),
    standing: &Standing<'_>,
    timestamp: u64,
) -> Result<(), TermsProblem> {
    if version != standing.version.get() {
        return Err(TermsProblem::Version);
    }
    let first = standing.version == Version::FIRST;
    if uid != if first { 0 } else { standing.uid.get() } {
        return Err(TermsProblem::Uid);
    }
    let follows = if first {
        previous_proof.is_zero()
    } else {
        standing.previous_proofs.contains(previous_proof)
    };
    if !follows {
        return Err(TermsProblem::PreviousProof);
    }
    if !(issued_at..=expires_at).contains(&timestamp) {
        return Err(TermsProblem::Time);
    }
    Ok(())
}
