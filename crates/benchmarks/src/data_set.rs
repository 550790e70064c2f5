//! Anchored records, made once and kept: by the same libraries as the product's, anchored many at a time by a master-data
//! that only benchmarks know (`contracts/test/bench`).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use chain::{ChainReader, Deployment};
use database::grants::{self, Account, Names};
use database::{Kind, MySqlPool, PoolSettings, key_checks};
use detection::verdict::Patience;
use detection::{Examiner, ExaminerParts, Registrar};
use devstack::{Chain, ChainOptions, DatabaseOptions, DatabaseServer, Mining, StateWriting};
use keyring::{ApplicationKeys, KeySet};
use record::B256;
use record::time::Clock;
use serde_json::json;
use sqlx::Connection as _;
use tokio::task::JoinSet;
use url::Url;

use crate::anchoring::Bulk;
use crate::filling::Filling;

/// How long records may wait, to who judges these.
pub const PATIENCE: Patience = Patience {
    consent: Duration::from_secs(3600),
    anchoring: Duration::from_secs(3600),
};
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const KEYS: &str = "keys";
const DATABASE: &str = "bench_main";
/// So many records are stored by one transaction, and anchored by one.
const AT_ONCE: u64 = 500;
/// So many transactions are filled side by side.
const FILLERS: usize = 3;
/// Memory of the database server; what is not needed is not taken.
const POOL: &str = "8G";
/// What a block of the chain may hold.
const BLOCK_GAS: u64 = 20_000_000_000;

/// The records, the database and the chain that they are in.
pub struct DataSet {
    /// How many records there are.
    pub count: u64,
    /// Their database, by an account that may everything.
    pub pool: MySqlPool,
    /// The keys that they are sealed under.
    pub keys: ApplicationKeys,
    /// The contracts that hold their proofs.
    pub deployment: Deployment,
    dir: PathBuf,
    server: DatabaseServer,
    chain: Chain,
    /// Thrown away at the end.
    copy: Option<PathBuf>,
}

impl DataSet {
    /// The one of so many records, made now unless it is there.
    pub async fn open(count: u64) -> Self {
        Self::open_in(kept_dir(count), count).await
    }

    /// A copy of it, to be written to. [`Self::close`] throws it away.
    pub async fn copy(count: u64) -> Self {
        let kept = kept_dir(count);
        if !kept.join("whole").is_file() {
            Self::open(count).await.close().await;
        }
        let copy = kept.with_extension("copy");
        if copy.exists() {
            fs::remove_dir_all(&copy).unwrap();
        }
        let copied = Command::new("cp").arg("-R").arg(&kept).arg(&copy).status();
        assert!(copied.unwrap().success(), "the records can't be copied");
        Self {
            copy: Some(copy.clone()),
            ..Self::open_in(copy, count).await
        }
    }

    async fn open_in(dir: PathBuf, count: u64) -> Self {
        let is_whole = dir.join("whole").is_file();
        if !is_whole && dir.exists() {
            fs::remove_dir_all(&dir).unwrap();
        }
        fs::create_dir_all(&dir).unwrap();
        let options = DatabaseOptions {
            dir: Some(dir.join("database")),
            port: None,
            durable: true,
            // Records lie in no order: a pool that does not hold them all reads the disk for each.
            settings: vec![format!("--innodb-buffer-pool-size={POOL}")],
        };
        let server = DatabaseServer::start(&options).await.unwrap();
        let chain = chain(dir.join("chain"), is_whole).await;
        let keys = dir.join(KEYS);
        if !is_whole {
            KeySet::generate(&mut rand::rng())
                .save(&keys, &mut rand::rng())
                .unwrap();
        }
        let keys = KeySet::load(&keys).unwrap().application().clone();
        let data = Self {
            count,
            pool: pool(&server, is_whole).await,
            keys,
            deployment: Deployment::load(&chain.deployment_file()).unwrap(),
            server,
            chain,
            dir,
            copy: None,
        };
        if !is_whole {
            println!("making {count} records, once");
            data.fill().await;
            let dir = data.dir.clone();
            data.stop().await;
            fs::write(dir.join("whole"), "").unwrap();
            return Box::pin(Self::open_in(dir, count)).await;
        }
        data.mend().await;
        data.forget_newest_block().await;
        data
    }

    /// The one of today was never written down: each time it is another one.
    async fn forget_newest_block(&self) {
        sqlx::query("DELETE FROM chain_progress")
            .execute(&self.pool)
            .await
            .unwrap();
    }

    /// Where the database is.
    #[must_use]
    pub fn database_url(&self) -> Url {
        self.server.database_url(DATABASE)
    }

    /// Where the chain is.
    #[must_use]
    pub fn rpc_url(&self) -> Url {
        self.chain.rpc_url().parse().unwrap()
    }

    /// The folder of the keys that they are sealed under.
    #[must_use]
    pub fn keys_dir(&self) -> PathBuf {
        self.dir.join(KEYS)
    }

    /// The pins of the chain.
    #[must_use]
    pub fn deployment_file(&self) -> PathBuf {
        self.chain.deployment_file()
    }

    /// Reads their chain.
    #[must_use]
    pub fn reader(&self) -> ChainReader {
        ChainReader::new(&self.rpc_url(), self.deployment.clone(), 0).unwrap()
    }

    /// Examines and files them, as breach-viewer does.
    #[must_use]
    pub fn registrar(&self) -> Registrar {
        self.registrar_on(self.pool.clone())
    }

    /// The same over the connections of an account.
    #[must_use]
    pub fn registrar_on(&self, pool: MySqlPool) -> Registrar {
        let examiner = Examiner::new(ExaminerParts {
            pool,
            keys: self.keys.clone(),
            chain: self.reader(),
            clock: Clock::system(),
            patience: PATIENCE,
        });
        let officer = "officer@example.org".to_owned();
        Registrar::new(examiner, officer, "http://127.0.0.1")
    }

    /// The address of an account of least right, made now.
    pub async fn account(&self, account: Account) -> Url {
        let names = Names {
            main: DATABASE.to_owned(),
            backup: "bench_backup".to_owned(),
            keys: "bench_keys".to_owned(),
            users: "bench".to_owned(),
        };
        let password = hex::encode(rand::random::<[u8; 16]>());
        let mut admin = self.server.connect().await.unwrap();
        let user = grants::create_user(account, &names, "%", &password);
        for statement in user.into_iter().chain(grants::grants(account, &names, "%")) {
            sqlx::query(sqlx::AssertSqlSafe(statement))
                .execute(&mut admin)
                .await
                .unwrap();
        }
        let user = names.user(account);
        self.server.account_url(&user, &password, DATABASE).unwrap()
    }

    /// Ends what was started; the files stay, unless they are a copy.
    pub async fn close(mut self) {
        let copy = self.copy.take();
        self.stop().await;
        if let Some(copy) = copy {
            fs::remove_dir_all(copy).unwrap();
        }
    }

    async fn stop(mut self) {
        self.pool.close().await;
        self.server.stop().await.unwrap();
        self.chain.stop().await.unwrap();
    }

    async fn fill(&self) {
        let now = Clock::system().now();
        let mut connection = self.pool.acquire().await.unwrap();
        key_checks::store(&mut connection, &self.keys, now, &mut rand::rng())
            .await
            .unwrap();
        drop(connection);
        let bulk = Bulk {
            chain: &self.chain,
            deployment: &self.deployment,
        };
        let filling = Filling {
            pool: self.pool.clone(),
            keys: self.keys.clone(),
            deployment: self.deployment.clone(),
            timestamp: bulk.timestamp().await,
        };
        let mut words = vec![B256::ZERO; usize::try_from(self.count).unwrap()];
        let mut tasks = JoinSet::new();
        let mut first = 1;
        while first <= self.count || !tasks.is_empty() {
            while first <= self.count && tasks.len() < FILLERS {
                let last = self.count.min(first + AT_ONCE - 1);
                tasks.spawn(filling.clone().batch(first, last));
                first = last + 1;
            }
            if let Some(done) = tasks.join_next().await {
                let (first, stored) = done.unwrap();
                let first = usize::try_from(first - 1).unwrap();
                words[first..first + stored.len()].copy_from_slice(&stored);
            }
        }
        bulk.anchor(&words, filling.timestamp).await;
    }
}

fn kept_dir(count: u64) -> PathBuf {
    Path::new(ROOT).join(format!("var/bench/{count}"))
}

async fn chain(dir: PathBuf, is_whole: bool) -> Chain {
    fs::create_dir_all(&dir).unwrap();
    let options = ChainOptions {
        dir: Some(dir),
        mining: Mining::OnDemand,
        kept_states: 2,
        writing: match is_whole {
            true => StateWriting::Never,
            false => StateWriting::AtEnd,
        },
        ..ChainOptions::default()
    };
    if is_whole {
        let chain = Chain::start(&options).await.unwrap();
        // Its newest block is of the day when the data was made: by that our clock would be off.
        chain.mine(1).await.unwrap();
        return chain;
    }
    let chain = Chain::start_deployed(&options).await.unwrap();
    let limit = json!([format!("{:#x}", BLOCK_GAS)]);
    chain.rpc("anvil_setBlockGasLimit", limit).await.unwrap();
    chain.mine(1).await.unwrap();
    chain
}

async fn pool(server: &DatabaseServer, is_whole: bool) -> MySqlPool {
    if !is_whole {
        let mut root = sqlx::MySqlConnection::connect(server.url().as_str())
            .await
            .unwrap();
        sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {DATABASE}")))
            .execute(&mut root)
            .await
            .unwrap();
    }
    let url = server.database_url(DATABASE);
    let pool = database::connect(&url, &PoolSettings::default())
        .await
        .unwrap();
    database::migrate(Kind::Main, &pool).await.unwrap();
    pool
}
