//! Whether the chain still holds what the database remembers.

use std::fs;

use anyhow::{Result, bail};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, MySqlConnection};

use super::operator::Names;
use crate::chain::Chain;
use crate::database::DatabaseServer;

/// A chain that was stopped in good order holds everything. One that was killed, or lost its power,
/// may come back short of blocks; then database and chain don't fit together any more.
pub(super) async fn check(chain: &Chain, server: &DatabaseServer, names: &Names) -> Result<()> {
    let Ok(text) = fs::read_to_string(chain.deployment_file()) else {
        return Ok(());
    };
    let deployment: Value = serde_json::from_str(&text)?;
    let contract = json!([deployment["storage_layer"], "latest"]);
    let contract_stands = chain.rpc("eth_getCode", contract).await? != "0x";
    if contract_stands && holds_newest(chain, server, names).await? {
        return Ok(());
    }
    bail!(
        "the chain was not stopped in good order and came back without its newest blocks, so that \
         it no longer holds what the database remembers. Start over: make clean-demo"
    )
}

async fn holds_newest(chain: &Chain, server: &DatabaseServer, names: &Names) -> Result<bool> {
    let mut connection = server.connect().await?;
    let newest = newest_anchored(&mut connection, &names.main).await?;
    connection.close().await?;
    let Some(transaction) = newest else {
        return Ok(true);
    };
    let hash = json!([format!("0x{}", hex::encode(transaction))]);
    Ok(chain.rpc("eth_getTransactionReceipt", hash).await? != Value::Null)
}

async fn newest_anchored(
    connection: &mut MySqlConnection,
    database: &str,
) -> Result<Option<Vec<u8>>> {
    let exists: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = ? AND table_name = 'anchoring_jobs'",
    )
    .bind(database)
    .fetch_one(&mut *connection)
    .await?;
    if exists == 0 {
        return Ok(None);
    }
    // The name is ours: letters, digits and underscores.
    let newest = AssertSqlSafe(format!(
        "SELECT transaction_hash FROM `{database}`.anchoring_jobs \
         WHERE state = 'anchored' ORDER BY block_number DESC LIMIT 1"
    ));
    Ok(sqlx::query_scalar(newest)
        .fetch_optional(connection)
        .await?
        .flatten())
}
