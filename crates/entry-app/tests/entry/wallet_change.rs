//! `/records/{id}/wallet-change`

use std::time::Duration;

use alloy::dyn_abi::TypedData;
use alloy::signers::SignerSync as _;
use alloy::signers::local::PrivateKeySigner;
use chain::Deployment;
use database::erasures::Identity;
use database::records::RecordState;
use database::request_way::RequestWay;
use database::staff::Role;
use devstack::Accounts;
use enrolment::Letterhead;
use enrolment::erasure::{self, Asking, Held};
use record::signature::EcdsaSignature;
use record::time::Clock;
use serde_json::json;

use crate::harness::{Answer, Browser, Owner, Server, Setup, Typed};
use crate::rectify::anchor;

const HOUR: Duration = Duration::from_hours(1);

/// Two of the desk, and somebody whose record is anchored: its page, and who owns it.
struct Scene {
    server: Server,
    first: Browser,
    second: Browser,
    page: String,
    owner: Owner,
}

impl Scene {
    async fn set() -> Self {
        let setup = Setup {
            clock: Clock::adjustable(),
            ..Setup::on_a_chain().await
        };
        let server = Server::start_with(setup).await;
        let first = server.clerk().await;
        let second = server.signed_in("second", Role::Clerk).await;
        let owner = Owner::new();
        let typed = Typed::default().with("wallet", &owner.address());
        let page = first.entered(&typed).await;
        owner.sign(&server, &page, true).await;
        anchor(&server, &first, &page).await;
        Self {
            server,
            first,
            second,
            page,
            owner,
        }
    }

    fn door(&self, step: &str) -> String {
        format!("{}/wallet-change{step}", self.page)
    }

    async fn ask(&self, wallet: &str) -> Answer {
        let typed = [("wallet", wallet), ("identity", "document")];
        self.first.post(&self.door(""), &typed).await
    }

    async fn confirm(&self, browser: &Browser) -> Answer {
        let typed = [("identity", "known"), ("compared", "yes")];
        browser.post(&self.door("/confirm"), &typed).await
    }

    async fn mails(&self) -> i64 {
        let sent = "SELECT COUNT(*) FROM outbox WHERE kind LIKE 'wallet_change%'";
        self.server.count(sent).await
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

#[tokio::test]
async fn two_of_the_desk_and_the_authority_change_a_lost_wallet() {
    let scene = Scene::set().await;
    let (server, first, page) = (&scene.server, &scene.first, &scene.page);
    let shown = first.get(page).await;
    assert!(
        shown
            .section("wallet-change")
            .contains("The owner lost their wallet…")
    );
    what_is_asked_is_checked_at_its_place(&scene).await;
    let heir = PrivateKeySigner::random();
    let wallet = heir.address().to_string();
    let asked = scene.ask(&wallet).await;
    assert_eq!(
        (asked.status.as_u16(), asked.location()),
        (303, &*scene.door(""))
    );
    assert_eq!(scene.mails().await, 1, "the owner is told at once");
    assert_eq!(scene.ask(&wallet).await.status, 409, "one at a time");
    let list = first.get("/wallet-changes").await;
    assert!(list.says(page) && list.says("Awaits a second person"));
    assert!(!list.says(&wallet), "it names no wallet");

    let oneself = first.get(&scene.door("")).await;
    assert!(oneself.section("four-eyes").contains("somebody else"));
    let oneself = scene.confirm(first).await;
    assert_eq!(oneself.status, 422);
    assert!(oneself.says("somebody else has to confirm it"));
    let empty = scene.second.post(&scene.door("/confirm"), &[]).await;
    assert_eq!(empty.status, 422);
    assert!(empty.problem_of("identity").contains("Say how you know"));
    assert!(empty.problem_of("compared").contains("Compare"));
    assert_eq!(scene.confirm(&scene.second).await.status, 303);

    let shown = first.get(&scene.door("")).await;
    assert!(
        shown.says("by Person second: staff know them"),
        "{}",
        shown.body
    );
    assert!(!shown.says("zoe@home.example"), "it names nobody");
    let sign = async |signature: &str| {
        let typed = [("signature", signature)];
        first.post(&scene.door("/order"), &typed).await
    };
    for typed in ["", "0x12g4", "0x123"] {
        let refused = sign(typed).await;
        assert_eq!(refused.status, 422, "{typed}");
        assert!(refused.problem_of("signature").contains("Paste"), "{typed}");
    }
    for thief in [&PrivateKeySigner::random(), &scene.owner.wallet, &heir] {
        let refused = sign(&signed(&shown, thief)).await;
        assert_eq!(refused.status, 422);
        assert!(
            refused
                .problem_of("signature")
                .contains("not the signature")
        );
    }
    let early = first.post(&scene.door("/begin"), &[("send", "desk")]).await;
    assert_eq!(early.status, 409, "nothing is ordered");
    assert_eq!(sign(&signed(&shown, &authority())).await.status, 303);
    the_owner_may_object_first(&scene).await;

    server.clock.advance(73 * HOUR);
    assert_eq!(first.sign_in("clerk").await.status, 303);
    let begun = first.post(&scene.door("/begin"), &[("send", "desk")]).await;
    assert_eq!((begun.status.as_u16(), begun.location()), (303, &**page));
    let record = server.record(page).await;
    assert_eq!(
        (record.version.get(), record.state),
        (2, RecordState::AwaitingConsent)
    );
    the_version_is_a_draft_like_others(&scene, &wallet).await;
}

async fn what_is_asked_is_checked_at_its_place(scene: &Scene) {
    let (first, door) = (&scene.first, scene.door(""));
    let empty = first.post(&door, &[]).await;
    assert_eq!(empty.status, 422);
    assert!(!empty.problem_of("wallet").is_empty());
    assert!(empty.problem_of("identity").contains("Say how you know"));
    let small = scene.owner.address().to_lowercase();
    let unchecked = scene.ask(&small).await;
    assert!(
        unchecked
            .problem_of("last_characters")
            .contains("no checksum")
    );
    assert!(unchecked.says(&small), "what was typed stays");
    let same = scene.ask(&scene.owner.address()).await;
    assert_eq!(same.status, 422);
    assert!(same.problem_of("wallet").contains("new one"));
    assert_eq!(scene.mails().await, 0);
}

async fn the_owner_may_object_first(scene: &Scene) {
    let (first, door) = (&scene.first, scene.door(""));
    let shown = first.get(&door).await;
    assert!(shown.says("The owner still has time to object"));
    let early = first.post(&scene.door("/begin"), &[("send", "desk")]).await;
    assert_eq!(early.status, 409);
    assert!(early.says("still has time to object"));
    assert_eq!(scene.server.record(&scene.page).await.version.get(), 1);
}

/// It is shown, edited and given up like a correction; the order stays, and begins another.
async fn the_version_is_a_draft_like_others(scene: &Scene, wallet: &str) {
    let (server, first, page) = (&scene.server, &scene.first, &scene.page);
    let shown = first.get(page).await;
    assert!(shown.says(wallet) && shown.says(&scene.owner.address()));
    assert!(shown.says("With version 2, by order of the data-protection authority."));
    let history = shown.section("history");
    for step in ["asked for", "confirmed", "ordered by the authority"] {
        assert!(
            history.contains(&format!("Another wallet {step}")),
            "{step}"
        );
    }
    let orders = "SELECT COUNT(*) FROM record_versions WHERE wallet_order IS NOT NULL";
    assert_eq!(server.count(orders).await, 1);
    let form = first.get(&format!("{page}/edit")).await;
    let typed = Typed::default()
        .with("draft", &form.hidden("draft"))
        .with("email", "zoe@work.example");
    let edited = first.post(&format!("{page}/edit"), &typed.fields()).await;
    assert_eq!(edited.status, 303, "{}", edited.body);
    assert!(first.get(page).await.says(wallet), "it keeps its wallet");
    assert_eq!(server.count(orders).await, 1, "and its order");
    let busy = first.post(&scene.door("/give-up"), &[]).await;
    assert_eq!(busy.status, 409);

    let dropped = first.post(&format!("{page}/rectify/drop"), &[]).await;
    assert_eq!(dropped.status, 303);
    assert_eq!(server.count(orders).await, 0);
    let again = first.post(&scene.door("/begin"), &[("send", "desk")]).await;
    assert_eq!(again.status, 303);
    assert_eq!(server.count(orders).await, 1);
}

/// PUSH4 magic, PUSH1 224, SHL, PUSH0, MSTORE, PUSH1 32, PUSH0, RETURN.
const AGREES: &str = "0x631626ba7e60e01b5f5260205ff3";
/// PUSH0, PUSH0, REVERT.
const REVERTS: &str = "0x5f5ffd";

#[tokio::test]
async fn an_authority_that_is_a_contract_is_asked() {
    let scene = Scene::set().await;
    assert_eq!(scene.ask(&Owner::new().address()).await.status, 303);
    assert_eq!(scene.confirm(&scene.second).await.status, 303);
    let chain = scene.server.chain.as_ref().unwrap();
    let typed = [("signature", "0x010203")];
    for (code, status) in [("0x", 422), (REVERTS, 422), (AGREES, 303)] {
        let set = json!([authority().address(), code]);
        chain.rpc("anvil_setCode", set).await.unwrap();
        chain.mine(1).await.unwrap();
        let answer = scene.first.post(&scene.door("/order"), &typed).await;
        assert_eq!(answer.status, status, "{code}");
    }
}

#[tokio::test]
async fn a_change_of_wallet_can_be_given_up() {
    let scene = Scene::set().await;
    let (first, page) = (&scene.first, &scene.page);
    let wallet = Owner::new().address();
    let nothing = first.post(&scene.door("/give-up"), &[]).await;
    assert_eq!(nothing.status, 409);
    assert_eq!(scene.ask(&wallet).await.status, 303);
    let given_up = scene.second.post(&scene.door("/give-up"), &[]).await;
    assert_eq!(
        (given_up.status.as_u16(), given_up.location()),
        (303, &**page)
    );
    assert_eq!(scene.mails().await, 2);
    assert_eq!(scene.confirm(&scene.second).await.status, 409);
    let emptied = "SELECT COUNT(*) FROM wallet_changes WHERE content = '' AND state = 'given_up'";
    assert_eq!(scene.server.count(emptied).await, 1);
    let shown = first.get(page).await;
    assert!(shown.section("history").contains("Another wallet given up"));
    assert!(first.get("/wallet-changes").await.says("Nobody waits."));
    assert_eq!(scene.ask(&wallet).await.status, 303, "and asked for anew");
}

#[tokio::test]
async fn a_change_of_wallet_that_somebody_planted_or_changed_is_none() {
    let scene = Scene::set().await;
    let wallet = Owner::new().address();
    assert_eq!(scene.ask(&wallet).await.status, 303);
    scene
        .server
        .run("UPDATE wallet_changes SET asked_by = REVERSE(asked_by)")
        .await;
    let shown = scene.first.get(&scene.page).await;
    assert!(
        shown
            .section("wallet-change")
            .contains("changed or planted a change")
    );
    let list = scene.first.get("/wallet-changes").await;
    assert!(list.says("changed or planted") && list.says("Nobody waits."));
    assert_eq!(scene.confirm(&scene.second).await.status, 409);
    assert_eq!(scene.confirm(&scene.first).await.status, 409);
}

/// What came by the address in a mail, before the wallet was lost.
async fn asks_erasure(scene: &Scene) {
    let server = &scene.server;
    let file = &server.settings["CHAIN_DEPLOYMENT_FILE"];
    let deployment = Deployment::load(std::path::Path::new(file)).unwrap();
    let site = (deployment.chain_id, deployment.relay);
    let record = server.record(&scene.page).await;
    let mut transaction = server.admin.begin().await.unwrap();
    let held = Held::load(&mut transaction, &server.keys, &record, site).await;
    let held = held.unwrap().unwrap();
    assert_eq!(held.wallet, Some(scene.owner.wallet.address()));
    let now = server.clock.now();
    let statement = held.statement("Riverside Health Centre", now);
    let digest = statement.digest(site.0, site.1);
    let signature = scene.owner.wallet.sign_hash_sync(&digest).unwrap();
    let signature = EcdsaSignature::normalise(&signature.as_bytes()).unwrap();
    let consent_url = "https://consent.riverside.example".parse().unwrap();
    let asking = Asking {
        record: record.id,
        way: RequestWay::Link,
        identity: Some(Identity::Wallet),
        evidence: held.signed_by_owner(statement, signature, site),
        staff: None,
        letterhead: Letterhead {
            controller: "Riverside Health Centre",
            contact: "records@riverside.example",
            consent_url: &consent_url,
        },
        at: now,
    };
    assert!(asking.evidence.is_some());
    let rng = &mut rand::make_rng::<rand::rngs::StdRng>();
    erasure::ask(&mut transaction, &server.keys, &asking, rng)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn once_a_wallet_is_said_to_be_lost_it_signs_for_no_erasure() {
    let scene = Scene::set().await;
    asks_erasure(&scene).await;
    let door = format!("{}/erasure", scene.page);
    let before = scene.first.get(&door).await;
    assert!(before.says("by the owner's wallet"), "{}", before.body);
    assert_eq!(scene.ask(&Owner::new().address()).await.status, 303);
    let after = scene.first.get(&door).await;
    assert!(after.says("it does not hold any more"), "{}", after.body);
    let granted = [("confirmed", "yes"), ("identity", "known")];
    let refused = scene.first.post(&format!("{door}/grant"), &granted).await;
    assert_eq!(refused.status, 422);
    assert!(!refused.problem_of("signature").is_empty());
    // Nor for a new one.
    let server = &scene.server;
    let record = server.record(&scene.page).await;
    let mut connection = server.admin.acquire().await.unwrap();
    let site = (31_337, record::Address::ZERO);
    let held = Held::load(&mut connection, &server.keys, &record, site).await;
    assert_eq!(held.unwrap().unwrap().wallet, None);
}
