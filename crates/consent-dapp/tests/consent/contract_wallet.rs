//! Owners whose wallet is a contract, on a real chain: what its contract accepts counts, and nothing else.

use std::collections::BTreeMap;

use alloy::eips::eip7702::Authorization;
use alloy::primitives::{U256, eip191_hash_message};
use alloy::signers::SignerSync as _;
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::SolValue as _;
use database::sealed::SealedVersion;
use database::{consents, record_versions};
use devstack::{Chain, ChainOptions, Mining};
use record::ids::Version;
use record::signature::ConsentSignature;
use record::time::Clock;
use record::{Address, B256};
use reqwest::StatusCode;
use serde_json::json;

use crate::erase::let_in_again;
use crate::harness::{Link, Owner, Page, Server, Setup, typed_data_digest};

struct Stage {
    chain: Chain,
    server: Server,
}

/// Two who own a wallet together, before one browser.
struct Two {
    browser: Owner,
    other: PrivateKeySigner,
    wallet: Address,
}

impl Stage {
    async fn set() -> Self {
        let options = ChainOptions {
            mining: Mining::EachTransaction,
            ..ChainOptions::default()
        };
        let chain = Chain::start_deployed(&options).await.unwrap();
        let deployment = chain.deployment_file().display().to_string();
        let setup = Setup {
            settings: BTreeMap::from([
                ("CHAIN_RPC_URL", chain.rpc_url()),
                ("CHAIN_DEPLOYMENT_FILE", deployment),
            ]),
            clock: Clock::adjustable(),
            ..Setup::default()
        };
        let server = Server::start_with(setup).await.unwrap();
        Self { chain, server }
    }

    async fn two(&self) -> Two {
        let browser = Owner::new(&self.server);
        let other = PrivateKeySigner::random();
        let arguments = (vec![browser.wallet(), other.address()],).abi_encode_params();
        let wallet = self.put("OwnersWallet", "OwnersWallet", &arguments).await;
        Two {
            browser,
            other,
            wallet,
        }
    }

    async fn put(&self, file: &str, name: &str, arguments: &[u8]) -> Address {
        let put = self.chain.put_contract(file, name, arguments).await;
        put.unwrap().parse().unwrap()
    }

    /// The signature that is kept of somebody.
    async fn kept(&self, link: &Link) -> ConsentSignature {
        let mut connection = self.server.admin.acquire().await.unwrap();
        let consent = consents::load(&mut connection, link.record, Version::FIRST).await;
        let values = record_versions::load(&mut connection, link.record, Version::FIRST).await;
        let sealed = SealedVersion {
            values: values.unwrap().unwrap(),
            consent: consent.unwrap(),
        };
        sealed.open(&link.key).signature.unwrap().unwrap()
    }

    async fn assert_nothing_stored(&self) {
        for table in ["consents", "outbox"] {
            let rows = match table {
                "consents" => "SELECT COUNT(*) FROM consents",
                _ => "SELECT COUNT(*) FROM outbox",
            };
            assert_eq!(self.server.count(rows).await, 0, "{table}");
        }
        let open = "SELECT COUNT(*) FROM consent_links WHERE state <> 'open'";
        assert_eq!(self.server.count(open).await, 0);
    }
}

impl Two {
    fn both(&self, digest: B256) -> String {
        let signatures = [&self.browser.signer, &self.other]
            .map(|owner| owner.sign_hash_sync(&digest).unwrap().as_bytes());
        format!("0x{}", hex::encode(signatures.concat()))
    }

    /// Answers the challenge in the name of their wallet.
    async fn answer(&self, link: &Link, sign: impl Fn(B256) -> String) -> Page {
        answer(&self.browser, link, self.wallet, sign).await
    }

    async fn hand_in(&self, link: &Link, signature: &str) -> Page {
        hand_in(&self.browser, link, self.wallet, signature).await
    }
}

async fn answer(
    browser: &Owner,
    link: &Link,
    account: Address,
    sign: impl Fn(B256) -> String,
) -> Page {
    let asked = json!({ "account": account });
    let challenge = browser.post(&link.door("challenge"), &asked).await.json();
    let digest = eip191_hash_message(challenge["message"].as_str().unwrap());
    let body = json!({ "account": account, "signature": sign(digest) });
    browser.post(&link.door("wallet"), &body).await
}

async fn hand_in(browser: &Owner, link: &Link, account: Address, signature: &str) -> Page {
    let body = json!({ "granted": ["research"], "account": account, "signature": signature });
    browser.post(&link.door("sign"), &body).await
}

#[tokio::test]
async fn a_wallet_of_two_owners_is_let_in_and_signs() {
    let stage = Stage::set().await;
    let two = stage.two().await;
    let link = stage.server.desk().enter(two.wallet).await;
    let page = two.answer(&link, |digest| two.both(digest)).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert_eq!(two.browser.get(&link.path).await.state(), "review");

    let message = two.browser.message(&link, &["research"]).await;
    let signature = two.both(typed_data_digest(&message));
    let asked_at = stage.chain.block_number().await.unwrap();
    let page = two.hand_in(&link, &signature).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let ConsentSignature::Contract { bytes, check_block } = stage.kept(&link).await else {
        panic!("kind 2");
    };
    assert_eq!(format!("0x{}", hex::encode(bytes)), signature);
    assert_eq!(check_block, asked_at);

    let receipt = two.browser.get(&link.door("receipt.json")).await.json();
    assert_eq!(receipt["signature"], signature.as_str());
    assert_eq!(receipt["checkBlock"], asked_at);
    assert_eq!(receipt["wallet"], two.wallet.to_string());
    let page = two.browser.get(&link.door("receipt")).await;
    assert!(page.text.contains("isValidSignature(digest"));
}

#[tokio::test]
async fn what_the_contract_does_not_accept_is_not_stored() {
    let stage = Stage::set().await;
    let two = stage.two().await;
    let link = stage.server.desk().enter(two.wallet).await;
    // One of two does not let in, nor does somebody who signs for the account of another wallet.
    let one = |digest| {
        two.browser
            .signer
            .sign_hash_sync(&digest)
            .unwrap()
            .to_string()
    };
    let page = two.answer(&link, one).await;
    assert_eq!(
        (page.status, page.problem().as_str()),
        (StatusCode::FORBIDDEN, "not_accepted")
    );
    let all = stage.put("OddWallets", "AcceptsAll", &[]).await;
    let page = answer(&two.browser, &link, all, one).await;
    assert_eq!(page.problem(), "not_registered", "{}", page.text);
    assert!(
        !page.text.contains(&two.wallet.to_string()),
        "nor told whose"
    );
    assert_eq!(two.browser.get(&link.path).await.state(), "identify");

    two.browser.identify(&link).await;
    let message = two.browser.message(&link, &["research"]).await;
    let digest = typed_data_digest(&message);
    let altered = two.both(digest).replace("0x", "0x00");
    let of_other_ticks = two.browser.message(&link, &[]).await;
    let of_other_ticks = two.both(typed_data_digest(&of_other_ticks));
    for refused in [one(digest), altered, of_other_ticks, String::from("0x")] {
        let page = two.hand_in(&link, &refused).await;
        assert_eq!(
            (page.status, page.problem().as_str()),
            (StatusCode::FORBIDDEN, "not_accepted"),
            "{}",
            page.text
        );
        assert!(page.text.contains(&two.wallet.to_string()));
    }
    // Signed by an owner's own account: both are named.
    let signer = two.browser.wallet();
    let page = hand_in(&two.browser, &link, signer, &one(digest)).await;
    assert_eq!(page.problem(), "wrong_wallet");
    let too_long = format!("0x{}", "11".repeat(16 * 1024 + 1));
    assert_eq!(two.hand_in(&link, &too_long).await.problem(), "malformed");
    stage.assert_nothing_stored().await;

    let page = two.hand_in(&link, &two.both(digest)).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
}

#[tokio::test]
async fn a_contract_that_comes_to_no_answer_does_not_accept() {
    let stage = Stage::set().await;
    for name in ["Reverts", "BurnsGas", "AnswersAtLength", "AnswersTooShort"] {
        let wallet = stage.put("OddWallets", name, &[]).await;
        let owner = Owner::new(&stage.server);
        let link = stage.server.desk().enter(wallet).await;
        owner.identify(&link).await;
        owner.message(&link, &["research"]).await;
        let page = hand_in(&owner, &link, wallet, "0x010203").await;
        assert_eq!(page.problem(), "not_accepted", "{name}: {}", page.text);
    }
    stage.assert_nothing_stored().await;
}

#[tokio::test]
async fn while_the_chain_does_not_answer_nothing_is_lost() {
    let mut stage = Stage::set().await;
    let two = stage.two().await;
    let (link, plain) = (
        stage.server.desk().enter(two.wallet).await,
        Owner::new(&stage.server),
    );
    let plain_link = stage.server.desk().enter(plain.wallet()).await;
    two.browser.identify(&link).await;
    let message = two.browser.message(&link, &["research"]).await;
    let signature = two.both(typed_data_digest(&message));
    stage.chain.stop().await.unwrap();
    let page = two.answer(&link, |digest| two.both(digest)).await;
    assert_eq!(page.problem(), "try_again");
    let page = two.hand_in(&link, &signature).await;
    assert_eq!(
        (page.status, page.problem().as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "try_again")
    );
    assert!(page.text.contains("Nothing is lost"));
    stage.assert_nothing_stored().await;
    // Plain accounts need no chain.
    assert_eq!(plain.consent(&plain_link, &[]).await.status, StatusCode::OK);

    stage.chain.resume().await.unwrap();
    let page = two.hand_in(&link, &signature).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
}

/// An answer of the chain from before the offer would be refused when it is anchored.
#[tokio::test]
async fn a_chain_that_stands_still_is_not_asked() {
    let stage = Stage::set().await;
    let two = stage.two().await;
    let link = stage.server.desk().enter(two.wallet).await;
    stage
        .server
        .clock
        .advance(std::time::Duration::from_mins(16));
    two.browser.identify(&link).await;
    let message = two.browser.message(&link, &["research"]).await;
    let signature = two.both(typed_data_digest(&message));
    assert_eq!(two.hand_in(&link, &signature).await.problem(), "try_again");
    stage.assert_nothing_stored().await;
    let increased = stage.chain.rpc("evm_increaseTime", json!([16 * 60])).await;
    increased.unwrap();
    stage.chain.mine(1).await.unwrap();
    let page = two.hand_in(&link, &signature).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
}

#[tokio::test]
async fn a_wallet_that_is_not_deployed_yet_is_told_so() {
    let stage = Stage::set().await;
    let owner = Owner::new(&stage.server);
    let wallet = Address::repeat_byte(0x77);
    let link = stage.server.desk().enter(wallet).await;
    // As of ERC-6492: whatever deploys it, and at the end the mark.
    let wrapped = format!("0x{}{}", "22".repeat(200), "6492".repeat(16));
    let page = answer(&owner, &link, wallet, |_| wrapped.clone()).await;
    assert_eq!(page.problem(), "no_contract");
    owner.identify(&link).await;
    owner.message(&link, &["research"]).await;
    let page = hand_in(&owner, &link, wallet, &wrapped).await;
    assert_eq!(
        (page.status, page.problem().as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, "no_contract")
    );
    stage.assert_nothing_stored().await;
}

#[tokio::test]
async fn a_delegated_account_signs_as_the_plain_one_that_it_is() {
    let stage = Stage::set().await;
    let owner = Owner::new(&stage.server);
    let reverts = stage.put("OddWallets", "Reverts", &[]).await;
    delegate(&stage.chain, &owner.signer, reverts).await;
    let link = stage.server.desk().enter(owner.wallet()).await;
    let sign = |digest| owner.signer.sign_hash_sync(&digest).unwrap().to_string();
    let page = answer(&owner, &link, owner.wallet(), sign).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let message = owner.message(&link, &["research"]).await;
    let page = owner
        .hand_in(&link, &["research"], &owner.sign(&message))
        .await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let kept = stage.kept(&link).await;
    assert!(matches!(kept, ConsentSignature::Ecdsa(_)));
    assert_eq!(kept.check_block(), 0);
}

/// As a wallet has its owner sign it (EIP-7702).
async fn delegate(chain: &Chain, key: &PrivateKeySigner, to: Address) {
    let authorization = Authorization {
        chain_id: U256::from(31_337),
        address: to,
        nonce: 0,
    };
    let signature = key.sign_hash_sync(&authorization.signature_hash()).unwrap();
    let signed = authorization.into_signed(signature);
    let sent = json!({ "to": Address::repeat_byte(0x11), "authorizationList": [signed] });
    chain.transact(sent).await.unwrap();
    let code = json!([key.address(), "latest"]);
    let code = chain.rpc("eth_getCode", code).await.unwrap();
    assert!(code.as_str().unwrap().starts_with("0xef0100"), "{code}");
}

#[tokio::test]
async fn to_be_erased_its_owners_ask_without_it() {
    let stage = Stage::set().await;
    let two = stage.two().await;
    let link = stage.server.desk().enter(two.wallet).await;
    two.browser.identify(&link).await;
    let message = two.browser.message(&link, &["research"]).await;
    let signature = two.both(typed_data_digest(&message));
    let page = two.hand_in(&link, &signature).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);

    let ticket = let_in_again(&stage.server, &two.browser, &link, 7).await;
    let erase = format!("{ticket}/erase");
    let message = two
        .browser
        .post(&format!("{erase}/message"), &json!({}))
        .await;
    let digest = typed_data_digest(&message.json());
    let one = two
        .browser
        .signer
        .sign_hash_sync(&digest)
        .unwrap()
        .to_string();
    for signature in [two.both(digest), one] {
        let signed = json!({ "account": two.wallet, "signature": signature });
        let refused = two.browser.post(&format!("{erase}/sign"), &signed).await;
        assert_eq!(
            (refused.status, refused.problem().as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, "contract_wallet")
        );
        assert!(refused.text.contains("without the wallet"));
    }
    let page = two.browser.get(&erase).await;
    assert!(page.text.contains("Wallets that are contracts"));
    let done = two.browser.submit(&erase, &[("confirmed", "yes")]).await;
    assert_eq!(done.location(), ticket);
}
