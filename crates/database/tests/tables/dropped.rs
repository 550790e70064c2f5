//! A query that is dropped in the middle, as when a browser goes away, costs the pool no connection.

use std::time::Duration;

use database::PoolSettings;
use sqlx::{AssertSqlSafe, Executor as _};

use crate::stage::Stage;

#[tokio::test]
async fn a_dropped_query_costs_the_pool_nothing() {
    let stage = Stage::new().await;
    let settings = PoolSettings {
        max_connections: 1,
        acquire_timeout: Duration::from_secs(30),
        ..PoolSettings::default()
    };
    let pool = database::pool(&stage.databases.main(), &settings).unwrap();
    let mut lock = stage.connection().await;
    for parameters in 1..3 {
        let mut transaction = pool.begin().await.unwrap();
        // Not prepared before: what the server makes of it is on its way when it is dropped, and comes later.
        let statement = format!("SELECT {}1 FROM records", "?, ".repeat(parameters));
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for _ in 0..parameters {
            query = query.bind(0);
        }
        lock.execute("LOCK TABLES records WRITE").await.unwrap();
        let mut answer = Box::pin(query.fetch_all(&mut *transaction));
        assert!(futures::poll!(answer.as_mut()).is_pending());
        drop(answer);
        drop(transaction);
        lock.execute("UNLOCK TABLES").await.unwrap();
    }
    let answer = sqlx::query_scalar::<_, i64>("SELECT 7")
        .fetch_one(&pool)
        .await;
    assert_eq!(answer.unwrap(), 7);
}
