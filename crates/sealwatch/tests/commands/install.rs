use std::fs;
use std::os::unix::fs::PermissionsExt;

use devstack::{DatabaseServer, Databases};
use sqlx::{AssertSqlSafe, Connection, MySqlConnection};

use crate::{Home, Outcome, databases, run, sealwatch};

async fn install(home: &Home, databases: &Databases) -> Outcome {
    let server = DatabaseServer::shared().await.unwrap();
    run(home
        .command(databases)
        .env("DATABASE_ADMIN_URL", server.url().as_str())
        .args(["install", "--dir"])
        .arg(home.path("addresses"))
        .args(["--main", databases.main_name()])
        .args(["--backup", databases.backup_name()])
        .args(["--keys", databases.keys_name()])
        // Dropped with the databases, which know their accounts by this end of the name.
        .args(["--users", &format!("t{}", databases.suffix())]))
}

async fn may(home: &Home, file: &str, statement: &str) -> bool {
    let url = fs::read_to_string(home.path("addresses").join(file)).unwrap();
    let mut connection = MySqlConnection::connect(url.trim()).await.unwrap();
    let done = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
        .execute(&mut connection)
        .await;
    connection.close().await.unwrap();
    done.is_ok()
}

#[tokio::test]
async fn install_gives_each_app_its_least_rights_and_can_run_again() {
    let (home, databases) = (Home::with_keys(), databases().await);
    let done = install(&home, &databases).await;
    assert!(done.succeeded, "{} {}", done.out, done.err);
    let listed: Vec<_> = fs::read_dir(home.path("addresses")).unwrap().collect();
    assert_eq!(listed.len(), 15);
    for entry in listed {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert!(may(&home, "entry-app.DATABASE_URL", "SELECT * FROM staff").await);
    assert!(!may(&home, "entry-app.DATABASE_URL", "DELETE FROM records").await);
    assert!(
        !may(
            &home,
            "entry-app.BACKUP_DATABASE_URL",
            "SELECT * FROM record_backups"
        )
        .await
    );
    assert!(!may(&home, "consent-dapp.DATABASE_URL", "SELECT * FROM staff").await);
    assert!(!may(&home, "breach-viewer.DATABASE_URL", "DELETE FROM records").await);
    for forbidden in ["SELECT * FROM record_versions", "DELETE FROM records"] {
        let watch = "breach-viewer.WATCH_DATABASE_URL";
        assert!(!may(&home, watch, forbidden).await, "{forbidden}");
    }
    assert!(
        may(
            &home,
            "breach-viewer.RESTORE_DATABASE_URL",
            "DELETE FROM records"
        )
        .await
    );
    assert!(
        may(
            &home,
            "breach-viewer.BACKUP_DATABASE_URL",
            "SELECT * FROM record_backups"
        )
        .await
    );

    for (setting, statement, allowed) in [
        (
            "ERASE_DATABASE_URL",
            "UPDATE record_versions SET email = ''",
            true,
        ),
        (
            "ERASE_DATABASE_URL",
            "UPDATE record_versions SET wallet = ''",
            false,
        ),
        ("ERASE_DATABASE_URL", "DELETE FROM record_versions", true),
        (
            "ERASE_DATABASE_URL",
            "INSERT INTO records SELECT * FROM records",
            false,
        ),
        (
            "ERASE_KEY_BACKUP_DATABASE_URL",
            "DELETE FROM owner_key_backups",
            true,
        ),
        (
            "ERASE_KEY_BACKUP_DATABASE_URL",
            "SELECT wrapped FROM owner_key_backups",
            false,
        ),
        (
            "ERASE_BACKUP_DATABASE_URL",
            "DELETE FROM record_backups",
            true,
        ),
        (
            "ERASE_BACKUP_DATABASE_URL",
            "UPDATE record_backups SET email = ''",
            false,
        ),
        ("BACKUP_DATABASE_URL", "DELETE FROM record_backups", false),
    ] {
        let setting = format!("breach-viewer.{setting}");
        assert_eq!(
            may(&home, &setting, statement).await,
            allowed,
            "{setting}: {statement}"
        );
    }

    let before = fs::read(home.path("addresses/entry-app.DATABASE_URL")).unwrap();
    let again = install(&home, &databases).await;
    assert!(again.succeeded, "{} {}", again.out, again.err);
    assert_eq!(
        fs::read(home.path("addresses/entry-app.DATABASE_URL")).unwrap(),
        before
    );
    assert!(may(&home, "entry-app.DATABASE_URL", "SELECT * FROM records").await);
}

#[tokio::test]
async fn the_operators_own_account_migrates_and_makes_staff() {
    let (home, databases) = (Home::with_keys(), databases().await);
    assert!(install(&home, &databases).await.succeeded);
    let own = |setting: &str| home.path("addresses").join(format!("sealwatch.{setting}"));
    let mut command = home.command(&databases);
    for setting in [
        "DATABASE_URL",
        "BACKUP_DATABASE_URL",
        "KEY_BACKUP_DATABASE_URL",
    ] {
        command
            .env_remove(setting)
            .env(format!("{setting}_FILE"), own(setting));
    }
    let migrated = run(command.arg("migrate"));
    assert!(migrated.succeeded, "{}", migrated.err);
}

#[test]
fn grants_are_printed_for_one_app_or_all() {
    let all = run(sealwatch().arg("grants")).out;
    assert!(
        all.contains("GRANT ALL PRIVILEGES ON `sealwatch\\_main`.* TO 'sealwatch_migrate'@'%';"),
        "{all}"
    );
    let viewer =
        run(sealwatch().args(["grants", "--app", "breach-viewer", "--host", "10.0.0.7"])).out;
    assert!(
        viewer.contains("TO 'sealwatch_viewer'@'10.0.0.7';"),
        "{viewer}"
    );
    assert!(
        viewer.contains("'sealwatch_restore'") && !viewer.contains("'sealwatch_entry'"),
        "{viewer}"
    );
    assert!(viewer.contains("'sealwatch_watch'"), "{viewer}");
    assert!(viewer.contains("'sealwatch_erase'"), "{viewer}");
    assert_eq!(viewer.matches("REVOKE").count(), 4);
}
