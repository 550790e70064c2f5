//! Records whose use is restricted: the viewer says so, and reveals their details on a ground that is stated.

use devstack::Mail;

use crate::harness::{Answer, Browser, LIMIT, Stage};

const REASON: &str = "The register of residents says so.";

#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_record_is_revealed_on_a_ground_alone() {
    let stage = Stage::with(2).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    let grid = officer.get("/records").await;
    assert!(!grid.says("Restricted") && !grid.says("not shown"));
    let (desk, request) = stage.restrict(1).await;
    the_grid_and_the_page_say_so(&stage, &officer).await;
    it_asks_for_the_ground(&stage, &officer).await;
    it_is_lifted_once_the_owner_was_told(&stage, &officer, (&desk, &request)).await;
    stage.assert_no_breach().await;
    whoever_touches_a_step_is_told(&stage, &officer).await;
    stage.site.stop().await.unwrap();
}

async fn the_grid_and_the_page_say_so(stage: &Stage, officer: &Browser) {
    let grid = officer.get("/records").await;
    let (line, other) = (grid.line(1), grid.line(2));
    assert!(
        line.contains("Restricted") && line.contains("not shown"),
        "{line}"
    );
    assert!(
        !other.contains("Restricted") && !other.contains("not shown"),
        "{other}"
    );
    let page = officer.get("/records/1").await;
    assert!(page.says("The owner says that details are wrong"));
    assert!(!officer.get("/records/2").await.says("is restricted"));
    let query = [("query", stage.people[0].person.email)];
    let found = officer.post("/records/search", &query).await;
    assert!(found.line(1).contains("not shown"), "{}", found.body);
    assert_eq!(officer.verify(1).await, "Valid", "it is looked after");
}

async fn it_asks_for_the_ground(stage: &Stage, officer: &Browser) {
    let name = stage.people[0].person.name;
    for wrong in ["", "curiosity"] {
        let refused = officer
            .post("/records/1/reveal", &[("ground", wrong)])
            .await;
        assert_eq!(refused.status, 422);
        assert!(refused.problem_of("ground").contains("Say on what"));
        assert!(!refused.says(name));
    }
    let looks = "SELECT COUNT(*) FROM access_log WHERE action = 'revealed'";
    assert_eq!(stage.number(looks).await, 0);
    let ground = [("ground", "public_interest")];
    let revealed = officer.post("/records/1/reveal", &ground).await;
    assert_eq!(revealed.status, 200);
    assert!(revealed.section("details").contains(name));
    let on = "SELECT COUNT(*) FROM access_log WHERE app = 'viewer' AND ground = 'public_interest'";
    assert_eq!(stage.number(on).await, 1);
    // The neighbour's is revealed as ever, and no ground of theirs is kept.
    let neighbour = officer.post("/records/2/reveal", &[]).await;
    assert!(neighbour.says(stage.people[1].person.name));
    assert_eq!(stage.number(looks).await, 2);
    let none = "SELECT COUNT(*) FROM access_log WHERE action = 'revealed' AND ground IS NULL";
    assert_eq!(stage.number(none).await, 1);
}

async fn it_is_lifted_once_the_owner_was_told(
    stage: &Stage,
    officer: &Browser,
    (desk, request): (&Browser, &str),
) {
    let refused = desk
        .post(&format!("{request}/refuse"), &[("reason", REASON)])
        .await;
    assert_eq!(refused.status, 303, "{}", refused.body);
    let email = stage.people[0].person.email;
    let told = |mail: &Mail| mail.is_to(email) && mail.text.contains(REASON);
    let mail = stage.site.inbox.wait_for(LIMIT, told).await.unwrap();
    for words in [
        "officer@nordhaven.example",
        "data-protection authority",
        "may be lifted",
    ] {
        assert!(mail.text.contains(words), "{}", mail.text);
    }
    let sent = "SELECT COUNT(*) FROM outbox WHERE kind = 'restriction_refused' AND state = 'sent'";
    stage
        .until_number("the mail to have left", sent, |count| count == 1)
        .await;
    let still = officer.post("/records/1/reveal", &[]).await;
    assert_eq!(still.status, 422, "nobody has lifted it");
    let lifted = desk.post(&format!("{request}/lift"), &[]).await;
    assert_eq!(lifted.status, 303, "{}", lifted.body);
    let lifted = |grid: &Answer| !grid.says("not shown") && !grid.says("Restricted");
    stage.until(officer, "/records", lifted).await;
    let revealed = officer.post("/records/1/reveal", &[]).await;
    assert!(revealed.says(stage.people[0].person.name));
}

/// A row that is changed, and one that is taken out, is an alarm, and its record stays restricted meanwhile.
async fn whoever_touches_a_step_is_told(stage: &Stage, officer: &Browser) {
    stage.restrict(2).await;
    let id = &stage.people[1].record;
    stage
        .sql(&format!(
            "UPDATE restriction_steps SET subject = 'marketing' WHERE record_id = X'{id}'"
        ))
        .await;
    let alarms =
        |kind: &str| format!("SELECT COUNT(*) FROM operations_alarms WHERE kind = '{kind}'");
    stage
        .until_number("the alarm", &alarms("row_tampered"), |count| count == 1)
        .await;
    let refused = officer.post("/records/2/reveal", &[]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.says("Somebody changed, planted or removed what tells it"));
    stage
        .sql(&format!(
            "DELETE FROM restriction_steps WHERE record_id = X'{id}'"
        ))
        .await;
    stage
        .until_number("the alarm", &alarms("rows_deleted"), |count| count == 1)
        .await;
    let refused = officer.post("/records/2/reveal", &[]).await;
    assert_eq!(refused.status, 422, "its history tells");
    assert_eq!(officer.post("/records/1/reveal", &[]).await.status, 200);
}
