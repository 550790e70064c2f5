use alloy::signers::SignerSync;
use chain::Deployment;
use database::anchoring_jobs::JobState;
use database::record_events::{self, Actor, RecordEventKind};
use database::records::{self, Record, RecordState};
use database::sealed::{PlainVersion, SealedVersion, SignedConsent, seal_consent};
use database::{anchoring_jobs, consents, owner_keys, record_versions};
use keyring::{ApplicationKeys, KeySet, OwnerKey};
use record::consent::{ConsentMessage, signed_fields};
use record::ids::{Draft, LinkId, RecordId, StaffId, Version};
use record::signature::{ConsentSignature, EcdsaSignature};
use record::time::UnixMillis;
use sqlx::Connection;
use sqlx::mysql::MySqlConnection;

use super::people::Enrolled;
use super::stage::Stage;

/// The second version of a record on its way. What staff and the owner do is written by the libraries that their pages
/// lean on; approval and anchoring are entry-app's own.
pub struct Rectification<'s> {
    stage: &'s Stage,
    person: &'s Enrolled,
    keys: ApplicationKeys,
    id: RecordId,
    second: Version,
}

impl<'s> Rectification<'s> {
    pub fn of(stage: &'s Stage, person: &'s Enrolled) -> Self {
        let keys = KeySet::load(&stage.site.key_dir()).unwrap();
        Self {
            stage,
            person,
            keys: keys.application().clone(),
            id: person.record.parse().unwrap(),
            second: Version::new(2).unwrap(),
        }
    }

    /// Staff enter another address.
    pub async fn draft(&self, now: UnixMillis) {
        let mut connection = self.stage.connect().await;
        let mut transaction = connection.begin().await.unwrap();
        let (key, first) = self.opened(&mut transaction, Version::FIRST).await;
        let front = self.keys.front();
        let so_far = record_events::drafts_of(&mut transaction, &front, self.id).await;
        let draft = Draft::new(so_far.unwrap().count);
        let moved = first.fields.iter().map(|(name, field)| {
            let value = match name.as_str() {
                "address" => "9 Harbour Street, Nordhaven",
                _ => field.value(),
            };
            (name.clone(), value.to_owned().into())
        });
        let (wallet, relation) = (first.wallet, first.relation.clone());
        let rng = &mut rand::rng();
        let second =
            PlainVersion::with_fresh_salts(self.second, draft, moved, wallet, relation, rng);
        let sealed = second.unwrap().seal(&key, rng).unwrap();
        record_versions::insert(&mut transaction, &sealed)
            .await
            .unwrap();
        let mut record = self.head(&mut transaction).await;
        (record.version, record.draft) = (self.second, draft);
        record.state = RecordState::AwaitingConsent;
        let actor = Actor::Staff(StaffId::from_bytes([1; 16]));
        let step = (RecordEventKind::RectificationBegun, actor);
        self.move_on(&mut transaction, record, step, now).await;
        transaction.commit().await.unwrap();
    }

    /// The owner signs it as the successor of the first version.
    pub async fn sign(&self, now: UnixMillis) {
        let deployment = self.stage.site.chain.deployment_file();
        let deployment = Deployment::load(&deployment).unwrap();
        let mut connection = self.stage.connect().await;
        let mut transaction = connection.begin().await.unwrap();
        let (key, second) = self.opened(&mut transaction, self.second).await;
        let message = self.message(&mut transaction, &second).await;
        let digest = message.digest(deployment.chain_id, deployment.relay);
        let signature = self.person.key.sign_hash_sync(&digest).unwrap();
        let signature = EcdsaSignature::normalise(&signature.as_bytes()).unwrap();
        let rng = &mut rand::rng();
        let signed = SignedConsent {
            version: self.second,
            draft: second.draft,
            link_id: LinkId::random(rng),
            message: &message,
            signature: &ConsentSignature::Ecdsa(signature),
        };
        let consent = seal_consent(&key, &self.keys.front(), &signed, rng, now);
        consents::insert(&mut transaction, &consent).await.unwrap();
        let mut record = self.head(&mut transaction).await;
        record.state = RecordState::Consented;
        let step = (RecordEventKind::Consented, Actor::Owner);
        self.move_on(&mut transaction, record, step, now).await;
        transaction.commit().await.unwrap();
    }

    /// As of the first version, but for the details, the place and the time.
    async fn message(
        &self,
        connection: &mut MySqlConnection,
        second: &PlainVersion,
    ) -> ConsentMessage {
        let jobs = anchoring_jobs::of_record(connection, &self.keys, self.id).await;
        let first = jobs.unwrap().rows.remove(0);
        let anchored_at = first.chain_timestamp.unwrap();
        let values = record_versions::load(connection, self.id, Version::FIRST).await;
        let consent = consents::load(connection, self.id, Version::FIRST).await;
        let sealed = SealedVersion {
            values: values.unwrap().unwrap(),
            consent: consent.unwrap(),
        };
        let opened = sealed.open(&self.key(connection).await);
        let before = opened.whole_message().unwrap().clone();
        ConsentMessage {
            fields: signed_fields(&second.fields),
            uid: first.uid.unwrap().get(),
            version: self.second.get(),
            previous_proof: first.proof.unwrap(),
            issued_at: anchored_at,
            expires_at: anchored_at + 30 * 24 * 60 * 60,
            nonce: rand::random::<[u8; 32]>().into(),
            ..before
        }
    }

    /// What stays of one that was refused and given up: its job.
    pub async fn leave_refused_job(&self, now: UnixMillis) {
        let mut connection = self.stage.connect().await;
        let (keys, clerk) = (&self.keys, StaffId::from_bytes([1; 16]));
        let job = anchoring_jobs::insert(
            &mut connection,
            keys,
            self.id,
            Some(self.second),
            clerk,
            now,
        )
        .await;
        let mut job = job.unwrap();
        job.state = JobState::Rejected;
        anchoring_jobs::update(&mut connection, keys, &mut job, now)
            .await
            .unwrap();
    }

    /// Where the job stands.
    pub async fn job(&self) -> String {
        let mut connection = self.stage.connect().await;
        let jobs = anchoring_jobs::of_record(&mut connection, &self.keys, self.id).await;
        let jobs = jobs.unwrap().rows;
        let job = jobs.iter().find(|job| job.version == Some(self.second));
        job.map(|job| job.state.to_string()).unwrap_or_default()
    }

    async fn key(&self, connection: &mut MySqlConnection) -> OwnerKey {
        let wrapped = owner_keys::of_record(connection, self.id).await;
        self.keys
            .unwrap_owner_key(&wrapped.unwrap().unwrap())
            .unwrap()
    }

    async fn opened(
        &self,
        connection: &mut MySqlConnection,
        version: Version,
    ) -> (OwnerKey, PlainVersion) {
        let key = self.key(connection).await;
        let row = record_versions::load(connection, self.id, version).await;
        let plain = row.unwrap().unwrap().open(&key).unwrap();
        (key, plain)
    }

    async fn head(&self, connection: &mut MySqlConnection) -> Record {
        let head = records::lock(connection, &self.keys.front(), self.id).await;
        head.unwrap().unwrap()
    }

    async fn move_on(
        &self,
        connection: &mut MySqlConnection,
        mut record: Record,
        (kind, actor): (RecordEventKind, Actor),
        now: UnixMillis,
    ) {
        let front = self.keys.front();
        records::update(connection, &front, &mut record, now)
            .await
            .unwrap();
        record_events::append(connection, &front, self.id, kind, actor, now)
            .await
            .unwrap();
    }
}
