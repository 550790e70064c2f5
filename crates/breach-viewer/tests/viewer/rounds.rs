//! Rounds of the sweep: shared by processes, taken over from one that was killed, and not to be talked out of what they
//! found.

use std::process::{Command, Output};
use std::time::Duration;

use devstack::{Accounts, App, AppSpec, Mail, wait_until};
use serde_json::{Value, json};

use crate::harness::{Answer, Browser, LIMIT, Stage};

const WHOLE: &str = "SELECT CAST(COALESCE(MAX(id), 0) AS SIGNED) FROM sweep_rounds WHERE finished_at IS NOT NULL \
                     AND problem IS NULL";

#[tokio::test(flavor = "multi_thread")]
async fn processes_share_a_round_and_one_is_killed() {
    // One record a second and process, so that there is always a round under way.
    let options = Stage::options().setting("breach-viewer", "SWEEP_RATE", "1");
    let mut stage = Stage::start(3, options).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    let second = another_viewer(&stage).await;
    let workers = "SELECT COUNT(DISTINCT holder) FROM sweep_parts WHERE finished_at IS NOT NULL GROUP BY round_id \
                   UNION SELECT 0 ORDER BY 1 DESC LIMIT 1";
    stage
        .until_number("a round of two processes", workers, |count| count == 2)
        .await;
    stage.assert_no_breach().await;
    let held = "SELECT COUNT(*) FROM sweep_parts WHERE number = 0 AND finished_at IS NULL AND holder IS NOT NULL";
    stage
        .until_number("a part under way", held, |count| count > 0)
        .await;
    let before = stage.number(WHOLE).await;
    stage.site.viewer.kill();
    stage
        .until_number("rounds without it", WHOLE, |now| now >= before + 2)
        .await;
    let officer = stage.signed_in_at(&second, "survivor").await;
    stage.assert_breach_is_found(&officer, 2).await;
    drop(second);
    stage.site.stop().await.unwrap();
}

async fn another_viewer(stage: &Stage) -> App {
    let mut spec = AppSpec::new("breach-viewer", stage.site.dir().join("second"));
    spec.env = stage.site.viewer.env().clone();
    for own in ["LISTEN", "PUBLIC_URL"] {
        spec.env.remove(own);
    }
    App::start(spec).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_found_can_not_be_deleted_and_the_chain_is_heard() {
    let stage = Stage::with(4).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    one_round_by_command(&stage, 0, 4, 0);
    what_the_chain_declares_void_is_noticed(&stage, &officer).await;
    deleted_rows_are_not_valid(&stage, &officer).await;
    one_round_by_command(&stage, 1, 4, 2);
    let (code, told) = by_command(&stage, &[("CHAIN_RPC_URL", "http://127.0.0.1:9")]);
    assert_eq!(
        (code, &told["verified"]),
        (Some(2), &json!(false)),
        "{told}"
    );
    stage.site.stop().await.unwrap();
}

/// No row has changed: the event names the record.
async fn what_the_chain_declares_void_is_noticed(stage: &Stage, officer: &Browser) {
    let before = stage.number(WHOLE).await;
    void(stage, 2).await;
    let told = |grid: &Answer| grid.line(2).contains("Forged");
    stage.until(officer, "/records", told).await;
    let rounds = stage.number(WHOLE).await - before;
    assert!(rounds <= 5, "it took {rounds} rounds");
    assert_eq!(officer.verify(3).await, "Valid");
}

async fn deleted_rows_are_not_valid(stage: &Stage, officer: &Browser) {
    stage.alter_email(1).await;
    let told = |grid: &Answer| grid.line(1).contains("Altered");
    stage.until(officer, "/records", told).await;
    let whole = stage.number(WHOLE).await;
    // The one that is under way may have passed the record before.
    stage
        .until_number("a round that has seen it", WHOLE, |now| now > whole + 1)
        .await;
    for _ in 0..30 {
        for statement in [
            "DELETE FROM verifications WHERE uid = 1",
            "UPDATE sweep_parts SET exceptions = '' WHERE finished_at IS NULL",
        ] {
            stage.sql_schema(statement).await;
        }
        let grid = officer.get("/records").await;
        assert!(!grid.line(1).contains("Valid"), "{}", grid.line(1));
        let valid = officer.get("/records?verdict=valid").await;
        assert_eq!(valid.badges(), ["Valid", "Valid"], "records 3 and 4");
    }
    stage.until(officer, "/records", told).await;
}

/// Who keeps a copy of an open round can put it back with all of its parts done, again and again, so that nothing would be left to
/// look at.
#[tokio::test(flavor = "multi_thread")]
async fn a_round_that_was_put_back_is_not_taken_up_again() {
    // One record a second, so that there is an open round to copy.
    let options = Stage::options().setting("breach-viewer", "SWEEP_RATE", "1");
    let stage = Stage::start(3, options).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    for table in ["sweep_rounds", "sweep_parts"] {
        let copy = format!("CREATE TABLE kept_{table} LIKE {table}");
        stage.sql_schema(&copy).await;
    }
    wait_until("a copy of a round", LIMIT, || async {
        Ok(keep_a_round(&stage).await.then_some(()))
    })
    .await
    .unwrap();
    let put_back = "DELETE FROM sweep_rounds WHERE id > (SELECT MAX(id) FROM kept_sweep_rounds); \
                    REPLACE INTO sweep_rounds SELECT * FROM kept_sweep_rounds; \
                    REPLACE INTO sweep_parts SELECT * FROM kept_sweep_parts;";
    let hidden = "SET sql_log_bin = 0; UPDATE record_versions SET email = REVERSE(email) \
                  WHERE record_id = (SELECT id FROM records WHERE uid = 1);";
    stage.sql_script(put_back).await;
    stage.sql_script(hidden).await;
    let attack = async {
        loop {
            stage.may_fail(put_back).await;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let altered = |grid: &Answer| grid.line(1).contains("Altered");
    tokio::select! {
        () = attack => {}
        _ = stage.until(&officer, "/records", altered) => {}
    }
    assert_eq!(officer.verify(2).await, "Valid");
    stage.site.stop().await.unwrap();
}

/// Copies a round while it is open, and its parts once they are done: these stand until the next round has ended. False where that
/// was missed. A copy that locked what it reads would keep the sweep from writing the parts.
async fn keep_a_round(stage: &Stage) -> bool {
    const UNLOCKED: &str = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;";
    let round = "DELETE FROM kept_sweep_parts; DELETE FROM kept_sweep_rounds; \
                 INSERT INTO kept_sweep_rounds SELECT * FROM sweep_rounds WHERE finished_at IS NULL ORDER BY id DESC LIMIT 1";
    let parts = "REPLACE INTO kept_sweep_parts SELECT p.* FROM sweep_parts p JOIN kept_sweep_rounds r ON r.id = p.round_id \
                 WHERE p.finished_at IS NOT NULL";
    stage.may_fail(&format!("{UNLOCKED} {round}")).await;
    let since = "SELECT COUNT(*) FROM sweep_rounds WHERE id > (SELECT COALESCE(MAX(id), 1 << 62) FROM kept_sweep_rounds)";
    loop {
        stage.may_fail(&format!("{UNLOCKED} {parts}")).await;
        if stage.number("SELECT COUNT(*) FROM kept_sweep_parts").await == 2 {
            return true;
        }
        let is_open = stage.number("SELECT COUNT(*) FROM kept_sweep_rounds").await == 1;
        if !is_open || stage.number(since).await > 1 {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What makes a round stand still keeps no alarm from being told.
#[tokio::test(flavor = "multi_thread")]
async fn alarms_are_told_while_a_round_is_held_up() {
    let mut options = Stage::options();
    options.own_database = true;
    let stage = Stage::start(2, options).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    stage
        .sql_script(
            "RENAME TABLE consents TO held_consents; \
             CREATE VIEW consents AS SELECT * FROM held_consents WHERE SLEEP(50) = 0;",
        )
        .await;
    let held = "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '%LEFT JOIN consents%' AND time > 1";
    stage
        .until_number("a round that is held up", held, |count| count > 0)
        .await;
    stage
        .sql("UPDATE staff SET role = 'data_protection_officer'")
        .await;
    let told = |mail: &Mail| mail.text.contains("behind Sealwatch's back");
    stage.site.inbox.wait_for(LIMIT, told).await.unwrap();
    assert!(stage.number(held).await > 0, "it still is");
    stage.site.stop().await.unwrap();
}

/// The authority declares version 1 void.
async fn void(stage: &Stage, uid: u64) {
    let authority = Accounts::load().unwrap();
    let authority = &authority.named("authority").unwrap().address;
    let deployment = std::fs::read_to_string(stage.site.chain.deployment_file()).unwrap();
    let deployment: Value = serde_json::from_str(&deployment).unwrap();
    // voidRecordProof(uint256,uint256)
    let selector = &alloy::primitives::keccak256("voidRecordProof(uint256,uint256)")[..4];
    let data = format!("0x{}{uid:064x}{:064x}", hex::encode(selector), 1);
    let transaction = json!({ "from": authority, "to": deployment["master_data"], "data": data });
    stage
        .site
        .chain
        .rpc("eth_sendTransaction", json!([transaction]))
        .await
        .unwrap();
}

fn one_round_by_command(stage: &Stage, expected: i32, checked: u64, bad: u64) {
    let (code, told) = by_command(stage, &[]);
    assert_eq!(code, Some(expected), "{told}");
    assert_eq!(
        (&told["verified"], &told["checked"], &told["bad"]),
        (&json!(true), &json!(checked), &json!(bad)),
        "{told}"
    );
}

/// `breach-viewer sweep --once --json`.
pub fn by_command(stage: &Stage, settings: &[(&str, &str)]) -> (Option<i32>, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_breach-viewer"));
    command.env_clear().envs(stage.site.viewer.env());
    command.envs(settings.iter().copied());
    command.args(["sweep", "--once", "--json"]);
    let Output { status, stdout, .. } = command.output().unwrap();
    (status.code(), serde_json::from_slice(&stdout).unwrap())
}
