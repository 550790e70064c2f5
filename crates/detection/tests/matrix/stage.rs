//! A database, a chain and keys of their own, what the sweep and the button find in them, and how both are put back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use alloy_primitives::{U256, keccak256};
use chain::{ChainReader, Deployment};
use database::operations_alarms::{self, AlarmKind};
use database::records_view::verified;
use database::verifications::{Source, Subject, VerdictKind, Verification};
use database::{Kind, MySqlConnection, MySqlPool, PoolSettings, key_checks};
use detection::verdict::{Obstacle, Patience};
use detection::{Examiner, ExaminerParts, Hindrance, Occasion, Registrar, verify_all};
use devstack::{Accounts, Chain, ChainOptions, DatabaseServer, Databases, Mining};
use keyring::{ApplicationKeys, KeySet};
use rand::rngs::StdRng;
use record::B256;
use record::time::{Clock, UnixMillis};
use serde_json::{Value, json};
use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, Row as _};

use crate::columns::{self, Column};

/// The tables that a record stands in.
pub const RECORD: [(&str, &str); 4] = [
    ("records", "id"),
    ("record_versions", "record_id"),
    ("owner_keys", "record_id"),
    ("consents", "record_id"),
];

/// What was found, by subject: the verdict and the parts at fault.
pub type Verdicts = BTreeMap<Subject, (VerdictKind, Vec<String>)>;

/// Tables whose rows carry a MAC, but for those that are judged with their record or made anew by every sweep.
const GUARDED: [&str; 25] = [
    "staff",
    "staff_events",
    "sessions",
    "leases",
    "consent_links",
    "anchoring_jobs",
    "anchoring_transactions",
    "outbox",
    "record_events",
    "withdrawals",
    "owner_requests",
    "erasures",
    "access_copies",
    "wallet_changes",
    "retentions",
    "restriction_steps",
    "incidents",
    "incident_findings",
    "incident_events",
    "incident_evidence",
    "access_log",
    "chain_progress",
    "sweep_rounds",
    "watch_progress",
    "schema_baselines",
];

pub struct Stage {
    pub pool: MySqlPool,
    pub keys: ApplicationKeys,
    pub chain: Chain,
    pub deployment: Deployment,
    pub clock: Clock,
    /// All tables: they are kept and put back.
    pub tables: Vec<String>,
    /// The columns of those that a record stands in.
    pub columns: Vec<Column>,
    /// The columns of those whose rows carry a MAC.
    pub guarded: Vec<Column>,
    reader: ChainReader,
    databases: Databases,
    /// The checksums of the tables that are kept.
    kept: Mutex<BTreeMap<String, u64>>,
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
        let deployment = Deployment::load(&chain.deployment_file()).unwrap();
        let url = chain.rpc_url().parse().unwrap();
        let record = RECORD.map(|(table, _)| table);
        let stage = Self {
            tables: columns::tables(&pool).await,
            columns: columns::of(&pool, &record).await,
            guarded: guarded(&pool).await,
            reader: ChainReader::new(&url, deployment.clone(), 0).unwrap(),
            deployment,
            keys: KeySet::generate(rng).application().clone(),
            clock: Clock::fixed(UnixMillis(0)),
            pool,
            chain,
            databases,
            kept: Mutex::default(),
        };
        // From the kept state anvil goes on with the time of day.
        stage.chain.mine(1).await.unwrap();
        let today = stage.timestamp().await;
        stage.clock.advance(Duration::from_secs(today));
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

    /// Time passes, for us and for the chain.
    pub async fn pass(&self, time: Duration) {
        self.clock.advance(time);
        let then = self.timestamp().await + time.as_secs();
        self.next_block_at(then).await;
        self.chain.mine(1).await.unwrap();
    }

    async fn next_block_at(&self, timestamp: u64) {
        let at = json!([timestamp]);
        self.chain
            .rpc("evm_setNextBlockTimestamp", at)
            .await
            .unwrap();
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
        // Not by the time of day: ours stands still while there are attacks.
        let then = self.timestamp().await + 1;
        self.next_block_at(then).await;
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
        for table in &self.tables {
            self.sql(&format!("DROP TABLE IF EXISTS {name}_{table}"))
                .await;
            self.sql(&format!("CREATE TABLE {name}_{table} LIKE {table}"))
                .await;
            self.sql(&format!("INSERT INTO {name}_{table} SELECT * FROM {table}"))
                .await;
        }
        let kept = self.tables.iter().map(|table| format!("{name}_{table}"));
        let kept: Vec<String> = kept.collect();
        let sums = self.checksums(&kept).await;
        self.kept.lock().unwrap().extend(kept.into_iter().zip(sums));
    }

    /// Puts those of these tables back as they were kept that may not be so now.
    pub async fn put_back(&self, name: &str, tables: &[String]) {
        let sums = self.checksums(tables).await;
        let mut script = vec!["START TRANSACTION".to_owned()];
        for (table, sum) in tables.iter().zip(sums) {
            let kept = format!("{name}_{table}");
            // Where two rows exchange a column the sum may stay: the server adds up CRCs, which are linear.
            let may_deceive = RECORD.iter().any(|(one, _)| one == table);
            if may_deceive || self.kept.lock().unwrap()[&kept] != sum {
                script.push(format!("DELETE FROM {table}"));
                script.push(format!("INSERT INTO {table} SELECT * FROM {kept}"));
            }
        }
        script.push("COMMIT".to_owned());
        self.sql(&script.join("; ")).await;
    }

    /// What the server makes of all rows of each table.
    async fn checksums(&self, tables: &[String]) -> Vec<u64> {
        let query = format!("CHECKSUM TABLE {}", tables.join(", "));
        let sums = sqlx::raw_sql(AssertSqlSafe(query));
        let sums = sums.fetch_all(&self.pool).await.unwrap();
        let sum = |row: &MySqlRow| u64::try_from(row.get::<i64, _>("Checksum")).unwrap();
        sums.iter().map(sum).collect()
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
        let examiner = Examiner::new(ExaminerParts {
            pool: self.pool.clone(),
            keys: self.keys.clone(),
            chain: self.reader.clone(),
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
        unhindered(|| verify_all(registrar, |_| {})).await;
        self.look(registrar).await;
    }

    /// The looks alone. What took long on a busy machine is looked at again only after a while.
    pub async fn look(&self, registrar: &Registrar) {
        unhindered(|| registrar.look_for_planted_rows()).await;
        unhindered(|| registrar.look_for_deleted_rows()).await;
    }

    /// What the button says of one subject.
    pub async fn button(
        &self,
        registrar: &Registrar,
        subject: Subject,
    ) -> Option<(VerdictKind, Vec<String>)> {
        let by_hand = Occasion {
            source: Source::Button,
            round: None,
        };
        let pressed = || async {
            match registrar.examiner().subject(subject).await? {
                Some(examined) => registrar.file(examined, by_hand).await.map(Some),
                None => Ok(None),
            }
        };
        let filed = unhindered(pressed).await?;
        Some((filed.finding.verdict, filed.finding.fields()))
    }

    /// The newest verdict on each subject, as the grid shows it. The one place where the matrix reads verdicts.
    pub async fn on_file(&self) -> Verdicts {
        const MORE_THAN_ALL: u32 = 1000;
        let mut connection = self.connection().await;
        let grid = verified(&mut connection, &self.keys, &[], None, MORE_THAN_ALL).await;
        let told = |one: Verification| (one.subject, (one.verdict, one.fields));
        let found = grid.unwrap().rows.into_iter();
        found
            .filter_map(|line| line.verification)
            .map(told)
            .collect()
    }

    /// What incidents that are not over tell of.
    pub async fn in_incidents(&self) -> BTreeSet<(Subject, String)> {
        let told: Vec<(Vec<u8>, String)> = sqlx::query_as(
            "SELECT f.subject, CAST(f.verdict AS CHAR) FROM incident_findings f JOIN incidents i ON i.id = f.incident_id
             WHERE f.resolved_at IS NULL AND i.state = 'open'",
        )
        .fetch_all(&self.pool)
        .await
        .unwrap();
        let parsed = |subject: Vec<u8>| hex::encode(subject).parse().unwrap();
        told.into_iter()
            .map(|(subject, verdict)| (parsed(subject), verdict))
            .collect()
    }

    pub async fn alarms(&self) -> BTreeSet<AlarmKind> {
        let mut connection = self.connection().await;
        let alarms = operations_alarms::all(&mut connection).await.unwrap();
        alarms.iter().map(|alarm| alarm.kind).collect()
    }
}

/// Does it again where a busy machine lets something out of reach, as everybody who verifies does.
async fn unhindered<T, F: Future<Output = Result<T, Hindrance>>>(act: impl Fn() -> F) -> T {
    const MOST: u32 = 20;
    for _ in 0..MOST {
        match act().await {
            Ok(done) => return done,
            Err(hindrance) if is_outage(hindrance.obstacle()) => {
                println!("once more: {hindrance}");
            }
            Err(hindrance) => panic!("{hindrance:?}"),
        }
    }
    panic!("out of reach for long")
}

fn is_outage(obstacle: Obstacle) -> bool {
    matches!(
        obstacle,
        Obstacle::ChainUnreachable | Obstacle::DatabaseUnreachable
    )
}

/// A round under another number is one of those that are tidied up.
async fn guarded(pool: &MySqlPool) -> Vec<Column> {
    let mut columns = columns::of(pool, &GUARDED).await;
    columns
        .retain(|column| (column.table.as_str(), column.name.as_str()) != ("sweep_rounds", "id"));
    columns
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
