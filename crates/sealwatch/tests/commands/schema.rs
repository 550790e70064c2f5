use database::row_counts::{self, KEPT, RowCount};
use database::schema_baselines;
use keyring::{ApplicationKeys, KeySet};
use record::time::UnixMillis;
use sqlx::{Connection, MySqlConnection};

use crate::{Home, databases, run};

/// What the tables are like, and what they have to be like.
async fn fingerprints(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
) -> ([u8; 32], [u8; 32]) {
    let seen = schema_baselines::look(connection).await.unwrap();
    let now = UnixMillis(1);
    let wanted = schema_baselines::baseline(connection, keys, seen.fingerprint, now).await;
    (seen.fingerprint, wanted.unwrap())
}

/// What the viewer misses when it is gone.
async fn counted(connection: &mut MySqlConnection) -> RowCount {
    let kept = KEPT.iter().find(|kept| kept.table == "schema_baselines");
    row_counts::count(connection, kept.unwrap(), u64::MAX)
        .await
        .unwrap()
}

#[tokio::test]
async fn changed_tables_are_accepted_by_who_has_the_keys() {
    let (home, databases) = (Home::with_keys(), databases().await);
    let migrated = run(home.command(&databases).arg("migrate"));
    assert!(migrated.succeeded, "{}", migrated.err);
    let keys = KeySet::load(&home.path("keys")).unwrap();
    let keys = keys.application();
    let mut connection = MySqlConnection::connect(databases.main().as_str())
        .await
        .unwrap();
    let (seen, wanted) = fingerprints(&mut connection, keys).await;
    assert_eq!(seen, wanted);
    let before = counted(&mut connection).await;
    assert_eq!(before.counted, 1);
    sqlx::raw_sql("ALTER TABLE staff ADD extra INT NULL")
        .execute(&mut connection)
        .await
        .unwrap();
    let (changed, still_wanted) = fingerprints(&mut connection, keys).await;
    assert_ne!(changed, wanted);
    assert_eq!(still_wanted, wanted);

    let refused = run(Home::with_keys()
        .command(&databases)
        .args(["schema", "accept"]));
    assert!(!refused.succeeded);
    assert_eq!(fingerprints(&mut connection, keys).await.1, wanted);

    let accepted = run(home.command(&databases).args(["schema", "accept"]));
    assert!(accepted.succeeded, "{}", accepted.err);
    assert!(
        accepted.out.contains("Restart breach-viewer"),
        "{}",
        accepted.out
    );
    assert_eq!(
        fingerprints(&mut connection, keys).await,
        (changed, changed)
    );
    assert_eq!(counted(&mut connection).await, before);
    let again = run(home.command(&databases).args(["schema", "accept"]));
    assert!(again.out.contains("nothing was changed"), "{}", again.out);
}
