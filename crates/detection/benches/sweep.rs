//! The verdict on one record, and a sweep over many against a real database and chain, told as a ratio to a plain stream
//! of the same rows in the same run. `BENCH_RECORDS` sets how many (10,000 unless told).

#![expect(
    clippy::print_stdout,
    reason = "a benchmark tells its figures on the terminal"
)]
#![expect(clippy::unwrap_used, reason = "a benchmark that can't go on may panic")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use alloy_primitives::{U256, keccak256};
use chain::{ChainReader, Deployment, OnChainRecord};
use criterion::Criterion;
use database::evidence::{self, Evidence};
use database::record_versions::{self, RecordVersion};
use database::records::{self, Entered, NewRecord, RecordState};
use database::sealed::{Anchor, PlainVersion, SignedConsent, seal_consent};
use database::{Kind, MySqlPool, PoolSettings, consents, key_checks, owner_keys};
use detection::verdict::{Facts, Patience, Row, Verdict, judge};
use detection::{Examiner, ExaminerParts, Registrar, verify_all};
use devstack::{Accounts, Chain, ChainOptions, DatabaseServer, Mining};
use futures::TryStreamExt;
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
use serde_json::json;
use zeroize::Zeroizing;

const PATIENCE: Patience = Patience {
    consent: Duration::from_secs(3600),
    anchoring: Duration::from_secs(3600),
};
const AT_ONCE: u64 = 250;
const PASSES: usize = 3;

struct Stage {
    pool: MySqlPool,
    keys: ApplicationKeys,
    chain: Chain,
    deployment: Deployment,
    timestamp: u64,
}

#[tokio::main]
async fn main() {
    let count: u64 = std::env::var("BENCH_RECORDS").map_or(10_000, |text| text.parse().unwrap());
    let server = DatabaseServer::shared().await.unwrap();
    let databases = server.create_databases("bench").await.unwrap();
    let pool = database::connect(&databases.main(), &PoolSettings::default())
        .await
        .unwrap();
    let stage = Stage::new(pool).await;
    println!("anchoring {count} records");
    stage.fill(count).await;
    let registrar = stage.registrar();
    one_record(&stage, &registrar).await;
    for pass in 1..=PASSES {
        let stream = timed(stage.stream(count)).await;
        let sweep = timed(async {
            let round = verify_all(&registrar, |_| {}).await.unwrap();
            assert_eq!((round.checked, round.bad), (count, 0), "the stage is sound");
        })
        .await;
        println!(
            "pass {pass}: plain stream of {count} rows {stream:.2?}, sweep {sweep:.2?}: {:.1} times the stream, {:.0} records a second",
            sweep.as_secs_f64() / stream.as_secs_f64(),
            f64::from(u32::try_from(count).unwrap()) / sweep.as_secs_f64(),
        );
    }
    stage.pool.close().await;
    databases.remove().await.unwrap();
}

async fn timed(work: impl Future<Output = ()>) -> Duration {
    let start = Instant::now();
    work.await;
    start.elapsed()
}

/// What the sweep computes for one record: unwrap, open eight cells, rebuild, recover, hash, compare.
async fn one_record(stage: &Stage, registrar: &Registrar) {
    let uid = Uid::new(1).unwrap();
    let evidence = evidence::by_uid(&mut stage.pool.acquire().await.unwrap(), uid)
        .await
        .unwrap()
        .unwrap();
    let sight = registrar.examiner().sight().await.unwrap();
    let reader = stage.reader();
    let on_chain = reader.record(uid, &sight.block).await.unwrap().unwrap();
    let mut criterion = Criterion::default().configure_from_args();
    criterion.bench_function("verdict of one record", |bencher| {
        bencher.iter(|| {
            assert_eq!(
                verdict(stage, black_box(&evidence), &on_chain),
                Verdict::Valid
            )
        });
    });
    criterion.final_summary();
}

fn verdict(stage: &Stage, evidence: &Evidence, on_chain: &OnChainRecord) -> Verdict {
    let row = Row::open(evidence, &stage.keys);
    judge(&Facts {
        obstacle: None,
        chain_id: stage.deployment.chain_id,
        relay: stage.deployment.relay,
        chain: Some(on_chain),
        row: Some(&row),
        job: None,
        nonce_also_at: None,
        retirement_is_proven: false,
        patience: PATIENCE,
        now: Clock::system().now(),
    })
    .verdict
}

impl Stage {
    async fn new(pool: MySqlPool) -> Self {
        let options = ChainOptions {
            mining: Mining::OnDemand,
            ..ChainOptions::default()
        };
        let chain = Chain::start_deployed(&options).await.unwrap();
        chain
            .rpc(
                "anvil_setBlockGasLimit",
                json!([format!("{:#x}", 2_000_000_000_u64)]),
            )
            .await
            .unwrap();
        chain.mine(1).await.unwrap();
        let head = chain
            .rpc("eth_getBlockByNumber", json!(["latest", false]))
            .await
            .unwrap();
        let timestamp = head["timestamp"]
            .as_str()
            .unwrap()
            .trim_start_matches("0x")
            .to_owned();
        database::migrate(Kind::Main, &pool).await.unwrap();
        let keys = KeySet::generate(&mut rand::rng()).application().clone();
        let now = Clock::system().now();
        let mut connection = pool.acquire().await.unwrap();
        key_checks::store(&mut connection, &keys, now, &mut rand::rng())
            .await
            .unwrap();
        drop(connection);
        Self {
            pool,
            keys,
            deployment: Deployment::load(&chain.deployment_file()).unwrap(),
            chain,
            timestamp: u64::from_str_radix(&timestamp, 16).unwrap(),
        }
    }

    fn reader(&self) -> ChainReader {
        let url = self.chain.rpc_url().parse().unwrap();
        ChainReader::new(&url, self.deployment.clone(), 0).unwrap()
    }

    fn registrar(&self) -> Registrar {
        let examiner = Examiner::new(ExaminerParts {
            pool: self.pool.clone(),
            keys: self.keys.clone(),
            chain: self.reader(),
            clock: Clock::system(),
            patience: PATIENCE,
        });
        Registrar::new(
            examiner,
            "officer@example.org".to_owned(),
            "http://127.0.0.1",
        )
    }

    async fn stream(&self, count: u64) {
        let mut connection = self.pool.acquire().await.unwrap();
        let (first, last) = (Uid::new(1).unwrap(), Uid::new(count).unwrap());
        let rows: Vec<Evidence> = evidence::stream(&mut connection, first, last)
            .try_collect()
            .await
            .unwrap();
        assert_eq!(black_box(rows).len(), usize::try_from(count).unwrap());
    }

    async fn fill(&self, count: u64) {
        let mut rng: StdRng = rand::make_rng();
        let mut first = 1;
        while first <= count {
            let last = count.min(first + AT_ONCE - 1);
            let mut transaction = self.pool.begin().await.unwrap();
            let mut words = Vec::new();
            for uid in first..=last {
                words.push((
                    uid,
                    self.store(&mut transaction, Uid::new(uid).unwrap(), &mut rng)
                        .await,
                ));
            }
            transaction.commit().await.unwrap();
            self.anchor(&words).await;
            first = last + 1;
        }
        self.chain.mine(1).await.unwrap();
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

    async fn anchor(&self, words: &[(u64, B256)]) {
        let from = Accounts::load()
            .unwrap()
            .named("controller")
            .unwrap()
            .address
            .clone();
        let selector = &keccak256("addRecordProof(uint256,uint64,bytes32)")[..4];
        for (uid, word) in words {
            let uid: [u8; 32] = U256::from(*uid).to_be_bytes();
            let timestamp: [u8; 32] = U256::from(self.timestamp).to_be_bytes();
            let data = [selector, &uid, &timestamp, word.as_slice()].concat();
            let transaction = json!({
                "from": from,
                "to": self.deployment.master_data,
                "gas": "0x30d40",
                "data": format!("0x{}", hex::encode(data)),
            });
            self.chain
                .rpc("eth_sendTransaction", json!([transaction]))
                .await
                .unwrap();
        }
        self.chain.mine(1).await.unwrap();
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
