//! Values that a correction replaced: they are destroyed once it is final, the version stays verifiable, and nothing brings them
//! back for long.

use database::record_versions;
use database::sealed::SealedVersion;
use database::{consents, owner_keys};
use keyring::KeySet;
use record::ids::{RecordId, Version};
use record::time::{Clock, UnixMillis};

use crate::harness::{Answer, Browser, Rectification, Stage};

/// The rows of the first version of the first record.
const FIRST: &str = "version = 1 AND record_id = (SELECT id FROM records WHERE uid = 1)";

#[tokio::test(flavor = "multi_thread")]
async fn replaced_values_are_destroyed_and_the_version_stays_verifiable() {
    let options = Stage::options().setting("breach-viewer", "REPLACED_VALUES_MINUTES", "0");
    let stage = Stage::start(3, options).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    let neighbour = stage.cells_of(2).await;
    for table in ["record_versions", "consents"] {
        let keep = format!("CREATE TABLE kept_{table} AS SELECT * FROM {table} WHERE {FIRST}");
        stage.sql_schema(&keep).await;
    }
    for person in &stage.people[..2] {
        stage.clerk.make_copy(&person.record).await.unwrap();
    }
    correct(&stage, 1).await;
    until_destroyed(&stage, 1).await;
    nothing_is_left(&stage).await;
    // The copy that the owner had asked for holds them, too; the neighbour's stands.
    let copies = "SELECT COUNT(*) FROM access_copies WHERE content <> ''";
    assert_eq!(stage.number(copies).await, 1);
    stage.until_all_valid(&officer).await;
    assert_eq!(stage.cells_of(2).await, neighbour);
    stage.assert_no_breach().await;

    they_do_not_come_back(&stage, &officer).await;
    stage.assert_no_breach().await;
    what_stays_is_watched_and_restored(&stage, &officer).await;
    a_missing_right_is_told(&stage, &officer).await;
    assert_eq!(stage.cells_of(2).await, neighbour);
    stage.site.stop().await.unwrap();
}

fn now() -> UnixMillis {
    Clock::system().now()
}

/// A correction from the desk to the chain.
async fn correct(stage: &Stage, uid: usize) {
    let person = &stage.people[uid - 1];
    let correction = Rectification::of(stage, person);
    correction.draft(now()).await;
    correction.sign(now()).await;
    stage.clerk.approve(&[&person.record]).await.unwrap();
}

async fn until_destroyed(stage: &Stage, uid: u64) {
    let left = format!(
        "SELECT COUNT(*) FROM record_versions WHERE version = 1 AND record_id = (SELECT id FROM records WHERE uid = {uid})
         AND LENGTH(CONCAT(name, email, phone, age, address)) = 0"
    );
    stage
        .until_number("no values", &left, |redacted| redacted == 1)
        .await;
}

/// Neither in the rows nor in the backup.
async fn nothing_is_left(stage: &Stage) {
    let keys = KeySet::load(&stage.site.key_dir()).unwrap();
    let id: RecordId = stage.people[0].record.parse().unwrap();
    let mut connection = stage.connect().await;
    let wrapped = owner_keys::of_record(&mut connection, id).await.unwrap();
    let key = keys
        .application()
        .unwrap_owner_key(&wrapped.unwrap())
        .unwrap();
    let values = record_versions::load(&mut connection, id, Version::FIRST).await;
    let consent = consents::load(&mut connection, id, Version::FIRST).await;
    let sealed = SealedVersion {
        values: values.unwrap().unwrap(),
        consent: consent.unwrap(),
    };
    let opened = sealed.open(&key);
    assert!(opened.is_redacted && opened.whole_message().is_none());
    let terms = opened.terms().unwrap();
    assert_eq!(terms.version, 1);
    assert!(!terms.purposes.is_empty());

    let backup = format!("{}.record_backups", stage.site.names().backup);
    for (version, with_values) in [(1, 0), (2, 1)] {
        let copies = format!("SELECT COUNT(*) FROM {backup} WHERE uid = 1 AND version = {version}");
        assert_eq!(stage.number(&copies).await, 1, "version {version}");
        let full = format!("{copies} AND LENGTH(CONCAT(name, email, phone, age, address)) > 0");
        assert_eq!(stage.number(&full).await, with_values, "version {version}");
    }
    let history = "SELECT COUNT(*) FROM record_events WHERE kind = 'values_destroyed' AND actor_kind = 'system'";
    assert_eq!(stage.number(history).await, 1);
}

/// Who kept a copy of the rows puts it back: it is what was signed, so it is no breach, and it goes again.
async fn they_do_not_come_back(stage: &Stage, officer: &Browser) {
    // The watch comes across it, or the sweep where the log is silent.
    for (before, times) in [("", 2), ("SET sql_log_bin = 0; ", 3)] {
        let put_back =
            "START TRANSACTION; REPLACE INTO record_versions SELECT * FROM kept_record_versions;
             REPLACE INTO consents SELECT * FROM kept_consents; COMMIT";
        stage.sql_script(&format!("{before}{put_back}")).await;
        let again = "SELECT COUNT(*) FROM record_events WHERE kind = 'values_destroyed'";
        stage
            .until_number("destroyed again", again, |count| count == times)
            .await;
        until_destroyed(stage, 1).await;
        stage.until_all_valid(officer).await;
    }
}

async fn what_stays_is_watched_and_restored(stage: &Stage, officer: &Browser) {
    for (edit, part) in [
        ("record_versions SET wallet = REVERSE(wallet)", "wallet"),
        (
            "record_versions SET email = 'somebody@example.org'",
            "e-mail",
        ),
        ("consents SET message = REVERSE(message)", "consent message"),
    ] {
        stage.sql(&format!("UPDATE {edit} WHERE {FIRST}")).await;
        let told = |grid: &Answer| grid.line(1).contains("Altered") && grid.line(1).contains(part);
        let grid = stage.until(officer, "/records", told).await;
        assert!(grid.line(2).contains("Valid") && grid.line(3).contains("Valid"));
        let page = officer.submit("/records/1/restore", &[]).await;
        assert!(page.says("restored and verified again"), "{}", page.body);
        until_destroyed(stage, 1).await;
        stage.until_all_valid(officer).await;
    }
}

/// Nothing is destroyed by halves, and what can't be is an alarm until it can.
async fn a_missing_right_is_told(stage: &Stage, officer: &Browser) {
    let names = stage.site.names();
    let user = format!("'{}_erase'@'%'", names.users);
    let right = format!("DELETE ON `{}`.record_backups", names.backup);
    stage
        .sql_schema(&format!("REVOKE {right} FROM {user}"))
        .await;
    let before = stage.cells_of(3).await;
    correct(stage, 3).await;
    let told = |grid: &Answer| grid.banner().contains("Values that a correction replaced");
    stage.until(officer, "/records", told).await;
    assert!(
        stage.versions_of(3).await.contains(&before),
        "the first version stands"
    );
    assert_eq!(officer.verify(3).await, "Valid");
    stage.sql_schema(&format!("GRANT {right} TO {user}")).await;
    until_destroyed(stage, 3).await;
    stage.until_all_valid(officer).await;
}
