//! Keys are replaced while the apps run (docs/KEY_ROTATION.md): nobody is accused, nothing is lost, and what was wrapped by a
//! destroyed version stays shut.

use demo::doors::PEOPLE;
use devstack::{SoftToken, wait_until};
use sqlx::AssertSqlSafe;

use crate::harness::{LIMIT, Stage, sign_up};

const UNDER_AN_OLDER_ONE: &str = "SELECT COUNT(*) FROM owner_keys WHERE app_key_version < 2 OR SUBSTR(wrapped, 2, 4) <> X'00000002'";

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_replaced_while_the_apps_run() {
    let mut stage = Stage::with(3).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    let dumped = wrapped_key_of(&stage, 1).await;

    change(&stage, "add", &[]).await;
    until_read_anew(&stage, 1).await;
    change(&stage, "use", &["--now"]).await;
    until_read_anew(&stage, 2).await;
    stage.until_all_valid(&officer).await;
    let early = stage
        .site
        .change_keys("destroy", &["--version", "1", "--yes"]);
    let refused = format!("{:#}", early.await.unwrap_err());
    assert!(refused.contains("3 keys in the main database"), "{refused}");

    // Somebody is entered, signs and is anchored under the new version, beside the others.
    one_more(&mut stage).await;
    assert_eq!(stage.number(UNDER_AN_OLDER_ONE).await, 3);
    stage.until_all_valid(&officer).await;
    change(&stage, "rewrap", &[]).await;
    assert_eq!(stage.number(UNDER_AN_OLDER_ONE).await, 0);
    let backups = UNDER_AN_OLDER_ONE.replace(
        "owner_keys",
        &format!("{}.owner_key_backups", stage.site.names().keys),
    );
    assert_eq!(stage.number(&backups).await, 0);
    stage.until_all_valid(&officer).await;

    change(&stage, "destroy", &["--version", "1", "--yes"]).await;
    until_read_anew(&stage, 3).await;
    change(&stage, "rotate-master", &[]).await;
    stage.until_all_valid(&officer).await;
    stage.restart_viewer(&[]).await;
    stage.until_all_valid(&officer).await;
    stage.assert_no_breach().await;
    let alarms = "SELECT COUNT(*) FROM operations_alarms";
    assert_eq!(stage.number(alarms).await, 0);

    a_key_from_a_dump_opens_nothing(&stage, &dumped).await;
    stage.site.stop().await.unwrap();
}

/// From a file into a token and on from there; the apps need the token only where they read their keys.
#[tokio::test(flavor = "multi_thread")]
async fn the_master_key_moves_into_a_token_while_the_apps_run() {
    let mut stage = Stage::with(3).await;
    let officer = stage.officer().await;
    let tokens = SoftToken::new().unwrap();
    tokens.make("ours").unwrap();
    stage.site.use_tokens(&tokens);
    stage.site.entry.stop().await.unwrap();
    stage.site.entry.resume().await.unwrap();
    stage.restart_viewer(&[]).await;

    let uri = tokens.uri("ours", "master");
    change(&stage, "rotate-master", &["--pkcs11", &uri]).await;
    change(&stage, "add", &[]).await;
    until_read_anew(&stage, 1).await;
    change(&stage, "rotate-master", &[]).await;
    change(&stage, "use", &["--now"]).await;
    until_read_anew(&stage, 2).await;
    change(&stage, "destroy-old-masters", &["--yes"]).await;

    tokens.pull().unwrap();
    one_more(&mut stage).await;
    stage.until_all_valid(&officer).await;
    stage.site.viewer.stop().await.unwrap();
    let refused = format!("{:#}", stage.site.viewer.resume().await.unwrap_err());
    assert!(
        refused.contains("the token \"ours\" is not there"),
        "{refused}"
    );
    tokens.put_back().unwrap();
    stage.site.viewer.resume().await.unwrap();
    stage.until_all_valid(&officer).await;
    stage.assert_no_breach().await;
    for app in [&stage.site.entry, &stage.site.viewer] {
        assert!(!app.log().contains(tokens.pin()), "the PIN is in the log");
    }
    stage.site.stop().await.unwrap();
}

/// What a dump of before brings back is no key any more; its record is told, the others stay valid, and the copy of the key brings
/// it back.
async fn a_key_from_a_dump_opens_nothing(stage: &Stage, dumped: &str) {
    let officer = stage.browser();
    stage.sign_in(&officer, "officer").await;
    stage
        .sql(&format!(
            "UPDATE owner_keys SET app_key_version = 1, wrapped = X'{dumped}' \
             WHERE record_id = (SELECT id FROM records WHERE uid = 1)"
        ))
        .await;
    let told = stage
        .until(&officer, "/records", |grid| {
            grid.line(1).contains("Altered")
        })
        .await;
    let valid = told
        .badges()
        .iter()
        .filter(|badge| *badge == "Valid")
        .count();
    assert_eq!(valid, 3, "its neighbours are untouched");
    let page = officer.submit("/records/1/restore", &[]).await;
    assert!(page.says("Record 1 is restored and verified again: Valid."));
    stage.until_all_valid(&officer).await;
}

async fn change(stage: &Stage, what: &str, more: &[&str]) {
    stage.site.change_keys(what, more).await.unwrap();
}

/// Until both apps that hold the application keys have taken over so many changes of them.
async fn until_read_anew(stage: &Stage, times: usize) {
    for app in ["entry-app", "breach-viewer"] {
        let log = stage.site.dir().join(format!("logs/{app}.log"));
        let read = wait_until(app, LIMIT, || async {
            let log = std::fs::read_to_string(&log)?;
            let found = log.matches("application keys read anew").count();
            Ok((found >= times).then_some(()))
        });
        read.await.unwrap();
    }
}

async fn one_more(stage: &mut Stage) {
    let more = sign_up(&stage.site, &stage.clerk, &PEOPLE[3..4]).await;
    stage.clerk.approve(&[&more[0].record]).await.unwrap();
    let anchored = wait_until("one more", LIMIT, || async {
        let anchored = stage.clerk.anchored().await?;
        Ok(anchored.contains(&more[0].record).then_some(()))
    });
    anchored.await.unwrap();
    stage.people.extend(more);
}

async fn wrapped_key_of(stage: &Stage, uid: u64) -> String {
    let mut connection = stage.connect().await;
    let query = format!(
        "SELECT HEX(wrapped) FROM owner_keys WHERE record_id = (SELECT id FROM records WHERE uid = {uid})"
    );
    sqlx::query_scalar(AssertSqlSafe(query))
        .fetch_one(&mut connection)
        .await
        .unwrap()
}
