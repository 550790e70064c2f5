//! The time line of an incident; only ever added to. MAC under the application key.

use keyring::{ApplicationKeys, MacBuilder, SealedError};
use rand::CryptoRng;
use record::ids::StaffId;
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use zeroize::Zeroizing;

use crate::column::{Columns, text_enum};
use crate::error::{Checked, RowError};
use crate::index;
use crate::numbered::{Numbered, Value};

const TABLE: &str = "incident_events";
const AT_ONCE: u32 = 200;

text_enum! {
    /// What happened.
    IncidentEventKind {
        /// The incident was opened.
        Opened = "opened",
        /// More was found that belongs to it.
        FindingAdded = "finding_added",
        /// The officer's mail was written to the outbox.
        Mailed = "mailed",
        /// A restore was refused: the backup does not match the chain.
        RestoreRefused = "restore_refused",
        /// A record was restored.
        Restored = "restored",
        /// A finding is good again.
        Resolved = "resolved",
        /// A person assessed the incident.
        Assessed = "assessed",
        /// A person closed it.
        Closed = "closed",
        /// A person added a note.
        Noted = "noted",
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentEvent {
    /// The incident.
    pub incident_id: u64,
    /// What happened.
    pub kind: IncidentEventKind,
    /// Whose act it was; none for the software.
    pub actor_id: Option<StaffId>,
    /// Sealed words about it.
    pub detail: Option<Vec<u8>>,
    /// When.
    pub at: UnixMillis,
}

impl IncidentEvent {
    /// Seals a step; [`append`] writes it.
    #[must_use]
    pub fn seal(
        keys: &ApplicationKeys,
        incident_id: u64,
        kind: IncidentEventKind,
        actor_id: Option<StaffId>,
        detail: Option<&str>,
        rng: &mut (impl CryptoRng + ?Sized),
        now: UnixMillis,
    ) -> Self {
        let detail = detail.map(|text| {
            keys.seal(
                "incident_events.detail",
                &incident_id.to_be_bytes(),
                text.as_bytes(),
                rng,
            )
        });
        Self {
            incident_id,
            kind,
            actor_id,
            detail,
            at: now,
        }
    }

    /// The words about it, in clear.
    pub fn open_detail(
        &self,
        keys: &ApplicationKeys,
    ) -> Result<Option<Zeroizing<String>>, SealedError> {
        let aad = self.incident_id.to_be_bytes();
        self.detail
            .as_deref()
            .map(|sealed| index::text(keys.open("incident_events.detail", &aad, sealed)?))
            .transpose()
    }

    pub(crate) fn read(row: &MySqlRow, keys: &ApplicationKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let event = Self {
            incident_id: columns.get("incident_id")?,
            kind: columns.get("kind")?,
            actor_id: columns.get("actor_id")?,
            detail: columns.get("detail")?,
            at: columns.get("at")?,
        };
        columns.check(columns.get::<u64>("id")?, event.mac(keys))?;
        Ok(event)
    }

    fn mac(&self, keys: &ApplicationKeys) -> MacBuilder {
        keys.mac(TABLE)
            .u64(self.incident_id)
            .text(self.kind.as_str())
            .opt_bytes(self.actor_id.as_ref().map(|id| id.as_bytes().as_slice()))
            .opt_bytes(self.detail.as_deref())
            .u64(self.at.0)
    }
}

/// Adds to the time line.
pub async fn append(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    event: &IncidentEvent,
) -> Result<(), RowError> {
    sqlx::query(
        "INSERT INTO incident_events (incident_id, kind, actor_id, detail, at, mac) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(event.incident_id)
    .bind(event.kind.as_str())
    .bind(event.actor_id.as_ref().map(|id| id.as_bytes().as_slice()))
    .bind(event.detail.as_deref())
    .bind(event.at.0)
    .bind(event.mac(keys).finish())
    .execute(connection)
    .await?;
    Ok(())
}

/// The steps of an incident that end a finding, from this time on, newest first; the newest of them where there are very many.
pub async fn resolved_since(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    incident_id: u64,
    since: UnixMillis,
) -> Result<Vec<IncidentEvent>, RowError> {
    const MOST_PAGES: usize = 10;
    let kind = IncidentEventKind::Resolved;
    let (mut ends, mut before) = (Vec::new(), u64::MAX);
    for _ in 0..MOST_PAGES {
        let page = of_kind(connection, keys, incident_id, kind, before, AT_ONCE).await?;
        // They were written in the order of their times.
        let is_last = page.rows.len() < AT_ONCE as usize
            || page.rows.last().is_some_and(|(_, step)| step.at < since);
        before = page.rows.last().map_or(before, |(id, _)| *id);
        let steps = page.rows.into_iter().map(|(_, step)| step);
        ends.extend(steps.filter(|step| step.at >= since));
        if is_last {
            break;
        }
    }
    Ok(ends)
}

/// The newest step of this kind.
pub async fn newest(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    incident_id: u64,
    kind: IncidentEventKind,
) -> Result<Option<IncidentEvent>, RowError> {
    let newest = of_kind(connection, keys, incident_id, kind, u64::MAX, 1).await?;
    Ok(newest.rows.into_iter().next().map(|(_, step)| step))
}

/// [`of_incident`] of this kind alone.
async fn of_kind(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    incident_id: u64,
    kind: IncidentEventKind,
    before: u64,
    limit: u32,
) -> Result<Checked<(u64, IncidentEvent)>, RowError> {
    let of_kind = Numbered {
        query: "SELECT * FROM incident_events WHERE incident_id = ? AND kind = ? AND id < ? ORDER BY id DESC LIMIT ?",
        filter: &[Value::Number(incident_id), Value::Text(kind.as_str())],
        at_once: AT_ONCE,
    };
    let read = |row: &MySqlRow| numbered(row, keys);
    of_kind.read(connection, before, limit, read).await
}

/// The steps of an incident with a number below `before`, newest first, each with its number; `u64::MAX` begins the list.
pub async fn of_incident(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    incident_id: u64,
    before: u64,
    limit: u32,
) -> Result<Checked<(u64, IncidentEvent)>, RowError> {
    let of_incident = Numbered {
        query: "SELECT * FROM incident_events WHERE incident_id = ? AND id < ? ORDER BY id DESC LIMIT ?",
        filter: &[Value::Number(incident_id)],
        at_once: AT_ONCE,
    };
    let read = |row: &MySqlRow| numbered(row, keys);
    of_incident.read(connection, before, limit, read).await
}

fn numbered(row: &MySqlRow, keys: &ApplicationKeys) -> Result<(u64, IncidentEvent), RowError> {
    let id = Columns::of(TABLE, row).get("id")?;
    Ok((id, IncidentEvent::read(row, keys)?))
}
