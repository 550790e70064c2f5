//! Fictional people who have signed, and what must be true of them once they are anchored.

use alloy::signers::{SignerSync as _, local::PrivateKeySigner};
use database::{
    MySqlConnection,
    anchoring_jobs::{AnchoringJob, JobState},
    anchoring_transactions,
    consents::{self, Consent},
    index, owner_key_backups, owner_keys, record_backups,
    record_events::{self, RecordEventKind},
    record_versions::{self, RecordVersion},
    records::{self, Entered, NewRecord, RecordState},
    sealed::{self, PlainVersion, SignedConsent},
};
use keyring::{OwnerKey, Place};
use record::{
    B256,
    consent::{ConsentMessage, Purpose, signed_fields},
    ids::{Draft, LinkId, RecordId, SubmissionId, Uid, Version},
    proof::{FieldName, RecordProofInput, Salt, consent_hash},
    signature::ConsentSignature,
};
use serde_json::json;
use zeroize::Zeroizing;

use crate::stage::{CLERK, Stage};

/// One person with their wallet.
pub struct Person {
    pub id: RecordId,
    pub key: OwnerKey,
    pub plain: PlainVersion,
    pub wallet: PrivateKeySigner,
    pub message: ConsentMessage,
    pub signature: ConsentSignature,
}

impl Stage {
    /// Enters a person, signs as they would, and approves.
    pub async fn approved(&self, name: &str) -> Person {
        let person = self.consented(name).await;
        self.approve(person.id).await;
        person
    }

    pub async fn all_approved(&self, count: usize) -> Vec<Person> {
        let mut people = Vec::new();
        for number in 0..count {
            people.push(self.approved(&format!("Person {number}")).await);
        }
        people
    }

    pub async fn approve(&self, id: RecordId) -> AnchoringJob {
        let mut transaction = self.pool.begin().await.unwrap();
        let now = self.clock.now();
        let job = anchoring::approve(&mut transaction, &self.keys, id, CLERK, now)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        job
    }

    /// Has a job rejected, by taking away what its owner signed for as long as its turn takes.
    pub async fn reject(&self, id: RecordId) {
        self.sql("CREATE TABLE aside SELECT * FROM consents").await;
        self.sql("DELETE FROM consents").await;
        let process = self.start();
        self.until_all_are(&[id], JobState::Rejected).await;
        process.stop().await;
        self.sql("INSERT INTO consents SELECT * FROM aside").await;
        self.sql("DROP TABLE aside").await;
    }

    pub async fn consented(&self, name: &str) -> Person {
        self.consented_within(name, 3_600).await
    }

    /// Signed two minutes ago; the agreement ends `seconds` from now.
    pub async fn consented_within(&self, name: &str, seconds: i64) -> Person {
        self.consented_between(name, -120, seconds).await
    }

    /// The agreement begins and ends so many seconds from now.
    pub async fn consented_between(&self, name: &str, from: i64, to: i64) -> Person {
        let wallet = PrivateKeySigner::random();
        let email = format!("{}@example.org", name.to_lowercase().replace(' ', "."));
        let new = NewRecord {
            id: RecordId::random(&mut rand::rng()),
            wallet_index: index::wallet(self.keys.index(), &wallet.address()),
            email_index: index::email(self.keys.index(), &email),
            submission: SubmissionId::random(&mut rand::rng()),
            created_by: CLERK,
        };
        let key = self.keys.generate_owner_key(new.id, &mut rand::rng());
        let plain = plain(Version::FIRST, name, &email, &wallet);
        let mut connection = self.connection().await;
        let now = self.clock.now();
        let entered = records::insert(&mut connection, &self.front, &new, now)
            .await
            .unwrap();
        assert!(matches!(entered, Entered::New(_)));
        let wrapped = self.keys.wrap_owner_key(&key, &mut rand::rng());
        owner_keys::insert(&mut connection, &wrapped).await.unwrap();
        let mut message = self.message(&plain, 0, B256::ZERO, to);
        message.issued_at = now.as_seconds().checked_add_signed(from).unwrap();
        let person = self.sign(new.id, key, plain, wallet, message);
        self.store(&mut connection, &person).await;
        let (from, to) = (RecordState::AwaitingConsent, RecordState::Consented);
        records::change_state(&mut connection, &self.front, new.id, from, to, now)
            .await
            .unwrap();
        person
    }

    /// A person whose wallet is a contract with this code; its answer is asked for at the head.
    pub async fn consented_by_contract(&self, name: &str, code: &str) -> Person {
        let person = self.consented(name).await;
        self.by_contract(person, code).await
    }

    /// The same person, with a contract at their wallet's address.
    pub async fn by_contract(&self, mut person: Person, code: &str) -> Person {
        let wallet = person.wallet.address();
        self.chain
            .rpc("anvil_setCode", json!([wallet, code]))
            .await
            .unwrap();
        self.chain.mine(1).await.unwrap();
        let block = self.head().await.number;
        person.signature = ConsentSignature::contract(vec![1, 2, 3], block).unwrap();
        self.put_consent(&person).await;
        person
    }

    pub async fn put_consent(&self, person: &Person) {
        let mut connection = self.connection().await;
        consents::put(&mut connection, &self.sealed_consent(person))
            .await
            .unwrap();
    }

    /// The same person with other details, signed as the version after an anchored one.
    pub async fn rectified(&self, person: Person, name: &str, follows: B256) -> Person {
        let mut connection = self.connection().await;
        let now = self.clock.now();
        let id = person.id;
        let mut record = records::lock(&mut connection, &self.front, id)
            .await
            .unwrap()
            .unwrap();
        record.version = record.version.next().unwrap();
        record.state = RecordState::Consented;
        let uid = record.uid.unwrap();
        let plain = plain(record.version, name, "new@example.org", &person.wallet);
        let message = self.message(&plain, uid.get(), follows, 3_600);
        let person = self.sign(id, person.key, plain, person.wallet, message);
        self.store(&mut connection, &person).await;
        records::update(&mut connection, &self.front, &mut record, now)
            .await
            .unwrap();
        person
    }

    /// What its record is looked up by.
    pub async fn email_index(&self, person: &Person) -> [u8; 32] {
        let mut connection = self.connection().await;
        let record = records::load(&mut connection, &self.front, person.id).await;
        record.unwrap().unwrap().email_index
    }

    fn message(
        &self,
        plain: &PlainVersion,
        uid: u64,
        follows: B256,
        seconds: i64,
    ) -> ConsentMessage {
        let now = self.clock.now().as_seconds();
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
            uid,
            version: plain.version.get(),
            previous_proof: follows,
            issued_at: now - 120,
            expires_at: now.checked_add_signed(seconds).unwrap(),
            nonce: B256::from(rand::random::<[u8; 32]>()),
        }
    }

    fn sign(
        &self,
        id: RecordId,
        key: OwnerKey,
        plain: PlainVersion,
        wallet: PrivateKeySigner,
        message: ConsentMessage,
    ) -> Person {
        let digest = message.digest(self.deployment.chain_id, self.deployment.relay);
        let signature = wallet.sign_hash_sync(&digest).unwrap();
        let signature = ConsentSignature::ecdsa(&signature.as_bytes()).unwrap();
        Person {
            id,
            key,
            plain,
            wallet,
            message,
            signature,
        }
    }

    /// As consent-dapp stores it.
    pub async fn store(&self, connection: &mut MySqlConnection, person: &Person) {
        let values = person.plain.seal(&person.key, &mut rand::rng()).unwrap();
        record_versions::insert(connection, &values).await.unwrap();
        consents::insert(connection, &self.sealed_consent(person))
            .await
            .unwrap();
    }

    fn sealed_consent(&self, person: &Person) -> Consent {
        let signed = SignedConsent {
            version: person.plain.version,
            draft: person.plain.draft,
            link_id: LinkId::random(&mut rand::rng()),
            message: &person.message,
            signature: &person.signature,
        };
        let now = self.clock.now();
        sealed::seal_consent(&person.key, &self.front, &signed, &mut rand::rng(), now)
    }

    /// What somebody does who holds the keys beside the SQL prompt: another e-mail address, sealed as ours are.
    pub async fn forge_email(&self, person: &Person) {
        let place = Place::field(person.plain.version, person.plain.draft, "email");
        let salt = Salt::random(&mut rand::rng());
        let forged = b"thief@example.org";
        let cell = person
            .key
            .seal(&place, salt.as_bytes(), forged, &mut rand::rng());
        let mut connection = self.connection().await;
        let version = person.plain.version;
        let row = record_versions::load(&mut connection, person.id, version)
            .await
            .unwrap();
        let forged = RecordVersion {
            email: cell,
            ..row.unwrap()
        };
        record_versions::put(&mut connection, &forged)
            .await
            .unwrap();
    }

    /// What somebody with a SQL prompt does to the one row of a person.
    pub async fn set(&self, table: &str, columns: &str, person: &Person) {
        let key = if table == "records" {
            "id"
        } else {
            "record_id"
        };
        let sql = format!(
            "UPDATE {table} SET {columns} WHERE {key} = x'{}'",
            person.id
        );
        assert_eq!(self.sql(&sql).await, 1, "{sql}");
    }

    /// As somebody may change a table who may change rows.
    pub async fn let_emails_be_null(&self) {
        self.sql("ALTER TABLE record_versions MODIFY email VARBINARY(2048)")
            .await;
    }

    /// Everything that "anchored exactly once" means, for these people and nobody else.
    pub async fn assert_anchored_once(&self, people: &[Person]) {
        let mut uids = Vec::new();
        for person in people {
            uids.push(self.assert_anchored(person).await.get());
        }
        uids.sort_unstable();
        let expected: Vec<u64> = (1..).take(people.len()).collect();
        assert_eq!(uids, expected, "one UID each, without a gap");
        assert_eq!(
            self.next_uid().await.get(),
            people.len() as u64 + 1,
            "and none beside"
        );
        let copies: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM record_backups")
            .fetch_one(&self.backup)
            .await
            .unwrap();
        assert_eq!(
            usize::try_from(copies).unwrap(),
            people.len(),
            "one copy each"
        );
    }

    /// One person: chain, row, cell, job, transactions, copies, history.
    pub async fn assert_anchored(&self, person: &Person) -> Uid {
        let job = self.job(person.id).await;
        assert_eq!(
            (job.state, job.problem.as_deref()),
            (JobState::Anchored, None)
        );
        let (uid, timestamp) = (job.uid.unwrap(), job.chain_timestamp.unwrap());
        let proof = self.proof(person, uid, timestamp);
        assert_eq!(job.proof, Some(proof));

        let head = self.head().await;
        let reader = self.reader(&self.chain.rpc_url(), 0);
        let known = reader.record(uid, &head).await.unwrap().unwrap();
        let version = person.plain.version;
        assert_eq!(
            known.versions.len() as u64,
            u64::from(version.get()),
            "versions of {uid}"
        );
        assert_eq!(known.newest().word, proof);
        assert_eq!(known.timestamp, timestamp);

        let mut connection = self.connection().await;
        let record = records::load(&mut connection, &self.front, person.id)
            .await
            .unwrap();
        let record = record.unwrap();
        assert_eq!(
            (record.uid, record.state),
            (Some(uid), RecordState::Anchored)
        );
        let values = record_versions::load(&mut connection, person.id, version)
            .await
            .unwrap();
        let values = values.unwrap();
        let event = reader
            .anchored(uid, version, proof, head.number)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(job.transaction_hash, Some(event.transaction));
        assert_eq!(job.block_number, Some(event.block));
        let consent = consents::load(&mut connection, person.id, version)
            .await
            .unwrap();
        let cells = sealed::SealedVersion {
            values: values.clone(),
            consent: consent.clone(),
        };
        let anchor = cells.open(&person.key).anchor.unwrap().unwrap();
        assert_eq!((anchor.uid, anchor.timestamp), (uid, timestamp));
        assert_eq!(
            (anchor.transaction, anchor.block),
            (event.transaction, event.block)
        );
        assert_eq!(anchor.leaves, person.plain.fields.leaves().as_slice());

        let signed = anchoring_transactions::of_job(&mut connection, &self.keys, job.id).await;
        let signed = signed.unwrap().rows;
        assert!(
            signed.iter().any(|row| row.hash == event.transaction),
            "sent but not committed"
        );
        let history = record_events::of_record(&mut connection, &self.front, person.id).await;
        let anchored =
            |event: &&record_events::RecordEvent| event.kind == RecordEventKind::Anchored;
        let times = history.unwrap().rows.iter().filter(anchored).count();
        assert_eq!(times as u64, u64::from(version.get()), "told once");

        let mut backup = self.backup.acquire().await.unwrap();
        let copies = record_backups::of_uid(&mut backup, uid).await.unwrap();
        let copies: Vec<_> = copies
            .iter()
            .filter(|copy| copy.backup.values.version == version)
            .collect();
        assert_eq!(copies.len(), 1, "copies of {uid}");
        assert_eq!(copies[0].backup.values, values);
        assert_eq!(Some(&copies[0].backup.consent), consent.as_ref());
        assert_eq!(copies[0].backup.record.id, person.id);
        let mut keys = self.key_backup.acquire().await.unwrap();
        let keys = owner_key_backups::of_record(&mut keys, person.id)
            .await
            .unwrap();
        assert_eq!(keys.len(), 1);
        assert_eq!(keys[0].key_id, person.key.key_id());
        uid
    }

    /// The proof as a stranger computes it from what the person signed.
    fn proof(&self, person: &Person, uid: Uid, timestamp: u64) -> B256 {
        let (chain_id, relay) = (self.deployment.chain_id, self.deployment.relay);
        RecordProofInput {
            chain_id,
            relay,
            wallet: person.wallet.address(),
            uid,
            version: person.plain.version,
            timestamp,
            consent_hash: consent_hash(&person.message.digest(chain_id, relay), &person.signature),
            leaves: person.plain.fields.leaves(),
        }
        .record_proof()
    }
}

pub fn plain(version: Version, name: &str, email: &str, wallet: &PrivateKeySigner) -> PlainVersion {
    let values = [
        ("address", "Rue de la Gare 4, Lausanne"),
        ("age", "41"),
        ("email", email),
        ("name", name),
        ("phone", "+41446681800"),
    ];
    let values = values.map(|(name, value)| {
        (
            FieldName::new(name).unwrap(),
            Zeroizing::new(value.to_owned()),
        )
    });
    let (draft, relation) = (Draft::FIRST, Zeroizing::new("own".to_owned()));
    let rng = &mut rand::rng();
    PlainVersion::with_fresh_salts(version, draft, values, wallet.address(), relation, rng).unwrap()
}

pub fn ids(people: &[Person]) -> Vec<RecordId> {
    people.iter().map(|person| person.id).collect()
}
