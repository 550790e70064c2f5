//! One data owner: what they signed, and what our applications write for them.

use std::sync::Arc;

use alloy_primitives::keccak256;
use database::MySqlConnection;
use database::record_versions::RecordVersion;
use database::records::RecordState;
use database::sealed::{Anchor, PlainVersion, SignedConsent, seal_cell, seal_consent};
use database::verifications::Subject;
use database::{consents, record_versions};
use keyring::{CellKind, OwnerKey};
use rand::Rng as _;
use rand::rngs::StdRng;
use record::consent::{ConsentMessage, Purpose, signed_fields};
use record::ids::{Draft, LinkId, RecordId, Uid, Version};
use record::proof::{FieldName, Fields, RecordProofInput, Salt, consent_hash};
use record::signature::{ConsentSignature, EcdsaSignature};
use record::{Address, B256};
use secp256k1::{Message, PublicKey, SecretKey};
use zeroize::Zeroizing;

use crate::stage::Stage;

/// Somebody with a wallet.
#[derive(Clone, Copy)]
pub struct Wallet(SecretKey);

impl Wallet {
    pub fn random(rng: &mut StdRng) -> Self {
        Self(SecretKey::from_secret_bytes(bytes(rng)).unwrap())
    }

    pub fn address(&self) -> Address {
        let public = PublicKey::from_secret_key(&self.0).serialize_uncompressed();
        Address::from_slice(&keccak256(&public[1..])[12..])
    }

    pub fn sign(&self, digest: &B256) -> ConsentSignature {
        let message = Message::from_digest(digest.0);
        let signature =
            secp256k1::ecdsa::RecoverableSignature::sign_ecdsa_recoverable(message, &self.0);
        let (recovery, bytes) = signature.serialize_compact();
        let bytes = [bytes.as_slice(), &[recovery.to_u8()]].concat();
        ConsentSignature::Ecdsa(EcdsaSignature::normalise(&bytes).unwrap())
    }
}

/// One version as it is signed.
#[derive(Clone)]
pub struct Signed {
    pub fields: Fields,
    pub wallet: Address,
    pub message: ConsentMessage,
    pub signature: ConsentSignature,
}

/// Where a version is to stand on the chain.
#[derive(Clone, Copy)]
pub struct Spot {
    pub uid: u64,
    pub version: u32,
    pub timestamp: u64,
}

impl Signed {
    /// Fresh details, and a signature under them.
    pub fn fresh(
        stage: &Stage,
        wallet: &Wallet,
        spot: Spot,
        previous_proof: B256,
        rng: &mut StdRng,
    ) -> Self {
        let number: u32 = rng.next_u32();
        let values = [
            format!("{number} Long Acre, London WC2E 9LH"),
            (18 + number % 60).to_string(),
            format!("person{number}@example.org"),
            format!("Person Number {number}"),
            format!("+44207183{:04}", number % 10_000),
        ];
        let mut fields = Fields::new();
        for (name, value) in FieldName::v1().into_iter().zip(values) {
            fields.insert(name, Salt::random(rng), value).unwrap();
        }
        let is_first = spot.version == 1;
        let message = ConsentMessage {
            controller: "Nordhaven Clinic".to_owned(),
            notice: B256::repeat_byte(2),
            purposes: vec![Purpose {
                name: "Treatment".to_owned(),
                lawful_basis: "Art. 6(1)(b)".to_owned(),
                granted: true,
            }],
            fields: signed_fields(&fields),
            wallet: wallet.address(),
            uid: if is_first { 0 } else { spot.uid },
            version: spot.version,
            previous_proof,
            issued_at: spot.timestamp - 60,
            expires_at: spot.timestamp + 86_400,
            nonce: B256::new(bytes(rng)),
        };
        Self {
            signature: wallet
                .sign(&message.digest(stage.deployment.chain_id, stage.deployment.relay)),
            wallet: wallet.address(),
            fields,
            message,
        }
    }

    /// The same under other values in one field.
    pub fn with(&self, field: &str, value: &str) -> Self {
        let mut fields = Fields::new();
        for (name, old) in self.fields.iter() {
            let value = if name.as_str() == field {
                value
            } else {
                old.value()
            };
            fields
                .insert(name.clone(), old.salt().clone(), value.to_owned())
                .unwrap();
        }
        Self {
            fields,
            ..self.clone()
        }
    }

    /// The word that the controller's key anchors for this.
    pub fn word(&self, stage: &Stage, spot: Spot) -> B256 {
        let (chain_id, relay) = (stage.deployment.chain_id, stage.deployment.relay);
        let message = self.message.rebuilt(&self.fields, self.wallet);
        RecordProofInput {
            chain_id,
            relay,
            wallet: self.wallet,
            uid: Uid::new(spot.uid).unwrap(),
            version: version(spot.version),
            timestamp: spot.timestamp,
            consent_hash: consent_hash(&message.digest(chain_id, relay), &self.signature),
            leaves: self.fields.leaves(),
        }
        .record_proof()
    }

    /// The cells of this as a version and draft of a record.
    pub fn sealed(
        &self,
        key: &OwnerKey,
        version: Version,
        draft: Draft,
        rng: &mut StdRng,
    ) -> RecordVersion {
        let plain = PlainVersion {
            version,
            draft,
            fields: self.fields.clone(),
            wallet: self.wallet,
            relation: Zeroizing::new("the owner's own wallet".to_owned()),
        };
        plain.seal(key, rng).unwrap()
    }

    pub fn anchor_cell(
        &self,
        key: &OwnerKey,
        spot: Spot,
        draft: Draft,
        rng: &mut StdRng,
    ) -> Option<Vec<u8>> {
        let anchor = Anchor {
            uid: Uid::new(spot.uid).unwrap(),
            timestamp: spot.timestamp,
            transaction: B256::repeat_byte(9),
            block: 1,
            leaves: self.fields.leaves().as_slice().to_vec(),
        };
        anchor.seal(key, version(spot.version), draft, rng)
    }

    /// Writes the consent, as consent-dapp does.
    pub async fn store_consent(
        &self,
        stage: &Stage,
        connection: &mut MySqlConnection,
        key: &OwnerKey,
        place: (Version, Draft),
        rng: &mut StdRng,
    ) {
        let signed = SignedConsent {
            version: place.0,
            draft: place.1,
            link_id: LinkId::random(rng),
            message: &self.message,
            signature: &self.signature,
        };
        let (front, now) = (stage.keys.front(), stage.clock.now());
        let consent = seal_consent(key, &front, &signed, rng, now);
        consents::insert(connection, &consent).await.unwrap();
    }

    /// Writes a version with its consent, anchored or not.
    pub async fn store(
        &self,
        stage: &Stage,
        connection: &mut MySqlConnection,
        key: &OwnerKey,
        filed: Filed,
        rng: &mut StdRng,
    ) {
        let place = (version(filed.spot.version), filed.draft);
        let mut values = self.sealed(key, place.0, place.1, rng);
        if filed.is_anchored {
            values.anchor = self.anchor_cell(key, filed.spot, filed.draft, rng);
        }
        record_versions::put(connection, &values).await.unwrap();
        self.store_consent(stage, connection, key, place, rng).await;
    }
}

/// How a version is filed.
#[derive(Clone, Copy)]
pub struct Filed {
    pub spot: Spot,
    pub draft: Draft,
    pub is_anchored: bool,
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// One version, anchored.
    Once,
    /// Two.
    Twice,
    /// Three.
    Thrice,
    /// Two; the authority voided the newest, and its rows were taken out.
    VoidedNewest,
    /// Two; the authority voided the first, whose rows stand.
    VoidedOlder,
    /// One; the authority voided it, and nothing is left.
    AllVoided,
    /// Withdrawn on the chain, rows as they were.
    Withdrawn,
    /// Erased on the chain, values and key destroyed.
    Erased,
    /// One version, anchored, and the draft of a second beside it.
    Rectifying,
    /// The same with the draft signed.
    RectifyingSigned,
    /// The same with the draft approved, not planned yet.
    RectifyingApproved,
    /// Entered.
    Waiting,
    /// Signed.
    SignedOnly,
    /// Approved, not planned yet.
    Approved,
    /// Declined: values and key destroyed.
    Declined,
}

impl Kind {
    /// The state of the head while a correction is under way; that of an anchored record otherwise.
    pub fn state_of_draft(self) -> RecordState {
        match self {
            Self::Rectifying => RecordState::AwaitingConsent,
            Self::RectifyingSigned => RecordState::Consented,
            Self::RectifyingApproved => RecordState::Approved,
            _ => RecordState::Anchored,
        }
    }

    /// Whether the chain knows it.
    pub fn is_on_chain(self) -> bool {
        !matches!(
            self,
            Self::Waiting | Self::SignedOnly | Self::Approved | Self::Declined
        )
    }

    /// Whether it ended on the chain.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::AllVoided | Self::Withdrawn | Self::Erased)
    }

    /// Whether what the chain says of it stands in the row.
    pub fn is_live(self) -> bool {
        self.is_on_chain() && !self.has_ended()
    }

    /// Whether the draft of a second version stands beside the first.
    pub fn is_rectified(self) -> bool {
        matches!(
            self,
            Self::Rectifying | Self::RectifyingSigned | Self::RectifyingApproved
        )
    }

    /// The versions whose rows stand, the newest last.
    pub fn rows(self) -> &'static [u32] {
        match self {
            Self::Twice
            | Self::VoidedOlder
            | Self::Rectifying
            | Self::RectifyingSigned
            | Self::RectifyingApproved => &[1, 2],
            Self::Thrice => &[1, 2, 3],
            Self::AllVoided | Self::Erased | Self::Declined => &[],
            _ => &[1],
        }
    }

    /// The newest version that the chain holds and counts.
    pub fn newest(self) -> u32 {
        match self {
            Self::Twice | Self::VoidedOlder => 2,
            Self::Thrice => 3,
            _ => 1,
        }
    }

    /// How many versions stand on the chain, voided ones too.
    pub fn on_chain(self) -> u32 {
        match self {
            Self::VoidedNewest => 2,
            kind => kind.newest(),
        }
    }

    /// Whether a version has a consent.
    pub fn is_signed(self, version: u32) -> bool {
        match self {
            Self::Waiting => false,
            Self::Rectifying => version == 1,
            _ => true,
        }
    }
}

/// One record of the history.
pub struct Person {
    pub id: RecordId,
    pub kind: Kind,
    pub uid: Option<u64>,
    pub key: Arc<OwnerKey>,
    pub wallet: Wallet,
    /// The draft that was signed as version 1; the one before it, as it stood, when it is not the first.
    pub draft: Draft,
    pub earlier: Option<RecordVersion>,
    /// Whether the values of the versions that another one replaced were destroyed.
    pub is_redacted: bool,
    pub signed: Vec<Signed>,
    pub words: Vec<B256>,
}

impl Person {
    /// Whether nothing is left of the values of this version.
    pub fn has_lost(&self, version: u32) -> bool {
        self.is_redacted && version < self.kind.newest()
    }

    /// Destroys the values of a version, as breach-viewer does.
    pub async fn redact(
        &self,
        stage: &Stage,
        connection: &mut MySqlConnection,
        number: u32,
        rng: &mut StdRng,
    ) {
        let number = version(number);
        let values = record_versions::load(connection, self.id, number).await;
        let consent = consents::load(connection, self.id, number).await;
        let (values, consent) = (values.unwrap().unwrap(), consent.unwrap().unwrap());
        let message = &self.signed[usize::try_from(number.get()).unwrap() - 1].message;
        let terms = message.terms(stage.deployment.chain_id, stage.deployment.relay);
        let (key, kind, json) = (&self.key, CellKind::ConsentTerms, terms.to_json());
        let cell = seal_cell(key, number, values.draft, kind, &json, rng);
        let after = consent.redacted(cell, &stage.keys.front());
        record_versions::redact(connection, &values).await.unwrap();
        consents::redact(connection, &consent, &after)
            .await
            .unwrap();
    }

    /// What a verdict on it is about.
    pub fn subject(&self) -> Subject {
        match self.uid {
            Some(uid) => Subject::uid(Uid::new(uid).unwrap()),
            None => Subject::row(self.id),
        }
    }

    /// Its id as SQL writes it.
    pub fn hex(&self) -> String {
        hex::encode(self.id.as_bytes())
    }
}

pub fn version(number: u32) -> Version {
    Version::new(number).unwrap()
}

pub fn bytes(rng: &mut StdRng) -> [u8; 32] {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    bytes
}
