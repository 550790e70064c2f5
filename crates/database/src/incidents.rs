//! Breaches being handled. MAC under the application key.

use keyring::{ApplicationKeys, MacBuilder};
use record::time::UnixMillis;
use sqlx::Connection;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::column::{Columns, text_enum};
use crate::error::{Checked, RowError};
use crate::numbered::{Numbered, Value};
use crate::verifications::Source;

const TABLE: &str = "incidents";
const AT_ONCE: u32 = 200;

text_enum! {
    /// Where an incident is on its way.
    IncidentState {
        /// Found; nobody has assessed it.
        Open = "open",
        /// A person has assessed it.
        Assessed = "assessed",
        /// Done.
        Closed = "closed",
    }
}

/// One incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// Its number.
    pub id: u64,
    /// Where it is on its way.
    pub state: IncidentState,
    /// Which way led to it.
    pub source: Source,
    /// When it was detected.
    pub detected_at: UnixMillis,
    /// From when the 72 hours run.
    pub aware_at: UnixMillis,
    /// When it was closed.
    pub closed_at: Option<UnixMillis>,
}

impl Incident {
    pub(crate) fn read(row: &MySqlRow, keys: &ApplicationKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let incident = Self {
            id: columns.get("id")?,
            state: columns.get("state")?,
            source: columns.get("source")?,
            detected_at: columns.get("detected_at")?,
            aware_at: columns.get("aware_at")?,
            closed_at: columns.get("closed_at")?,
        };
        columns.check(incident.id, incident.mac(keys))?;
        Ok(incident)
    }

    fn mac(&self, keys: &ApplicationKeys) -> MacBuilder {
        keys.mac(TABLE)
            .u64(self.id)
            .text(self.state.as_str())
            .text(self.source.as_str())
            .u64(self.detected_at.0)
            .u64(self.aware_at.0)
            .opt_u64(self.closed_at.map(|at| at.0))
    }
}

/// Opens an incident, detected now; awareness is by default the detection.
pub async fn open(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    source: Source,
    now: UnixMillis,
) -> Result<Incident, RowError> {
    let mut transaction = connection.begin().await?;
    // The MAC covers the id, which is known only once the row stands; nobody sees the row in between.
    let inserted = sqlx::query(
        "INSERT INTO incidents (state, source, detected_at, aware_at, mac) VALUES ('open', ?, ?, ?, '')",
    )
    .bind(source.as_str())
    .bind(now.0)
    .bind(now.0)
    .execute(&mut *transaction)
    .await?;
    let incident = Incident {
        id: inserted.last_insert_id(),
        state: IncidentState::Open,
        source,
        detected_at: now,
        aware_at: now,
        closed_at: None,
    };
    update(&mut transaction, keys, &incident).await?;
    transaction.commit().await?;
    Ok(incident)
}

/// The incident with this number.
pub async fn load(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    id: u64,
) -> Result<Option<Incident>, RowError> {
    sqlx::query("SELECT * FROM incidents WHERE id = ?")
        .bind(id)
        .fetch_optional(connection)
        .await?
        .map(|row| Incident::read(&row, keys))
        .transpose()
}

/// The incident with this number, locked until the caller's transaction ends.
pub async fn lock(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    id: u64,
) -> Result<Option<Incident>, RowError> {
    sqlx::query("SELECT * FROM incidents WHERE id = ? FOR UPDATE")
        .bind(id)
        .fetch_optional(connection)
        .await?
        .map(|row| Incident::read(&row, keys))
        .transpose()
}

/// The newest incident that is still open, to gather what belongs together.
pub async fn newest_open(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
) -> Result<Option<Incident>, RowError> {
    let newest = open_ones(connection, keys, 1).await?;
    Ok(newest.rows.into_iter().next())
}

/// Incidents with a number below `before`, newest first; `u64::MAX` begins the list. Rows that somebody else wrote come
/// beside them, and take no place of theirs.
pub async fn list(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    before: u64,
    limit: u32,
) -> Result<Checked<Incident>, RowError> {
    let all = Numbered {
        query: "SELECT * FROM incidents WHERE id < ? ORDER BY id DESC LIMIT ?",
        filter: &[],
        at_once: AT_ONCE,
    };
    let read = |row: &MySqlRow| Incident::read(row, keys);
    all.read(connection, before, limit, read).await
}

/// The newest open incidents, as the column says.
pub async fn open_ones(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    limit: u32,
) -> Result<Checked<Incident>, RowError> {
    let open = Numbered {
        query: "SELECT * FROM incidents WHERE state = 'open' AND id < ? ORDER BY id DESC LIMIT ?",
        filter: &[],
        at_once: AT_ONCE,
    };
    let read = |row: &MySqlRow| Incident::read(row, keys);
    open.read(connection, u64::MAX, limit, read).await
}

/// The oldest incidents that are not closed, as the column says; so many open ones, and so many assessed ones. What somebody
/// plants stands above them.
pub async fn oldest_not_closed(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    limit: u32,
) -> Result<Checked<Incident>, RowError> {
    let mut found = Checked::default();
    for state in [IncidentState::Open, IncidentState::Assessed] {
        let of_state = Numbered {
            query: "SELECT * FROM incidents WHERE state = ? AND id > ? ORDER BY id LIMIT ?",
            filter: &[Value::Text(state.as_str())],
            at_once: AT_ONCE,
        };
        let read = |row: &MySqlRow| Incident::read(row, keys);
        let of_state: Checked<Incident> = of_state.read(connection, 0, limit, read).await?;
        found.rows.extend(of_state.rows);
        found.tampered.extend(of_state.tampered);
    }
    Ok(found)
}

/// Writes the columns that may change of an incident that the caller has locked.
/// [`RowError::Changed`] when it is gone.
pub async fn update(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    incident: &Incident,
) -> Result<(), RowError> {
    let done = sqlx::query(
        "UPDATE incidents SET state = ?, aware_at = ?, closed_at = ?, mac = ? WHERE id = ?",
    )
    .bind(incident.state.as_str())
    .bind(incident.aware_at.0)
    .bind(incident.closed_at.map(|at| at.0))
    .bind(incident.mac(keys).finish())
    .bind(incident.id)
    .execute(connection)
    .await?;
    match done.rows_affected() {
        0 => Err(RowError::changed(TABLE, incident.id)),
        _ => Ok(()),
    }
}
