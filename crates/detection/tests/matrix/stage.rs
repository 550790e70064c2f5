//! A database, a chain and keys of their own, what the sweep and the button find in them, and how both are put back.

use std::collections::BTreeMap;
use std::time::Duration;

use alloy_primitives::{U256, keccak256};
use chain::{ChainReader, Deployment};
use database::operations_alarms::{self, AlarmKind};
use database::records_view::standing;
use database::verifications::{self, Source, Subject, VerdictKind, Verification};
use database::{Kind, MySqlConnection, MySqlPool, PoolSettings, key_checks};
use detection::verdict::Patience;
use detection::{Examiner, ExaminerParts, Occasion, Registrar, verify_all};
use devstack::{Accounts, Chain, ChainOptions, DatabaseServer, Databases, Mining};
use keyring::{ApplicationKeys, KeySet};
use rand::rngs::StdRng;
use record::B256;
use record::ids::Uid;
use record::time::{Clock, UnixMillis};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

/// The tables that are kept and put back.
pub const TABLES: [&str; 23] = [
    "staff",
    "sessions",
    "records",
    "record_versions",
    "owner_keys",
    "consents",
    "consent_links",
    "notices",
    "record_events",
    "anchoring_jobs",
    "leases",
    "outbox",
    "key_checks",
    "verifications",
    "sweep_rounds",
    "sweep_parts",
    "incidents",
    "incident_findings",
    "incident_events",
    "access_log",
    "chain_progress",
    "row_counts",
    "operations_alarms",
];

/// The tables that a record stands in.
pub const RECORD: [(&str, &str); 4] = [
    ("records", "id"),
    ("record_versions", "record_id"),
    ("owner_keys", "record_id"),
    ("consents", "record_id"),
];

/// What was found, by subject: the verdict and the parts at fault.
pub type Verdicts = BTreeMap<Subject, (VerdictKind, Vec<String>)>;

pub struct Stage {
    pub pool: MySqlPool,
    pub keys: ApplicationKeys,
    pub chain: Chain,
    pub deployment: Deployment,
    pub clock: Clock,
    databases: Databases,
}

impl Stage {
    pub async fn set(rng: &mut StdRng) -> Self {
        let server = DatabaseServer::shared().await.unwrap();
        let databases = server.create_databases("matrix").await.unwrap();
        let pool = database::connect(&databases.main(), &PoolSettings::default())
            .await
            .unwrap();
        database::migrate(Kind::Main, &pool).await.unwrap();
        let options = ChainOptions {
            mining: Mining::OnDemand,
            ..ChainOptions::default()
        };
        let chain = Chain::start_deployed(&options).await.unwrap();
        let stage = Self {
            deployment: Deployment::load(&chain.deployment_file()).unwrap(),
            keys: KeySet::generate(rng).application().clone(),
            clock: Clock::fixed(UnixMillis(0)),
            pool,
            chain,
            databases,
        };
        stage
            .clock
            .advance(Duration::from_secs(stage.timestamp().await));
        let mut connection = stage.connection().await;
        key_checks::store(&mut connection, &stage.keys, stage.clock.now(), rng)
            .await
            .unwrap();
        stage
    }

    pub async fn leave(self) {
        self.pool.close().await;
        self.databases.remove().await.unwrap();
    }

    pub async fn connection(&self) -> sqlx::pool::PoolConnection<sqlx::MySql> {
        self.pool.acquire().await.unwrap()
    }

    /// What somebody at an SQL prompt does; tells how many rows it touched.
    pub async fn sql(&self, statement: &str) -> u64 {
        let mut connection = self.connection().await;
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
            .execute(&mut *connection)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"))
            .rows_affected()
    }

    // --- The chain ---

    /// The time of the newest block.
    pub async fn timestamp(&self) -> u64 {
        let newest = json!(["latest", false]);
        let newest = self
            .chain
            .rpc("eth_getBlockByNumber", newest)
            .await
            .unwrap();
        number(&newest["timestamp"])
    }

    /// Timestamps rise with every version.
    pub async fn pass_a_minute(&self) {
        self.chain
            .rpc("evm_increaseTime", json!([60]))
            .await
            .unwrap();
        self.chain.mine(1).await.unwrap();
    }

    pub async fn anchor(&self, uid: u64, timestamp: u64, word: B256) {
        let call = "addRecordProof(uint256,uint64,bytes32)";
        self.act("controller", call, &[int(uid), int(timestamp), word.0])
            .await;
    }

    pub async fn void(&self, uid: u64, version: u64) {
        let call = "voidRecordProof(uint256,uint256)";
        self.act("authority", call, &[int(uid), int(version)]).await;
    }

    /// For 1 the record is withdrawn, for 2 erased.
    pub async fn retire(&self, uid: u64, reason: u8, evidence: B256) {
        let call = "retireRecord(uint256,uint8,bytes32)";
        self.act(
            "controller",
            call,
            &[int(uid), int(reason.into()), evidence.0],
        )
        .await;
    }

    async fn act(&self, who: &str, call: &str, arguments: &[[u8; 32]]) {
        let from = Accounts::load()
            .unwrap()
            .named(who)
            .unwrap()
            .address
            .clone();
        let data = [&keccak256(call)[..4], &arguments.concat()].concat();
        let transaction = json!({
            "from": from,
            "to": self.deployment.master_data,
            "gas": "0x7a120",
            "data": format!("0x{}", hex::encode(data)),
        });
        let hash = self
            .chain
            .rpc("eth_sendTransaction", json!([transaction]))
            .await;
        self.chain.mine(1).await.unwrap();
        let receipt = json!([hash.unwrap()]);
        let receipt = self
            .chain
            .rpc("eth_getTransactionReceipt", receipt)
            .await
            .unwrap();
        assert_eq!(receipt["status"], "0x1", "{call} was reverted");
    }

    pub async fn keep_chain(&self) -> Value {
        self.chain.rpc("evm_snapshot", json!([])).await.unwrap()
    }

    pub async fn put_chain_back(&self, kept: &Value) {
        let done = self.chain.rpc("evm_revert", json!([kept])).await.unwrap();
        assert_eq!(done, true);
    }

    // --- The tables ---

    /// Keeps all tables under a name.
    pub async fn keep(&self, name: &str) {
        for table in TABLES {
            self.sql(&format!("DROP TABLE IF EXISTS {name}_{table}"))
                .await;
            self.sql(&format!("CREATE TABLE {name}_{table} LIKE {table}"))
                .await;
            self.sql(&format!("INSERT INTO {name}_{table} SELECT * FROM {table}"))
                .await;
        }
    }

    /// Puts tables back as they were kept.
    pub async fn put_back(&self, name: &str, tables: &[&str]) {
        let mut transaction = self.pool.begin().await.unwrap();
        for table in tables {
            for statement in [
                format!("DELETE FROM {table}"),
                format!("INSERT INTO {table} SELECT * FROM {name}_{table}"),
            ] {
                sqlx::raw_sql(AssertSqlSafe(statement))
                    .execute(&mut *transaction)
                    .await
                    .unwrap();
            }
        }
        transaction.commit().await.unwrap();
    }

    /// Puts the rows of one record back as they were kept.
    pub async fn put_record_back(&self, name: &str, id: &str) {
        for (table, column) in RECORD {
            self.sql(&format!("DELETE FROM {table} WHERE {column} = X'{id}'"))
                .await;
            self.sql(&format!(
                "INSERT INTO {table} SELECT * FROM {name}_{table} WHERE {column} = X'{id}'"
            ))
            .await;
        }
    }

    // --- What is found ---

    /// A breach-viewer that has just started.
    pub fn registrar(&self) -> Registrar {
        let url = self.chain.rpc_url().parse().unwrap();
        let examiner = Examiner::new(ExaminerParts {
            pool: self.pool.clone(),
            keys: self.keys.clone(),
            chain: ChainReader::new(&url, self.deployment.clone(), 0).unwrap(),
            clock: self.clock.clone(),
            patience: Patience {
                consent: Duration::from_secs(7 * 86_400),
                anchoring: Duration::from_secs(86_400),
            },
        });
        Registrar::new(
            examiner,
            "officer@example.org".to_owned(),
            "http://127.0.0.1",
        )
    }

    /// One round of the sweep, with the looks that come after it.
    pub async fn sweep(&self, registrar: &Registrar) {
        verify_all(registrar, |_| {}).await.unwrap();
        registrar.look_for_planted_rows().await.unwrap();
        registrar.look_for_deleted_rows().await.unwrap();
    }

    /// What the button says of one subject.
    pub async fn button(
        &self,
        registrar: &Registrar,
        subject: Subject,
    ) -> Option<(VerdictKind, Vec<String>)> {
        let examined = registrar.examiner().subject(subject).await.unwrap()?;
        let by_hand = Occasion {
            source: Source::Button,
            round: None,
        };
        let filed = registrar.file(examined, by_hand).await.unwrap();
        Some((filed.finding.verdict, filed.finding.fields()))
    }

    /// The newest verdict on each subject, as it is on file. The one place where the matrix reads verdicts.
    pub async fn on_file(&self) -> Verdicts {
        let mut connection = self.connection().await;
        let mut found = Vec::new();
        let sight = self.registrar().examiner().sight().await.unwrap();
        for uid in (1..sight.next_uid.get()).filter_map(Uid::new) {
            let standing = standing(&mut connection, &self.keys, uid).await.unwrap();
            found.extend(standing.verification);
        }
        let unknown = "SELECT record_id FROM verifications WHERE uid IS NULL";
        let unknown: Vec<Vec<u8>> = sqlx::query_scalar(unknown)
            .fetch_all(&mut *connection)
            .await
            .unwrap();
        for id in unknown {
            let subject = hex::encode(id).parse().unwrap();
            let verified = verifications::load(&mut connection, &self.keys, subject).await;
            found.extend(verified.unwrap());
        }
        let told = |one: Verification| (one.subject, (one.verdict, one.fields));
        found.into_iter().map(told).collect()
    }

    /// Whether an incident that is not over tells of this.
    pub async fn is_in_an_incident(&self, subject: Subject, verdict: VerdictKind) -> bool {
        let count: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM incident_findings f JOIN incidents i ON i.id = f.incident_id
             WHERE f.subject = ? AND f.verdict = ? AND f.resolved_at IS NULL AND i.state = 'open'",
        )
        .bind(subject.as_bytes().as_slice())
        .bind(verdict.as_str())
        .fetch_one(&self.pool)
        .await
        .unwrap();
        count > 0
    }

    pub async fn alarms(&self) -> Vec<AlarmKind> {
        let mut connection = self.connection().await;
        let alarms = operations_alarms::all(&mut connection).await.unwrap();
        alarms.iter().map(|alarm| alarm.kind).collect()
    }
}

pub async fn begin(connection: &mut MySqlConnection) -> sqlx::Transaction<'_, sqlx::MySql> {
    sqlx::Connection::begin(connection).await.unwrap()
}

fn int(value: u64) -> [u8; 32] {
    U256::from(value).to_be_bytes()
}

fn number(hex: &Value) -> u64 {
    u64::from_str_radix(hex.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}
