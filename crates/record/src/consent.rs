//! The message that the data owner signs (EIP-712), as `docs/RECORD_PROOF.md` gives it.

mod basis;
mod choice;
mod terms;
mod typed_data;

use std::fmt;

use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

pub use self::basis::Basis;
pub use self::choice::{Choice, allowed};
pub use self::terms::{CHECK_SLACK, ConsentTerms};
pub(crate) use self::terms::{check_terms, covers_check};
use self::typed_data::Details;
use crate::{
    ids::{Uid, Version},
    json,
    proof::{FieldName, Fields, SaltedValue},
    wiped_json,
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

/// Stored bytes that are not a consent message. Says no more: what they hold is personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored consent message is malformed")]
pub struct MalformedMessage;

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
        let fields = self.fields.iter();
        let details = Details {
            fields: fields.map(|field| (field.name.as_str(), field.value.as_str())),
            wallet: self.wallet,
        };
        typed_data::digest(self, details, chain_id, relay)
    }

    /// The digest of [`Self::rebuilt`], without making that.
    pub fn rebuilt_digest<'f>(
        &self,
        fields: impl IntoIterator<Item = (&'f FieldName, &'f SaltedValue)>,
        wallet: Address,
        chain_id: u64,
        relay: Address,
    ) -> B256 {
        let fields = fields.into_iter();
        let details = Details {
            fields: fields.map(|(name, field)| (name.as_str(), field.value())),
            wallet,
        };
        typed_data::digest(self, details, chain_id, relay)
    }

    /// The whole as a wallet takes it by `eth_signTypedData_v4`: types, primaryType, domain, message.
    pub fn typed_data(&self, chain_id: u64, relay: Address) -> serde_json::Value {
        typed_data::json(self, chain_id, relay)
    }

    /// Its JSON, as it is sealed and stored.
    pub fn to_json(&self) -> Zeroizing<Vec<u8>> {
        wiped_json(self).expect("plain data has a JSON form")
    }

    /// Reads [`ConsentMessage::to_json`] back.
    pub fn from_json(json: &[u8]) -> Result<Self, MalformedMessage> {
        serde_json::from_slice(json).map_err(|_| MalformedMessage)
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]
    use proptest::prelude::*;

    use super::*;
    use crate::proof::Salt;

    fn message() -> ConsentMessage {
        ConsentMessage {
            controller: "Example Clinic".into(),
            notice: B256::repeat_byte(1),
            purposes: vec![Purpose {
                name: "Treatment".into(),
                lawful_basis: "Art. 6(1)(b)".into(),
                granted: true,
            }],
            fields: vec![SignedField {
                name: FieldName::new("email").unwrap(),
                value: "ann@example.org".into(),
            }],
            wallet: Address::repeat_byte(2),
            uid: 0,
            version: 1,
            previous_proof: B256::ZERO,
            issued_at: 100,
            expires_at: 200,
            nonce: B256::repeat_byte(3),
        }
    }

    fn standing(uid: u64, version: u32, previous_proofs: &[B256]) -> Standing<'_> {
        let (uid, version) = (Uid::new(uid).unwrap(), Version::new(version).unwrap());
        Standing {
            uid,
            version,
            previous_proofs,
        }
    }

    #[test]
    fn a_first_version_names_no_record_and_no_proof() {
        let first = standing(7, 1, &[]);
        assert_eq!(message().check_terms(&first, 150), Ok(()));
        for (broken, problem) in [
            (
                ConsentMessage {
                    version: 2,
                    ..message()
                },
                TermsProblem::Version,
            ),
            (
                ConsentMessage {
                    uid: 7,
                    ..message()
                },
                TermsProblem::Uid,
            ),
            (
                ConsentMessage {
                    previous_proof: B256::repeat_byte(9),
                    ..message()
                },
                TermsProblem::PreviousProof,
            ),
        ] {
            assert_eq!(broken.check_terms(&first, 150), Err(problem));
        }
    }

    #[test]
    fn a_later_version_names_both() {
        let words = [B256::repeat_byte(8), B256::repeat_byte(9)];
        let second = standing(7, 2, &words);
        let signed = ConsentMessage {
            uid: 7,
            version: 2,
            previous_proof: words[1],
            ..message()
        };
        assert_eq!(signed.check_terms(&second, 150), Ok(()));
        let other_uid = ConsentMessage {
            uid: 0,
            ..signed.clone()
        };
        assert_eq!(other_uid.check_terms(&second, 150), Err(TermsProblem::Uid));
        let no_proof = ConsentMessage {
            previous_proof: B256::ZERO,
            ..signed.clone()
        };
        assert_eq!(
            no_proof.check_terms(&second, 150),
            Err(TermsProblem::PreviousProof)
        );
    }

    #[test]
    fn the_offer_s_first_and_last_second_count() {
        for (timestamp, expected) in [
            (99, Err(TermsProblem::Time)),
            (100, Ok(())),
            (200, Ok(())),
            (201, Err(TermsProblem::Time)),
        ] {
            assert_eq!(
                message().check_terms(&standing(7, 1, &[]), timestamp),
                expected
            );
        }
    }

    #[test]
    fn a_contract_wallet_is_asked_between_offer_and_anchor() {
        let message = ConsentMessage {
            issued_at: 10_000,
            ..message()
        };
        let terms = message.terms(1, Address::repeat_byte(9));
        for (block_time, expected) in [
            (9_099, false),
            (9_100, true),
            (10_500, true),
            (11_000, true),
            (11_001, false),
            (u64::MAX, false),
        ] {
            assert_eq!(message.covers_check(block_time, 11_000), expected);
            assert_eq!(terms.covers_check(block_time, 11_000), expected);
        }
    }

    #[test]
    fn rebuilding_takes_details_and_wallet_from_the_row() {
        let mut fields = Fields::new();
        for (name, value) in [("name", "Ann"), ("email", "eve@example.org")] {
            let name = FieldName::new(name).unwrap();
            fields
                .insert(name, Salt::from_bytes([0; 32]), value.to_owned())
                .unwrap();
        }
        let rebuilt = message().rebuilt(&fields, Address::repeat_byte(5));
        let names: Vec<_> = rebuilt
            .fields
            .iter()
            .map(|f| (f.name.as_str(), f.value.as_str()))
            .collect();
        assert_eq!(names, [("email", "eve@example.org"), ("name", "Ann")]);
        assert_eq!(rebuilt.wallet, Address::repeat_byte(5));
        assert_eq!(rebuilt.nonce, message().nonce);
        let (chain_id, relay) = (1, Address::repeat_byte(9));
        assert_eq!(
            message().rebuilt_digest(fields.iter(), Address::repeat_byte(5), chain_id, relay),
            rebuilt.digest(chain_id, relay)
        );
    }

    #[test]
    fn stored_messages_read_back_and_errors_repeat_nothing() {
        assert_eq!(
            ConsentMessage::from_json(&message().to_json()),
            Ok(message())
        );
        let unknown = br#"{"secret-value":1}"#;
        assert_eq!(ConsentMessage::from_json(unknown), Err(MalformedMessage));
        assert!(!MalformedMessage.to_string().contains("secret"));
        assert!(!format!("{:?}", message()).contains("ann@"));
    }

    #[test]
    fn the_stored_form_is_this() {
        let expected = [
            r#"{"controller":"Example Clinic","#,
            r#""notice":"0x0101010101010101010101010101010101010101010101010101010101010101","#,
            r#""purposes":[{"name":"Treatment","lawfulBasis":"Art. 6(1)(b)","granted":true}],"#,
            r#""fields":[{"name":"email","value":"ann@example.org"}],"#,
            r#""wallet":"0x0202020202020202020202020202020202020202","uid":0,"version":1,"#,
            r#""previousProof":"0x0000000000000000000000000000000000000000000000000000000000000000","#,
            r#""issuedAt":100,"expiresAt":200,"#,
            r#""nonce":"0x0303030303030303030303030303030303030303030303030303030303030303"}"#,
        ];
        assert_eq!(
            String::from_utf8(message().to_json().to_vec()).unwrap(),
            expected.concat()
        );
    }

    #[test]
    fn what_stays_of_a_message_tells_the_terms_and_nothing_of_the_person() {
        let (chain_id, relay) = (1, Address::repeat_byte(9));
        let terms = message().terms(chain_id, relay);
        assert_eq!(terms.digest, message().digest(chain_id, relay));
        let expected = [
            r#"{"controller":"Example Clinic","#,
            r#""notice":"0x0101010101010101010101010101010101010101010101010101010101010101","#,
            r#""purposes":[{"name":"Treatment","lawfulBasis":"Art. 6(1)(b)","granted":true}],"#,
            r#""uid":0,"version":1,"#,
            r#""previousProof":"0x0000000000000000000000000000000000000000000000000000000000000000","#,
            r#""issuedAt":100,"expiresAt":200,"#,
        ];
        let json = String::from_utf8(terms.to_json().to_vec()).unwrap();
        let expected = expected.concat() + &format!(r#""digest":"{}"}}"#, terms.digest);
        assert_eq!(json, expected);
        assert_eq!(ConsentTerms::from_json(json.as_bytes()), Ok(terms.clone()));
        assert_eq!(
            ConsentTerms::from_json(&message().to_json()),
            Err(MalformedMessage)
        );
        assert_eq!(
            ConsentMessage::from_json(json.as_bytes()),
            Err(MalformedMessage)
        );
    }

    proptest! {
        #[test]
        fn what_stays_of_a_message_is_checked_as_the_message_is(
            (uid, version) in (0..3_u64, 1..3_u32),
            (signed_uid, signed_version) in (0..3_u64, 1..3_u32),
            previous in 0..3_u8,
            timestamp in 99..=201_u64,
        ) {
            let sent = ConsentMessage {
                uid: signed_uid,
                version: signed_version,
                previous_proof: B256::repeat_byte(previous),
                ..message()
            };
            let words = [B256::repeat_byte(2)];
            let standing = standing(uid.max(1), version, &words);
            let terms = sent.terms(1, Address::ZERO);
            prop_assert_eq!(terms.check(&standing, timestamp), sent.check_terms(&standing, timestamp));
        }

        #[test]
        fn numbers_of_64_bits_survive_json(uid: u64, issued_at: u64, expires_at: u64) {
            let sent = ConsentMessage { uid, issued_at, expires_at, ..message() };
            prop_assert_eq!(ConsentMessage::from_json(&sent.to_json()), Ok(sent));
        }
    }
}
