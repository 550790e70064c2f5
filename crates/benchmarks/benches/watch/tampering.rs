//! What somebody does who may write any SQL, to one random record after the other; and how long it takes until an incident
//! tells of it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use benchmarks::DataSet;
use database::verifications::Subject;
use rand::RngExt as _;
use record::ids::{RecordId, Uid};
use sqlx::{AssertSqlSafe, MySqlPool};
use tokio::time::sleep;

/// So often it is asked for findings.
const RESOLUTION: Duration = Duration::from_millis(2);
/// No finding takes longer.
const LIMIT: Duration = Duration::from_secs(60);

/// A tampering that was found.
pub struct Tampered {
    pub kind: &'static str,
    /// From before its COMMIT until every record that it concerns is told by a committed finding.
    pub took: Duration,
}

/// What is done to a record `{id}`, with `{other}` and their UIDs at hand; and whether the other is at fault as well.
struct Kind {
    name: &'static str,
    statements: &'static [&'static str],
    concerns: Concerned,
}

#[derive(Clone, Copy)]
enum Concerned {
    One,
    Both,
    /// A row that was not there before: `{new}`.
    New,
}

const fn kind(name: &'static str, statements: &'static [&'static str]) -> Kind {
    Kind {
        name,
        statements,
        concerns: Concerned::One,
    }
}

const KINDS: [Kind; 12] = [
    kind(
        "a cell altered",
        &["UPDATE record_versions SET email = REVERSE(email) WHERE record_id = {id}"],
    ),
    kind(
        "a cell of another record",
        &[
            "UPDATE record_versions mine JOIN record_versions theirs ON theirs.record_id = {other} \
           SET mine.name = theirs.name WHERE mine.record_id = {id}",
        ],
    ),
    kind(
        "an owner's key altered",
        &["UPDATE owner_keys SET wrapped = REVERSE(wrapped) WHERE record_id = {id}"],
    ),
    kind(
        "a consent altered",
        &["UPDATE consents SET signature = REVERSE(signature) WHERE record_id = {id}"],
    ),
    kind(
        "a record's head altered",
        &["UPDATE records SET state = 'approved' WHERE id = {id}"],
    ),
    kind(
        "a UID taken away",
        &["UPDATE records SET uid = NULL WHERE id = {id}"],
    ),
    kind(
        "a consent deleted",
        &["DELETE FROM consents WHERE record_id = {id}"],
    ),
    kind(
        "a version deleted",
        &["DELETE FROM record_versions WHERE record_id = {id}"],
    ),
    kind("a record deleted", &["DELETE FROM records WHERE id = {id}"]),
    kind(
        "a record deleted with all that belongs to it",
        &[
            "DELETE FROM consents WHERE record_id = {id}",
            "DELETE FROM owner_keys WHERE record_id = {id}",
            "DELETE FROM record_versions WHERE record_id = {id}",
            "DELETE FROM records WHERE id = {id}",
        ],
    ),
    Kind {
        name: "two records swapped",
        statements: &[
            "UPDATE records SET uid = NULL WHERE id = {id}",
            "UPDATE records SET uid = {uid} WHERE id = {other}",
            "UPDATE records SET uid = {other_uid} WHERE id = {id}",
        ],
        concerns: Concerned::Both,
    },
    Kind {
        name: "a row planted",
        statements: &[
            "INSERT INTO records SELECT {new}, NULL, state, version, draft, wallet_index, email_index, {new}, created_by, \
             created_at, updated_at, mac FROM records WHERE id = {id}",
        ],
        concerns: Concerned::New,
    },
];

/// Somebody at work.
pub struct Tampering {
    pool: MySqlPool,
    count: u64,
    used: BTreeSet<u64>,
    touched: BTreeSet<Subject>,
    done: usize,
    newest: u64,
}

impl Tampering {
    pub async fn new(data: &DataSet) -> Self {
        Self {
            pool: data.pool.clone(),
            count: data.count,
            used: BTreeSet::new(),
            touched: BTreeSet::new(),
            done: 0,
            newest: 0,
        }
    }

    /// All that anything may be told of.
    pub fn touched(&self) -> &BTreeSet<Subject> {
        &self.touched
    }

    /// Tampers once more, and waits until it is told.
    pub async fn next(&mut self) -> Tampered {
        let kind = &KINDS[self.done % KINDS.len()];
        self.done += 1;
        let (one, other) = (self.unused().await, self.unused().await);
        let new = RecordId::random(&mut rand::rng());
        let mut transaction = self.pool.begin().await.unwrap();
        for statement in kind.statements {
            let statement = statement
                .replace("{id}", &literal(one.1))
                .replace("{other}", &literal(other.1))
                .replace("{new}", &literal(new))
                .replace("{uid}", &one.0.to_string())
                .replace("{other_uid}", &other.0.to_string());
            let done = sqlx::query(AssertSqlSafe(statement))
                .execute(&mut *transaction)
                .await
                .unwrap();
            assert_eq!(done.rows_affected(), 1, "{}", kind.name);
        }
        let begun = Instant::now();
        transaction.commit().await.unwrap();
        let concerned = match kind.concerns {
            Concerned::One => vec![Subject::uid(one.0)],
            Concerned::Both => vec![Subject::uid(one.0), Subject::uid(other.0)],
            Concerned::New => vec![Subject::row(new)],
        };
        self.until_told(concerned, kind.name).await;
        let took = begun.elapsed();
        let all = [Subject::uid(one.0), Subject::row(one.1), Subject::row(new)];
        self.touched.extend(all);
        if let Concerned::Both = kind.concerns {
            self.touched.insert(Subject::uid(other.0));
        }
        Tampered {
            kind: kind.name,
            took,
        }
    }

    async fn until_told(&mut self, mut concerned: Vec<Subject>, kind: &str) {
        let deadline = Instant::now() + LIMIT;
        while !concerned.is_empty() {
            let found: Vec<(u64, Vec<u8>)> =
                sqlx::query_as("SELECT id, subject FROM incident_findings WHERE id > ?")
                    .bind(self.newest)
                    .fetch_all(&self.pool)
                    .await
                    .unwrap();
            for (id, subject) in found {
                self.newest = self.newest.max(id);
                concerned.retain(|one| one.as_bytes().as_slice() != subject);
            }
            assert!(Instant::now() < deadline, "{kind} is never told");
            sleep(RESOLUTION).await;
        }
    }

    /// A random record that nothing was done to yet.
    async fn unused(&mut self) -> (Uid, RecordId) {
        let number = loop {
            let number = rand::rng().random_range(1..=self.count);
            if self.used.insert(number) {
                break number;
            }
        };
        let id: Vec<u8> = sqlx::query_scalar("SELECT id FROM records WHERE uid = ?")
            .bind(number)
            .fetch_one(&self.pool)
            .await
            .unwrap();
        let id = RecordId::from_bytes(*id.first_chunk().unwrap());
        (Uid::new(number).unwrap(), id)
    }
}

fn literal(id: RecordId) -> String {
    format!("0x{}", hex::encode(id.as_bytes()))
}
