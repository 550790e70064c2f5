//! An owner loses their wallet, and another one signs on by the authority's order: valid with that, and never without it.

use alloy::dyn_abi::TypedData;
use alloy::primitives::keccak256;
use alloy::signers::SignerSync as _;
use alloy::signers::local::PrivateKeySigner;
use chain::Deployment;
use demo::doors::Owner;
use devstack::{Accounts, SiteOptions, wait_until};
use serde_json::json;

use crate::harness::{Answer, Browser, LIMIT, Stage, add_staff};

/// So many blocks back the node knows what a contract said.
const STATES: u64 = 400;

/// Two of the desk, who look at each other's fingers.
struct Desk {
    first: Browser,
    second: Browser,
}

impl Desk {
    async fn of(stage: &Stage) -> Self {
        let mut browsers = Vec::new();
        for login in ["first", "second"] {
            add_staff(&stage.site, "clerk", login).await;
            let browser = Browser::at(stage.site.entry.url());
            let answer = stage.sign_in(&browser, login).await;
            assert_eq!(answer.status, 303, "{}", answer.body);
            browsers.push(browser);
        }
        let [first, second] = browsers.try_into().ok().unwrap();
        Self { first, second }
    }

    /// Everything up to the link by which the new wallet signs.
    async fn change(
        &self,
        record: &str,
        wallet: &PrivateKeySigner,
        sign: impl Fn(&Answer) -> String,
    ) -> String {
        let page = format!("/records/{record}/wallet-change");
        let wallet = wallet.address().to_string();
        let asked = [("wallet", wallet.as_str()), ("identity", "document")];
        self.first.submit(&page, &asked).await;
        let confirmed = [("identity", "known"), ("compared", "yes")];
        let confirm = format!("{page}/confirm");
        let oneself = self.first.post(&confirm, &confirmed).await;
        assert_eq!(oneself.status, 422);
        assert!(oneself.says("somebody else has to confirm it"));
        let shown = self.second.submit(&confirm, &confirmed).await;
        let order = format!("{page}/order");
        let signature = sign(&shown);
        self.first
            .submit(&order, &[("signature", &signature)])
            .await;
        let begun = self
            .first
            .submit(&format!("{page}/begin"), &[("send", "desk")])
            .await;
        let link = begun.section("new-link");
        let from = link.find("/c/").unwrap();
        let start = link[..from].rfind("http").unwrap();
        let end = link[from..].find(['"', '<', '\'']).unwrap();
        link[start..from + end].to_owned()
    }
}

fn signed(shown: &Answer, by: &PrivateKeySigner) -> String {
    let order = shown.between("id=\"order\" tabindex=\"0\">", "</pre>");
    let order = order.replace("&#34;", "\"").replace("&quot;", "\"");
    let data: TypedData = serde_json::from_str(&order).unwrap();
    let digest = data.eip712_signing_hash().unwrap();
    by.sign_hash_sync(&digest).unwrap().to_string()
}

fn authority() -> PrivateKeySigner {
    let accounts = Accounts::load().unwrap();
    accounts.private_key("authority").unwrap().parse().unwrap()
}

impl Stage {
    /// The second version of a record approved, until it is anchored.
    async fn anchor_second(&self, record: &str) {
        self.clerk.approve(&[record]).await.unwrap();
        let anchored = wait_until("the second version to be anchored", LIMIT, || async {
            let anchored = self.clerk.anchored().await?;
            Ok(anchored.contains(record).then_some(()))
        });
        anchored.await.unwrap();
    }

    /// The contracts get another owner.
    async fn hand_over_contracts(&self, heir: &PrivateKeySigner) {
        let chain = &self.site.chain;
        let deployment = Deployment::load(&chain.deployment_file()).unwrap();
        let storage = deployment.storage_layer;
        let selector = |text: &str| hex::encode(&keccak256(text)[..4]);
        let to = hex::encode(heir.address().into_word());
        let offered = format!("0x{}{to}", selector("transferOwnership(address)"));
        let taken = format!("0x{}", selector("acceptOwnership()"));
        for (from, data) in [(deployment.authority, offered), (heir.address(), taken)] {
            for (call, arguments) in [
                ("anvil_setBalance", json!([from, "0xde0b6b3a7640000"])),
                ("anvil_impersonateAccount", json!([from])),
            ] {
                chain.rpc(call, arguments).await.unwrap();
            }
            let sent = json!({ "from": from, "to": storage, "data": data });
            chain.transact(sent).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_wallet_is_valid_by_the_authority_s_order_alone() {
    let options = SiteOptions {
        kept_states: u32::try_from(STATES).unwrap(),
        ..Stage::options().setting("entry-app", "WALLET_CHANGE_WAIT_HOURS", "0")
    };
    let mut stage = Stage::start(2, options).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    let desk = Desk::of(&stage).await;
    let index = "SELECT CAST(CONV(HEX(LEFT(wallet_index, 6)), 16, 10) AS SIGNED) FROM records WHERE uid = 1";
    let before = stage.number(index).await;

    let (record, email) = (stage.people[0].record.clone(), stage.people[0].person.email);
    let heir = PrivateKeySigner::random();
    let by_key = |shown: &Answer| signed(shown, &authority());
    let link = desk.change(&record, &heir, by_key).await;
    let told = |mail: &devstack::Mail| mail.is_to(email) && mail.subject.contains("another wallet");
    stage.site.inbox.wait_for(LIMIT, told).await.unwrap();
    assert_eq!(officer.verify(1).await, "Valid", "as signed before");
    assert_eq!(stage.number(index).await, before);
    let old = Owner::new(stage.people[0].key.clone());
    let grants = stage.people[0].person.grants;
    assert!(
        old.sign(&link, grants).await.is_err(),
        "it is let in nowhere"
    );
    Owner::new(heir.clone()).sign(&link, grants).await.unwrap();
    stage.anchor_second(&record).await;

    stage.until_all_valid(&officer).await;
    let page = officer.get("/records/1").await;
    assert!(page.says("With version 2 the owner's wallet changed"));
    assert!(!officer.get("/records/2").await.says("wallet changed"));
    let shown = desk.first.get(&format!("/records/{record}")).await;
    assert!(shown.says("With version 2, by order of the data-protection authority."));
    assert!(shown.section("history").contains("Another wallet ordered"));
    assert_ne!(
        stage.number(index).await,
        before,
        "it is found by the new one"
    );
    stage.assert_no_breach().await;

    its_order_is_found_out_where_it_is_tampered_with(&stage, &officer).await;
    the_old_wallet_asks_for_nothing(&stage, &old).await;
    an_authority_may_be_a_contract(&stage, &desk, &officer).await;
    another_authority_changes_nothing_about_it(&mut stage).await;
    stage.site.stop().await.unwrap();
}

async fn its_order_is_found_out_where_it_is_tampered_with(stage: &Stage, officer: &Browser) {
    let orders = "SELECT COUNT(*) FROM record_versions WHERE wallet_order IS NOT NULL";
    for act in [
        "wallet_order = NULL",
        "wallet_order = REVERSE(wallet_order)",
        "wallet_order = wallet",
    ] {
        stage
            .sql(&format!(
                "UPDATE record_versions SET {act} WHERE version = 2"
            ))
            .await;
        let told = |grid: &Answer| grid.line(1).contains("Consent invalid");
        let grid = stage.until(officer, "/records", told).await;
        assert!(grid.line(2).contains("Valid"), "its neighbour: {act}");
        assert_eq!(officer.verify(1).await, "Consent invalid");
        let page = officer.get("/records/1").await;
        assert!(page.says("signed by another wallet than"), "{}", page.body);
        let restored = officer.submit("/records/1/restore", &[]).await;
        assert!(restored.says("restored"), "{act}: {}", restored.body);
        stage.until_all_valid(officer).await;
        assert_eq!(stage.number(orders).await, 1);
    }
    // Where no wallet changed, an order is one that somebody put there.
    stage
        .sql(
            "UPDATE record_versions AS v JOIN record_versions AS o ON o.wallet_order IS NOT NULL
             SET v.wallet_order = o.wallet_order WHERE v.record_id = (SELECT id FROM records WHERE uid = 2)",
        )
        .await;
    let told = |grid: &Answer| grid.line(2).contains("Swapped");
    let grid = stage.until(officer, "/records", told).await;
    assert!(grid.line(1).contains("Valid"));
    let restored = officer.submit("/records/2/restore", &[]).await;
    assert!(restored.says("restored"), "{}", restored.body);
    stage.until_all_valid(officer).await;
    assert_eq!(stage.number(orders).await, 1);
}

/// Its first word binds the old wallet, and that signs for nothing any more.
async fn the_old_wallet_asks_for_nothing(stage: &Stage, old: &Owner) {
    let email = stage.people[0].person.email;
    assert!(old.ask_erasure(&stage.site, email).await.is_err());
    assert_eq!(stage.number("SELECT COUNT(*) FROM erasures").await, 0);
}

/// PUSH4 magic, PUSH1 224, SHL, PUSH0, MSTORE, PUSH1 32, PUSH0, RETURN: it accepts whatever it is asked.
const AGREES: &str = "0x631626ba7e60e01b5f5260205ff3";

async fn an_authority_may_be_a_contract(stage: &Stage, desk: &Desk, officer: &Browser) {
    let (chain, address) = (&stage.site.chain, authority().address());
    let code = json!([address, AGREES]);
    chain.rpc("anvil_setCode", code).await.unwrap();
    chain.mine(1).await.unwrap();
    let (person, heir) = (&stage.people[1], PrivateKeySigner::random());
    let by_contract = |_: &Answer| "0x010203".to_owned();
    let link = desk.change(&person.record, &heir, by_contract).await;
    let owner = Owner::new(heir);
    owner.sign(&link, person.person.grants).await.unwrap();
    stage.anchor_second(&person.record).await;
    stage.until_all_valid(officer).await;
    // What it said then is what counts.
    let code = json!([address, "0x"]);
    chain.rpc("anvil_setCode", code).await.unwrap();
    chain.mine(1).await.unwrap();
}

/// Whoever is the authority later.
async fn another_authority_changes_nothing_about_it(stage: &mut Stage) {
    let incidents = "SELECT COUNT(*) FROM incidents";
    let before = stage.number(incidents).await;
    stage.hand_over_contracts(&PrivateKeySigner::random()).await;
    stage.restart_viewer(&[]).await;
    let officer = stage.signed_in("data_protection_officer", "third").await;
    stage.until_all_valid(&officer).await;

    // The events tell who it was; what its contract said, the state alone.
    stage.site.chain.mine(STATES + 10).await.unwrap();
    stage.restart_viewer(&[]).await;
    let officer = stage.signed_in("data_protection_officer", "fourth").await;
    let untold = |grid: &Answer| grid.line(2).contains("Unverifiable");
    stage.until(&officer, "/records", untold).await;
    assert_eq!(officer.verify(1).await, "Valid");
    assert_eq!(officer.verify(2).await, "Unverifiable");
    assert_eq!(stage.number(incidents).await, before);
}
