use std::time::Duration;

use database::consent_links::{self, ConsentLink, LinkState};
use database::record_events::{self, Actor, RecordEventKind};
use database::records::{self, Record, RecordState};
use database::sealed::{PlainVersion, SignedConsent, seal_consent};
use database::{
    Kind, MySqlConnection, MySqlPool, PoolSettings, consents, owner_keys, record_versions,
};
use devstack::{DatabaseServer, Databases};
use enrolment::{Details, EnrolmentError, Entry, FreshLink, OWN_WALLET, Office, Place, Sending};
use keyring::{ApplicationKeys, FrontKeys, KeySet, LinkSecret, OwnerKey};
use rand::rngs::StdRng;
use record::consent::{ConsentMessage, Purpose, signed_fields};
use record::ids::{RecordId, StaffId, SubmissionId};
use record::signature::ConsentSignature;
use record::time::{Clock, UnixMillis};
use record::{Address, B256};
use url::Url;
use zeroize::Zeroizing;

pub const CLERK: StaffId = StaffId::from_bytes([7; 16]);
pub const LINK_LIFETIME: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// Who holds the records, as owners sign it.
pub const IDENTITY: &str = "Nordhaven Insurance, 1 Harbour Street, Nordhaven";
/// Chain and relay.
pub const SITE: (u64, Address) = (31_337, Address::repeat_byte(0x5e));
pub const NAME: &str = "Zoë Ågren";
pub const EMAIL: &str = "zoe@home.example";

/// A database with its keys, and a clerk.
pub struct Stage {
    pub pool: MySqlPool,
    pub keys: ApplicationKeys,
    pub front: FrontKeys,
    pub clock: Clock,
    url: Url,
    _databases: Databases,
}

impl Stage {
    pub async fn new() -> Self {
        let server = DatabaseServer::shared().await.unwrap();
        let databases = server.create_databases("enrolment").await.unwrap();
        let pool = database::connect(&databases.main(), &PoolSettings::default())
            .await
            .unwrap();
        database::migrate(Kind::Main, &pool).await.unwrap();
        let keys = KeySet::generate(&mut rand::rng()).application().clone();
        Self {
            front: keys.front(),
            keys,
            pool,
            clock: Clock::fixed(UnixMillis::from_seconds(1_795_300_800)),
            url: "https://consent.example/".parse().unwrap(),
            _databases: databases,
        }
    }

    pub fn office(&self) -> Office<'_> {
        Office {
            keys: &self.keys,
            controller: "Riverside Health Centre",
            contact: "records@riverside.example",
            consent_url: &self.url,
            link_lifetime: LINK_LIFETIME,
            staff: CLERK,
            now: self.clock.now(),
        }
    }

    /// One transaction around one use case, as a page has it.
    pub async fn enter(&self, submission: SubmissionId, sending: Sending) -> Entry {
        let mut transaction = self.pool.begin().await.unwrap();
        let entry = self.enter_in(&mut transaction, submission, sending).await;
        transaction.commit().await.unwrap();
        entry.unwrap()
    }

    pub async fn enter_in(
        &self,
        transaction: &mut MySqlConnection,
        submission: SubmissionId,
        sending: Sending,
    ) -> Result<Entry, EnrolmentError> {
        let (office, details, rng) = (self.office(), details(EMAIL), &mut rng());
        enrolment::enter(transaction, &office, &details, submission, sending, rng).await
    }

    pub async fn entered(&self) -> (RecordId, FreshLink) {
        let submission = SubmissionId::random(&mut rand::rng());
        match self.enter(submission, Sending::AtTheDesk).await {
            Entry::New(record, link) => (record.id, link),
            Entry::Before(_) => panic!("a fresh submission"),
        }
    }

    pub async fn issue(&self, id: RecordId, sending: Sending) -> Result<FreshLink, EnrolmentError> {
        self.issue_at(id, None, sending).await
    }

    pub async fn issue_at(
        &self,
        id: RecordId,
        place: Option<&Place>,
        sending: Sending,
    ) -> Result<FreshLink, EnrolmentError> {
        let mut transaction = self.pool.begin().await.unwrap();
        let (office, rng) = (self.office(), &mut rng());
        let link = enrolment::issue(&mut transaction, &office, id, place, sending, rng).await?;
        transaction.commit().await.unwrap();
        Ok(link)
    }

    pub async fn edit(&self, id: RecordId, details: &Details) -> Result<FreshLink, EnrolmentError> {
        self.edit_at(id, None, details).await
    }

    pub async fn edit_at(
        &self,
        id: RecordId,
        place: Option<&Place>,
        details: &Details,
    ) -> Result<FreshLink, EnrolmentError> {
        let mut transaction = self.pool.begin().await.unwrap();
        let sending = Sending::AtTheDesk;
        let link = enrolment::edit(
            &mut transaction,
            &self.office(),
            id,
            place,
            details,
            sending,
            &mut rng(),
        )
        .await?;
        transaction.commit().await.unwrap();
        Ok(link)
    }

    pub async fn connection(&self) -> sqlx::pool::PoolConnection<sqlx::MySql> {
        self.pool.acquire().await.unwrap()
    }

    pub async fn record(&self, id: RecordId) -> Record {
        let record = records::load(&mut *self.connection().await, &self.front, id).await;
        record.unwrap().unwrap()
    }

    pub async fn key(&self, id: RecordId) -> OwnerKey {
        let wrapped = owner_keys::of_record(&mut *self.connection().await, id).await;
        self.keys
            .unwrap_owner_key(&wrapped.unwrap().unwrap())
            .unwrap()
    }

    pub async fn plain(&self, id: RecordId) -> PlainVersion {
        let record = self.record(id).await;
        let row = record_versions::load(&mut *self.connection().await, id, record.version).await;
        row.unwrap().unwrap().open(&self.key(id).await).unwrap()
    }

    /// The link that somebody with this address gets at, as consent-dapp finds it.
    pub async fn link(&self, fresh: &FreshLink) -> ConsentLink {
        let hash = self.front.hash_secret(&secret(fresh));
        let mut connection = self.connection().await;
        let link = consent_links::by_secret_hash(&mut connection, &self.front, &hash).await;
        link.unwrap().unwrap()
    }

    pub async fn links(&self, id: RecordId) -> Vec<ConsentLink> {
        let links = consent_links::of_record(&mut *self.connection().await, &self.front, id).await;
        links.unwrap().rows
    }

    /// What has happened since the record was entered, all of it by the clerk.
    pub async fn history(&self, id: RecordId) -> Vec<RecordEventKind> {
        let events = record_events::of_record(&mut *self.connection().await, &self.front, id).await;
        let events = events.unwrap();
        assert!(events.tampered.is_empty());
        let by_clerk = |event: &record_events::RecordEvent| event.actor == Actor::Staff(CLERK);
        assert!(events.rows.iter().all(by_clerk));
        events.rows.iter().map(|event| event.kind).collect()
    }

    pub async fn move_to(&self, id: RecordId, to: RecordState) {
        let (now, from) = (self.clock.now(), self.record(id).await.state);
        let mut connection = self.connection().await;
        records::change_state(&mut connection, &self.front, id, from, to, now)
            .await
            .unwrap();
    }

    /// As consent-dapp stores it; nobody looks at the signature here.
    pub async fn sign(&self, id: RecordId, fresh: &FreshLink) {
        self.sign_with(id, fresh, Vec::new()).await;
    }

    /// The same with these answers.
    pub async fn sign_with(&self, id: RecordId, fresh: &FreshLink, purposes: Vec<Purpose>) {
        let (link, key) = (self.link(fresh).await, self.key(id).await);
        let signature = ConsentSignature::contract(vec![1; 65], 1).unwrap();
        let plain = self.plain(id).await;
        let message = ConsentMessage {
            controller: "Riverside Health Centre".to_owned(),
            notice: B256::ZERO,
            purposes,
            fields: signed_fields(&plain.fields),
            wallet: plain.wallet,
            uid: 7,
            version: link.version.get(),
            previous_proof: B256::ZERO,
            issued_at: 0,
            expires_at: u64::MAX,
            nonce: B256::from(rand::random::<[u8; 32]>()),
        };
        let signed = SignedConsent {
            version: link.version,
            draft: link.draft,
            link_id: link.id,
            message: &message,
            signature: &signature,
        };
        let (front, now) = (&self.front, self.clock.now());
        let consent = seal_consent(&key, front, &signed, &mut rand::rng(), now);
        let mut connection = self.connection().await;
        consents::insert(&mut connection, &consent).await.unwrap();
        consent_links::close(&mut connection, front, link.id, LinkState::Used)
            .await
            .unwrap();
        drop(connection);
        self.move_to(id, RecordState::Consented).await;
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }

    pub async fn run(&self, sql: &'static str) {
        let connection: &mut MySqlConnection = &mut *self.connection().await;
        sqlx::query(sql).execute(connection).await.unwrap();
    }
}

pub fn details(email: &str) -> Details {
    let text = |value: &str| Zeroizing::new(value.to_owned());
    Details {
        name: text(NAME),
        email: text(email),
        phone: text("+4915123456789"),
        age: 34,
        address: text("7 Lime Walk, 90210 Riverside"),
        wallet: Address::repeat_byte(0xa5),
        relation: text(OWN_WALLET),
    }
}

/// What the owner's browser holds.
pub fn secret(link: &FreshLink) -> LinkSecret {
    let (_, text) = link.address.split_once("/c/").unwrap();
    LinkSecret::from_url(text).unwrap()
}

/// Use cases hold their randomness across waits, which the thread's own can't do.
pub fn rng() -> StdRng {
    rand::make_rng()
}
