//! Steps of what owners ask to have restricted, and of what they object to (docs/RESTRICTION.md). Only ever added to; an erasure
//! empties what they hold. MAC under the front key.

use std::collections::BTreeMap;

use keyring::{FrontKeys, MacBuilder, SealedError};
use rand::CryptoRng;
use record::ids::{Draft, RecordId, RestrictionId, StaffId, Version};
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use zeroize::Zeroizing;

use crate::column::{Columns, text_enum};
use crate::erasures::Identity;
use crate::error::{Checked, RowError};
use crate::of_records;
use crate::request_way::RequestWay;

const TABLE: &str = "restriction_steps";

text_enum! {
    /// What a request is about.
    RestrictionSubject {
        /// The use of the whole record (GDPR Art. 18).
        Restriction = "restriction",
        /// Purposes that are weighed (Art. 21(1)).
        Objection = "objection",
        /// Direct marketing, which ends at once (Art. 21(3)).
        Marketing = "marketing",
    }
}

text_enum! {
    /// What happened to a request; each at most once.
    RestrictionStepKind {
        /// The owner asked.
        Asked = "asked",
        /// Staff decided that it is so: the record stays restricted, or the purposes have ended.
        Granted = "granted",
        /// Staff decided that it is not so, and said why.
        Refused = "refused",
        /// The owner was told that a restriction is about to end.
        Ending = "ending",
        /// It does not restrict any more.
        Lifted = "lifted",
        /// The owner took it back, and it does not restrict any more.
        Withdrawn = "withdrawn",
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestrictionStep {
    /// Its id.
    pub id: RestrictionId,
    /// The request that it is a step of: the id of its first one.
    pub request_id: RestrictionId,
    /// The record.
    pub record_id: RecordId,
    /// What the request is about.
    pub subject: RestrictionSubject,
    /// What happened.
    pub kind: RestrictionStepKind,
    /// How the owner asked, or took it back; of what is lifted how they were told that it comes, where no mail told them.
    pub way: Option<RequestWay>,
    /// What showed that it is the owner.
    pub identity: Option<Identity>,
    /// Who at the desk; none where the owner did it.
    pub actor: Option<StaffId>,
    /// When.
    pub at: UnixMillis,
    /// Of the first step of what has to be decided: by when.
    pub due_at: Option<UnixMillis>,
    /// Sealed under the front key: ground and purposes.
    pub content: Option<Vec<u8>>,
    /// The version that was the newest then.
    pub version: Version,
    /// Its draft.
    pub draft: Draft,
    /// Cell under the owner's key: words of the owner, or of staff.
    pub note: Option<Vec<u8>>,
}

impl RestrictionStep {
    /// Puts ground and purposes into it, which open for this step alone.
    pub fn fill(&mut self, keys: &FrontKeys, content: &[u8], rng: &mut (impl CryptoRng + ?Sized)) {
        let id = self.id.as_bytes();
        self.content = Some(keys.seal("restriction_steps.content", id, content, rng));
    }

    /// What it holds; none of a step that never held any, or of a record that was erased.
    ///
    /// # Errors
    /// When it was sealed for another step, or altered.
    pub fn open(&self, keys: &FrontKeys) -> Result<Option<Zeroizing<Vec<u8>>>, SealedError> {
        let id = self.id.as_bytes();
        self.content
            .as_deref()
            .map(|sealed| keys.open("restriction_steps.content", id, sealed))
            .transpose()
    }

    pub(crate) fn read(row: &MySqlRow, keys: &FrontKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let step = Self {
            id: columns.get("id")?,
            request_id: columns.get("request_id")?,
            record_id: columns.get("record_id")?,
            subject: columns.get("subject")?,
            kind: columns.get("step")?,
            way: columns.get("way")?,
            identity: columns.get("identity")?,
            actor: columns.get("actor_id")?,
            at: columns.get("at")?,
            due_at: columns.get("due_at")?,
            content: columns.get("content")?,
            version: columns.get("version")?,
            draft: columns.get("draft")?,
            note: columns.get("note")?,
        };
        columns.check(step.id, step.mac(keys))?;
        Ok(step)
    }

    fn mac(&self, keys: &FrontKeys) -> MacBuilder {
        keys.mac(TABLE)
            .bytes(self.id.as_bytes())
            .bytes(self.request_id.as_bytes())
            .bytes(self.record_id.as_bytes())
            .text(self.subject.as_str())
            .text(self.kind.as_str())
            .opt_text(self.way.map(RequestWay::as_str))
            .opt_text(self.identity.map(Identity::as_str))
            .opt_bytes(self.actor.as_ref().map(|id| id.as_bytes().as_slice()))
            .u64(self.at.0)
            .opt_u64(self.due_at.map(|at| at.0))
            .opt_bytes(self.content.as_deref())
            .u32(self.version.get())
            .u32(self.draft.get())
            .opt_bytes(self.note.as_deref())
    }
}

/// Adds one.
/// [`RowError::Duplicate`] of `restriction_steps_step` when the request has been there before.
pub async fn append(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    step: &RestrictionStep,
) -> Result<(), RowError> {
    sqlx::query(
        "INSERT INTO restriction_steps (id, request_id, record_id, subject, step, way, identity, actor_id, at, due_at, content,
                                        version, draft, note, mac)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(step.id.as_bytes().as_slice())
    .bind(step.request_id.as_bytes().as_slice())
    .bind(step.record_id.as_bytes().as_slice())
    .bind(step.subject.as_str())
    .bind(step.kind.as_str())
    .bind(step.way.map(RequestWay::as_str))
    .bind(step.identity.map(Identity::as_str))
    .bind(step.actor.as_ref().map(|id| id.as_bytes().as_slice()))
    .bind(step.at.0)
    .bind(step.due_at.map(|at| at.0))
    .bind(step.content.as_deref())
    .bind(step.version.get())
    .bind(step.draft.get())
    .bind(step.note.as_deref())
    .bind(step.mac(keys).finish())
    .execute(connection)
    .await
    .map_err(|error| RowError::of_insert(TABLE, error))?;
    Ok(())
}

/// Puts the same words, sealed anew, in the place of what was read; the caller has locked the record.
/// [`RowError::Changed`] when they are others by now.
pub(crate) async fn replace_note(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    before: &RestrictionStep,
    after: &RestrictionStep,
) -> Result<(), RowError> {
    let done =
        sqlx::query("UPDATE restriction_steps SET note = ?, mac = ? WHERE id = ? AND note <=> ?")
            .bind(after.note.as_deref())
            .bind(after.mac(keys).finish())
            .bind(before.id.as_bytes().as_slice())
            .bind(before.note.as_deref())
            .execute(connection)
            .await?;
    match done.rows_affected() {
        0 => Err(RowError::changed(TABLE, before.id)),
        _ => Ok(()),
    }
}

/// Those of a record, oldest first.
pub async fn of_record(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    record: RecordId,
) -> Result<Checked<RestrictionStep>, RowError> {
    let rows = sqlx::query("SELECT * FROM restriction_steps WHERE record_id = ? ORDER BY at, id")
        .bind(record.as_bytes().as_slice())
        .fetch_all(connection)
        .await?;
    Checked::sort(rows.iter().map(|row| RestrictionStep::read(row, keys)))
}

/// Those of each of these records that has any.
pub async fn of_records(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    records: &[RecordId],
) -> Result<BTreeMap<RecordId, Checked<RestrictionStep>>, RowError> {
    let read = |row: &MySqlRow| RestrictionStep::read(row, keys);
    of_records::of_records(connection, (TABLE, "at, id"), records, read).await
}

/// The first steps of at most `limit` requests that are neither lifted nor taken back, and have to be decided, the one that is due first at the top.
pub async fn not_over(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    limit: u32,
) -> Result<Checked<RestrictionStep>, RowError> {
    let rows = sqlx::query(
        "SELECT * FROM restriction_steps asked WHERE step = 'asked' AND due_at IS NOT NULL AND NOT EXISTS
            (SELECT 1 FROM restriction_steps last WHERE last.request_id = asked.request_id AND last.step IN ('lifted', 'withdrawn'))
         ORDER BY due_at, id LIMIT ?",
    )
    .bind(limit)
    .fetch_all(connection)
    .await?;
    Checked::sort(rows.iter().map(|row| RestrictionStep::read(row, keys)))
}

/// Empties what the steps of a record hold, whoever wrote them; tells how many.
pub async fn empty_all_of(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    record: RecordId,
) -> Result<u64, RowError> {
    let steps = of_record(connection, keys, record).await?.rows;
    let mut rows = 0;
    for mut step in steps {
        if step.content.is_none() && step.note.is_none() {
            continue;
        }
        (step.content, step.note) = (None, None);
        let done = sqlx::query(
            "UPDATE restriction_steps SET content = NULL, note = NULL, mac = ? WHERE id = ?",
        )
        .bind(step.mac(keys).finish())
        .bind(step.id.as_bytes().as_slice())
        .execute(&mut *connection)
        .await?;
        rows += done.rows_affected();
    }
    // Of what is not ours nothing is to stay either.
    let done = sqlx::query(
        "UPDATE restriction_steps SET content = NULL, note = NULL
         WHERE record_id = ? AND (content IS NOT NULL OR note IS NOT NULL)",
    )
    .bind(record.as_bytes().as_slice())
    .execute(connection)
    .await?;
    Ok(rows + done.rows_affected())
}
