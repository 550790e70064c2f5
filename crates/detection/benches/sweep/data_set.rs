//! Anchored records, made once and kept: by the same libraries as the product's, anchored many at a time by a master-data
//! that only benchmarks know (`contracts/test/bench`).

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use alloy_primitives::{U256, keccak256};
use chain::{ChainReader, Deployment};
use database::record_versions::{self, RecordVersion};
use database::records::{self, Entered, NewRecord, RecordState};
use database::sealed::{Anchor, PlainVersion, SignedConsent, seal_consent};
use database::{Kind, MySqlPool, PoolSettings, consents, key_checks, owner_keys};
use detection::verdict::Patience;
use detection::{Examiner, ExaminerParts, Registrar};
use devstack::{Accounts, Chain, ChainOptions, DatabaseOptions, DatabaseServer, Mining};
use keyring::{ApplicationKeys, KeySet};
use rand::Rng as _;
use rand::rngs::StdRng;
use record::consent::{ConsentMessage, signed_fields};
use record::ids::{Draft, LinkId, RecordId, StaffId, SubmissionId, Uid, Version};
use record::proof::{FieldName, RecordProofInput, consent_hash};
use record::signature::{ConsentSignature, EcdsaSignature};
use record::time::Clock;
use record::{Address, B256};
use secp256k1::{Message, PublicKey, SecretKey};
use serde_json::{Value, json};
use sqlx::Connection as _;
use tokio::task::JoinSet;
use zeroize::Zeroizing;

pub const PATIENCE: Patience = Patience {
    consent: Duration::from_secs(3600),
    anchoring: Duration::from_secs(3600),
};
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const DATABASE: &str = "bench_main";
/// So many records are stored by one transaction, and anchored by one.
const AT_ONCE: u64 = 500;
/// So many transactions are filled side by side.
const FILLERS: usize = 3;
const GAS: u64 = 100_000_000;

/// The records, the database and the chain that they are in.
pub struct DataSet {
    pub count: u64,
    pub pool: MySqlPool,
    pub keys: ApplicationKeys,
    pub deployment: Deployment,
    server: DatabaseServer,
    chain: Chain,
}

/// What filling needs of it, by each task.
#[derive(Clone)]
struct Filling {
    pool: MySqlPool,
    keys: ApplicationKeys,
    deployment: Deployment,
    timestamp: u64,
}

impl DataSet {
    /// The one of so many records, made now unless it is there.
    pub async fn open(count: u64) -> Self {
        let dir = Path::new(ROOT).join(format!("var/bench/{count}"));
        let is_whole = dir.join("whole").is_file();
        if !is_whole && dir.exists() {
            fs::remove_dir_all(&dir).unwrap();
        }
        fs::create_dir_all(&dir).unwrap();
        let options = DatabaseOptions {
            dir: Some(dir.join("database")),
            port: None,
            durable: true,
            ..DatabaseOptions::default()
        };
        let server = DatabaseServer::start(&options).await.unwrap();
        let chain = chain(dir.join("chain"), is_whole).await;
        let keys = dir.join("keys");
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
        };
        if !is_whole {
            println!("making {count} records, once");
            data.fill().await;
            data.stop().await;
            fs::write(dir.join("whole"), "").unwrap();
            return Box::pin(Self::open(count)).await;
        }
        data
    }

    pub fn reader(&self) -> ChainReader {
        let url = self.chain.rpc_url().parse().unwrap();
        ChainReader::new(&url, self.deployment.clone(), 0).unwrap()
    }

    pub fn registrar(&self) -> Registrar {
        let examiner = Examiner::new(ExaminerParts {
            pool: self.pool.clone(),
            keys: self.keys.clone(),
            chain: self.reader(),
            clock: Clock::system(),
            patience: PATIENCE,
        });
        let officer = "officer@example.org".to_owned();
        Registrar::new(examiner, officer, "http://127.0.0.1")
    }

    /// Ends what was started; the files stay.
    pub async fn close(self) {
        self.stop().await;
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
        let filling = Filling {
            pool: self.pool.clone(),
            keys: self.keys.clone(),
            deployment: self.deployment.clone(),
            timestamp: number(&self.newest_block().await["timestamp"]),
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
        self.anchor(&words, filling.timestamp).await;
    }

    async fn newest_block(&self) -> Value {
        let asked = self
            .chain
            .rpc("eth_getBlockByNumber", json!(["latest", false]));
        asked.await.unwrap()
    }

    async fn anchor(&self, words: &[B256], timestamp: u64) {
        let controller = account("controller");
        let bulk = self.bulk_master_data().await;
        let at_once = usize::try_from(AT_ONCE).unwrap();
        for (first, words) in (1_u64..).step_by(at_once).zip(words.chunks(at_once)) {
            let number = |number: u64| U256::from(number).to_be_bytes::<32>();
            let mut data = keccak256("addRecordProofs(uint64,uint64,bytes32[])")[..4].to_vec();
            for one in [first, timestamp, 96, words.len() as u64] {
                data.extend(number(one));
            }
            words.iter().for_each(|word| data.extend(word.as_slice()));
            self.send(&controller, Some(&bulk), &data).await;
            self.chain.mine(1).await.unwrap();
        }
        self.chain.mine(1).await.unwrap();
    }

    /// Deploys it and registers it through the relay, in the name of the authority.
    async fn bulk_master_data(&self) -> String {
        let compiled = Path::new(ROOT).join("contracts/out/BulkMasterData.sol/BulkMasterData.json");
        let compiled: Value = serde_json::from_slice(&fs::read(compiled).unwrap()).unwrap();
        let code = compiled["bytecode"]["object"].as_str().unwrap();
        let mut code = hex::decode(code.trim_start_matches("0x")).unwrap();
        code.extend([0; 12]);
        code.extend(self.deployment.storage_layer.as_slice());
        let authority = account("authority");
        let hash = self.send(&authority, None, &code).await;
        self.chain.mine(1).await.unwrap();
        let receipt = self.chain.rpc("eth_getTransactionReceipt", json!([hash]));
        let address = receipt.await.unwrap()["contractAddress"]
            .as_str()
            .unwrap()
            .to_owned();
        let mut data = keccak256("register(address)")[..4].to_vec();
        data.extend([0; 12]);
        data.extend(hex::decode(&address[2..]).unwrap());
        let relay = self.deployment.relay.to_string();
        self.send(&authority, Some(&relay), &data).await;
        self.chain.mine(1).await.unwrap();
        address
    }

    async fn send(&self, from: &str, to: Option<&str>, data: &[u8]) -> Value {
        let mut transaction = json!({
            "from": from,
            "gas": format!("{GAS:#x}"),
            "data": format!("0x{}", hex::encode(data)),
        });
        if let Some(to) = to {
            transaction["to"] = json!(to);
        }
        let sent = self.chain.rpc("eth_sendTransaction", json!([transaction]));
        sent.await.unwrap()
    }
}

async fn chain(dir: PathBuf, is_whole: bool) -> Chain {
    fs::create_dir_all(&dir).unwrap();
    let options = ChainOptions {
        dir: Some(dir),
        mining: Mining::OnDemand,
        kept_states: 2,
        ..ChainOptions::default()
    };
    if is_whole {
        return Chain::start(&options).await.unwrap();
    }
    let chain = Chain::start_deployed(&options).await.unwrap();
    let limit = json!([format!("{:#x}", 20 * GAS)]);
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

fn account(name: &str) -> String {
    Accounts::load()
        .unwrap()
        .named(name)
        .unwrap()
        .address
        .clone()
}

fn number(hex: &Value) -> u64 {
    u64::from_str_radix(hex.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

impl Filling {
    /// Stores the records from `first` to `last`, and gives their words.
    async fn batch(self, first: u64, last: u64) -> (u64, Vec<B256>) {
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
        let secret = SecretKey::from_secret_bytes(bytes(rng)).unwrap();
        let wallet = address(&secret);
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
        let message = self.message(&plain, rng);
        let digest = message.digest(self.deployment.chain_id, self.deployment.relay);
        let signature = ConsentSignature::Ecdsa(sign(&secret, &digest));
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

    fn message(&self, plain: &PlainVersion, rng: &mut StdRng) -> ConsentMessage {
        ConsentMessage {
            controller: "Nordhaven Clinic".to_owned(),
            notice: B256::repeat_byte(2),
            purposes: Vec::new(),
            fields: signed_fields(&plain.fields),
            wallet: plain.wallet,
            uid: 0,
            version: 1,
            previous_proof: B256::ZERO,
            issued_at: self.timestamp - 60,
            expires_at: self.timestamp + 86_400,
            nonce: B256::new(bytes(rng)),
        }
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

fn bytes(rng: &mut StdRng) -> [u8; 32] {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    bytes
}

fn address(secret: &SecretKey) -> Address {
    let public = PublicKey::from_secret_key(secret).serialize_uncompressed();
    Address::from_slice(&keccak256(&public[1..])[12..])
}

fn sign(secret: &SecretKey, digest: &B256) -> EcdsaSignature {
    let signature = secp256k1::ecdsa::RecoverableSignature::sign_ecdsa_recoverable(
        Message::from_digest(digest.0),
        secret,
    );
    let (recovery, bytes) = signature.serialize_compact();
    EcdsaSignature::normalise(&[bytes.as_slice(), &[recovery.to_u8()]].concat()).unwrap()
}
