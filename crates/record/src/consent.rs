//! The message that the data owner signs (EIP-712), as `docs/RECORD_PROOF.md` gives it.

mod json;
mod typed_data;

use std::fmt;

use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    ids::{Uid, Version},
    proof::{FieldName, Fields},
};

/// One purpose shown to the owner, and their choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Purpose {
    /// What the data is for.
    pub name: String,
    /// The lawful basis (GDPR Art. 6(1)).
    pub lawful_basis: String,
    /// Whether it may go ahead: the owner's own choice where the basis is consent, true elsewhere.
    pub granted: bool,
}

/// One of the owner's details, as they were shown. Wiped when dropped; shows its name only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
pub struct SignedField {
    /// The field's name.
    #[zeroize(skip)]
    pub name: FieldName,
    /// Its value.
    pub value: String,
}

impl Zeroize for SignedField {
    fn zeroize(&mut self) {
        self.value.zeroize();
    }
}

/// What the owner signs. Its JSON is what is stored, sealed; the digest is always made anew from it and the row.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConsentMessage {
    /// Who asks.
    pub controller: String,
    /// SHA-256 of the notice that was shown.
    pub notice: B256,
    /// Each purpose with its lawful basis and the owner's choice.
    pub purposes: Vec<Purpose>,
    /// The owner's details, in byte order of their names.
    pub fields: Vec<SignedField>,
    /// The owner's wallet.
    pub wallet: Address,
    /// The record on chain; 0 for version 1, which has no number yet.
    #[serde(with = "json::u64")]
    pub uid: u64,
    /// Which state of the record.
    pub version: u32,
    /// The proof that this version follows; zero for version 1.
    pub previous_proof: B256,
    /// Unix seconds: when it was offered.
    #[serde(with = "json::u64")]
    pub issued_at: u64,
    /// Unix seconds: when the offer ends.
    #[serde(with = "json::u64")]
    pub expires_at: u64,
    /// 32 random bytes: one nonce serves one record version.
    pub nonce: B256,
}

/// Why a signed message does not stand for the record version it is stored with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TermsProblem {
    /// The message is for another version.
    #[error("the owner signed another version")]
    Version,
    /// The message is for another record.
    #[error("the owner signed for another record")]
    Uid,
    /// The message follows another proof.
    #[error("the owner signed as the successor of another proof")]
    PreviousProof,
    /// Anchored before the offer, or after its end.
    #[error("the anchoring time lies outside the time the owner agreed to")]
    Time,
}

/// Where a record version stands: what its message must name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing<'a> {
    /// The record on chain.
    pub uid: Uid,
    /// Which state of it.
    pub version: Version,
    /// The proofs that this version may follow: the one before it and, where that was voided, the newest before those voided.
    /// Not read for version 1, which follows none.
    pub previous_proofs: &'a [B256],
}

impl ConsentMessage {
    /// The EIP-712 digest that the owner's wallet signs.
    pub fn digest(&self, chain_id: u64, relay: Address) -> B256 {
        typed_data::digest(self, chain_id, relay)
    }

    /// The whole as a wallet takes it by `eth_signTypedData_v4`: types, primaryType, domain, message.
    pub fn typed_data(&self, chain_id: u64, relay: Address) -> serde_json::Value {
        typed_data::json(self, chain_id, relay)
    }

    /// This message as it must read if the row is what the owner signed: details and wallet from the row, all else as kept.
    #[must_use]
    pub fn rebuilt(&self, fields: &Fields, wallet: Address) -> Self {
        Self {
            fields: signed_fields(fields),
            wallet,
            ..self.clone()
        }
    }

    /// Checks that the message is for this version of this record, and was anchored within its time. `timestamp` in Unix seconds.
    pub fn check_terms(&self, standing: &Standing<'_>, timestamp: u64) -> Result<(), TermsProblem> {
        if self.version != standing.version.get() {
            return Err(TermsProblem::Version);
        }
        let first = standing.version == Version::FIRST;
        if self.uid != if first { 0 } else { standing.uid.get() } {
            return Err(TermsProblem::Uid);
        }
        let follows = if first {
            self.previous_proof.is_zero()
        } else {
            standing.previous_proofs.contains(&self.previous_proof)
        };
        if !follows {
            return Err(TermsProblem::PreviousProof);
        }
        if !(self.issued_at..=self.expires_at).contains(&timestamp) {
            return Err(TermsProblem::Time);
        }
        Ok(())
    }
}

/// A record's fields as they stand in a message: in byte order of the names.
pub fn signed_fields(fields: &Fields) -> Vec<SignedField> {
    fields
        .iter()
        .map(|(name, field)| SignedField {
            name: name.clone(),
            value: field.value().to_owned(),
        })
        .collect()
}

/// Shows no value: they are personal data.
impl fmt::Debug for SignedField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedField({})", self.name)
    }
}

/// Shows what is not personal.
impl fmt::Debug for ConsentMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsentMessage")
            .field("uid", &self.uid)
            .field("version", &self.version)
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}
