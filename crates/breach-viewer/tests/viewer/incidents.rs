//! The page of an incident: the clock, the steps of a person, and what nobody can undo.

use sqlx::Connection;

use crate::harness::{Answer, Browser, PASSWORD, Stage};

const PAGE: &str = "/incidents/1";

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_handled_and_its_steps_stand() {
    let stage = Stage::with(2).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    assert!(officer.get("/incidents").await.says("No incidents."));
    stage.assert_breach_is_found(&officer, 1).await;
    the_clock_is_in_view(&officer).await;
    wrong_input_is_told_at_its_place(&officer).await;
    what_was_typed_comes_back_after_signing_in(&stage, &officer).await;
    steps_are_written_down(&officer).await;
    a_planted_step_is_left_out_and_counted(&stage, &officer).await;
    closing_by_sql_hides_nothing(&stage, &officer).await;
    stage.site.stop().await.unwrap();
}

/// One look reads the record before it is put in order and another one after it, and both want to write what they saw.
#[tokio::test(flavor = "multi_thread")]
async fn who_looked_before_a_record_was_put_in_order_opens_no_second_incident() {
    let stage = Stage::with(2).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    stage.assert_breach_is_found(&officer, 1).await;
    let held = stage
        .holding("SELECT * FROM verifications FOR UPDATE")
        .await;
    let late = tokio::spawn(async move {
        officer.verify(1).await;
        officer
    });
    until_waiting(&stage, 1).await;
    stage.alter_email(1).await;
    until_waiting(&stage, 2).await;
    held.close().await.unwrap();
    let officer = late.await.unwrap();
    stage.until_all_valid(&officer).await;
    for (what, query) in [
        ("incidents", "SELECT COUNT(*) FROM incidents"),
        ("findings", "SELECT COUNT(*) FROM incident_findings"),
    ] {
        assert_eq!(stage.number(query).await, 1, "{what}");
    }
    stage.site.stop().await.unwrap();
}

/// Until so many wait for the verdicts that somebody holds.
async fn until_waiting(stage: &Stage, many: i64) {
    let waiting = "SELECT COUNT(*) FROM information_schema.processlist
                   WHERE info LIKE '%FROM verifications WHERE subject%FOR UPDATE%' AND id <> CONNECTION_ID()";
    stage
        .until_number(&format!("{many} who wait"), waiting, |count| count >= many)
        .await;
}

async fn the_clock_is_in_view(officer: &Browser) {
    let started = |page: &Answer| {
        page.says("71 h 59 min left of 72 h") || page.says("72 h 00 min left of 72 h")
    };
    let list = officer.get("/incidents").await;
    assert!(started(&list) && list.says("Open"), "{}", list.body);
    let page = officer.get(PAGE).await;
    assert!(
        started(&page) && page.says("Authority to be told by"),
        "{}",
        page.body
    );
    assert!(page.says("1 found, 1 not resolved."));
    assert!(page.says("Record 1</a>") && page.says("e-mail"));
    for step in ["Opened", "Found", "Mail to the officer written"] {
        assert!(page.says(&format!("<strong>{step}</strong>")), "{step}");
    }
}

async fn wrong_input_is_told_at_its_place(officer: &Browser) {
    let long = "x".repeat(2_001);
    for (text, step) in [
        ("", "note"),
        (" \r\n ", "close"),
        (long.as_str(), "assess"),
        ("hidden\u{202e}", "note"),
    ] {
        let form = [("text", text), ("step", step)];
        let answer = officer.post(PAGE, &form).await;
        assert_eq!(answer.status, 422, "{step}");
        assert!(!answer.problem_of("text").is_empty(), "{step}");
        assert!(answer.says("One thing needs your attention"), "{step}");
        assert!(answer.says(text.trim()), "what was typed is kept");
    }
    let unknown = [("text", "All is well."), ("step", "delete")];
    let answer = officer.post(PAGE, &unknown).await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.says("All is well.") && answer.says("role=\"alert\""),
        "{}",
        answer.body
    );
    let page = officer.get(PAGE).await;
    assert!(!page.says("by Person officer"), "no step was written");
}

async fn steps_are_written_down(officer: &Browser) {
    let note = [("step", "note"), ("text", "Called <b>the</b> clinic.")];
    let page = officer.submit(PAGE, &note).await;
    assert!(page.says("Written down."));
    assert!(
        page.says(
            "<strong>Note</strong> by Person officer<br>Called &#60;b&#62;the&#60;/b&#62; clinic."
        ),
        "{}",
        page.body
    );
    let assess = [("step", "assess"), ("text", "An insider.")];
    let page = officer.submit(PAGE, &assess).await;
    assert!(page.says("<strong>Assessed</strong> by Person officer<br>An insider."));
    assert!(officer.get("/incidents").await.says("Assessed"));
    let close = [("step", "close"), ("text", "Dealt with.")];
    let page = officer.submit(PAGE, &close).await;
    assert!(page.says("<strong>Closed</strong> by Person officer<br>Dealt with."));
    assert!(page.says("<dt>Closed</dt>") && !page.says("left of 72 h"));
    assert!(!page.says("value=\"close\""), "only a note can be added");
    for step in ["assess", "close"] {
        let answer = officer
            .post(PAGE, &[("step", step), ("text", "Again.")])
            .await;
        assert_eq!(answer.status, 409, "{step}");
        assert!(answer.says("Again.</textarea>"), "what was typed is kept");
    }
    let page = officer
        .submit(PAGE, &[("step", "note"), ("text", "Later.")])
        .await;
    assert!(page.says("Later.") && !page.says("Again."));
}

/// Who wrote for so long that the session ended.
async fn what_was_typed_comes_back_after_signing_in(stage: &Stage, officer: &Browser) {
    stage.sql("DELETE FROM sessions").await;
    let form = [("step", "note"), ("text", "A long assessment.")];
    let answer = officer.post(PAGE, &form).await;
    assert_eq!(answer.status, 401);
    let kept = answer.hidden("kept");
    let sign_in = [
        ("login", "officer"),
        ("password", PASSWORD),
        ("kept", &kept),
    ];
    let page = officer.submit("/sign-in", &sign_in).await;
    assert!(page.says("A long assessment.</textarea>"), "{}", page.body);
    assert!(!page.says("<strong>Note</strong> by Person officer<br>A long"));
}

async fn a_planted_step_is_left_out_and_counted(stage: &Stage, officer: &Browser) {
    stage
        .sql("INSERT INTO incident_events (incident_id, kind, actor_id, detail, at, mac) \
              SELECT incident_id, 'closed', actor_id, detail, at, mac FROM incident_events WHERE kind = 'noted' LIMIT 1")
        .await;
    let page = officer.get(PAGE).await;
    assert!(page.says("1 rows of this incident were not written by Sealwatch"));
    assert_eq!(page.body.matches("<strong>Closed</strong>").count(), 1);
    stage
        .sql("UPDATE incident_events SET kind = 'noted' WHERE kind = 'assessed'")
        .await;
    let page = officer.get(PAGE).await;
    assert!(page.says("2 rows of this incident were not written by Sealwatch"));
}

/// Another breach, whose incident somebody closes without our keys: the next round opens one anew and tells it.
async fn closing_by_sql_hides_nothing(stage: &Stage, officer: &Browser) {
    stage.alter_email(2).await;
    let told = |page: &Answer| page.says("Incident 2</a>");
    stage.until(officer, "/incidents", told).await;
    stage
        .sql("UPDATE incidents SET state = 'closed', closed_at = detected_at WHERE id = 2")
        .await;
    let again = |page: &Answer| page.says("Incident 3</a>");
    let list = stage.until(officer, "/incidents", again).await;
    assert!(list.says("1 rows of incidents were not written by Sealwatch"));
    assert!(!list.says("Incident 2</a>"));
    assert!(officer.get("/incidents/3").await.says("Record 2</a>"));
}
