//! `/records/{id}/erase`, `/records/{id}/erasure` and `/erasures`.

use std::time::Duration;

use alloy::dyn_abi::TypedData;
use alloy::signers::SignerSync as _;
use alloy::signers::local::PrivateKeySigner;
use database::erasures::{self, ErasureState};
use database::records::RecordState;
use devstack::{Accounts, wait_until};
use record::ids::Uid;
use sqlx::AssertSqlSafe;

use crate::harness::{Answer, Browser, Owner, Server, Typed};
use crate::rectify::{anchor, anchored};

const LIMIT: Duration = Duration::from_secs(60);
const REASON: &str = "The law has us keep your bills until 2031.";

async fn note(clerk: &Browser, page: &str, identity: &str) -> Answer {
    let typed = [("way", "by_letter"), ("identity", identity)];
    clerk.post(&format!("{page}/erase"), &typed).await
}

/// What the page gives staff for the authority, signed.
pub fn signed(decision: &Answer, by: &PrivateKeySigner) -> String {
    let statement = decision.between("id=\"statement\" tabindex=\"0\">", "</pre>");
    let statement = statement.replace("&#34;", "\"").replace("&quot;", "\"");
    let data: TypedData = serde_json::from_str(&statement).unwrap();
    let digest = data.eip712_signing_hash().unwrap();
    by.sign_hash_sync(&digest).unwrap().to_string()
}

pub fn authority() -> PrivateKeySigner {
    let accounts = Accounts::load().unwrap();
    accounts.private_key("authority").unwrap().parse().unwrap()
}

#[tokio::test]
async fn the_desk_notes_that_an_owner_asks_and_tells_them_why_not() {
    let (server, clerk, page, _, _) = anchored().await;
    let shown = clerk.get(&page).await;
    assert!(shown.section("erasure").contains("The owner asks for it…"));
    let door = format!("{page}/erase");
    let empty = clerk.post(&door, &[]).await;
    assert_eq!(empty.status, 422);
    assert!(empty.problem_of("way").contains("Say how"));
    assert!(empty.problem_of("identity").contains("Say whether"));
    let half = clerk.post(&door, &[("way", "in_person")]).await;
    assert_eq!(half.status, 422);
    assert!(half.says(" checked"), "what was chosen stays");
    let noted = note(&clerk, &page, "none").await;
    let decision = format!("{page}/erasure");
    assert_eq!((noted.status.as_u16(), noted.location()), (303, &*decision));
    let twice = note(&clerk, &page, "none").await;
    assert_eq!(twice.status, 409);

    let asked = clerk.get(&decision).await;
    assert!(asked.says("by letter") && asked.says("not known yet"));
    let list = clerk.get("/erasures").await;
    assert!(list.says("Erasure asked") && list.says(&page));
    let shown = clerk.get(&page).await;
    assert!(shown.section("erasure").contains("Decide…"));
    assert!(shown.section("history").contains("Erasure asked for"));

    let refuse = format!("{decision}/refuse");
    let empty = clerk.post(&refuse, &[("reason", " ")]).await;
    assert_eq!(empty.status, 422);
    let done = clerk.post(&refuse, &[("reason", REASON)]).await;
    assert_eq!((done.status.as_u16(), done.location()), (303, &*page));
    let shown = clerk.get(&page).await;
    assert!(shown.section("erasure").contains("Not erased"));
    assert!(
        shown
            .section("history")
            .contains("Told why it is not erased")
    );
    assert!(shown.section("erasure").contains(REASON));
    assert!(!clerk.get("/erasures").await.says(REASON));
    let mails = "SELECT COUNT(*) FROM outbox WHERE kind IN ('erasure_received', 'erasure_refused')";
    assert_eq!(server.count(mails).await, 2);
    assert_eq!(clerk.get(&decision).await.status, 409, "it is decided");
    // They may ask again.
    assert_eq!(note(&clerk, &page, "known").await.status, 303);
}

#[tokio::test]
async fn without_the_owners_wallet_the_authority_has_to_sign() {
    let (server, clerk, page, _, _) = anchored().await;
    let other = Owner::new();
    let typed = Typed::default()
        .with("wallet", &other.address())
        .with("email", "other@home.example");
    let neighbour = clerk.entered(&typed).await;
    other.sign(&server, &neighbour, true).await;
    anchor(&server, &clerk, &neighbour).await;
    note(&clerk, &page, "none").await;
    let decision = format!("{page}/erasure");
    let (grant, asked) = (format!("{decision}/grant"), clerk.get(&decision).await);
    assert!(
        !asked.says("zoe@home.example"),
        "it is about nobody by name"
    );

    let empty = clerk.post(&grant, &[]).await;
    assert_eq!(empty.status, 422);
    assert!(empty.problem_of("identity").contains("Say how you know"));
    assert!(
        empty
            .problem_of("signature")
            .contains("Paste the signature")
    );
    assert!(empty.problem_of("confirmed").contains("Confirm"));
    let whole = |signature: String| {
        [
            ("identity", "document".to_owned()),
            ("signature", signature),
            ("confirmed", "yes".to_owned()),
        ]
    };
    let send = async |signature: String| {
        let form = whole(signature);
        let form: Vec<_> = form
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        clerk.post(&grant, &form).await
    };
    let thiefs = send(signed(&asked, &PrivateKeySigner::random())).await;
    assert_eq!(thiefs.status, 422);
    assert!(
        thiefs
            .problem_of("signature")
            .contains("signature over the statement below")
    );
    assert_eq!(server.record(&page).await.state, RecordState::Anchored);

    // A copy is there already of a grant that was broken off: it keeps nobody from granting it.
    let copied = "INSERT INTO erasures SELECT * FROM";
    let main = server.databases.main_name();
    let mut backup = server.backup().await;
    sqlx::query(AssertSqlSafe(format!("{copied} `{main}`.erasures")))
        .execute(&mut backup)
        .await
        .unwrap();
    let done = send(signed(&asked, &authority())).await;
    assert_eq!((done.status.as_u16(), done.location()), (303, &*page));
    let uid = server.record(&page).await.uid.unwrap();
    until_ended(&server, uid).await;
    let gone = clerk.get(&page).await;
    assert_eq!(gone.status, 409);
    assert!(gone.says("erased on the chain") && !gone.says("zoe@home.example"));
    let progress = clerk.get(&format!("{page}/progress")).await;
    assert!(progress.says("Being erased") && progress.says("Ended on the chain"));
    let list = clerk.get("/erasures").await;
    assert!(list.says("Being erased"));
    // The copy that a dump from before would lack.
    assert_eq!(copies(&server).await, 1);
    // The neighbour is as before.
    assert_eq!(server.record(&neighbour).await.state, RecordState::Anchored);
    assert!(clerk.get(&neighbour).await.says("other@home.example"));
}

#[tokio::test]
async fn what_is_not_anchored_or_is_being_corrected_is_not_erased_here() {
    let (server, clerk, page, typed, _) = anchored().await;
    let owner = Owner::new();
    let typed_too = Typed::default()
        .with("wallet", &owner.address())
        .with("email", "new@home.example");
    let fresh = clerk.entered(&typed_too).await;
    let refused = clerk.get(&format!("{fresh}/erase")).await;
    assert_eq!(refused.status, 409);
    assert!(refused.says("declines it by their link"));

    note(&clerk, &page, "known").await;
    let form = clerk.get(&format!("{page}/rectify")).await;
    let corrected = typed
        .with("seen", &form.hidden("seen"))
        .with("email", "zoe@work.example");
    let begun = clerk
        .post(&format!("{page}/rectify"), &corrected.fields())
        .await;
    assert_eq!(begun.status, 303);
    let decision = clerk.get(&format!("{page}/erasure")).await;
    assert_eq!(decision.status, 409);
    assert!(decision.says("Give it up first"));
    assert_eq!(server.record(&page).await.version.get(), 2);
}

#[tokio::test]
async fn requests_that_somebody_changed_or_planted_are_told_and_used_for_nothing() {
    let (server, clerk, page, _, _) = anchored().await;
    note(&clerk, &page, "known").await;
    server.run("UPDATE erasures SET state = 'granted'").await;
    let shown = clerk.get(&page).await;
    assert!(
        shown
            .section("erasure")
            .contains("changed or planted a request")
    );
    assert!(
        clerk
            .get("/erasures")
            .await
            .says("Someone changed or planted")
    );
    assert_eq!(clerk.get(&format!("{page}/erasure")).await.status, 409);
    assert_eq!(server.record(&page).await.state, RecordState::Anchored);
}

async fn until_ended(server: &Server, uid: Uid) {
    let ended = wait_until("the end on the chain", LIMIT, || async {
        let mut connection = server.admin.acquire().await?;
        let found = erasures::granted_of(&mut connection, &server.keys, &[uid]).await?;
        anyhow::ensure!(found.rows[0].state == ErasureState::Granted);
        let done = "SELECT COUNT(*) FROM anchoring_jobs WHERE version = 0 AND state = 'anchored'";
        Ok((server.count(done).await == 1).then_some(()))
    });
    ended.await.unwrap();
}

async fn copies(server: &Server) -> i64 {
    let mut backup = server.backup().await;
    sqlx::query_scalar("SELECT COUNT(*) FROM erasures WHERE state = 'granted'")
        .fetch_one(&mut backup)
        .await
        .unwrap()
}
