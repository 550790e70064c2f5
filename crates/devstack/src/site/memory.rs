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
    let mut connection = server.connect().await?;
    let holds = contract_stands
        && holds_anchored(chain, &mut connection, &names.main).await?
        && holds_seen(chain, &mut connection, &names.main).await?;
    connection.close().await?;
    if holds {
        return Ok(());
    }
    bail!(
        "the chain was not stopped in good order and came back without its newest blocks, so that \
         it no longer holds what the database remembers: nothing could be verified. Start over: make clean-demo"
    )
}

/// The transaction that anchored last.
async fn holds_anchored(
    chain: &Chain,
    connection: &mut MySqlConnection,
    database: &str,
) -> Result<bool> {
    if !has_table(connection, database, "anchoring_jobs").await? {
        return Ok(true);
    }
    // The name is ours: letters, digits and underscores.
    let newest = AssertSqlSafe(format!(
        "SELECT transaction_hash FROM `{database}`.anchoring_jobs \
         WHERE state = 'anchored' ORDER BY block_number DESC LIMIT 1"
    ));
    let newest: Option<Option<Vec<u8>>> = sqlx::query_scalar(newest)
        .fetch_optional(connection)
        .await?;
    let Some(transaction) = newest.flatten() else {
        return Ok(true);
    };
    let hash = json!([hex_of(&transaction)]);
    Ok(chain.rpc("eth_getTransactionReceipt", hash).await? != Value::Null)
}

/// The newest block that an app has seen: on a chain without it they call nothing valid.
async fn holds_seen(
    chain: &Chain,
    connection: &mut MySqlConnection,
    database: &str,
) -> Result<bool> {
    if !has_table(connection, database, "chain_progress").await? {
        return Ok(true);
    }
    let newest = AssertSqlSafe(format!(
        "SELECT block_number, block_hash FROM `{database}`.chain_progress \
         ORDER BY block_number DESC LIMIT 1"
    ));
    let newest: Option<(u64, Vec<u8>)> = sqlx::query_as(newest).fetch_optional(connection).await?;
    let Some((number, hash)) = newest else {
        return Ok(true);
    };
    let asked = json!([format!("{number:#x}"), false]);
    let block = chain.rpc("eth_getBlockByNumber", asked).await?;
    // Another block of that number was made since: the chain went on from before it.
    Ok(block["hash"] == hex_of(&hash))
}

async fn has_table(connection: &mut MySqlConnection, database: &str, table: &str) -> Result<bool> {
    let count: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = ? AND table_name = ?",
    )
    .bind(database)
    .bind(table)
    .fetch_one(connection)
    .await?;
    Ok(count != 0)
}

fn hex_of(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}
