//! Storing records as entry-app, consent-dapp and the anchoring job leave them.

use chain::Deployment;
use database::record_versions::{self, RecordVersion};
use database::records::{self, Entered, NewRecord, RecordState};
use database::sealed::{Anchor, PlainVersion, SignedConsent, seal_consent};
use database::{MySqlPool, consents, owner_keys};
use keyring::ApplicationKeys;
use rand::rngs::StdRng;
use record::B256;
use record::ids::{Draft, LinkId, RecordId, StaffId, SubmissionId, Uid, Version};
use record::proof::{FieldName, RecordProofInput, consent_hash};
use record::time::Clock;
use zeroize::Zeroizing;

use crate::owner::{self, Owner, bytes};

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
        let owner = Owner::random(rng);
        let wallet = owner.wallet();
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
        let message = owner::message(&plain, self.timestamp, rng);
        let digest = message.digest(self.deployment.chain_id, self.deployment.relay);
        let signature = owner.sign(&digest);
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
