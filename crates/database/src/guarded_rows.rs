//! Single rows of the tables of access, work and incidents, as soon as somebody has touched them. [`crate::guarded`]
//! looks over all of them that are in use.

use keyring::ApplicationKeys;
use sqlx::AssertSqlSafe;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::access_log::Access;
use crate::anchoring_jobs::AnchoringJob;
use crate::anchoring_transactions::AnchoringTransaction;
use crate::chain_progress::ChainProgress;
use crate::consent_links::ConsentLink;
use crate::error::{Checked, RowError, Tampered};
use crate::incident_events::IncidentEvent;
use crate::incident_evidence::IncidentEvidence;
use crate::incident_findings::Finding;
use crate::incidents::Incident;
use crate::leases::Lease;
use crate::outbox::Mail;
use crate::record_events::RecordEvent;
use crate::records::Record;
use crate::schema_baselines::Kept;
use crate::sessions::Session;
use crate::staff::Staff;
use crate::watch_progress::WatchProgress;
use crate::{key_checks, notices};

/// What the key of a table looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// So many bytes.
    Bytes(usize),
    /// A number.
    Number,
    /// Text.
    Text,
}

/// One table whose rows are guarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuardedTable {
    /// Its name.
    pub name: &'static str,
    /// The column that tells its rows apart.
    pub key: &'static str,
    /// What stands in it.
    pub kind: KeyKind,
    /// Whether none of our applications ever deletes from it.
    pub is_kept_whole: bool,
}

const fn table(
    name: &'static str,
    key: &'static str,
    kind: KeyKind,
    is_kept_whole: bool,
) -> GuardedTable {
    GuardedTable {
        name,
        key,
        kind,
        is_kept_whole,
    }
}

const TABLES: [GuardedTable; 19] = [
    table("staff", "id", KeyKind::Bytes(16), true),
    table("sessions", "id_hash", KeyKind::Bytes(32), false),
    table("leases", "name", KeyKind::Text, false),
    // A planted one is taken out, and a genuine one is missed by its UID or its history.
    table("records", "id", KeyKind::Bytes(16), false),
    table("consent_links", "id", KeyKind::Bytes(16), true),
    table("anchoring_jobs", "id", KeyKind::Number, true),
    table("anchoring_transactions", "hash", KeyKind::Bytes(32), true),
    table("outbox", "id", KeyKind::Bytes(16), true),
    table("notices", "hash", KeyKind::Bytes(32), true),
    table("key_checks", "ring", KeyKind::Text, true),
    table("record_events", "id", KeyKind::Number, true),
    table("incidents", "id", KeyKind::Number, true),
    table("incident_findings", "id", KeyKind::Number, true),
    table("incident_events", "id", KeyKind::Number, true),
    table("incident_evidence", "id", KeyKind::Number, true),
    table("access_log", "id", KeyKind::Number, true),
    table("chain_progress", "reader", KeyKind::Text, true),
    table("watch_progress", "reader", KeyKind::Text, true),
    table("schema_baselines", "migrations", KeyKind::Bytes(32), true),
];

/// The table of this name, if its rows are guarded.
#[must_use]
pub fn of_name(name: &str) -> Option<GuardedTable> {
    TABLES.into_iter().find(|table| table.name == name)
}

/// A row's key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowKey {
    /// Bytes or text.
    Bytes(Vec<u8>),
    /// A number.
    Number(u64),
}

/// How a row stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowState {
    /// It is one of ours.
    Ours,
    /// There is none.
    Gone,
    /// Somebody else wrote or changed it.
    Planted(Tampered),
}

/// Looks at one row.
pub async fn look(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    table: GuardedTable,
    key: &RowKey,
) -> Result<RowState, RowError> {
    // Names of our own.
    let query = AssertSqlSafe(format!(
        "SELECT * FROM {} WHERE {} = ?",
        table.name, table.key
    ));
    let query = sqlx::query(query);
    let query = match key {
        RowKey::Bytes(bytes) if table.kind == KeyKind::Text => {
            query.bind(String::from_utf8_lossy(bytes).into_owned())
        }
        RowKey::Bytes(bytes) => query.bind(bytes.as_slice()),
        RowKey::Number(number) => query.bind(*number),
    };
    let rows = query.fetch_all(&mut *connection).await?;
    if rows.is_empty() {
        return Ok(RowState::Gone);
    }
    let mut tampered = match table.name {
        // Kept by other means than a MAC.
        "notices" => notices::planted(connection).await?,
        "key_checks" => key_checks::planted(connection, keys).await?,
        _ => Checked::sort(rows.iter().map(|row| read(row, keys, table.name)))?.tampered,
    };
    Ok(tampered.pop().map_or(RowState::Ours, RowState::Planted))
}

fn read(row: &MySqlRow, keys: &ApplicationKeys, table: &str) -> Result<(), RowError> {
    let front = keys.front();
    match table {
        "staff" => Staff::read(row, keys).map(drop),
        "sessions" => Session::read(row, keys).map(drop),
        "leases" => Lease::read(row, keys).map(drop),
        "records" => Record::read(row, &front).map(drop),
        "consent_links" => ConsentLink::read(row, &front).map(drop),
        "anchoring_jobs" => AnchoringJob::read(row, keys).map(drop),
        "anchoring_transactions" => AnchoringTransaction::read(row, keys).map(drop),
        "outbox" => Mail::read(row, &front).map(drop),
        "record_events" => RecordEvent::read(row, &front).map(drop),
        "incidents" => Incident::read(row, keys).map(drop),
        "incident_findings" => Finding::read(row, keys).map(drop),
        "incident_events" => IncidentEvent::read(row, keys).map(drop),
        "incident_evidence" => IncidentEvidence::read(row, keys).map(drop),
        "access_log" => Access::read(row, keys).map(drop),
        "chain_progress" => ChainProgress::read(row, keys).map(drop),
        "watch_progress" => WatchProgress::read(row, keys).map(drop),
        "schema_baselines" => Kept::read(row, keys).map(drop),
        _ => Ok(()),
    }
}
