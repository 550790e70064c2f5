use sqlx::{Connection, MySqlConnection};

use crate::{Home, databases, run, sealwatch};

#[tokio::test]
async fn migrate_sets_up_all_three_databases_and_can_run_again() {
    let (home, databases) = (Home::with_keys(), databases().await);
    for _ in 0..2 {
        let done = run(home.command(&databases).arg("migrate"));
        assert!(done.succeeded, "{}", done.err);
        assert!(
            done.out.contains("keys are those of this database"),
            "{}",
            done.out
        );
    }
    // A known value for the application key and one for the front key, however often it ran.
    for (url, table, rows) in [
        (databases.main(), "key_checks", 2),
        (databases.backup(), "record_backups", 0),
        (databases.keys(), "owner_key_backups", 0),
    ] {
        let mut connection = MySqlConnection::connect(url.as_str()).await.unwrap();
        let query = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        let count: i64 = sqlx::query_scalar(query)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(count, rows, "{table}");
        connection.close().await.unwrap();
    }
}

#[tokio::test]
async fn keys_of_another_deployment_are_refused() {
    let (home, other, databases) = (Home::with_keys(), Home::with_keys(), databases().await);
    assert!(run(home.command(&databases).arg("migrate")).succeeded);
    let refused = run(other.command(&databases).arg("migrate"));
    assert!(!refused.succeeded);
    assert!(
        refused.err.contains("do not belong to this database"),
        "{}",
        refused.err
    );
    let refused = run(other.command(&databases).args(["staff", "list"]));
    assert!(
        refused.err.contains("do not belong to this database"),
        "{}",
        refused.err
    );
    assert!(run(home.command(&databases).arg("migrate")).succeeded);
}

#[test]
fn every_missing_setting_is_named_at_once() {
    let refused = run(sealwatch().arg("migrate"));
    assert!(!refused.succeeded);
    for name in [
        "DATABASE_URL",
        "BACKUP_DATABASE_URL",
        "KEY_BACKUP_DATABASE_URL",
        "MASTER_KEY_FILE",
        "APPLICATION_KEYS_FILE",
    ] {
        assert!(
            refused.err.contains(&format!("\n  {name}: ")),
            "{name}: {}",
            refused.err
        );
    }
    let help = run(sealwatch().args(["migrate", "--help"]));
    assert!(help.out.contains("KEY_BACKUP_DATABASE_URL"), "{}", help.out);
}
