//! Rows of the tables of access, work and incidents: single ones, as soon as somebody has touched them, and a page at a
//! time of the tables that grow. [`crate::guarded`] looks over all that are in use.

use std::collections::BTreeMap;

use keyring::ApplicationKeys;
use sqlx::AssertSqlSafe;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::access_copies::AccessCopy;
use crate::access_log::Access;
use crate::anchoring_jobs::AnchoringJob;
use crate::anchoring_transactions::AnchoringTransaction;
use crate::chain_progress::ChainProgress;
use crate::column::Columns;
use crate::consent_links::ConsentLink;
use crate::erasures::Erasure;
use crate::error::{RowError, Tampered};
use crate::incident_events::IncidentEvent;
use crate::incident_evidence::IncidentEvidence;
use crate::incident_findings::Finding;
use crate::incidents::Incident;
use crate::leases::Lease;
use crate::outbox::Mail;
use crate::owner_requests::OwnerRequest;
use crate::record_events::RecordEvent;
use crate::records::Record;
use crate::restriction_steps::RestrictionStep;
use crate::retentions::Retention;
use crate::schema_baselines::Kept;
use crate::sessions::Session;
use crate::staff::Staff;
use crate::staff_events::StaffEvent;
use crate::sweep_rounds::SweepRound;
use crate::wallet_changes::WalletChange;
use crate::watch_progress::WatchProgress;
use crate::withdrawals::Withdrawal;
use crate::{key_checks, notices, staff};

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

const TABLES: [GuardedTable; 27] = [
    table("staff", "id", KeyKind::Bytes(16), true),
    table("staff_events", "id", KeyKind::Number, true),
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
    table("withdrawals", "id", KeyKind::Number, true),
    // What is over is deleted after a day.
    table("owner_requests", "id", KeyKind::Bytes(16), false),
    table("erasures", "id", KeyKind::Bytes(16), true),
    table("access_copies", "id", KeyKind::Bytes(16), true),
    table("wallet_changes", "id", KeyKind::Bytes(16), true),
    // It goes with its record, and is reckoned anew where it is gone.
    table("retentions", "record_id", KeyKind::Bytes(16), false),
    table("restriction_steps", "id", KeyKind::Bytes(16), true),
    table("incidents", "id", KeyKind::Number, true),
    table("incident_findings", "id", KeyKind::Number, true),
    table("incident_events", "id", KeyKind::Number, true),
    table("incident_evidence", "id", KeyKind::Number, true),
    table("access_log", "id", KeyKind::Number, true),
    table("chain_progress", "reader", KeyKind::Text, true),
    table("watch_progress", "reader", KeyKind::Text, true),
    table("schema_baselines", "migrations", KeyKind::Bytes(32), true),
];

/// The tables that grow, as a rule without end, with how many of them are read at once: what some hold is long.
pub const GROWING: [(&str, u32); 19] = [
    ("sessions", 200),
    ("staff_events", 200),
    ("consent_links", 200),
    ("anchoring_jobs", 200),
    ("anchoring_transactions", 200),
    ("outbox", 200),
    ("record_events", 200),
    ("withdrawals", 200),
    ("owner_requests", 200),
    ("erasures", 200),
    ("access_copies", 20),
    ("wallet_changes", 200),
    ("retentions", 200),
    ("restriction_steps", 200),
    ("incidents", 200),
    ("incident_findings", 20),
    ("incident_events", 200),
    ("incident_evidence", 20),
    ("access_log", 200),
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

/// Some rows of a table, in the order of their keys.
#[derive(Debug, Default)]
pub struct Page {
    /// How many rows were looked at.
    pub rows: usize,
    /// The last one.
    pub last: Option<RowKey>,
    /// Those that somebody else wrote or changed.
    pub planted: Vec<RowKey>,
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

/// How each of these rows stands now, in their order.
pub async fn look(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    table: GuardedTable,
    asked: &[RowKey],
) -> Result<Vec<RowState>, RowError> {
    let growing = GROWING.iter().find(|growing| growing.0 == table.name);
    let most = match table.kind {
        // A server may take other letters for the same text: one by one they can't be mixed up.
        KeyKind::Text => 1,
        KeyKind::Bytes(_) | KeyKind::Number => growing.map_or(200, |growing| growing.1 as usize),
    };
    let mut states = Vec::with_capacity(asked.len());
    let planted = by_other_means(connection, keys, table).await?;
    for some in asked.chunks(most) {
        let mut found = BTreeMap::new();
        for row in with_keys(connection, table, some, most).await? {
            let key = match some {
                [key] => key.clone(),
                _ => key_of(&row, table)?,
            };
            let state = match read(&row, keys, table.name) {
                Ok(()) => RowState::Ours,
                Err(error) => RowState::Planted(error.tampered()?),
            };
            let state = planted.clone().map_or(state, RowState::Planted);
            // Where the key does not hold any more, two may stand under one.
            if state != RowState::Ours || !found.contains_key(&key) {
                found.insert(key, state);
            }
        }
        let state = |key| found.remove(key).unwrap_or(RowState::Gone);
        states.extend(some.iter().map(state));
    }
    Ok(states)
}

/// Of the tables that are kept by other means than a MAC, or by more.
async fn by_other_means(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    table: GuardedTable,
) -> Result<Option<Tampered>, RowError> {
    let mut planted = match table.name {
        "staff" => staff::put_back(connection).await?,
        "notices" => notices::planted(connection).await?,
        "key_checks" => key_checks::planted(connection, keys).await?,
        _ => Vec::new(),
    };
    Ok(planted.pop())
}

async fn with_keys(
    connection: &mut MySqlConnection,
    table: GuardedTable,
    keys: &[RowKey],
    most: usize,
) -> Result<Vec<MySqlRow>, RowError> {
    let Some(last) = keys.last() else {
        return Ok(Vec::new());
    };
    // One statement for one row, and one for many, whatever their number: each is prepared once.
    let marks = if keys.len() == 1 { 1 } else { most };
    let places = vec!["?"; marks].join(", ");
    // Names of our own.
    let query = AssertSqlSafe(format!(
        "SELECT * FROM {} WHERE {} IN ({places})",
        table.name, table.key
    ));
    let mut query = sqlx::query(query);
    for key in keys.iter().chain(std::iter::repeat(last)).take(marks) {
        query = match key {
            RowKey::Bytes(bytes) if table.kind == KeyKind::Text => {
                query.bind(String::from_utf8_lossy(bytes).into_owned())
            }
            RowKey::Bytes(bytes) => query.bind(bytes.as_slice()),
            RowKey::Number(number) => query.bind(*number),
        };
    }
    Ok(query.fetch_all(connection).await?)
}

/// Looks at the first rows behind a key, or at the first of all.
pub async fn page(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    table: GuardedTable,
    after: Option<&RowKey>,
    limit: u32,
) -> Result<Page, RowError> {
    let (name, key) = (table.name, table.key);
    let behind = after.map_or(String::new(), |_| format!("WHERE {key} > ?"));
    // Names of our own.
    let query = AssertSqlSafe(format!(
        "SELECT * FROM {name} {behind} ORDER BY {key} LIMIT {limit}"
    ));
    let query = sqlx::query(query);
    let query = match after {
        Some(RowKey::Bytes(bytes)) => query.bind(bytes.as_slice()),
        Some(RowKey::Number(number)) => query.bind(*number),
        None => query,
    };
    let mut page = Page::default();
    for row in query.fetch_all(connection).await? {
        let key = key_of(&row, table)?;
        match read(&row, keys, name) {
            Ok(()) => {}
            Err(error) if error.is_tampering() => page.planted.push(key.clone()),
            Err(error) => return Err(error),
        }
        page.rows += 1;
        page.last = Some(key);
    }
    Ok(page)
}

fn key_of(row: &MySqlRow, table: GuardedTable) -> Result<RowKey, RowError> {
    let columns = Columns::of(table.name, row);
    Ok(match table.kind {
        KeyKind::Number => RowKey::Number(columns.get(table.key)?),
        KeyKind::Bytes(_) | KeyKind::Text => RowKey::Bytes(columns.get(table.key)?),
    })
}

/// Whether a row of this table is ours.
pub(crate) fn read(row: &MySqlRow, keys: &ApplicationKeys, table: &str) -> Result<(), RowError> {
    let front = keys.front();
    match table {
        "staff" => Staff::read(row, keys).map(drop),
        "staff_events" => StaffEvent::read(row, keys).map(drop),
        "sessions" => Session::read(row, keys).map(drop),
        "leases" => Lease::read(row, keys).map(drop),
        "records" => Record::read(row, &front).map(drop),
        "consent_links" => ConsentLink::read(row, &front).map(drop),
        "anchoring_jobs" => AnchoringJob::read(row, keys).map(drop),
        "anchoring_transactions" => AnchoringTransaction::read(row, keys).map(drop),
        "outbox" => Mail::read(row, &front).map(drop),
        "record_events" => RecordEvent::read(row, &front).map(drop),
        "withdrawals" => Withdrawal::read(row, &front).map(drop),
        "owner_requests" => OwnerRequest::read(row, &front).map(drop),
        "erasures" => Erasure::read(row, keys).map(drop),
        "access_copies" => AccessCopy::read(row, &front).map(drop),
        "wallet_changes" => WalletChange::read(row, keys).map(drop),
        "retentions" => Retention::read(row, keys).map(drop),
        "restriction_steps" => RestrictionStep::read(row, &front).map(drop),
        "incidents" => Incident::read(row, keys).map(drop),
        "incident_findings" => Finding::read(row, keys).map(drop),
        "incident_events" => IncidentEvent::read(row, keys).map(drop),
        "incident_evidence" => IncidentEvidence::read(row, keys).map(drop),
        "access_log" => Access::read(row, keys).map(drop),
        "chain_progress" => ChainProgress::read(row, keys).map(drop),
        "watch_progress" => WatchProgress::read(row, keys).map(drop),
        "schema_baselines" => Kept::read(row, keys).map(drop),
        "sweep_rounds" => SweepRound::read(row, keys).map(drop),
        _ => Ok(()),
    }
}
