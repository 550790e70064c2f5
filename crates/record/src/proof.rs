//! The record proof of `docs/RECORD_PROOF.md`: one SHA-256 over one version of one record.

use std::{
    borrow::{Borrow, Cow},
    collections::BTreeMap,
    fmt,
    str::FromStr,
};

use alloy_primitives::{Address, B256};
use rand::CryptoRng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    ids::{Uid, Version},
    signature::ConsentSignature,
};

/// Names the format inside the hash, so that no other format's hash is ever taken for a record proof.
const FORMAT: &[u8] = b"sealwatch/v1/record";

/// First byte of what is hashed: what one prefix hashes, another never does.
mod prefix {
    pub const LEAF: u8 = 0x00;
    pub const RECORD: u8 = 0x01;
    pub const CONSENT: u8 = 0x02;
    // 0x03 batch node, 0x05 register entry: taken by formats of later releases.
    pub const RETIREMENT: u8 = 0x04;
}

/// The fields of v1, in byte order of their names. The format takes any set; the applications enter these.
pub const V1_FIELDS: [&str; 5] = ["address", "age", "email", "name", "phone"];

/// What does not fit the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Field names match `[a-z0-9_]{1,64}`.
    #[error("a field name is 1 to 64 characters out of a-z, 0-9 and _")]
    FieldName,
    /// A name stands once in a record.
    #[error("the field stands twice in the record")]
    DuplicateField,
    /// The length of a value is hashed as 32 bits.
    #[error("a field value is at most 4294967295 bytes long")]
    ValueTooLong,
    /// The number of fields is hashed as 16 bits.
    #[error("a record has at most 65535 fields")]
    TooManyFields,
}

/// The name of a field: `[a-z0-9_]{1,64}`. Those of v1, which a sweep makes millions of, take no memory of their own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FieldName(Cow<'static, str>);

impl FieldName {
    /// Takes a name that matches `[a-z0-9_]{1,64}`.
    pub fn new<'n>(name: impl Into<Cow<'n, str>>) -> Result<Self, ProofError> {
        let name = name.into();
        if let Some(known) = V1_FIELDS.into_iter().find(|known| *known == name) {
            return Ok(Self(Cow::Borrowed(known)));
        }
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if (1..=64).contains(&name.len()) && name.bytes().all(allowed) {
            Ok(Self(Cow::Owned(name.into_owned())))
        } else {
            Err(ProofError::FieldName)
        }
    }

    /// The five names of v1, in byte order.
    pub fn v1() -> [Self; 5] {
        V1_FIELDS.map(|name| Self(Cow::Borrowed(name)))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for FieldName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl FromStr for FieldName {
    type Err = ProofError;

    fn from_str(name: &str) -> Result<Self, ProofError> {
        Self::new(name)
    }
}

impl TryFrom<String> for FieldName {
    type Error = ProofError;

    fn try_from(name: String) -> Result<Self, ProofError> {
        Self::new(name)
    }
}

impl From<FieldName> for String {
    fn from(name: FieldName) -> Self {
        name.0.into_owned()
    }
}

/// 32 random bytes that keep a leaf from being guessed. A secret: it can neither be shown nor written out, and is wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Salt([u8; 32]);

impl Salt {
    /// A new one.
    pub fn random(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut salt = Self([0; 32]);
        rng.fill_bytes(&mut salt.0);
        salt
    }

    /// From the bytes that an opened cell held.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes, to be sealed or hashed.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// One field's value with its salt. Wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct SaltedValue {
    salt: Salt,
    value: Zeroizing<String>,
}

impl SaltedValue {
    /// Of a value whose length fits the format.
    pub fn new(salt: Salt, value: Zeroizing<String>) -> Result<Self, ProofError> {
        match u32::try_from(value.len()) {
            Ok(_) => Ok(Self { salt, value }),
            Err(_) => Err(ProofError::ValueTooLong),
        }
    }

    /// The salt.
    pub const fn salt(&self) -> &Salt {
        &self.salt
    }

    /// The value, exactly as stored.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The value alone.
    pub fn into_value(self) -> Zeroizing<String> {
        self.value
    }
}

/// The fields of one record version: names, salts and values, always in byte order of the names.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fields(BTreeMap<FieldName, SaltedValue>);

impl Fields {
    /// None yet.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds a field. A name stands once; lengths fit the format.
    pub fn insert(
        &mut self,
        name: FieldName,
        salt: Salt,
        value: impl Into<Zeroizing<String>>,
    ) -> Result<(), ProofError> {
        self.put(name, SaltedValue::new(salt, value.into())?)
    }

    /// [`Self::insert`] of what has its salt.
    pub fn put(&mut self, name: FieldName, field: SaltedValue) -> Result<(), ProofError> {
        if self.0.contains_key(&name) {
            return Err(ProofError::DuplicateField);
        }
        if self.0.len() >= usize::from(u16::MAX) {
            return Err(ProofError::TooManyFields);
        }
        self.0.insert(name, field);
        Ok(())
    }

    /// A field by its name.
    pub fn get(&self, name: &str) -> Option<&SaltedValue> {
        self.0.get(name)
    }

    /// All fields, in byte order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&FieldName, &SaltedValue)> {
        self.0.iter()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The leaf of each field, in byte order of the names.
    pub fn leaves(&self) -> Leaves {
        Leaves(self.0.iter().map(leaf).collect())
    }
}

/// Shows the names only: values are personal data.
impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.0.keys().map(FieldName::as_str))
            .finish()
    }
}

/// The leaves of one record version, in byte order of the field names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaves(Vec<B256>);

impl Leaves {
    /// From leaves that were kept, in byte order of their field names.
    pub fn new(leaves: Vec<B256>) -> Result<Self, ProofError> {
        match u16::try_from(leaves.len()) {
            Ok(_) => Ok(Self(leaves)),
            Err(_) => Err(ProofError::TooManyFields),
        }
    }

    /// The leaf of each of these fields, which stand in byte order of their names.
    pub fn of<'f>(
        fields: impl IntoIterator<Item = (&'f FieldName, &'f SaltedValue)>,
    ) -> Result<Self, ProofError> {
        Self::new(fields.into_iter().map(leaf).collect())
    }

    /// The leaves.
    pub fn as_slice(&self) -> &[B256] {
        &self.0
    }
}

/// `SHA256(0x00 ‖ salt ‖ u16(len name) ‖ name ‖ u32(len value) ‖ value)`.
fn leaf((name, field): (&FieldName, &SaltedValue)) -> B256 {
    let mut hash = Sha256::new();
    hash.update(leaf_encoding(name, &field.salt, &field.value).as_slice());
    finish(hash)
}

/// What a leaf hashes. Each length stands before what it counts, so that it reads back in one way only.
fn leaf_encoding(name: &FieldName, salt: &Salt, value: &str) -> Zeroizing<Vec<u8>> {
    let name_length = u16::try_from(name.0.len()).expect("a field name is at most 64 bytes");
    let value_length = u32::try_from(value.len()).expect("`SaltedValue` refuses longer values");
    let mut encoding = Zeroizing::new(Vec::with_capacity(39 + name.0.len() + value.len()));
    encoding.push(prefix::LEAF);
    encoding.extend_from_slice(&salt.0);
    encoding.extend_from_slice(&name_length.to_be_bytes());
    encoding.extend_from_slice(name.0.as_bytes());
    encoding.extend_from_slice(&value_length.to_be_bytes());
    encoding.extend_from_slice(value.as_bytes());
    encoding
}

/// `SHA256(0x02 ‖ u8 kind ‖ digest ‖ u64 check_block ‖ u32(len signature) ‖ signature)`.
pub fn consent_hash(digest: &B256, signature: &ConsentSignature) -> B256 {
    let mut hash = Sha256::new();
    hash.update([prefix::CONSENT, signature.kind()]);
    hash.update(digest);
    hash.update(signature.check_block().to_be_bytes());
    hash.update(signature.length().to_be_bytes());
    hash.update(signature.bytes());
    finish(hash)
}

/// The evidence that goes on chain with a retirement: `SHA256(0x04 ‖ salt ‖ digest ‖ u32(len signature) ‖ signature)`
/// over the owner's signed request or the authority's signed order.
pub fn retirement_evidence(salt: &Salt, digest: &B256, signature: &ConsentSignature) -> B256 {
    let mut hash = Sha256::new();
    hash.update([prefix::RETIREMENT]);
    hash.update(salt.0);
    hash.update(digest);
    hash.update(signature.length().to_be_bytes());
    hash.update(signature.bytes());
    finish(hash)
}

/// All that a record proof is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordProofInput {
    /// The chain's id.
    pub chain_id: u64,
    /// The relay contract.
    pub relay: Address,
    /// The data owner's wallet.
    pub wallet: Address,
    /// The record's number on chain.
    pub uid: Uid,
    /// Which state of the record.
    pub version: Version,
    /// When it was anchored, in Unix seconds, as the chain holds it.
    pub timestamp: u64,
    /// What [`consent_hash`] gave for the owner's signature.
    pub consent_hash: B256,
    /// One leaf per field.
    pub leaves: Leaves,
}

impl RecordProofInput {
    /// The word that is anchored:
    /// `SHA256(0x01 ‖ "sealwatch/v1/record" ‖ u64 chain_id ‖ relay ‖ wallet ‖ u64 uid ‖ u32 version ‖ u64 timestamp ‖ consent_hash ‖ u16 field_count ‖ leaves)`.
    pub fn record_proof(&self) -> B256 {
        let count = u16::try_from(self.leaves.0.len()).expect("`Leaves` holds at most 65535");
        let mut hash = Sha256::new();
        hash.update([prefix::RECORD]);
        hash.update(FORMAT);
        hash.update(self.chain_id.to_be_bytes());
        hash.update(self.relay);
        hash.update(self.wallet);
        hash.update(self.uid.get().to_be_bytes());
        hash.update(self.version.get().to_be_bytes());
        hash.update(self.timestamp.to_be_bytes());
        hash.update(self.consent_hash);
        hash.update(count.to_be_bytes());
        for leaf in &self.leaves.0 {
            hash.update(leaf);
        }
        finish(hash)
    }
}

fn finish(hash: Sha256) -> B256 {
    B256::new(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn field_names_are_short_and_plain() {
        assert!(FieldName::new("a_1").is_ok());
        assert!(FieldName::new("x".repeat(64)).is_ok());
        for bad in ["", "A", "a b", "a-b", "\u{e9}", "a\0", &"x".repeat(65)] {
            assert_eq!(FieldName::new(bad), Err(ProofError::FieldName), "{bad:?}");
        }
        assert_eq!(
            FieldName::v1().map(String::from),
            V1_FIELDS.map(str::to_owned)
        );
        assert!(V1_FIELDS.is_sorted());
    }

    #[test]
    fn a_name_stands_once_and_fields_are_counted_in_16_bits() {
        let mut fields = Fields::new();
        for n in 0..u16::MAX {
            let name = FieldName::new(n.to_string()).unwrap();
            fields
                .insert(name, Salt::from_bytes([0; 32]), String::new())
                .unwrap();
        }
        let again = FieldName::new("7").unwrap();
        let duplicate = fields.insert(again, Salt::from_bytes([1; 32]), String::new());
        assert_eq!(duplicate, Err(ProofError::DuplicateField));
        let more = FieldName::new("more").unwrap();
        let overfull = fields.insert(more, Salt::from_bytes([1; 32]), String::new());
        assert_eq!(overfull, Err(ProofError::TooManyFields));
        assert!(Leaves::new(vec![B256::ZERO; 65_535]).is_ok());
        assert_eq!(
            Leaves::new(vec![B256::ZERO; 65_536]),
            Err(ProofError::TooManyFields)
        );
    }

    #[test]
    fn values_are_not_shown() {
        let mut fields = Fields::new();
        let name = FieldName::new("email").unwrap();
        fields
            .insert(
                name,
                Salt::from_bytes([7; 32]),
                "ann@example.org".to_owned(),
            )
            .unwrap();
        assert_eq!(format!("{fields:?}"), r#"{"email"}"#);
    }

    /// Reads a leaf's encoding back, as a proof that no two leaves share one.
    fn decode(encoding: &[u8]) -> Option<(Vec<u8>, Vec<u8>, Vec<u8>)> {
        let (head, rest) = encoding.split_at_checked(33)?;
        let (length, rest) = rest.split_at_checked(2)?;
        let (name, rest) =
            rest.split_at_checked(usize::from(u16::from_be_bytes(length.try_into().ok()?)))?;
        let (length, value) = rest.split_at_checked(4)?;
        let length = u32::from_be_bytes(length.try_into().ok()?);
        (head[0] == prefix::LEAF && u32::try_from(value.len()) == Ok(length))
            .then(|| (head[1..].to_vec(), name.to_vec(), value.to_vec()))
    }

    proptest! {
        #[test]
        fn a_leaf_s_encoding_reads_back_in_one_way(
            salt: [u8; 32], name in "[a-z0-9_]{1,64}", value in "(?s).{0,80}"
        ) {
            let name = FieldName::new(name).unwrap();
            let encoding = leaf_encoding(&name, &Salt::from_bytes(salt), &value);
            prop_assert_eq!(
                decode(&encoding),
                Some((salt.to_vec(), String::from(name).into_bytes(), value.into_bytes()))
            );
        }
    }
}
