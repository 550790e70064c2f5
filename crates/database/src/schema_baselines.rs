//! What our tables look like, and what they looked like when this software first saw them. MAC under the application key.

use std::collections::BTreeMap;

use keyring::{ApplicationKeys, MacBuilder};
use record::time::UnixMillis;
use sha2::{Digest, Sha256};
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::column::Columns;
use crate::error::RowError;
use crate::migrations::Kind;

const TABLE: &str = "schema_baselines";

/// Our tables.
pub(crate) const TABLES: [&str; 37] = [
    "access_copies",
    "access_log",
    "anchoring_jobs",
    "anchoring_transactions",
    "chain_progress",
    "consent_links",
    "consents",
    "corrections",
    "erasures",
    "incident_events",
    "incident_evidence",
    "incident_findings",
    "incidents",
    "key_checks",
    "leases",
    "notices",
    "operations_alarms",
    "outbox",
    "owner_keys",
    "owner_requests",
    "record_events",
    "record_versions",
    "records",
    "retentions",
    "restriction_steps",
    "row_counts",
    "schema_baselines",
    "sessions",
    "sign_in_attempts",
    "staff",
    "staff_events",
    "sweep_parts",
    "sweep_rounds",
    "verifications",
    "wallet_changes",
    "watch_progress",
    "withdrawals",
];

/// Whether the table is one of ours.
#[must_use]
pub fn is_ours(table: &str) -> bool {
    TABLES.contains(&table)
}

/// The schema as it is.
pub struct Schema {
    /// The columns of each table, in their order.
    pub columns: BTreeMap<String, Vec<String>>,
    /// A hash of all that matters to us.
    pub fingerprint: [u8; 32],
}

const COLUMNS: &str = "SELECT CAST(TABLE_NAME AS CHAR), CAST(COLUMN_NAME AS CHAR), CONCAT_WS('|', COLUMN_TYPE, IS_NULLABLE,
        COALESCE(COLUMN_DEFAULT, '-'), EXTRA, COALESCE(COLLATION_NAME, '-'))
     FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, ORDINAL_POSITION";
const KEYS: &str = "SELECT CAST(TABLE_NAME AS CHAR), CAST(INDEX_NAME AS CHAR),
        CONCAT_WS('|', NON_UNIQUE, SEQ_IN_INDEX, COALESCE(COLUMN_NAME, '-'), COALESCE(SUB_PART, '-'))
     FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX";
/// Partitions, and keys that point elsewhere: they make an act do more than it says.
const TIES: &str = "SELECT CAST(TABLE_NAME AS CHAR), CAST(PARTITION_NAME AS CHAR), CAST(COALESCE(PARTITION_METHOD, '-') AS CHAR)
     FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = DATABASE() AND PARTITION_NAME IS NOT NULL
     UNION ALL
     SELECT CAST(TABLE_NAME AS CHAR), CAST(CONSTRAINT_NAME AS CHAR), CAST(CONSTRAINT_TYPE AS CHAR)
     FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = DATABASE() AND CONSTRAINT_TYPE NOT IN ('PRIMARY KEY', 'UNIQUE')
     ORDER BY 1, 2, 3";
/// What the server does for each session before we come to speak.
const FIRST_OF_ALL: &str = "SELECT CAST(COALESCE(@@GLOBAL.init_connect, '') AS CHAR)";
const KINDS: &str =
    "SELECT CAST(TABLE_NAME AS CHAR), CAST(TABLE_TYPE AS CHAR), COALESCE(ENGINE, '-')
     FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME";

/// All that gives lines of a table, a name and what it is.
const LINES: [&str; 4] = [COLUMNS, KEYS, KINDS, TIES];

/// Looks at the schema: columns with their types, keys, and whether each table is one.
pub async fn look(connection: &mut MySqlConnection) -> Result<Schema, RowError> {
    let mut hash = Sha256::new();
    let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let first_of_all: String = sqlx::query_scalar(FIRST_OF_ALL)
        .fetch_one(&mut *connection)
        .await?;
    hash.update(first_of_all);
    for query in LINES {
        let lines: Vec<(String, String, String)> =
            sqlx::query_as(query).fetch_all(&mut *connection).await?;
        for (table, name, what) in lines.into_iter().filter(|line| is_ours(&line.0)) {
            for part in [&table, &name, &what] {
                hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
                hash.update(part);
            }
            if query == COLUMNS {
                columns.entry(table).or_default().push(name);
            }
        }
    }
    Ok(Schema {
        columns,
        fingerprint: hash.finalize().into(),
    })
}

/// What a fingerprint is comparable by: the migrations, and what of the schema is looked at.
fn edition() -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(Kind::Main.checksum());
    for part in TABLES.iter().chain(&[FIRST_OF_ALL]).chain(&LINES) {
        hash.update(part);
    }
    hash.finalize().into()
}

/// The fingerprint that the schema had when the software with these migrations first saw it; this one, when that is now.
/// A row that somebody else wrote is an error.
pub async fn baseline(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    fingerprint: [u8; 32],
    now: UnixMillis,
) -> Result<[u8; 32], RowError> {
    Ok(kept(connection, keys, fingerprint, now).await?.fingerprint)
}

/// Takes this fingerprint for the one that the schema has to have; false when it is already. The row stays the one that is
/// counted.
pub async fn accept(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    fingerprint: [u8; 32],
    now: UnixMillis,
) -> Result<bool, RowError> {
    let standing = kept(connection, keys, fingerprint, now).await?;
    if standing.fingerprint == fingerprint {
        return Ok(false);
    }
    let accepted = Kept {
        fingerprint,
        ..standing
    };
    sqlx::query("UPDATE schema_baselines SET fingerprint = ?, mac = ? WHERE migrations = ?")
        .bind(accepted.fingerprint.as_slice())
        .bind(accepted.mac(keys).finish())
        .bind(accepted.migrations.as_slice())
        .execute(connection)
        .await?;
    Ok(true)
}

async fn kept(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    fingerprint: [u8; 32],
    now: UnixMillis,
) -> Result<Kept, RowError> {
    let mac = |kept: &Kept| kept.mac(keys).finish();
    let kept = Kept {
        migrations: edition(),
        fingerprint,
        seen_at: now,
    };
    // Of two processes that start together one is first.
    sqlx::query(
        "INSERT IGNORE INTO schema_baselines (migrations, fingerprint, seen_at, mac) VALUES (?, ?, ?, ?)",
    )
    .bind(kept.migrations.as_slice())
    .bind(kept.fingerprint.as_slice())
    .bind(kept.seen_at.0)
    .bind(mac(&kept))
    .execute(&mut *connection)
    .await?;
    let row = sqlx::query("SELECT * FROM schema_baselines WHERE migrations = ?")
        .bind(kept.migrations.as_slice())
        .fetch_one(connection)
        .await?;
    Kept::read(&row, keys)
}

pub(crate) struct Kept {
    migrations: [u8; 32],
    fingerprint: [u8; 32],
    seen_at: UnixMillis,
}

impl Kept {
    pub(crate) fn read(row: &MySqlRow, keys: &ApplicationKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let kept = Self {
            migrations: columns.get("migrations")?,
            fingerprint: columns.get("fingerprint")?,
            seen_at: columns.get("seen_at")?,
        };
        columns.check("baseline", kept.mac(keys))?;
        Ok(kept)
    }

    fn mac(&self, keys: &ApplicationKeys) -> MacBuilder {
        keys.mac(TABLE)
            .bytes(&self.migrations)
            .bytes(&self.fingerprint)
            .u64(self.seen_at.0)
    }
}
