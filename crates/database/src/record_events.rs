//! The history of a record: what happened, when, by whom; no personal data. Only ever added to. MAC under the front key.

use keyring::{FrontKeys, MacBuilder};
use record::ids::{RecordId, StaffId};
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::column::{Columns, text_enum};
use crate::error::{Checked, RowError};

const TABLE: &str = "record_events";

text_enum! {
    /// What happened.
    RecordEventKind {
        /// Staff entered the record.
        Entered = "entered",
        /// Staff edited it before consent.
        Edited = "edited",
        /// A link was made.
        LinkCreated = "link_created",
        /// A link was sent by mail.
        LinkSent = "link_sent",
        /// A link was taken back.
        LinkRevoked = "link_revoked",
        /// The owner proved to be the owner and saw the details.
        LinkOpened = "link_opened",
        /// Too many wrong codes.
        LinkLocked = "link_locked",
        /// The owner asked for a correction.
        CorrectionRequested = "correction_requested",
        /// Staff did not correct what the owner asked them to, and said why.
        CorrectionRefused = "correction_refused",
        /// The owner declined; values and key were destroyed.
        Declined = "declined",
        /// Nobody signed in time; values and key were destroyed.
        Lapsed = "lapsed",
        /// The owner signed.
        Consented = "consented",
        /// Consent was taken back, for some purpose or for all.
        ConsentWithdrawn = "consent_withdrawn",
        /// Staff approved.
        Approved = "approved",
        /// The transaction was signed and committed.
        AnchoringPlanned = "anchoring_planned",
        /// The transaction was sent.
        AnchoringSent = "anchoring_sent",
        /// The transaction is in a block.
        AnchoringMined = "anchoring_mined",
        /// The signature did not hold: nothing was anchored.
        AnchoringRejected = "anchoring_rejected",
        /// The anchor is final.
        Anchored = "anchored",
        /// A verified copy was written back.
        Restored = "restored",
        /// A further version was begun, to be signed like the first.
        RectificationBegun = "rectification_begun",
        /// A further version was given up before it was anchored.
        RectificationDropped = "rectification_dropped",
        /// The values of a version that another one replaced were destroyed.
        ValuesDestroyed = "values_destroyed",
        /// The owner asked to have the record erased.
        ErasureAsked = "erasure_asked",
        /// Staff did not erase it, and said why.
        ErasureRefused = "erasure_refused",
        /// Staff decided to erase it.
        ErasureGranted = "erasure_granted",
        /// Nothing permitted to keep it any longer, and staff released its erasure.
        ErasureReleased = "erasure_released",
        /// Staff decided to keep it for longer than its purposes do.
        RetentionProlonged = "retention_prolonged",
        /// It has ended on the chain.
        Retired = "retired",
        /// Nothing of it is left.
        Destroyed = "destroyed",
        /// The owner asked for a copy of everything, and it was made.
        CopyAsked = "copy_asked",
        /// Staff wrote down how they know who asked for it.
        CopyIdentified = "copy_identified",
        /// It was handed over: the owner opened it, or staff did for them.
        CopyGiven = "copy_given",
        /// Its link was taken back.
        CopyRevoked = "copy_revoked",
        /// Too many wrong codes for it.
        CopyLocked = "copy_locked",
        /// The owner lost their wallet: the change to another one was asked for.
        WalletChangeAsked = "wallet_change_asked",
        /// A second member of staff confirmed who asks.
        WalletChangeConfirmed = "wallet_change_confirmed",
        /// The authority signed that the wallet is changed.
        WalletChangeOrdered = "wallet_change_ordered",
        /// The version that changes the wallet was begun, to be signed by the new one.
        WalletChangeBegun = "wallet_change_begun",
        /// The change of the wallet was given up.
        WalletChangeGivenUp = "wallet_change_given_up",
        /// The owner asked to have the use of the record restricted.
        RestrictionAsked = "restriction_asked",
        /// Staff decided that it stays restricted.
        RestrictionGranted = "restriction_granted",
        /// Staff decided that it does not, and said why.
        RestrictionRefused = "restriction_refused",
        /// The owner objected to a use.
        ObjectionMade = "objection_made",
        /// Staff ended it.
        ObjectionUpheld = "objection_upheld",
        /// Staff did not, and said why.
        ObjectionRefused = "objection_refused",
        /// The owner was told that a restriction is about to end.
        RestrictionEnding = "restriction_ending",
        /// A restriction has ended.
        RestrictionLifted = "restriction_lifted",
        /// The owner took back that they asked for one.
        RestrictionWithdrawn = "restriction_withdrawn",
    }
}

text_enum! {
    /// Whose act it was, as the column holds it.
    ActorKind {
        /// Staff.
        Staff = "staff",
        /// The data owner.
        Owner = "owner",
        /// The software.
        System = "system",
    }
}

/// Whose act it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// This account.
    Staff(StaffId),
    /// The data owner.
    Owner,
    /// The software by itself.
    System,
}

impl Actor {
    fn columns(self) -> (ActorKind, Option<StaffId>) {
        match self {
            Self::Staff(id) => (ActorKind::Staff, Some(id)),
            Self::Owner => (ActorKind::Owner, None),
            Self::System => (ActorKind::System, None),
        }
    }

    fn from_columns(kind: ActorKind, id: Option<StaffId>) -> Result<Self, RowError> {
        match (kind, id) {
            (ActorKind::Staff, Some(id)) => Ok(Self::Staff(id)),
            (ActorKind::Owner, None) => Ok(Self::Owner),
            (ActorKind::System, None) => Ok(Self::System),
            _ => Err(RowError::Column {
                table: TABLE,
                column: "actor_id",
                source: "an id stands with staff and with nobody else".into(),
            }),
        }
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordEvent {
    /// The record.
    pub record_id: RecordId,
    /// What happened.
    pub kind: RecordEventKind,
    /// Whose act it was.
    pub actor: Actor,
    /// When.
    pub at: UnixMillis,
}

impl RecordEvent {
    pub(crate) fn read(row: &MySqlRow, keys: &FrontKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let event = Self {
            record_id: columns.get("record_id")?,
            kind: columns.get("kind")?,
            actor: Actor::from_columns(columns.get("actor_kind")?, columns.get("actor_id")?)?,
            at: columns.get("at")?,
        };
        columns.check(columns.get::<u64>("id")?, event.mac(keys))?;
        Ok(event)
    }

    fn mac(&self, keys: &FrontKeys) -> MacBuilder {
        let (actor_kind, actor_id) = self.actor.columns();
        keys.mac(TABLE)
            .bytes(self.record_id.as_bytes())
            .text(self.kind.as_str())
            .text(actor_kind.as_str())
            .opt_bytes(actor_id.as_ref().map(|id| id.as_bytes().as_slice()))
            .u64(self.at.0)
    }
}

/// Adds to the history.
pub async fn append(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    record_id: RecordId,
    kind: RecordEventKind,
    actor: Actor,
    now: UnixMillis,
) -> Result<(), RowError> {
    let event = RecordEvent {
        record_id,
        kind,
        actor,
        at: now,
    };
    let (actor_kind, actor_id) = actor.columns();
    sqlx::query(
        "INSERT INTO record_events (record_id, kind, actor_kind, actor_id, at, mac) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(record_id.as_bytes().as_slice())
    .bind(kind.as_str())
    .bind(actor_kind.as_str())
    .bind(actor_id.as_ref().map(|id| id.as_bytes().as_slice()))
    .bind(now.0)
    .bind(event.mac(keys).finish())
    .execute(connection)
    .await?;
    Ok(())
}

/// The history of a record, oldest first.
pub async fn of_record(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    record: RecordId,
) -> Result<Checked<RecordEvent>, RowError> {
    let rows = sqlx::query("SELECT * FROM record_events WHERE record_id = ? ORDER BY id")
        .bind(record.as_bytes().as_slice())
        .fetch_all(connection)
        .await?;
    Checked::sort(rows.iter().map(|row| RecordEvent::read(row, keys)))
}

/// What the history tells of a record's drafts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DraftsSoFar {
    /// How many there were. Their numbers begin at zero and rise.
    pub count: u32,
    /// Whether the newest correction was given up, and none begun since.
    pub is_given_up: bool,
}

/// The drafts of a record so far.
pub async fn drafts_of(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    record: RecordId,
) -> Result<DraftsSoFar, RowError> {
    let history = of_record(connection, keys, record).await?;
    let mut told = DraftsSoFar {
        count: 0,
        is_given_up: false,
    };
    for step in history.rows {
        match step.kind {
            RecordEventKind::Entered | RecordEventKind::Edited => told.count += 1,
            RecordEventKind::RectificationBegun => {
                told.count += 1;
                told.is_given_up = false;
            }
            RecordEventKind::RectificationDropped => told.is_given_up = true,
            _ => {}
        }
    }
    Ok(told)
}
