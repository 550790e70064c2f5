//! What the authority signs so that another wallet may sign a record from its next version on. `docs/LOST_WALLET.md` is the
//! specification.

use std::fmt;

use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::consent::{Standing, TermsProblem, check_terms, covers_check};
use crate::eip712::{self, domain, hash_struct, number, text};
use crate::json;
use crate::signature::ConsentSignature;
use crate::wiped_json;

const WALLET_CHANGE: &str = "WalletChange(string controller,address oldWallet,address newWallet,uint64 uid,uint32 version,\
     bytes32 previousProof,uint64 issuedAt,uint64 expiresAt,bytes32 nonce)";

/// That this version of this record, behind this proof, may be signed by another wallet than the one before.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WalletChange {
    /// Who holds the record.
    pub controller: String,
    /// The wallet that signed the version before.
    pub old_wallet: Address,
    /// The one that is to sign.
    pub new_wallet: Address,
    /// The record on chain.
    #[serde(with = "json::u64")]
    pub uid: u64,
    /// The version that changes it.
    pub version: u32,
    /// The proof that this version follows.
    pub previous_proof: B256,
    /// Unix seconds: when it was asked for.
    #[serde(with = "json::u64")]
    pub issued_at: u64,
    /// Unix seconds: until when it may be anchored.
    #[serde(with = "json::u64")]
    pub expires_at: u64,
    /// 32 random bytes: nobody guesses the wallets from the digest.
    pub nonce: B256,
}

/// A change with the authority's signature under it: what stands beside the version that it lets through.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WalletOrder {
    /// What was signed.
    pub change: WalletChange,
    /// The signature of the authority's key, or what its contract accepted.
    #[serde(with = "stored_signature")]
    pub signature: ConsentSignature,
}

/// Why an order does not stand for the change that it is kept with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChangeProblem {
    /// It is about other wallets.
    #[error("the authority ordered the change of another wallet, or to another one")]
    Wallets,
    /// It is about another version, record or predecessor, or for another time.
    #[error("the authority ordered a change elsewhere or for another time: {0}")]
    Terms(TermsProblem),
}

impl WalletChange {
    /// The EIP-712 digest that is signed.
    #[must_use]
    pub fn digest(&self, (chain_id, relay): (u64, Address)) -> B256 {
        let message = hash_struct([
            text(WALLET_CHANGE),
            text(&self.controller),
            self.old_wallet.into_word(),
            self.new_wallet.into_word(),
            number(self.uid),
            number(self.version.into()),
            self.previous_proof,
            number(self.issued_at),
            number(self.expires_at),
            self.nonce,
        ]);
        eip712::digest(domain(&(chain_id, relay)), message)
    }

    /// As wallets take it.
    #[must_use]
    pub fn typed_data(&self, site: (u64, Address)) -> Value {
        let member = |name: &str, kind: &str| serde_json::json!({ "name": name, "type": kind });
        let types = serde_json::json!({
            "WalletChange": [
                member("controller", "string"),
                member("oldWallet", "address"),
                member("newWallet", "address"),
                member("uid", "uint64"),
                member("version", "uint32"),
                member("previousProof", "bytes32"),
                member("issuedAt", "uint64"),
                member("expiresAt", "uint64"),
                member("nonce", "bytes32"),
            ],
        });
        eip712::json(types, "WalletChange", self, site)
    }

    /// Whether it is for this version of this record, anchored at this time, and for this change of wallet. `timestamp` in Unix
    /// seconds.
    pub fn check(
        &self,
        (old, new): (Address, Address),
        standing: &Standing<'_>,
        timestamp: u64,
    ) -> Result<(), ChangeProblem> {
        if (self.old_wallet, self.new_wallet) != (old, new) {
            return Err(ChangeProblem::Wallets);
        }
        let times = (self.issued_at, self.expires_at);
        let (version, uid, follows) = (self.version, self.uid, &self.previous_proof);
        check_terms(version, uid, follows, times, standing, timestamp).map_err(ChangeProblem::Terms)
    }

    /// Whether an authority that is a contract was asked in the time between issue and anchor. All in Unix seconds.
    #[must_use]
    pub const fn covers_check(&self, block_time: u64, timestamp: u64) -> bool {
        covers_check(self.issued_at, block_time, timestamp)
    }

    /// Its JSON, as it is sealed and stored until it is signed.
    #[must_use]
    pub fn to_json(&self) -> Zeroizing<Vec<u8>> {
        wiped_json(self).expect("plain data has a JSON form")
    }

    /// Reads [`Self::to_json`] back; none of anything else.
    #[must_use]
    pub fn from_json(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }
}

impl WalletOrder {
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
}

/// Shows no wallet: it ties a person to what they do elsewhere.
impl fmt::Debug for WalletChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WalletChange({}, {})", self.uid, self.version)
    }
}

/// Shows no wallet.
impl fmt::Debug for WalletOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WalletOrder({:?})", self.change)
    }
}

mod stored_signature {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::signature::ConsentSignature;

    pub fn serialize<S: Serializer>(
        signature: &ConsentSignature,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(signature.to_stored()))
    }

    pub fn deserialize<'d, D: Deserializer<'d>>(
        deserializer: D,
    ) -> Result<ConsentSignature, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = hex::decode(text).map_err(D::Error::custom)?;
        ConsentSignature::from_stored(&bytes).map_err(D::Error::custom)
    }
}
