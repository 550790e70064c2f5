//! Contract wallets, as real contracts on the chain.

use alloy::{
    eips::eip7702::Authorization,
    primitives::{U256, keccak256},
    signers::{SignerSync as _, local::PrivateKeySigner},
    sol,
    sol_types::{SolCall as _, SolValue as _},
};
use chain::{ChainError, ChainReader, WalletAnswer, WalletQuestion};
use devstack::{Chain, ChainOptions, Mining};
use record::{Address, B256};
use serde_json::json;

use crate::support::{Stage, account};

sol! {
    function replaceOwners(address[] owners) external;
}

fn digest(number: u8) -> B256 {
    keccak256([number])
}

fn signed(owners: &[&PrivateKeySigner], digest: B256) -> Vec<u8> {
    let signatures = owners
        .iter()
        .map(|owner| owner.sign_hash_sync(&digest).unwrap().as_bytes());
    signatures.collect::<Vec<_>>().concat()
}

impl Stage {
    async fn wallet_of(&self, owners: &[&PrivateKeySigner]) -> Address {
        let owners: Vec<Address> = owners.iter().map(|owner| owner.address()).collect();
        let arguments = (owners,).abi_encode_params();
        self.put("OwnersWallet", "OwnersWallet", &arguments).await
    }

    async fn odd_wallet(&self, name: &str) -> Address {
        self.put("OddWallets", name, &[]).await
    }

    async fn put(&self, file: &str, name: &str, arguments: &[u8]) -> Address {
        let put = self.chain.put_contract(file, name, arguments).await;
        put.unwrap().parse().unwrap()
    }

    /// One of its owners puts others in the place of all.
    async fn replace_owners(&self, wallet: Address, by: &PrivateKeySigner, owners: &[Address]) {
        let by = by.address();
        let balance = json!([by, "0xde0b6b3a7640000"]);
        self.chain.rpc("anvil_setBalance", balance).await.unwrap();
        let impersonate = "anvil_impersonateAccount";
        self.chain.rpc(impersonate, json!([by])).await.unwrap();
        let call = replaceOwnersCall {
            owners: owners.to_vec(),
        };
        let data = format!("0x{}", hex(&call.abi_encode()));
        let sent = json!({ "from": by, "to": wallet, "data": data });
        self.chain.transact(sent).await.unwrap();
    }

    /// The account of a key, with its calls delegated to a contract (EIP-7702).
    async fn delegate(&self, key: &PrivateKeySigner, to: Address) {
        let authorization = Authorization {
            chain_id: U256::from(31_337),
            address: to,
            nonce: 0,
        };
        let signature = key.sign_hash_sync(&authorization.signature_hash()).unwrap();
        let signed = authorization.into_signed(signature);
        let sent = json!({ "to": account("owner-29"), "authorizationList": [signed] });
        self.chain.transact(sent).await.unwrap();
    }
}

fn hex(bytes: &[u8]) -> String {
    alloy::hex::encode(bytes)
}

async fn ask(reader: &ChainReader, question: WalletQuestion) -> WalletAnswer {
    reader.ask_wallets(&[question]).await.unwrap()[0]
}

fn accepts(answer: WalletAnswer) -> bool {
    matches!(answer, WalletAnswer::Accepts { .. })
}

#[tokio::test]
async fn a_wallet_of_two_owners_accepts_what_both_signed_for_ever() {
    let stage = Stage::set().await;
    let reader = stage.reader(0).await;
    let (one, other) = (PrivateKeySigner::random(), PrivateKeySigner::random());
    let wallet = stage.wallet_of(&[&one, &other]).await;
    let then = reader.head().await.unwrap();
    let question = |signature: Vec<u8>, at| WalletQuestion {
        wallet,
        digest: digest(1),
        signature,
        at,
    };
    let both = signed(&[&one, &other], digest(1));
    assert_eq!(
        ask(&reader, question(both.clone(), then.number)).await,
        WalletAnswer::Accepts {
            block_time: then.timestamp
        }
    );
    let mut altered = both.clone();
    altered[70] ^= 1;
    for refused in [
        altered,
        signed(&[&one], digest(1)),
        signed(&[&other, &one], digest(1)),
        signed(&[&one, &other], digest(2)),
        Vec::new(),
        vec![7; record::signature::MAX_CONTRACT_SIGNATURE],
    ] {
        let question = question(refused, then.number);
        assert_eq!(ask(&reader, question).await, WalletAnswer::Refuses);
    }

    let heir = PrivateKeySigner::random();
    stage.replace_owners(wallet, &one, &[heir.address()]).await;
    let now = reader.head().await.unwrap().number;
    let old = ask(&reader, question(both.clone(), now)).await;
    assert_eq!(old, WalletAnswer::Refuses, "its owners are others now");
    let then = ask(&reader, question(both, then.number)).await;
    assert!(accepts(then), "and were not then");
    let new = ask(&reader, question(signed(&[&heir], digest(1)), now)).await;
    assert!(accepts(new));
}

#[tokio::test]
async fn whatever_a_contract_does_its_answer_is_yes_or_no() {
    let stage = Stage::set().await;
    let reader = stage.reader(0).await;
    let mut wallets = vec![(account("owner-01"), false)];
    for (name, accepts) in [
        ("AcceptsAll", true),
        ("Reverts", false),
        ("BurnsGas", false),
        ("AnswersAtLength", false),
        ("AnswersTooShort", false),
    ] {
        wallets.push((stage.odd_wallet(name).await, accepts));
    }
    // What every chain has at these addresses answers with the question, or with a hash of it.
    for precompile in [2, 4] {
        wallets.push((Address::with_last_byte(precompile), false));
    }
    let at = reader.head().await.unwrap().number;
    // More than go into one request, and each answer at its place.
    let asked = wallets.iter().cycle().take(50);
    let questions: Vec<_> = asked
        .clone()
        .map(|(wallet, _)| WalletQuestion {
            wallet: *wallet,
            digest: digest(1),
            signature: vec![1, 2, 3],
            at,
        })
        .collect();
    let answers = reader.ask_wallets(&questions).await.unwrap();
    assert_eq!(answers.len(), questions.len());
    for ((wallet, expected), answer) in asked.zip(answers) {
        let told = matches!(answer, WalletAnswer::Accepts { .. } | WalletAnswer::Refuses);
        assert!(told, "{wallet}: {answer:?}");
        assert_eq!(accepts(answer), *expected, "{wallet}");
    }
    assert!(!reader.has_code(account("owner-01"), at).await.unwrap());
    assert!(reader.has_code(wallets[1].0, at).await.unwrap());
}

#[tokio::test]
async fn a_delegated_account_is_asked_by_what_it_delegates_to() {
    let stage = Stage::set().await;
    let reader = stage.reader(0).await;
    let key = PrivateKeySigner::random();
    let question = |at| WalletQuestion {
        wallet: key.address(),
        digest: digest(1),
        signature: vec![1, 2, 3],
        at,
    };
    let before = reader.head().await.unwrap().number;
    let all = stage.odd_wallet("AcceptsAll").await;
    stage.delegate(&key, all).await;
    let after = reader.head().await.unwrap().number;
    let code = stage.code(key.address()).await;
    assert_eq!(code, format!("0xef0100{}", hex(all.as_slice())));
    assert!(reader.has_code(key.address(), after).await.unwrap());
    assert!(accepts(ask(&reader, question(after)).await));
    // Whatever the account does later, it did not do before.
    assert_eq!(ask(&reader, question(before)).await, WalletAnswer::Refuses);
}

#[tokio::test]
async fn a_node_without_old_states_can_not_tell() {
    let options = ChainOptions {
        mining: Mining::EachTransaction,
        kept_states: 5,
        ..ChainOptions::default()
    };
    let chain = Chain::start_deployed(&options).await.unwrap();
    let stage = Stage::on(chain);
    let reader = stage.reader(0).await;
    let wallet = stage.odd_wallet("AcceptsAll").await;
    let at = reader.head().await.unwrap().number;
    let question = |at| WalletQuestion {
        wallet,
        digest: digest(1),
        signature: Vec::new(),
        at,
    };
    assert!(accepts(ask(&reader, question(at)).await));
    stage.chain.mine(20).await.unwrap();
    let now = reader.head().await.unwrap().number;
    let questions = [question(at), question(now), question(now + 100)];
    let answers = reader.ask_wallets(&questions).await.unwrap();
    assert_eq!(answers[0], WalletAnswer::NotTold);
    assert!(accepts(answers[1]), "the one beside it is told");
    assert_eq!(answers[2], WalletAnswer::NotTold, "no such block");
}

#[tokio::test]
async fn a_node_that_is_gone_is_out_of_reach() {
    let mut stage = Stage::set().await;
    let reader = stage.reader(0).await;
    stage.chain.stop().await.unwrap();
    let question = WalletQuestion {
        wallet: account("owner-01"),
        digest: digest(1),
        signature: Vec::new(),
        at: 1,
    };
    let told = reader.ask_wallets(&[question]).await;
    assert!(
        matches!(told, Err(ChainError::Unreachable { .. })),
        "{told:?}"
    );
    assert_eq!(reader.ask_wallets(&[]).await, Ok(Vec::new()));
}

/// A call is made by the block's own rules: nobody has to have funds.
#[tokio::test]
async fn nobody_pays_for_a_question() {
    let stage = Stage::set().await;
    let reader = stage.reader(0).await;
    let wallet = stage.odd_wallet("AcceptsAll").await;
    let at = reader.head().await.unwrap().number;
    let balance = |value: &str| json!([Address::ZERO, value]);
    stage
        .chain
        .rpc("anvil_setBalance", balance("0x0"))
        .await
        .unwrap();
    stage.chain.mine(1).await.unwrap();
    let question = WalletQuestion {
        wallet,
        digest: digest(1),
        signature: vec![9; record::signature::MAX_CONTRACT_SIGNATURE],
        at: at + 1,
    };
    assert!(accepts(ask(&reader, question).await));
}
