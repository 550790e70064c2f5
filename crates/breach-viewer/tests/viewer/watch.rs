//! The watch: what somebody touches is looked at at once, and its evidence kept; the apps' own writes raise nothing.

use database::operations_alarms::AlarmKind;
use detection::words;
use devstack::{SiteOptions, wait_until};

use crate::harness::{Answer, Browser, LIMIT, Stage};

/// So slow that whatever is found soon was not found by the sweep.
pub fn with_slow_sweep() -> SiteOptions {
    Stage::options().setting("breach-viewer", "SWEEP_RATE", "1")
}

/// The alarms that stand, in their order.
pub async fn alarms(stage: &Stage) -> Vec<String> {
    let mut connection = stage.connect().await;
    sqlx::query_scalar("SELECT kind FROM operations_alarms ORDER BY kind")
        .fetch_all(&mut connection)
        .await
        .unwrap()
}

pub async fn until_alarm(stage: &Stage, kind: &str, stands: bool) {
    let what = format!("{kind} {stands}");
    let reached = wait_until(&what, LIMIT, || async {
        let alarms = alarms(stage).await;
        Ok((alarms.iter().any(|one| one == kind) == stands).then_some(()))
    });
    reached.await.unwrap();
}

/// Until an alarm stands, and every page says so in plain words.
pub async fn until_told(stage: &Stage, browser: &Browser, kind: AlarmKind) {
    until_alarm(stage, kind.as_str(), true).await;
    let words = words(kind).replace('\'', "&#39;");
    let is_told = |page: &Answer| page.banner().contains(&words);
    stage.until(browser, "/records", is_told).await;
}

const BEAT: &str = "SELECT CAST(COALESCE(MAX(beat), 0) AS SIGNED) FROM watch_progress";

/// Until the watch follows the log: whatever happens from then on it sees.
pub async fn until_following(stage: &Stage) {
    stage.until_number("a beat", BEAT, |beat| beat > 0).await;
}

/// Until the watch has read all that happened so far: a beat is sent only once the one before came back in the log.
pub async fn until_all_is_read(stage: &Stage) {
    let before = stage.number(BEAT).await;
    stage
        .until_number("two beats", BEAT, |now| now >= before + 2)
        .await;
}

/// Until all is final on the chain, and the watch has read it: what we write to a record at fault is evidence as well.
async fn until_own_writes_are_read(stage: &Stage) {
    let under_way = "SELECT COUNT(*) FROM anchoring_jobs WHERE state <> 'anchored'";
    stage
        .until_number("all anchored", under_way, |count| count == 0)
        .await;
    until_all_is_read(stage).await;
}

async fn assert_neighbours_valid(officer: &Browser, altered: u64, count: u64) {
    for uid in (1..=count).filter(|uid| *uid != altered) {
        assert_eq!(officer.verify(uid).await, "Valid", "record {uid}");
    }
}

pub const BY_WATCH: &str = "SELECT COUNT(*) FROM incidents WHERE source = 'watch'";
pub const EVIDENCE: &str = "SELECT COUNT(*) FROM incident_evidence";

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_record_is_found_at_once_and_told_how() {
    let stage = Stage::with(3).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    until_own_writes_are_read(&stage).await;
    assert!(alarms(&stage).await.is_empty());
    stage.assert_no_breach().await;
    stage.hold_sweep().await;
    stage.alter_email(2).await;
    stage
        .until_number("an incident", BY_WATCH, |count| count == 1)
        .await;
    assert_neighbours_valid(&officer, 2, 3).await;
    stage
        .until_number("evidence", EVIDENCE, |count| count == 1)
        .await;
    let page = officer.get("/incidents/1").await;
    assert!(page.says("by the watch"), "{}", page.body);
    it_is_told_how(&stage, &officer, &page).await;
    assert_eq!(stage.number("SELECT COUNT(*) FROM incidents").await, 1);
    // Put back: good at once, too.
    stage.alter_email(2).await;
    let resolved = "SELECT COUNT(*) FROM incident_findings WHERE resolved_at IS NOT NULL";
    stage
        .until_number("resolved", resolved, |count| count == 1)
        .await;
    assert!(alarms(&stage).await.is_empty());
}

/// The sweep, which would write it anew, is held up.
#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_that_is_taken_out_or_written_over_stands_again() {
    let stage = Stage::with(3).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    until_following(&stage).await;
    stage.hold_sweep().await;
    stage.alter_email(2).await;
    let stands = "SELECT COUNT(*) FROM verifications WHERE uid = 2 AND verdict = 'altered' AND source = 'watch'";
    stage
        .until_number("the verdict", stands, |count| count == 1)
        .await;
    for covering_up in [
        "DELETE FROM verifications WHERE uid = 2",
        "UPDATE verifications SET verdict = 'valid', fields = '' WHERE uid = 2",
    ] {
        stage.sql(covering_up).await;
        stage
            .until_number("the verdict anew", stands, |count| count == 1)
            .await;
        let grid = officer.get("/records").await;
        assert!(grid.line(2).contains("Altered"), "{}", grid.body);
        assert!(grid.line(1).contains("Valid") && grid.line(3).contains("Valid"));
        // As long as the verdict stood there is nothing to be told anew.
        assert_eq!(stage.number("SELECT COUNT(*) FROM incidents").await, 1);
    }
    stage.site.stop().await.unwrap();
}

/// The incident names table and column; statement and rows are shown to who asks, and that is written down.
async fn it_is_told_how(stage: &Stage, officer: &Browser, page: &Answer) {
    let told = page.section("evidence");
    assert!(told.contains("record_versions: email"), "{told}");
    assert!(!told.contains("UPDATE"), "the statement is sealed");
    let has_connection = told.contains("Connection</th>");
    assert_eq!(told.contains("number leads to"), has_connection, "{told}");
    let path = page.between("<form method=\"post\" action=\"/incidents/1/evidence", "\"");
    let path = format!("/incidents/1/evidence{path}");
    let looks = "SELECT COUNT(*) FROM access_log WHERE action = 'evidence'";
    assert_eq!(stage.number(looks).await, 0);
    let shown = officer.post(&path, &[]).await;
    assert_eq!(shown.status, 200, "{}", shown.body);
    if stage.is_mariadb().await {
        assert!(shown.says("SET email = REVERSE(email)"), "{}", shown.body);
    } else {
        assert!(has_connection, "{told}");
    }
    assert_eq!(shown.says("<dt>Connection</dt>"), has_connection);
    assert!(!shown.says("not told"), "{}", shown.body);
    assert!(shown.says("Row of record_versions"));
    // Reversed, a sealed value differs from its first byte on, and all of it can be had.
    let email = shown.between("data-label=\"Column\">email</th>", "</tr>");
    assert_eq!(email.matches("<mark>").count(), 2, "{email}");
    assert_eq!(email.matches("<summary>All ").count(), 2, "{email}");
    assert_eq!(stage.number(looks).await, 1);
    let asked = officer.get(&path).await.status;
    assert_ne!(asked, 200, "only who asks sees it");
    assert_eq!(
        officer.post("/incidents/2/evidence/1", &[]).await.status,
        404
    );
    let manager = stage.signed_in("controller_manager", "manager").await;
    assert_eq!(manager.post(&path, &[]).await.status, 403);
    let log = stage.viewer_log();
    assert!(!log.contains("REVERSE"), "a statement stands in the log");
    let sealed = "SELECT COUNT(*) FROM incident_evidence WHERE content LIKE '%REVERSE%' OR content LIKE '%record_versions%'";
    assert_eq!(stage.number(sealed).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_log_held_before_goes_back_where_the_backup_has_nothing() {
    let stage = Stage::start(5, with_slow_sweep()).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    until_own_writes_are_read(&stage).await;
    let backup = format!("{}.record_backups", stage.site.names().backup);
    stage.sql(&format!("DELETE FROM {backup}")).await;
    let before = stage.cells_of(2).await;
    // Twice altered, a row deleted; and one whose rows were removed whole.
    stage.alter_email(2).await;
    stage.sql("UPDATE record_versions SET name = REVERSE(name) WHERE record_id = (SELECT id FROM records WHERE uid = 2)").await;
    stage
        .sql("DELETE FROM consents WHERE record_id = (SELECT id FROM records WHERE uid = 2)")
        .await;
    delete_values(&stage, "= (SELECT id FROM records WHERE uid = 3)").await;
    stage.sql("DELETE FROM records WHERE uid = 3").await;
    stage
        .until_number("evidence", EVIDENCE, |count| count == 6)
        .await;
    // And one whose row was long gone when what belongs to it went.
    stage.sql("DELETE FROM records WHERE uid = 5").await;
    stage
        .until_number("evidence", EVIDENCE, |count| count == 7)
        .await;
    delete_values(&stage, "NOT IN (SELECT id FROM records)").await;
    stage
        .until_number("evidence", EVIDENCE, |count| count == 9)
        .await;
    for uid in [2, 3, 5] {
        let plan = officer.get(&format!("/records/{uid}/restore")).await;
        assert!(
            plan.says("the rows that the database&#39;s log held before"),
            "{}",
            plan.body
        );
        let restored = officer
            .submit(&format!("/records/{uid}/restore"), &[])
            .await;
        assert!(
            restored.says("is restored and verified again: Valid"),
            "{}",
            restored.body
        );
        assert_eq!(officer.verify(uid).await, "Valid");
    }
    assert_eq!(stage.cells_of(2).await, before);
    // What the log did not hold gives nothing back: nobody believes it unseen.
    stage
        .sql_script(
            "SET SESSION sql_log_bin = 0; UPDATE record_versions SET email = REVERSE(email) \
                      WHERE record_id = (SELECT id FROM records WHERE uid = 4)",
        )
        .await;
    assert_eq!(officer.verify(4).await, "Altered");
    let plan = officer.get("/records/4/restore").await;
    assert!(
        plan.says("The backup holds no copy of this record."),
        "{}",
        plan.body
    );
    heads_of_somebody_else(&stage, &officer).await;
    assert_eq!(officer.verify(1).await, "Valid");
}

/// What belongs to the record whose id is this.
async fn delete_values(stage: &Stage, whose: &str) {
    for table in ["consents", "record_versions"] {
        stage
            .sql(&format!("DELETE FROM {table} WHERE record_id {whose}"))
            .await;
    }
}

/// No proof covers who entered a record: a head that somebody altered does not become ours by a restore.
async fn heads_of_somebody_else(stage: &Stage, officer: &Browser) {
    // The restores were our own.
    until_all_is_read(stage).await;
    let entered_by =
        "SELECT CAST(CRC32(CONCAT(state, HEX(created_by))) AS SIGNED) FROM records WHERE uid = 3";
    let before = stage.number(entered_by).await;
    let alter =
        "UPDATE records SET state = 'declined', created_by = REVERSE(created_by) WHERE uid =";
    stage.sql(&format!("{alter} 3")).await;
    stage.alter_email(3).await;
    // The log does not tell what the head was.
    stage
        .sql_script(&format!("SET SESSION sql_log_bin = 0; {alter} 2"))
        .await;
    stage.alter_email(2).await;
    stage
        .until_number("evidence", EVIDENCE, |count| count == 12)
        .await;
    let page = officer.submit("/records/3/restore", &[]).await;
    assert!(
        page.says("is restored and verified again: Valid"),
        "{}",
        page.body
    );
    assert_eq!(stage.number(entered_by).await, before);
    let plan = officer.get("/records/2/restore").await;
    assert!(
        plan.says("The backup holds no copy of this record."),
        "{}",
        plan.body
    );
    assert_eq!(officer.verify(2).await, "Altered");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_touch_is_found() {
    let stage = Stage::with(6).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    until_following(&stage).await;
    stage.hold_sweep().await;
    let of = |uid: u64| format!("(SELECT id FROM records WHERE uid = {uid})");
    for (uid, statement, verdict) in [
        (
            1,
            format!("DELETE FROM consents WHERE record_id = {}", of(1)),
            "altered",
        ),
        (
            2,
            format!("DELETE FROM record_versions WHERE record_id = {}", of(2)),
            "missing",
        ),
        (
            3,
            format!(
                "UPDATE owner_keys SET wrapped = REVERSE(wrapped) WHERE record_id = {}",
                of(3)
            ),
            "altered",
        ),
        (4, "DELETE FROM records WHERE uid = 4".to_owned(), "missing"),
        (
            5,
            "UPDATE records SET uid = NULL WHERE uid = 5".to_owned(),
            "altered",
        ),
    ] {
        stage.sql(&statement).await;
        let found = format!(
            "SELECT COUNT(*) FROM incident_findings f JOIN incidents i ON i.id = f.incident_id \
             WHERE i.source = 'watch' AND f.uid = {uid} AND f.verdict = '{verdict}'"
        );
        stage
            .until_number(&statement, &found, |count| count > 0)
            .await;
    }
    assert_eq!(officer.verify(6).await, "Valid");
    // That a record is gone whole may be an alarm as well, as soon as rows are counted.
    assert!(alarms(&stage).await.iter().all(|one| one == "rows_deleted"));
}

#[tokio::test(flavor = "multi_thread")]
async fn own_writes_raise_nothing() {
    let stage = Stage::with(0).await;
    let officer = stage.officer().await;
    until_following(&stage).await;
    stage.hold_sweep().await;
    let people =
        crate::harness::sign_up(&stage.site, &stage.clerk, &demo::doors::PEOPLE[..3]).await;
    let records: Vec<&str> = people.iter().map(|one| one.record.as_str()).collect();
    stage.clerk.approve(&records).await.unwrap();
    stage
        .until_number(
            "anchored",
            "SELECT COUNT(*) FROM records WHERE state = 'anchored'",
            |n| n == 3,
        )
        .await;
    let looked_at = "SELECT COUNT(*) FROM verifications WHERE source = 'watch' AND uid IS NOT NULL";
    stage
        .until_number("looked at", looked_at, |count| count == 3)
        .await;
    for uid in 1..=3 {
        assert_eq!(officer.verify(uid).await, "Valid");
    }
    officer.post("/sign-out", &[]).await;
    until_all_is_read(&stage).await;
    assert!(
        alarms(&stage).await.is_empty(),
        "{:?}",
        alarms(&stage).await
    );
    stage.assert_no_breach().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_and_deleted_rows_are_alarms_at_once() {
    let stage = Stage::start(1, with_slow_sweep()).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    until_following(&stage).await;
    stage
        .sql("UPDATE anchoring_jobs SET approved_at = approved_at + 1")
        .await;
    until_alarm(&stage, "row_tampered", true).await;
    stage
        .sql("UPDATE anchoring_jobs SET approved_at = approved_at - 1")
        .await;
    for table in ["outbox", "record_events", "anchoring_transactions"] {
        stage
            .sql_schema("DELETE FROM operations_alarms WHERE kind = 'rows_deleted'")
            .await;
        stage.sql(&format!("DELETE FROM {table} LIMIT 1")).await;
        until_alarm(&stage, "rows_deleted", true).await;
    }
    stage
        .sql_schema("DELETE FROM operations_alarms WHERE kind = 'rows_deleted'")
        .await;
    stage.sql_schema("TRUNCATE TABLE incident_events").await;
    until_alarm(&stage, "rows_deleted", true).await;
    assert_eq!(officer.verify(1).await, "Valid");
    stage.assert_no_breach().await;
}

/// Who was entered is missed at once, and not what somebody planted: that was told as long as it stood.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_record_is_missed_before_it_is_anchored_and_a_planted_one_is_not() {
    let stage = Stage::start(2, with_slow_sweep()).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    let signed =
        crate::harness::sign_up(&stage.site, &stage.clerk, &demo::doors::PEOPLE[2..3]).await;
    until_following(&stage).await;
    stage.hold_sweep().await;
    stage
        .sql(
            "INSERT INTO records SELECT REVERSE(id), NULL, state, version, draft, wallet_index, email_index, REVERSE(submission), \
             created_by, created_at, updated_at, mac FROM records WHERE uid = 2",
        )
        .await;
    stage
        .until_number("told as forged", BY_WATCH, |count| count == 1)
        .await;
    stage
        .sql("DELETE FROM records WHERE REVERSE(id) IN (SELECT id FROM (SELECT id FROM records WHERE uid = 2) AS copied)")
        .await;
    until_all_is_read(&stage).await;
    assert!(
        alarms(&stage).await.is_empty(),
        "{:?}",
        alarms(&stage).await
    );
    stage
        .sql(&format!(
            "DELETE FROM records WHERE id = X'{}'",
            signed[0].record
        ))
        .await;
    until_told(&stage, &officer, AlarmKind::RowsDeleted).await;
    let named = "ALARM: somebody deleted rows table=\"records\"";
    assert!(stage.viewer_log().contains(named), "{}", stage.viewer_log());
    assert_neighbours_valid(&officer, 0, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_schema_and_a_trigger_are_alarms_until_undone() {
    let stage = Stage::start(1, with_slow_sweep()).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    until_following(&stage).await;
    for (done, undone) in [
        (
            "ALTER TABLE consents DROP INDEX consents_nonce_index",
            "ALTER TABLE consents ADD UNIQUE KEY consents_nonce_index (nonce_index)",
        ),
        (
            "ALTER TABLE staff ADD extra INT NULL",
            "ALTER TABLE staff DROP extra",
        ),
        (
            "ALTER TABLE sweep_rounds MODIFY total BIGINT NULL",
            "ALTER TABLE sweep_rounds MODIFY total BIGINT UNSIGNED NOT NULL",
        ),
        (
            "ALTER TABLE corrections ADD extra INT NULL",
            "ALTER TABLE corrections DROP extra",
        ),
        (
            "CREATE TRIGGER planted BEFORE UPDATE ON records FOR EACH ROW SET NEW.draft = OLD.draft",
            "DROP TRIGGER planted",
        ),
    ] {
        stage.sql_schema(done).await;
        until_told(&stage, &officer, AlarmKind::SchemaChanged).await;
        stage.sql_schema(undone).await;
        until_alarm(&stage, "schema_changed", false).await;
    }
    assert_eq!(officer.verify(1).await, "Valid");
    stage.assert_no_breach().await;
}

/// Where the watch was is not where it begins without a word.
#[tokio::test(flavor = "multi_thread")]
async fn a_position_that_was_taken_away_is_a_gap() {
    let mut stage = Stage::with(2).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    until_following(&stage).await;
    stage.site.viewer.stop().await.unwrap();
    stage.alter_email(2).await;
    stage.sql("DELETE FROM watch_progress").await;
    stage.site.viewer.resume().await.unwrap();
    let line = "ALARM: somebody took away how far the watch was";
    let is_told = wait_until(line, LIMIT, || async {
        Ok(stage.viewer_log().contains(line).then_some(()))
    });
    is_told.await.unwrap();
    let told = |grid: &Answer| grid.line(2).contains("Altered") && grid.line(1).contains("Valid");
    let officer = stage.signed_in("data_protection_officer", "second").await;
    stage.until(&officer, "/records", told).await;
    // The sweep has looked at every record since.
    until_alarm(&stage, "watch_gap", false).await;
    stage.site.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_while_the_viewer_is_down() {
    let mut stage = Stage::start(3, with_slow_sweep()).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    until_own_writes_are_read(&stage).await;
    stage.site.viewer.stop().await.unwrap();
    stage.alter_email(3).await;
    stage
        .sql("UPDATE records SET created_at = created_at + 1 WHERE uid = 1")
        .await;
    stage
        .sql("UPDATE records SET created_at = created_at - 1 WHERE uid = 1")
        .await;
    stage.site.viewer.resume().await.unwrap();
    // Whoever was first to find it: the log's evidence is there, and of the record that is at fault alone.
    stage
        .until_number("evidence", EVIDENCE, |count| count == 1)
        .await;
    until_all_is_read(&stage).await;
    assert_eq!(stage.number(EVIDENCE).await, 1);
    assert_eq!(stage.number("SELECT COUNT(*) FROM incidents").await, 1);
    let officer = stage.signed_in("data_protection_officer", "second").await;
    assert_neighbours_valid(&officer, 3, 3).await;
    assert!(
        alarms(&stage).await.is_empty(),
        "{:?}",
        alarms(&stage).await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_progress_is_not_used() {
    let mut stage = Stage::start(1, with_slow_sweep()).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    until_following(&stage).await;
    stage.site.viewer.stop().await.unwrap();
    stage
        .sql("UPDATE watch_progress SET beat = beat + 1000000")
        .await;
    stage.site.viewer.resume().await.unwrap();
    until_alarm(&stage, "row_tampered", true).await;
    until_alarm(&stage, "watch_gap", true).await;
    // The sweep closes the gap.
    until_alarm(&stage, "watch_gap", false).await;
    stage.assert_no_breach().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_watch_the_viewer_says_so_and_sweeps() {
    let options = Stage::options().setting("breach-viewer", "WATCH_DATABASE_URL_FILE", "");
    let stage = Stage::start(1, options).await;
    let officer = stage.officer().await;
    until_alarm(&stage, "watch_not_configured", true).await;
    stage.alter_email(1).await;
    let altered = |grid: &Answer| grid.line(1).contains("Altered");
    let grid = stage
        .until(&officer, "/records?verdict=altered", altered)
        .await;
    assert!(
        grid.banner().contains("The watch is not set up"),
        "{}",
        grid.banner()
    );
}
