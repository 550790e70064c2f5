//! `/records/{id}/approve` and `/records/approve`

use database::records::RecordState;

use crate::harness::{Browser, Owner, Server, Typed};

const JOBS: &str = "SELECT COUNT(*) FROM anchoring_jobs";

/// Records whose owners have signed.
async fn signed(server: &Server, clerk: &Browser, count: usize) -> Vec<String> {
    let mut pages = Vec::new();
    for _ in 0..count {
        let owner = Owner::new();
        let typed = Typed::default()
            .with("wallet", &owner.address())
            .with("duplicate", "confirmed");
        let page = clerk.entered(&typed).await;
        owner.sign(server, &page, true).await;
        pages.push(page);
    }
    pages
}

fn ids(pages: &[String]) -> Vec<(&str, &str)> {
    let ids = pages.iter().map(|page| page.rsplit('/').next().unwrap());
    ids.map(|id| ("record", id)).collect()
}

#[tokio::test]
async fn a_signed_record_is_approved_once() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = &signed(&server, &clerk, 1).await[0];
    let path = format!("{page}/approve");
    let answer = clerk.post(&path, &[]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, &**page));
    let shown = clerk.get(page).await;
    let flash = "<p>Approved. This page shows how its proof gets to the chain.</p>";
    assert!(shown.says(flash), "true for as long as the page stands");
    assert_eq!(shown.badges()[0], "Anchoring");
    assert!(shown.section("anchoring").contains("Waiting for its turn"));
    assert!(!shown.says("Approve</button>"));

    let answer = clerk.post(&path, &[]).await;
    assert_eq!(answer.status, 409);
    assert!(answer.says("does not wait for approval any more"));
    assert_eq!(server.count(JOBS).await, 1);
}

#[tokio::test]
async fn nothing_is_approved_that_the_owner_has_not_signed() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = clerk.entered(&Typed::default()).await;
    let answer = clerk.post(&format!("{page}/approve"), &[]).await;
    assert_eq!(answer.status, 409);
    assert_eq!(
        server.record(&page).await.state,
        RecordState::AwaitingConsent
    );
    assert_eq!(server.count(JOBS).await, 0);
}

#[tokio::test]
async fn the_ticked_records_are_approved_and_no_others() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let pages = signed(&server, &clerk, 3).await;
    let answer = clerk.post("/records/approve", &ids(&pages[..2])).await;
    assert_eq!(answer.location(), "/records?state=approved");
    let list = clerk.get(answer.location()).await;
    assert!(list.says("2 records approved. Their proofs go to the chain by themselves."));
    assert!(
        list.body.contains(r#"class="notice good""#),
        "{}",
        list.body
    );
    for (page, state) in pages.iter().zip([
        RecordState::Approved,
        RecordState::Approved,
        RecordState::Consented,
    ]) {
        assert_eq!(server.record(page).await.state, state);
    }
    assert_eq!(server.count(JOBS).await, 2);
}

#[tokio::test]
async fn a_record_that_changed_meanwhile_holds_up_no_other() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let mut pages = signed(&server, &clerk, 3).await;
    clerk.post(&format!("{}/approve", pages[0]), &[]).await;
    // Somebody tampers with the newest of them.
    server
        .run("UPDATE records SET updated_at = updated_at + 1 WHERE state = 'consented' ORDER BY id LIMIT 1")
        .await;
    pages.push("/records/00112233445566778899aabbccddeeff".to_owned());
    let answer = clerk.post("/records/approve", &ids(&pages)).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let list = clerk.get(answer.location()).await;
    assert!(list.says("1 record approved. Its proof goes to the chain by itself."));
    assert!(list.says("changed meanwhile: 2."));
    assert!(list.says("behind Sealwatch&#39;s back: 1."));
    assert!(list.body.contains(r#"class="notice bad""#), "{}", list.body);
    assert_eq!(server.count(JOBS).await, 2);

    let answer = clerk.post("/records/approve", &ids(&pages[..1])).await;
    let list = clerk.get(answer.location()).await;
    assert!(list.says("No record was approved. Passed over, since they changed meanwhile: 1."));
    assert!(!list.says("back:"));
    assert!(
        list.body.contains(r#"class="notice warning""#),
        "{}",
        list.body
    );
}

#[tokio::test]
async fn no_tick_no_approval() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    signed(&server, &clerk, 1).await;
    let answer = clerk.post("/records/approve", &[]).await;
    assert_eq!(answer.location(), "/records?state=consented");
    let list = clerk.get(answer.location()).await;
    assert!(list.says("No record was ticked."));
    assert_eq!(server.count(JOBS).await, 0);
}
