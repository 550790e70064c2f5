//! Databases, a chain with the contracts, and anchorers that can be killed.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use alloy::{primitives::Bytes, sol_types::SolCall};
use anchoring::{Anchorer, AnchoringParts, AnchoringSettings, AnchoringStatus, Problem};
use chain::{Block, ChainReader, Controller, Deployment};
use database::{
    Kind, MySqlPool, PoolSettings,
    anchoring_jobs::{self, AnchoringJob, JobState},
    anchoring_transactions::{self, AnchoringTransaction},
    grants::{self, Account, Names},
};
use devstack::{Accounts, Chain, ChainOptions, DatabaseServer, Databases, Mining, wait_until};
use keyring::{ApplicationKeys, FrontKeys, KeySet};
use record::{
    Address, B256,
    ids::{RecordId, StaffId, Uid},
    time::Clock,
};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, MySql, Row as _, pool::PoolConnection};
use tempfile::TempDir;
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;

pub const CLERK: StaffId = StaffId::from_bytes([7; 16]);
/// No test waits longer for anything.
pub const LIMIT: Duration = Duration::from_secs(60);
/// Blocks above a final one.
pub const DEPTH: u64 = 2;
/// The highest fee that the anchorer may pay: 500 gwei.
const FEE_CAP: u128 = 500_000_000_000;
const PASSWORD: &str = "only-for-this-test-1A";

/// Rounds follow quickly, replacements come after two seconds, a dead leader is gone after two.
pub const SETTINGS: AnchoringSettings = AnchoringSettings {
    max_in_flight: 16,
    replace_after: Duration::from_secs(2),
    pause: Duration::from_millis(50),
    longest_pause: Duration::from_millis(200),
    lease: Duration::from_secs(2),
};

pub struct Stage {
    pub databases: Databases,
    /// The administrator's, which may do everything an insider may.
    pub pool: MySqlPool,
    pub backup: MySqlPool,
    pub key_backup: MySqlPool,
    pub keys: ApplicationKeys,
    pub front: FrontKeys,
    pub chain: Arc<Chain>,
    pub deployment: Deployment,
    pub clock: Clock,
    accounts: [MySqlPool; 3],
    key_file: PathBuf,
    _dir: TempDir,
}

impl Stage {
    /// Blocks are made only when a test asks for them.
    pub async fn without_blocks() -> Self {
        Self::with(Mining::OnDemand).await
    }

    /// A block every second.
    pub async fn with_blocks() -> Self {
        Self::with(Mining::EverySeconds(1)).await
    }

    async fn with(mining: Mining) -> Self {
        let options = ChainOptions {
            mining,
            ..ChainOptions::default()
        };
        let chain = Chain::start_deployed(&options).await.unwrap();
        // The deployment itself is final.
        chain.mine(DEPTH).await.unwrap();
        let server = DatabaseServer::shared().await.unwrap();
        let databases = server.create_databases("anchoring_test").await.unwrap();
        let urls = [databases.main(), databases.backup(), databases.keys()];
        let [pool, backup, key_backup] =
            urls.map(|url| database::pool(&url, &PoolSettings::default()).unwrap());
        for (kind, pool) in Kind::ALL.into_iter().zip([&pool, &backup, &key_backup]) {
            database::migrate(kind, pool).await.unwrap();
        }
        let accounts = least_right(server, &databases).await;
        let keys = KeySet::generate(&mut rand::rng()).application().clone();
        let (dir, key_file) = chain_key("controller");
        Self {
            deployment: Deployment::load(&chain.deployment_file()).unwrap(),
            chain: Arc::new(chain),
            databases,
            pool,
            backup,
            key_backup,
            front: keys.front(),
            keys,
            clock: Clock::system(),
            accounts,
            key_file,
            _dir: dir,
        }
    }

    pub async fn connection(&self) -> PoolConnection<MySql> {
        self.pool.acquire().await.unwrap()
    }

    /// What somebody with a SQL prompt does.
    pub async fn sql(&self, statement: &str) -> u64 {
        let statement = sqlx::query(AssertSqlSafe(statement.to_owned()));
        statement.execute(&self.pool).await.unwrap().rows_affected()
    }

    pub fn reader(&self, url: &str, confirmations: u64) -> ChainReader {
        let url = url.parse().unwrap();
        ChainReader::new(&url, self.deployment.clone(), confirmations).unwrap()
    }

    /// What entry-app hands over, with its own accounts; `url` leads to the chain.
    pub fn parts(&self, url: &str) -> AnchoringParts {
        self.parts_with(url, &self.key_file)
    }

    /// The same with the key of another account.
    pub fn parts_with_key_of(&self, name: &str) -> AnchoringParts {
        let (_dir, key_file) = chain_key(name);
        self.parts_with(&self.chain.rpc_url(), &key_file)
    }

    fn parts_with(&self, url: &str, key_file: &Path) -> AnchoringParts {
        let [pool, backup, key_backup] = self.accounts.clone();
        let reader = self.reader(url, DEPTH);
        AnchoringParts {
            pool,
            backup,
            key_backup,
            keys: self.keys.clone(),
            controller: Controller::load(reader, key_file, FEE_CAP).unwrap(),
            clock: self.clock.clone(),
            settings: SETTINGS,
        }
    }

    pub fn start(&self) -> Process {
        Process::start(self.parts(&self.chain.rpc_url()))
    }

    pub fn start_through(&self, url: &str) -> Process {
        Process::start(self.parts(url))
    }

    /// Blocks come one by one until everything asked for is true.
    pub async fn mine_until<F>(&self, what: &str, check: impl Fn() -> F)
    where
        F: Future<Output = bool>,
    {
        let mined = wait_until(what, LIMIT, async || {
            if check().await {
                return Ok(Some(()));
            }
            self.chain.mine(1).await?;
            Ok(None)
        });
        mined.await.unwrap();
    }

    pub async fn until<F>(&self, what: &str, check: impl Fn() -> F)
    where
        F: Future<Output = bool>,
    {
        wait_until(what, LIMIT, async || Ok(check().await.then_some(())))
            .await
            .unwrap();
    }

    pub async fn job(&self, record: RecordId) -> AnchoringJob {
        let mut connection = self.connection().await;
        let jobs = anchoring_jobs::of_record(&mut connection, &self.keys, record)
            .await
            .unwrap();
        jobs.rows.last().unwrap().clone()
    }

    pub async fn is(&self, record: RecordId, state: JobState) -> bool {
        self.job(record).await.state == state
    }

    pub async fn all_are(&self, records: &[RecordId], state: JobState) -> bool {
        for record in records {
            if !self.is(*record, state).await {
                return false;
            }
        }
        true
    }

    pub async fn until_all_are(&self, records: &[RecordId], state: JobState) {
        let what = format!("all jobs {state}");
        self.until(&what, || self.all_are(records, state)).await;
    }

    pub async fn mine_until_all_are(&self, records: &[RecordId], state: JobState) {
        let what = format!("all jobs {state}");
        self.mine_until(&what, || self.all_are(records, state))
            .await;
    }

    pub async fn head(&self) -> Block {
        self.reader(&self.chain.rpc_url(), 0).head().await.unwrap()
    }

    pub async fn next_uid(&self) -> Uid {
        let head = self.head().await;
        self.reader(&self.chain.rpc_url(), 0)
            .next_uid(&head)
            .await
            .unwrap()
    }

    /// An empty block that asks for this much, in gwei; those after it ask for less and less.
    pub async fn mine_at_base_fee(&self, gwei: u64) {
        let wei = format!("{:#x}", u128::from(gwei) * 1_000_000_000);
        self.chain
            .rpc("anvil_setNextBlockBaseFeePerGas", json!([wei]))
            .await
            .unwrap();
        self.chain.mine(1).await.unwrap();
    }

    /// Makes blocks at this base fee until a person's first transaction has waited long enough to be replaced, by our clock and by the
    /// chain's, which counts whole seconds.
    pub async fn mine_until_overdue(&self, record: RecordId, gwei: u64) {
        let sent_at = self.signed(record).await[0].created_at;
        let due = sent_at.plus(SETTINGS.replace_after);
        self.until("time for a replacement", async || {
            if self.clock.now() < due {
                return false;
            }
            self.mine_at_base_fee(gwei).await;
            self.head().await.time() >= due
        })
        .await;
    }

    /// The node forgets a transaction of its pool.
    pub async fn drop_from_pool(&self, hash: B256) {
        self.chain
            .rpc("anvil_dropTransaction", json!([hash]))
            .await
            .unwrap();
        assert!(!self.is_known(hash).await);
    }

    /// Whether the node has it, in its pool or in a block.
    pub async fn is_known(&self, hash: B256) -> bool {
        let known = self.chain.rpc("eth_getTransactionByHash", json!([hash]));
        !known.await.unwrap().is_null()
    }

    /// Every transaction signed for a person, oldest first.
    pub async fn signed(&self, record: RecordId) -> Vec<AnchoringTransaction> {
        let job = self.job(record).await;
        let mut connection = self.connection().await;
        anchoring_transactions::of_job(&mut connection, &self.keys, job.id)
            .await
            .unwrap()
            .rows
    }

    /// A transaction of one of the unlocked accounts, in the pool.
    pub async fn send_as(&self, who: &str, transaction: Value) -> Value {
        let mut transaction = transaction;
        transaction["from"] = json!(account(who));
        self.chain
            .rpc("eth_sendTransaction", json!([transaction]))
            .await
            .unwrap()
    }

    /// A call of the authority to the storage layer that goes into the next block before all others.
    pub async fn as_authority(&self, call: impl SolCall) -> Value {
        self.as_authority_to(self.deployment.storage_layer, call)
            .await
    }

    /// The same to another contract.
    pub async fn as_authority_to(&self, to: Address, call: impl SolCall) -> Value {
        let data = Bytes::from(call.abi_encode());
        let dear = "0x174876e800"; // 100 gwei
        let fees =
            json!({"to": to, "data": data, "maxFeePerGas": dear, "maxPriorityFeePerGas": dear});
        self.send_as("authority", fees).await
    }
}

/// An anchorer at work, as a process would run it.
pub struct Process {
    pub status: watch::Receiver<AnchoringStatus>,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Process {
    pub fn start(parts: AnchoringParts) -> Self {
        let anchorer = Anchorer::new(parts);
        let shutdown = CancellationToken::new();
        let status = anchorer.status();
        let task = tokio::spawn(anchorer.run(shutdown.clone()));
        Self {
            status,
            shutdown,
            task,
        }
    }

    /// As SIGTERM does: the round in hand is ended, the lease given back.
    pub async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap();
    }

    /// As SIGKILL does: wherever it is, it goes no further; the lease stays.
    pub async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }

    pub fn problem(&self) -> Option<Problem> {
        self.status.borrow().problem
    }

    pub async fn until_problem(&mut self, problem: impl Into<Option<Problem>>) {
        let problem = problem.into();
        let told = self.status.wait_for(|status| status.problem == problem);
        let told = tokio::time::timeout(LIMIT, told)
            .await
            .map(|told| told.map(drop));
        assert!(
            matches!(told, Ok(Ok(()))),
            "{problem:?} was not told: {:?}",
            self.problem()
        );
    }
}

pub fn account(name: &str) -> Address {
    Accounts::load()
        .unwrap()
        .named(name)
        .unwrap()
        .address
        .parse()
        .unwrap()
}

fn chain_key(name: &str) -> (TempDir, PathBuf) {
    let key = Accounts::load().unwrap().private_key(name).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("controller.key");
    fs::write(&path, key).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    (dir, path)
}

/// entry-app's accounts: a right that is missing shows here.
async fn least_right(server: &DatabaseServer, databases: &Databases) -> [MySqlPool; 3] {
    let names = Names {
        main: databases.main_name().to_owned(),
        backup: databases.backup_name().to_owned(),
        keys: databases.keys_name().to_owned(),
        users: format!("t_{}", databases.suffix()),
    };
    let mut admin = server.connect().await.unwrap();
    for account in [Account::Entry, Account::EntryBackup, Account::EntryKeys] {
        let mut statements = grants::create_user(account, &names, "%", PASSWORD);
        statements.extend(grants::grants(account, &names, "%"));
        for statement in statements {
            sqlx::query(AssertSqlSafe(statement))
                .execute(&mut admin)
                .await
                .unwrap();
        }
    }
    [
        (Account::Entry, &names.main),
        (Account::EntryBackup, &names.backup),
        (Account::EntryKeys, &names.keys),
    ]
    .map(|(account, database)| {
        let url = server
            .account_url(&names.user(account), PASSWORD, database)
            .unwrap();
        database::pool(&url, &PoolSettings::default()).unwrap()
    })
}

impl Stage {
    /// Locks entry-app's account out of the main database and cuts its connections, or lets it in again.
    pub async fn lock_out(&self, out: bool) {
        let user = format!("t_{}_entry", self.databases.suffix());
        let lock = if out { "LOCK" } else { "UNLOCK" };
        self.sql(&format!("ALTER USER '{user}'@'%' ACCOUNT {lock}"))
            .await;
        if !out {
            return;
        }
        for (id, _) in self.statements_of(&user).await {
            // One that ended by itself meanwhile is as good.
            let kill = sqlx::query(AssertSqlSafe(format!("KILL {id}")));
            kill.execute(&self.pool).await.ok();
        }
    }

    /// Until a statement of entry-app's account waits for what somebody else has locked: nothing else takes a second.
    pub async fn until_it_waits_for_a_lock(&self) {
        let user = format!("t_{}_entry", self.databases.suffix());
        self.until("a statement that waits", async || {
            let statements = self.statements_of(&user).await;
            statements.iter().any(|(_, seconds)| *seconds > 1)
        })
        .await;
    }

    /// The connections of an account, and for how many seconds the statement of each has run. By SHOW, since MySQL can't
    /// list processes as a table while a statement has bytes in it that are no text.
    async fn statements_of(&self, user: &str) -> Vec<(u64, i64)> {
        let listed = sqlx::raw_sql("SHOW PROCESSLIST").fetch_all(&self.pool);
        let rows = listed.await.unwrap();
        let of_user = rows
            .iter()
            .filter(|row| row.get_unchecked::<String, _>("User") == user);
        of_user
            .map(|row| {
                let command: String = row.get_unchecked("Command");
                let seconds = match command.as_str() {
                    "Query" | "Execute" => row.get_unchecked("Time"),
                    _ => 0,
                };
                (row.get_unchecked("Id"), seconds)
            })
            .collect()
    }
}
