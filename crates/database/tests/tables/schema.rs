use database::Kind;

use crate::stage::Stage;

#[tokio::test]
async fn migrating_twice_changes_nothing_and_readiness_sees_a_strange_schema() {
    let stage = Stage::new().await;
    for (kind, pool) in Kind::ALL
        .into_iter()
        .zip([&stage.pool, &stage.backup, &stage.keys_pool])
    {
        database::migrate(kind, pool).await.unwrap();
        assert!(database::schema_is_current(kind, pool).await.unwrap());
    }
    stage
        .sql("UPDATE _sqlx_migrations SET checksum = 'other' WHERE version = 20261121000004")
        .await;
    assert!(
        !database::schema_is_current(Kind::Main, &stage.pool)
            .await
            .unwrap()
    );
    stage.sql("DROP TABLE _sqlx_migrations").await;
    assert!(
        database::schema_is_current(Kind::Main, &stage.pool)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn sessions_are_strict_read_committed_and_in_utc() {
    let stage = Stage::new().await;
    let (mode, zone): (String, String) =
        sqlx::query_as("SELECT @@session.sql_mode, @@session.time_zone")
            .fetch_one(&stage.pool)
            .await
            .unwrap();
    assert!(mode.contains("STRICT_ALL_TABLES"), "{mode}");
    assert_eq!(zone, "+00:00");
    let isolation: (String, String) = sqlx::query_as("SHOW VARIABLES LIKE 't%_isolation'")
        .fetch_one(&stage.pool)
        .await
        .unwrap();
    assert_eq!(isolation.1, "READ-COMMITTED");
    // A value that does not fit is refused, not cut off.
    let cut = sqlx::query("INSERT INTO leases VALUES (REPEAT('x', 65), REPEAT('x', 16), 0, '')")
        .execute(&stage.pool)
        .await;
    assert!(cut.is_err());
}
