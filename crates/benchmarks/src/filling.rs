//! Storing records as entry-app, consent-dapp and the anchoring job leave them.

use alloy_primitives::keccak256;
use chain::Deployment;
use database::record_versions::{self, RecordVersion};
use database::records::{self, Entered, NewRecord, RecordState};
use database::sealed::{Anchor, PlainVersion, SignedConsent, seal_consent};
use database::{MySqlPool, consents, owner_keys};
use keyring::ApplicationKeys;
use rand::Rng as _;
use rand::rngs::StdRng;
use record::consent::{ConsentMessage, Purpose, signed_fields};
use record::ids::{Draft, LinkId, RecordId, StaffId, SubmissionId, Uid, Version};
use record::proof::{FieldName, RecordProofInput, consent_hash};
use record::signature::{ConsentSignature, EcdsaSignature};
use record::time::Clock;
use record::{Address, B256};
use secp256k1::{Message, PublicKey, SecretKey};
use zeroize::Zeroizing;

/// What storing needs, by each task.
#[derive(Clone)]
pub struct Filling {
    pub pool: MySqlPool,
    pub keys: ApplicationKeys,
    pub deployment: Deployment,
    pub timestamp: u64,
}

impl Filling {
    /// Stores the records from `first` to `last`, and gives their words.
    pub async fn batch(self, first: u64, last: u64) -> (u64, Vec<B256>) {
        let mut rng: StdRng = rand::make_rng();
        let mut transaction = self.pool.begin().await.unwrap();
        let mut words = Vec::new();
        for uid in (first..=last).filter_map(Uid::new) {
            words.push(self.store(&mut transaction, uid, &mut rng).await);
        }
        transaction.commit().await.unwrap();
        (first, words)
    }

    /// One record as entry-app, consent-dapp and the anchoring job leave it.
    async fn store(
        &self,
        connection: &mut database::MySqlConnection,
        uid: Uid,
        rng: &mut StdRng,
    ) -> B256 {
        let (now, front) = (Clock::system().now(), self.keys.front());
        let secret = SecretKey::from_secret_bytes(bytes(rng)).unwrap();
        let wallet = address(&secret);
        let id = RecordId::random(rng);
        let key = self.keys.generate_owner_key(id, rng);
        let plain = PlainVersion::with_fresh_salts(
            Version::FIRST,
            Draft::FIRST,
            values(uid),
            wallet,
            Zeroizing::new("self".to_owned()),
            rng,
        )
        .unwrap();
        let message = self.message(&plain, rng);
        let digest = message.digest(self.deployment.chain_id, self.deployment.relay);
        let signature = ConsentSignature::Ecdsa(sign(&secret, &digest));
        let leaves = plain.fields.leaves();
        let proof = RecordProofInput {
            chain_id: self.deployment.chain_id,
            relay: self.deployment.relay,
            wallet,
            uid,
            version: Version::FIRST,
            timestamp: self.timestamp,
            consent_hash: consent_hash(&digest, &signature),
            leaves: leaves.clone(),
        }
        .record_proof();
        let anchor = Anchor {
            uid,
            timestamp: self.timestamp,
            transaction: B256::ZERO,
            block: 1,
            leaves: leaves.as_slice().to_vec(),
        };
        let new = NewRecord {
            id,
            wallet_index: bytes(rng),
            email_index: bytes(rng),
            submission: SubmissionId::random(rng),
            created_by: StaffId::from_bytes([1; 16]),
        };
        let Entered::New(mut record) = records::insert(connection, &front, &new, now)
            .await
            .unwrap()
        else {
            panic!("a fresh submission was sent before")
        };
        (record.uid, record.state) = (Some(uid), RecordState::Anchored);
        records::update(connection, &front, &mut record, now)
            .await
            .unwrap();
        owner_keys::insert(connection, &self.keys.wrap_owner_key(&key, rng))
            .await
            .unwrap();
        let row = RecordVersion {
            anchor: anchor.seal(&key, Version::FIRST, Draft::FIRST, rng),
            ..plain.seal(&key, rng).unwrap()
        };
        record_versions::put(connection, &row).await.unwrap();
        let signed = SignedConsent {
            version: Version::FIRST,
            draft: Draft::FIRST,
            link_id: LinkId::random(rng),
            message: &message,
            signature: &signature,
        };
        consents::insert(connection, &seal_consent(&key, &front, &signed, rng, now))
            .await
            .unwrap();
        proof
    }

    fn message(&self, plain: &PlainVersion, rng: &mut StdRng) -> ConsentMessage {
        ConsentMessage {
            controller: "Nordhaven Clinic".to_owned(),
            notice: B256::repeat_byte(2),
            purposes: purposes(),
            fields: signed_fields(&plain.fields),
            wallet: plain.wallet,
            uid: 0,
            version: 1,
            previous_proof: B256::ZERO,
            issued_at: self.timestamp - 60,
            expires_at: self.timestamp + 86_400,
            nonce: B256::new(bytes(rng)),
        }
    }
}

/// As many as a clinic has.
fn purposes() -> Vec<Purpose> {
    let purposes = [
        ("Your treatment", "Art. 6(1)(b) GDPR: contract", true),
        (
            "Keeping records",
            "Art. 6(1)(c) GDPR: legal obligation",
            true,
        ),
        ("Our newsletter", "Art. 6(1)(a) GDPR: consent", false),
    ];
    let of = |(name, lawful_basis, granted): (&str, &str, bool)| Purpose {
        name: name.to_owned(),
        lawful_basis: lawful_basis.to_owned(),
        granted,
    };
    purposes.map(of).into()
}

fn values(uid: Uid) -> Vec<(FieldName, Zeroizing<String>)> {
    let values = [
        format!("{uid} Long Acre, London WC2E 9LH"),
        "42".to_owned(),
        format!("person{uid}@example.org"),
        format!("Person Number {uid}"),
        format!("+44207183{:04}", uid.get() % 10_000),
    ];
    FieldName::v1()
        .into_iter()
        .zip(values.map(Zeroizing::new))
        .collect()
}

fn bytes(rng: &mut StdRng) -> [u8; 32] {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    bytes
}

fn address(secret: &SecretKey) -> Address {
    let public = PublicKey::from_secret_key(secret).serialize_uncompressed();
    Address::from_slice(&keccak256(&public[1..])[12..])
}

fn sign(secret: &SecretKey, digest: &B256) -> EcdsaSignature {
    let signature = secp256k1::ecdsa::RecoverableSignature::sign_ecdsa_recoverable(
        Message::from_digest(digest.0),
        secret,
    );
    let (recovery, bytes) = signature.serialize_compact();
    EcdsaSignature::normalise(&[bytes.as_slice(), &[recovery.to_u8()]].concat()).unwrap()
}
