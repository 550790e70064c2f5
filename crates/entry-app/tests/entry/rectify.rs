//! `/records/{id}/rectify`

use database::anchoring_jobs::{self, JobState};
use database::records::{self, RecordState};
use record::B256;
use record::ids::{Uid, Version};

use crate::harness::{Browser, Owner, Server, Typed};

const UID: Option<Uid> = Uid::new(5);

impl Server {
    /// What approval and anchoring leave behind.
    async fn anchor(&self, page: &str) {
        let (mut record, now) = (self.record(page).await, self.clock.now());
        let mut connection = self.admin.acquire().await.unwrap();
        let (id, version, by) = (record.id, record.version, record.created_by);
        let job = anchoring_jobs::insert(&mut connection, &self.keys, id, version, by, now).await;
        let mut job = job.unwrap();
        (job.state, job.uid) = (JobState::Anchored, UID);
        job.proof = Some(B256::repeat_byte(0x17));
        anchoring_jobs::update(&mut connection, &self.keys, &mut job, now)
            .await
            .unwrap();
        (record.state, record.uid) = (RecordState::Anchored, UID);
        records::update(&mut connection, &self.keys.front(), &mut record, now)
            .await
            .unwrap();
    }
}

/// Somebody whose record is anchored: its page, and what was typed.
async fn anchored(server: &Server, clerk: &Browser) -> (String, Typed) {
    let typed = Typed::default().with("wallet", &Owner::new().address());
    let page = clerk.entered(&typed).await;
    server.anchor(&page).await;
    (page, typed)
}

#[tokio::test]
async fn a_correction_is_a_further_version_with_a_link_of_its_own() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let (page, typed) = anchored(&server, &clerk).await;
    assert!(clerk.get(&page).await.says("Correct the details"));
    let form = clerk.get(&format!("{page}/rectify")).await;
    assert!(form.says("value=\"zoe@home.example\""));
    assert!(!form.says("name=\"wallet\""), "the wallet stays");

    let corrected = typed.with("email", "zoe@work.example");
    let answer = clerk
        .post(&format!("{page}/rectify"), &corrected.fields())
        .await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, &*page));
    let record = server.record(&page).await;
    assert_eq!(
        (record.version.get(), record.state, record.uid),
        (2, RecordState::AwaitingConsent, UID)
    );
    let shown = clerk.get(&page).await;
    assert_eq!(shown.badges()[0], "Correction awaits consent");
    assert!(shown.says("Give this to the owner"));
    assert!(
        shown.says("zoe@work.example<p class=\"soft\">Signed before: <del>zoe@home.example</del>")
    );
    assert!(shown.section("history").contains("Correction begun"));
    assert!(!shown.says("Correct the details"), "one at a time");
    let list = clerk.get("/records").await;
    assert!(list.says("Correction awaits consent"));

    // It is edited like any draft, under the same wallet.
    let edit = format!("{page}/edit");
    let form = clerk.get(&edit).await;
    assert!(!form.says("name=\"wallet\""));
    let typed = corrected
        .with("email", "zoe@third.example")
        .with("draft", &form.hidden("draft"));
    let answer = clerk.post(&edit, &typed.fields()).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert!(clerk.get(&page).await.says("zoe@third.example"));
}

#[tokio::test]
async fn what_is_typed_wrong_or_not_at_all_comes_back() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let (page, typed) = anchored(&server, &clerk).await;
    let rectify = format!("{page}/rectify");
    let answer = clerk.post(&rectify, &typed.fields()).await;
    assert_eq!(answer.status, 422);
    assert!(answer.says("Nothing here is different"));
    let wrong = typed.with("age", "very old").with("name", "Zoë Lind");
    let answer = clerk.post(&rectify, &wrong.fields()).await;
    assert_eq!(answer.status, 422);
    assert!(answer.problem_of("age").contains("whole number"));
    assert!(answer.says("value=\"Zoë Lind\""));
    assert_eq!(server.record(&page).await.version, Version::FIRST);
}

#[tokio::test]
async fn only_what_is_anchored_is_corrected_and_nobody_loses_what_they_typed() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let typed = Typed::default().with("wallet", &Owner::new().address());
    let page = clerk.entered(&typed).await;
    let rectify = format!("{page}/rectify");
    assert_eq!(clerk.get(&rectify).await.status, 409);
    server.anchor(&page).await;
    let first = typed.clone().with("age", "35");
    assert_eq!(clerk.post(&rectify, &first.fields()).await.status, 303);
    let second = typed.with("age", "36");
    let answer = clerk.post(&rectify, &second.fields()).await;
    assert_eq!(answer.status, 422);
    assert!(answer.says("begun a correction meanwhile") && answer.says("value=\"36\""));
    assert_eq!(server.record(&page).await.version.get(), 2);
}

#[tokio::test]
async fn a_correction_is_given_up_and_the_neighbour_goes_on() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let (page, typed) = anchored(&server, &clerk).await;
    let neighbour = Typed::default().with("email", "other@home.example");
    let neighbour = clerk.entered(&neighbour).await;
    let corrected = typed.with("age", "35");
    clerk
        .post(&format!("{page}/rectify"), &corrected.fields())
        .await;
    let before = server.record(&neighbour).await;
    let answer = clerk.post(&format!("{page}/rectify/drop"), &[]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, &*page));
    let record = server.record(&page).await;
    assert_eq!(
        (record.version, record.state, record.uid),
        (Version::FIRST, RecordState::Anchored, UID)
    );
    let shown = clerk.get(&page).await;
    assert!(shown.says("The correction is given up.") && !shown.says("Signed before:"));
    assert!(shown.section("history").contains("Correction given up"));
    let versions = "SELECT COUNT(*) FROM record_versions WHERE version > 1";
    assert_eq!(server.count(versions).await, 0);
    assert_eq!(server.record(&neighbour).await, before);
    let again = clerk.post(&format!("{page}/rectify/drop"), &[]).await;
    assert_eq!(again.status, 409);
    let refused = clerk.post(&format!("{neighbour}/rectify/drop"), &[]).await;
    assert_eq!(refused.status, 409, "a first version is no correction");
    assert_eq!(server.record(&neighbour).await, before);
}
