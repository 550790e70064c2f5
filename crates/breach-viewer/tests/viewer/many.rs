//! Many at once: what one statement did is one incident and one mail, and pages show it a part at a time.

use std::time::Duration;

use devstack::Mail;
use record::time::Clock;

use crate::harness::{Answer, Browser, InProcess, Stage};
use crate::watch::with_slow_sweep;

pub const PLANTED: usize = 60;
const PER_PAGE: usize = 50;

#[tokio::test(flavor = "multi_thread")]
async fn a_table_full_of_planted_rows_is_one_incident_on_several_pages() {
    let stage = Stage::with(2).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    plant(&stage).await;
    let all_told = |grid: &Answer| grid.says(&format!("Forged <span class=\"soft\">{PLANTED}<"));
    stage.until(&officer, "/records", all_told).await;

    let pages = pages(&officer, "/records?verdict=forged").await;
    let lines: Vec<usize> = pages.iter().map(|page| page.badges().len()).collect();
    assert_eq!(lines, [PER_PAGE, PLANTED - PER_PAGE]);
    assert!(
        pages
            .iter()
            .flat_map(Answer::badges)
            .all(|badge| badge == "Forged")
    );
    let mut rows: Vec<&str> = pages.iter().flat_map(|page| page.rows()).collect();
    rows.sort_unstable();
    rows.dedup();
    assert_eq!(rows.len(), PLANTED, "no row stands on two pages");
    assert!(pages[1].says("rel=\"prev\" href=\"/records?verdict=forged\""));
    for uid in [1, 2] {
        assert_eq!(officer.verify(uid).await, "Valid", "a neighbour");
    }
    the_incident_is_one(&stage, &officer).await;
    what_is_taken_out_is_resolved(&stage, &officer).await;
    stage.site.stop().await.unwrap();
}

/// An incident goes on being filled while findings follow each other closely. Who alters one record each minute keeps no mail
/// back about the others.
#[tokio::test(flavor = "multi_thread")]
async fn what_joins_an_incident_that_was_told_is_told_within_a_minute() {
    // A round takes longer than all of this: what is found is the watch's.
    let mut stage = Stage::start(10, with_slow_sweep()).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    let viewer = InProcess::start(&mut stage, Clock::adjustable(), &[]).await;
    let mut found = 0;
    let mut alter = async |uid| {
        stage.alter_email(uid).await;
        found += 1;
        let findings = "SELECT COUNT(*) FROM incident_findings";
        let all = |number| number == found;
        stage.until_number("the finding", findings, all).await;
        viewer.clock.advance(Duration::from_secs(50));
    };
    alter(1).await;
    alter(2).await;
    let first = stage.until_breach_mail(|mail| names(mail, 2)).await;
    assert!(!names(&first, 3) && !first.subject.contains("by now"));
    alter(3).await;
    viewer.clock.advance(Duration::from_secs(20));
    let second = stage.until_breach_mail(|mail| names(mail, 3)).await;
    assert!(!names(&second, 4), "a neighbour");
    let officer = viewer.browser();
    stage.sign_in(&officer, "officer").await;
    assert_eq!(officer.verify(4).await, "Valid");
    let told = stage.officer_mails().await;
    let about = |uid| told.iter().filter(|mail| names(mail, uid)).count();
    assert_eq!(about(3), 1, "told once");
    viewer.stop().await;
    stage.site.stop().await.unwrap();
}

/// More incidents than are passed over, planted below and above the one that is not told yet, with more findings in it than are
/// counted on a list: the mail comes all the same, and no page says that all is well.
#[tokio::test(flavor = "multi_thread")]
async fn incidents_planted_around_an_untold_one_silence_no_mail() {
    let mut stage = Stage::start(2, with_slow_sweep()).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    let viewer = InProcess::start(&mut stage, Clock::adjustable(), &[]).await;
    plant_incidents(&stage).await;
    stage.alter_email(1).await;
    let findings = "SELECT COUNT(*) FROM incident_findings";
    let one = |number| number == 1;
    stage.until_number("the finding", findings, one).await;
    let incident = stage
        .number("SELECT CAST(MAX(incident_id) AS SIGNED) FROM incident_findings")
        .await;
    assert!(incident > 2500);
    plant_incidents(&stage).await;
    let plant = "INSERT INTO incident_findings (incident_id, subject, uid, verdict, fields, found_at, resolved_at, mac)
                 SELECT f.incident_id, RANDOM_BYTES(16), 9, 'missing', '', 1, 1, f.mac FROM incident_findings f, (numbers) a, (numbers) b";
    stage.sql(&plant.replace("(numbers)", FIFTY)).await;
    viewer.clock.advance(Duration::from_secs(70));
    let mail = stage.until_breach_mail(|mail| names(mail, 1)).await;
    let subject = format!("Incident {incident}: 1 record is not as signed");
    assert_eq!(mail.subject, subject);
    let officer = viewer.browser();
    stage.sign_in(&officer, "officer").await;
    let page = officer.get(&format!("/incidents/{incident}")).await;
    assert!(page.says("1 found, 1 not resolved.") && page.says("Record 1</a>"));
    let record = officer.get("/records/1").await;
    assert!(record.says(&format!("Incident {incident}</a>")));
    assert_eq!(officer.verify(2).await, "Valid", "a neighbour");
    viewer.stop().await;
    stage.site.stop().await.unwrap();
}

const FIFTY: &str = "(WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 50) SELECT i FROM n)";

async fn plant_incidents(stage: &Stage) {
    let plant = "INSERT INTO incidents (state, source, detected_at, aware_at, mac)
                 SELECT 'open', 'sweep', 1, 1, RANDOM_BYTES(36) FROM (numbers) a, (numbers) b";
    stage.sql(&plant.replace("(numbers)", FIFTY)).await;
}

/// Whether the mail's list of UIDs has this one.
fn names(mail: &Mail, uid: u64) -> bool {
    let lines = mail.text.lines().map(str::trim);
    let list = lines.filter_map(|line| line.strip_prefix("UIDs: ")).next();
    let mut uids = list.unwrap_or_default().split(", ");
    uids.any(|one| one == uid.to_string())
}

/// Rows made of the cells of record 1, in one act.
pub async fn plant(stage: &Stage) {
    let mut connection = stage.connect().await;
    let mut act = sqlx::Connection::begin(&mut connection).await.unwrap();
    for statement in [
        "INSERT INTO records SELECT RANDOM_BYTES(16), NULL, state, version, draft, wallet_index, email_index, \
         RANDOM_BYTES(16), created_by, created_at, updated_at, mac FROM records, \
         (WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 60) SELECT i FROM n) AS many \
         WHERE uid = 1",
        "INSERT INTO record_versions SELECT planted.id, 1, 0, name, email, phone, age, address, wallet, relation, NULL, NULL \
         FROM records AS planted, record_versions AS real_one \
         WHERE planted.uid IS NULL AND real_one.record_id = (SELECT id FROM records WHERE uid = 1)",
    ] {
        let done = sqlx::query(statement).execute(&mut *act).await.unwrap();
        assert_eq!(done.rows_affected(), 60, "{statement}");
    }
    act.commit().await.unwrap();
}

async fn the_incident_is_one(stage: &Stage, officer: &Browser) {
    let list = officer.get("/incidents").await;
    assert!(list.says("Incident 1</a>") && !list.says("Incident 2</a>"));
    let pages = pages(officer, "/incidents/1").await;
    assert!(pages[0].says("60 found, 60 not resolved."));
    let lines: Vec<usize> = pages
        .iter()
        .map(|page| page.body.matches("unknown to the chain").count())
        .collect();
    assert_eq!(lines, [PER_PAGE, PLANTED - PER_PAGE]);
    let mails = stage.breach_mails_once_there().await;
    assert_eq!(mails.len(), 1);
    assert!(mails[0].text.contains("60"), "{}", mails[0].text);
}

async fn what_is_taken_out_is_resolved(stage: &Stage, officer: &Browser) {
    // In one act: rows without their values would be another breach.
    let take_out = "START TRANSACTION; \
                    DELETE FROM record_versions WHERE record_id IN (SELECT id FROM records WHERE uid IS NULL); \
                    DELETE FROM records WHERE uid IS NULL; COMMIT";
    stage.sql_script(take_out).await;
    stage.until_all_valid(officer).await;
    let resolved = |page: &Answer| page.says("60 found, 0 not resolved.");
    stage.until(officer, "/incidents/1", resolved).await;
    assert_eq!(stage.number("SELECT COUNT(*) FROM incidents").await, 1);
}

/// A page and those behind it.
async fn pages(officer: &Browser, path: &str) -> Vec<Answer> {
    let mut pages = vec![officer.get(path).await];
    while let Some(next) = pages.last().and_then(Answer::next) {
        pages.push(officer.get(&next).await);
    }
    pages
}
