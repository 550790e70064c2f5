//! The digest that owners sign is the one that others compute: ethers v6 (which the browser uses), Foundry's cast, and alloy.
//!
//! The first two are pinned npm packages: `npm ci` in `crates/record/verifier` and in `anvil` installs them.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use alloy_primitives::hex;
use proptest::{
    collection::vec,
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRng, TestRunner},
};
use record::{
    Address, B256,
    consent::{ConsentMessage, Purpose, SignedField},
    erasure::ErasureStatement,
    proof::FieldName,
    signature::EcdsaSignature,
    wallet_change::WalletChange,
};
use secp256k1::{PublicKey, SecretKey};

/// A message, its chain and its relay.
type Sent = (ConsentMessage, u64, Address);

fn purposes() -> impl Strategy<Value = Vec<Purpose>> {
    let purpose = ("(?s).{0,20}", "(?s).{0,20}", any::<bool>());
    vec(
        purpose.prop_map(|(name, lawful_basis, granted)| Purpose {
            name,
            lawful_basis,
            granted,
        }),
        0..4,
    )
}

fn fields() -> impl Strategy<Value = Vec<SignedField>> {
    let name = prop_oneof!["[a-z0-9_]{1,64}", "address|age|email|name|phone"];
    let field = (name, "(?s).{0,40}");
    vec(
        field.prop_map(|(name, value)| SignedField {
            name: FieldName::new(name).unwrap(),
            value,
        }),
        0..8,
    )
}

fn messages() -> impl Strategy<Value = Sent> {
    let texts = ("(?s).{0,30}", purposes(), fields());
    let words = (
        any::<[u8; 32]>(),
        any::<[u8; 20]>(),
        any::<[u8; 32]>(),
        any::<[u8; 32]>(),
    );
    let numbers = (any::<u64>(), any::<u32>(), any::<u64>(), any::<u64>());
    (texts, words, numbers, 1..(1_u64 << 53), any::<[u8; 20]>()).prop_map(
        |((controller, purposes, fields), words, numbers, chain_id, relay)| {
            let message = ConsentMessage {
                controller,
                notice: words.0.into(),
                purposes,
                fields,
                wallet: words.1.into(),
                uid: numbers.0,
                version: numbers.1,
                previous_proof: words.2.into(),
                issued_at: numbers.2,
                expires_at: numbers.3,
                nonce: words.3.into(),
            };
            (message, chain_id, relay.into())
        },
    )
}

/// The same messages on every run, so that a failure can be looked at.
fn some_messages(count: usize) -> Vec<Sent> {
    let algorithm = proptest::test_runner::RngAlgorithm::ChaCha;
    let mut runner =
        TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(algorithm));
    (0..count)
        .map(|_| messages().new_tree(&mut runner).unwrap().current())
        .collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn succeeded(output: Output, install: &str) -> String {
    let problem = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success(),
        "{problem}\nIs it installed? Run `npm ci` in {install}."
    );
    String::from_utf8(output.stdout).unwrap()
}

/// What ethers computes of each of these.
fn by_ethers(typed_data: Vec<String>) -> Vec<B256> {
    let count = typed_data.len();
    let mut node = Command::new("node")
        .arg(root().join("crates/record/verifier/typed-data-digests.js"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("node is installed");
    let mut input = node.stdin.take().unwrap();
    let writer = std::thread::spawn(move || writeln!(input, "{}", typed_data.join("\n")));
    let output = succeeded(node.wait_with_output().unwrap(), "crates/record/verifier");
    let _ = writer.join().unwrap();
    let digests: Vec<B256> = output.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(digests.len(), count);
    digests
}

#[test]
fn ethers_computes_our_digest() {
    let sent = some_messages(300);
    let lines = sent
        .iter()
        .map(|(m, id, relay)| m.typed_data(*id, *relay).to_string())
        .collect();
    for ((message, chain_id, relay), digest) in sent.iter().zip(by_ethers(lines)) {
        assert_eq!(
            message.digest(*chain_id, *relay),
            digest,
            "{}",
            message.typed_data(*chain_id, *relay)
        );
    }
}

/// The statement that an erasure is asked for by, of texts and numbers that a consent message has, too.
fn statement(message: &ConsentMessage) -> ErasureStatement {
    ErasureStatement {
        controller: message.controller.clone(),
        uid: message.uid,
        record_proof: message.previous_proof,
        requested_at: message.issued_at,
    }
}

#[test]
fn ethers_and_alloy_compute_our_digest_of_a_statement_of_erasure() {
    let sent = some_messages(100);
    let lines = sent.iter().map(|(message, id, relay)| {
        let data = statement(message).typed_data(*id, *relay);
        data.to_string()
    });
    let by_ethers = by_ethers(lines.collect());
    for ((message, chain_id, relay), digest) in sent.iter().zip(by_ethers) {
        let statement = statement(message);
        assert_eq!(statement.digest(*chain_id, *relay), digest, "{statement:?}");
        assert_eq!(by_alloy::erasure(&statement, *chain_id, *relay), digest);
    }
}

/// The order by which a wallet is changed, likewise.
fn change((message, _, relay): &Sent) -> WalletChange {
    WalletChange {
        controller: message.controller.clone(),
        old_wallet: message.wallet,
        new_wallet: *relay,
        uid: message.uid,
        version: message.version,
        previous_proof: message.previous_proof,
        issued_at: message.issued_at,
        expires_at: message.expires_at,
        nonce: message.nonce,
    }
}

#[test]
fn ethers_and_alloy_compute_our_digest_of_a_change_of_wallet() {
    let sent = some_messages(100);
    let lines = sent
        .iter()
        .map(|one| change(one).typed_data((one.1, one.2)).to_string());
    let by_ethers = by_ethers(lines.collect());
    for (one, digest) in sent.iter().zip(by_ethers) {
        let (change, site) = (change(one), (one.1, one.2));
        assert_eq!(change.digest(site), digest, "{:#}", change.typed_data(site));
        assert_eq!(by_alloy::wallet_change(&change, site), digest);
    }
}

mod by_alloy {
    use super::{Address, B256, ConsentMessage, ErasureStatement};
    use alloy_sol_types::{SolStruct as _, eip712_domain, sol};

    sol! {
        struct Field { string name; string value; }
        struct Purpose { string name; string lawfulBasis; bool granted; }
        struct Consent {
            string controller;
            bytes32 notice;
            Purpose[] purposes;
            Field[] fields;
            address wallet;
            uint64 uid;
            uint32 version;
            bytes32 previousProof;
            uint64 issuedAt;
            uint64 expiresAt;
            bytes32 nonce;
        }
        struct Erasure { string controller; uint64 uid; bytes32 recordProof; uint64 requestedAt; }
        struct WalletChange {
            string controller;
            address oldWallet;
            address newWallet;
            uint64 uid;
            uint32 version;
            bytes32 previousProof;
            uint64 issuedAt;
            uint64 expiresAt;
            bytes32 nonce;
        }
    }

    pub fn wallet_change(
        change: &record::wallet_change::WalletChange,
        (chain_id, relay): (u64, Address),
    ) -> B256 {
        let domain = eip712_domain! {
            name: "Sealwatch",
            version: "1",
            chain_id: chain_id,
            verifying_contract: relay,
        };
        WalletChange {
            controller: change.controller.clone(),
            oldWallet: change.old_wallet,
            newWallet: change.new_wallet,
            uid: change.uid,
            version: change.version,
            previousProof: change.previous_proof,
            issuedAt: change.issued_at,
            expiresAt: change.expires_at,
            nonce: change.nonce,
        }
        .eip712_signing_hash(&domain)
    }

    pub fn erasure(statement: &ErasureStatement, chain_id: u64, relay: Address) -> B256 {
        let domain = eip712_domain! {
            name: "Sealwatch",
            version: "1",
            chain_id: chain_id,
            verifying_contract: relay,
        };
        Erasure {
            controller: statement.controller.clone(),
            uid: statement.uid,
            recordProof: statement.record_proof,
            requestedAt: statement.requested_at,
        }
        .eip712_signing_hash(&domain)
    }

    pub fn digest(message: &ConsentMessage, chain_id: u64, relay: Address) -> B256 {
        let domain = eip712_domain! {
            name: "Sealwatch",
            version: "1",
            chain_id: chain_id,
            verifying_contract: relay,
        };
        let purposes = message.purposes.iter().map(|purpose| Purpose {
            name: purpose.name.clone(),
            lawfulBasis: purpose.lawful_basis.clone(),
            granted: purpose.granted,
        });
        let fields = message.fields.iter().map(|field| Field {
            name: field.name.to_string(),
            value: field.value.clone(),
        });
        Consent {
            controller: message.controller.clone(),
            notice: message.notice,
            purposes: purposes.collect(),
            fields: fields.collect(),
            wallet: message.wallet,
            uid: message.uid,
            version: message.version,
            previousProof: message.previous_proof,
            issuedAt: message.issued_at,
            expiresAt: message.expires_at,
            nonce: message.nonce,
        }
        .eip712_signing_hash(&domain)
    }
}

proptest! {
    #[test]
    fn alloy_computes_our_digest((message, chain_id, relay) in messages()) {
        let digest = by_alloy::digest(&message, chain_id, relay);
        prop_assert_eq!(message.digest(chain_id, relay), digest);
    }
}

#[test]
fn cast_signs_our_digest() {
    // The first test account of anvil.
    let key = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
    let bytes = hex::decode_to_array::<_, 32>(key).unwrap();
    let public = PublicKey::from_secret_key(&SecretKey::from_secret_bytes(bytes).unwrap());
    let wallet = Address::from_raw_public_key(&public.serialize_uncompressed()[1..]);
    for (message, chain_id, relay) in some_messages(20) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        write!(file, "{}", message.typed_data(chain_id, relay)).unwrap();
        let output = Command::new(root().join("anvil/node_modules/.bin/cast"))
            .args([
                "wallet",
                "sign",
                "--private-key",
                key,
                "--data",
                "--from-file",
            ])
            .arg(file.path())
            .output()
            .expect("cast is installed by `npm ci` in anvil");
        let signature = hex::decode(succeeded(output, "anvil").trim()).unwrap();
        let signature = EcdsaSignature::normalise(&signature).unwrap();
        let signer = signature.recover(&message.digest(chain_id, relay));
        assert_eq!(
            signer,
            Ok(wallet),
            "{}",
            message.typed_data(chain_id, relay)
        );
    }
}
