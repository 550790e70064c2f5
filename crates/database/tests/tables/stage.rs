//! Three migrated databases of a test's own, with fresh keys, and rows to begin with.

use std::time::Duration;

use database::consent_links::{self, ConsentLink, NewLink};
use database::records::{self, Entered, NewRecord, Record};
use database::sealed::{self, PlainVersion, SignedConsent};
use database::staff::{NewStaff, Role, Staff};
use database::{Kind, MySqlPool, PoolSettings, index, owner_keys, record_versions};
use devstack::{DatabaseServer, Databases};
use keyring::{ApplicationKeys, CellKind, FrontKeys, KeySet, LinkSecret, OwnerKey};
use record::consent::{ConsentMessage, Purpose, signed_fields};
use record::ids::{Draft, LinkId, RecordId, StaffId, SubmissionId, Version};
use record::proof::FieldName;
use record::signature::ConsentSignature;
use record::time::UnixMillis;
use record::{Address, B256};
use sqlx::mysql::MySqlConnection;
use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, MySql};
use zeroize::Zeroizing;

pub const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
pub const MINUTE: Duration = Duration::from_secs(60);
pub const CLERK: StaffId = StaffId::from_bytes([7; 16]);

/// What is entered in every test; no table may show it.
pub const PERSON: [(&str, &str); 5] = [
    ("address", "Straße 12, Zürich-Wiedikon"),
    ("age", "41"),
    ("email", "nadia.brunner@example.org"),
    ("name", "Nadia Brunner-Ødegård"),
    ("phone", "+41446681800"),
];

pub struct Stage {
    pub databases: Databases,
    pub pool: MySqlPool,
    pub backup: MySqlPool,
    pub keys_pool: MySqlPool,
    pub keys: ApplicationKeys,
    pub front: FrontKeys,
}

/// A record as entry-app stores it, with what a test needs to go on.
pub struct Person {
    pub record: Record,
    pub key: OwnerKey,
    pub plain: PlainVersion,
}

impl Stage {
    pub async fn new() -> Self {
        let server = DatabaseServer::shared().await.unwrap();
        let databases = server.create_databases("database_test").await.unwrap();
        let settings = PoolSettings {
            max_connections: 20,
            acquire_timeout: Duration::from_secs(30),
            ..PoolSettings::default()
        };
        let [pool, backup, keys_pool] = [databases.main(), databases.backup(), databases.keys()]
            .map(|url| database::pool(&url, &settings).unwrap());
        for (kind, pool) in Kind::ALL.into_iter().zip([&pool, &backup, &keys_pool]) {
            database::migrate(kind, pool).await.unwrap();
        }
        let keys = KeySet::generate(&mut rand::rng()).application().clone();
        Self {
            databases,
            pool,
            backup,
            keys_pool,
            front: keys.front(),
            keys,
        }
    }

    pub async fn connection(&self) -> PoolConnection<MySql> {
        self.pool.acquire().await.unwrap()
    }

    /// What somebody with a SQL prompt does.
    pub async fn sql(&self, statement: &str) -> u64 {
        sqlx::query(AssertSqlSafe(statement.to_owned()))
            .execute(&self.pool)
            .await
            .unwrap()
            .rows_affected()
    }

    pub fn account(&self) -> Staff {
        Staff::seal(
            &self.keys,
            NewStaff {
                id: CLERK,
                login: "nbrunner",
                display_name: PERSON[3].1,
                password_hash: "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA".to_owned(),
                role: Role::Clerk,
            },
            &mut rand::rng(),
            NOW,
        )
    }

    pub fn new_record(&self, email: &str, wallet: &Address) -> NewRecord {
        NewRecord {
            id: RecordId::random(&mut rand::rng()),
            wallet_index: index::wallet(self.keys.index(), wallet),
            email_index: index::email(self.keys.index(), email),
            submission: SubmissionId::random(&mut rand::rng()),
            created_by: CLERK,
        }
    }

    pub async fn enter(&self, connection: &mut MySqlConnection, now: UnixMillis) -> Person {
        let wallet = wallet();
        let new = self.new_record(PERSON[2].1, &wallet);
        let entered = records::insert(connection, &self.front, &new, now)
            .await
            .unwrap();
        let Entered::New(record) = entered else {
            panic!("a fresh token is a new record")
        };
        let key = self.keys.generate_owner_key(record.id, &mut rand::rng());
        let wrapped = self.keys.wrap_owner_key(&key, &mut rand::rng());
        owner_keys::insert(connection, &wrapped).await.unwrap();
        let plain = plain(Draft::FIRST);
        let values = plain.seal(&key, &mut rand::rng()).unwrap();
        record_versions::insert(connection, &values).await.unwrap();
        Person { record, key, plain }
    }

    pub async fn link(&self, connection: &mut MySqlConnection, person: &Person) -> ConsentLink {
        let mut rng = rand::rng();
        let id = LinkId::random(&mut rng);
        let secret = LinkSecret::generate(&mut rng);
        let (version, draft) = (person.record.version, person.record.draft);
        let new = NewLink {
            id,
            record_id: person.record.id,
            version,
            draft,
            secret_hash: self.front.hash_secret(&secret),
            wrapped_key: secret.wrap(&person.key, id, &mut rng),
            desk_code: sealed::seal_cell(
                &person.key,
                version,
                draft,
                CellKind::DeskCode,
                b"481516",
                &mut rng,
            ),
            predecessor: None,
            created_by: CLERK,
            expires_at: NOW.plus(60 * MINUTE),
        };
        drop(rng);
        consent_links::insert(connection, &self.front, new, NOW)
            .await
            .unwrap()
    }

    pub fn consent(
        &self,
        person: &Person,
        link_id: LinkId,
    ) -> (ConsentMessage, database::consents::Consent) {
        let message = message(&person.plain);
        let signature = signature();
        let consent = sealed::seal_consent(
            &person.key,
            &self.front,
            &SignedConsent {
                version: person.plain.version,
                draft: person.plain.draft,
                link_id,
                message: &message,
                signature: &signature,
            },
            &mut rand::rng(),
            NOW,
        );
        (message, consent)
    }
}

pub fn wallet() -> Address {
    let mut bytes = [0; 20];
    rand::Rng::fill_bytes(&mut rand::rng(), &mut bytes);
    Address::from(bytes)
}

pub fn plain(draft: Draft) -> PlainVersion {
    let values = PERSON.map(|(name, value)| {
        (
            FieldName::new(name).unwrap(),
            Zeroizing::new(value.to_owned()),
        )
    });
    PlainVersion::with_fresh_salts(
        Version::FIRST,
        draft,
        values,
        wallet(),
        Zeroizing::new("guardian: her mother".to_owned()),
        &mut rand::rng(),
    )
    .unwrap()
}

pub fn message(plain: &PlainVersion) -> ConsentMessage {
    let mut nonce = [0; 32];
    rand::Rng::fill_bytes(&mut rand::rng(), &mut nonce);
    ConsentMessage {
        controller: "Clinic".to_owned(),
        notice: B256::repeat_byte(9),
        purposes: vec![Purpose {
            name: "care".to_owned(),
            lawful_basis: "consent".to_owned(),
            granted: true,
        }],
        fields: signed_fields(&plain.fields),
        wallet: plain.wallet,
        uid: 0,
        version: plain.version.get(),
        previous_proof: B256::ZERO,
        issued_at: 1_800_000_000,
        expires_at: 1_800_086_400,
        nonce: B256::from(nonce),
    }
}

/// A contract wallet's signature: any bytes will do where nobody checks it.
pub fn signature() -> ConsentSignature {
    ConsentSignature::contract(vec![1, 2, 3, 4], 12).unwrap()
}
