//! What is signed so that a record may be erased, and what shows afterwards that the right one signed. `docs/ERASURE.md` is the
//! specification.

mod order;

use std::fmt;

use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::eip712::{self, domain, hash_struct, number, text};
use crate::ids::{Uid, Version};
use crate::json;
use crate::proof::{Leaves, RecordProofInput, Salt, retirement_evidence};
use crate::signature::{ConsentSignature, EcdsaSignature};
use crate::wiped_json;

pub use order::{Ended, ErasureOrder};

const ERASURE: &str =
    "Erasure(string controller,uint64 uid,bytes32 recordProof,uint64 requestedAt)";

/// An owner's request, or the authority's order: the same words. It names no person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ErasureStatement {
    /// Who holds the record.
    pub controller: String,
    /// The record on chain.
    #[serde(with = "json::u64")]
    pub uid: u64,
    /// The oldest word of the record that counts: no key of ours can put another one there.
    pub record_proof: B256,
    /// Unix seconds.
    #[serde(with = "json::u64")]
    pub requested_at: u64,
}

impl ErasureStatement {
    /// The EIP-712 digest that is signed.
    #[must_use]
    pub fn digest(&self, chain_id: u64, relay: Address) -> B256 {
        let message = hash_struct([
            text(ERASURE),
            text(&self.controller),
            number(self.uid),
            self.record_proof,
            number(self.requested_at),
        ]);
        eip712::digest(domain(&(chain_id, relay)), message)
    }

    /// As wallets take it.
    #[must_use]
    pub fn typed_data(&self, chain_id: u64, relay: Address) -> Value {
        let types = serde_json::json!({
            "Erasure": [
                { "name": "controller", "type": "string" },
                { "name": "uid", "type": "uint64" },
                { "name": "recordProof", "type": "bytes32" },
                { "name": "requestedAt", "type": "uint64" },
            ],
        });
        eip712::json(types, "Erasure", self, (chain_id, relay))
    }
}

/// What binds a word on the chain to a wallet once nothing of the record is left. Leaves without their salts tell nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// The version that the word is of.
    pub version: u32,
    /// When it was anchored, in Unix seconds.
    pub timestamp: u64,
    /// What its owner signed, hashed.
    pub consent_hash: B256,
    /// One per field.
    pub leaves: Vec<B256>,
}

impl Binding {
    /// The word that it gives for this wallet.
    #[must_use]
    pub fn word(
        &self,
        wallet: Address,
        uid: Uid,
        (chain_id, relay): (u64, Address),
    ) -> Option<B256> {
        let proof = RecordProofInput {
            chain_id,
            relay,
            wallet,
            uid,
            version: Version::new(self.version)?,
            timestamp: self.timestamp,
            consent_hash: self.consent_hash,
            leaves: Leaves::new(self.leaves.clone()).ok()?,
        };
        Some(proof.record_proof())
    }
}

/// Whose signature it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Signatory {
    /// The data owner, whose wallet the binding shows.
    Owner(Binding),
    /// The authority.
    Authority,
    /// The authority, about several records at once: this is what it signed.
    AuthorityOfSeveral(ErasureOrder),
}

/// A statement with everything that proves it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureEvidence {
    /// What was signed.
    pub statement: ErasureStatement,
    /// The signature, in its stored form.
    #[serde(with = "stored_signature")]
    pub signature: EcdsaSignature,
    /// 32 random bytes, without which the evidence on the chain tells nothing.
    pub salt: B256,
    /// By whom.
    pub signatory: Signatory,
}

impl fmt::Debug for ErasureEvidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ErasureEvidence")
    }
}

/// What the chain says of a record that is to be erased, or was.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// Chain and relay.
    pub site: (u64, Address),
    /// The record.
    pub uid: Uid,
    /// The oldest of its words that is not voided. Whoever has all our keys and the controller's can append a word of their own wallet's, and can't put one before it.
    pub first: Option<B256>,
    /// All of its words.
    pub words: &'a [B256],
    /// Who may order.
    pub authorities: &'a [Address],
}

impl Ground<'_> {
    fn is_order_of(&self, signer: Address, word: B256) -> bool {
        self.words.contains(&word) && self.authorities.contains(&signer)
    }
}

impl ErasureEvidence {
    /// Its JSON, as it is sealed and stored.
    #[must_use]
    pub fn to_json(&self) -> Zeroizing<Vec<u8>> {
        wiped_json(self).expect("plain data has a JSON form")
    }

    /// Reads [`Self::to_json`] back; none of anything else.
    #[must_use]
    pub fn from_json(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// What was signed.
    fn digest(&self, (chain_id, relay): (u64, Address)) -> B256 {
        match &self.signatory {
            Signatory::AuthorityOfSeveral(order) => order.digest(chain_id, relay),
            Signatory::Owner(_) | Signatory::Authority => self.statement.digest(chain_id, relay),
        }
    }

    /// The word that goes on the chain.
    #[must_use]
    pub fn on_chain(&self, site: (u64, Address)) -> B256 {
        let digest = self.digest(site);
        let salt = Salt::from_bytes(self.salt.0);
        retirement_evidence(&salt, &digest, &ConsentSignature::Ecdsa(self.signature))
    }

    /// Whether the one whose record it is signed this very statement about its first word, or the authority about any.
    #[must_use]
    pub fn holds(&self, ground: &Ground<'_>) -> bool {
        let statement = &self.statement;
        let word = statement.record_proof;
        let digest = self.digest(ground.site);
        let Ok(signer) = self.signature.recover(&digest) else {
            return false;
        };
        statement.uid == ground.uid.get()
            && match &self.signatory {
                Signatory::Owner(binding) => {
                    ground.first == Some(word)
                        && binding.word(signer, ground.uid, ground.site) == Some(word)
                }
                Signatory::Authority => ground.is_order_of(signer, word),
                Signatory::AuthorityOfSeveral(order) => {
                    order.says(statement) && ground.is_order_of(signer, word)
                }
            }
    }
}

mod stored_signature {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::signature::EcdsaSignature;

    pub fn serialize<S: Serializer>(
        signature: &EcdsaSignature,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(signature.as_bytes()))
    }

    pub fn deserialize<'d, D: Deserializer<'d>>(
        deserializer: D,
    ) -> Result<EcdsaSignature, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = hex::decode(text).map_err(D::Error::custom)?;
        EcdsaSignature::normalise(&bytes).map_err(D::Error::custom)
    }
}
