//! What each attack comes out as: one table of the verdicts, and of the alarms.

use std::collections::BTreeSet;

use database::operations_alarms::AlarmKind;
use database::verifications::{Subject, VerdictKind as V};
use record::ids::{RecordId, Uid};

use crate::person::{Kind, Person};

/// The parts at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parts {
    /// These, and no others.
    Exactly(Vec<String>),
    /// Many, or none: which can't be told, or is not worth telling.
    Any,
}

/// What is found, beside all that was found before.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// New verdicts.
    pub verdicts: Vec<(Subject, V, Parts)>,
    /// Subjects of which nothing is left to say.
    pub gone: Vec<Subject>,
    /// The alarms that are raised.
    pub alarms: BTreeSet<AlarmKind>,
}

impl Expected {
    /// Everything stays as it was found before.
    pub fn nothing() -> Self {
        Self::default()
    }

    pub fn alarm(alarm: AlarmKind) -> Self {
        Self::alarms(&[alarm])
    }

    pub fn alarms(alarms: &[AlarmKind]) -> Self {
        Self {
            alarms: alarms.iter().copied().collect(),
            ..Self::default()
        }
    }

    pub fn and(mut self, other: Self) -> Self {
        self.verdicts.extend(other.verdicts);
        self.gone.extend(other.gone);
        self.alarms.extend(other.alarms);
        self
    }
}

pub fn found(subject: Subject, verdict: V, parts: &[&str]) -> Expected {
    let parts = Parts::Exactly(parts.iter().map(ToString::to_string).collect());
    Expected {
        verdicts: vec![(subject, verdict, parts)],
        ..Expected::default()
    }
}

pub fn somehow(subject: Subject, verdict: V) -> Expected {
    Expected {
        verdicts: vec![(subject, verdict, Parts::Any)],
        ..Expected::default()
    }
}

pub fn uid(number: u64) -> Subject {
    Subject::uid(Uid::new(number).unwrap())
}

/// The fields and cells whose column has the name of the part.
const CELLS: [&str; 9] = [
    "name",
    "email",
    "phone",
    "age",
    "address",
    "wallet",
    "relation",
    "anchor",
    "wallet_order",
];
pub const CONSENT: [&str; 2] = ["consent_message", "consent_signature"];
/// The cells of a row of `record_versions` that are never NULL.
pub const SEALED: [&str; 7] = [
    "name", "email", "phone", "age", "address", "wallet", "relation",
];

/// How a column is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// To another value.
    Other,
    /// To NULL, where that is allowed.
    Null,
    /// Filled, where it is NULL.
    Filled,
}

/// A column of one of the four tables edited, in the row of this version where there are several.
pub fn edited(
    person: &Person,
    table: &str,
    column: &str,
    version: u32,
    change: Change,
) -> Expected {
    let expected = edited_itself(person, table, column, version, change);
    match (table, column) {
        // The row hangs on nothing now.
        ("record_versions" | "owner_keys" | "consents", "record_id") | ("consents", "version") => {
            expected.and(Expected::alarm(AlarmKind::RowTampered))
        }
        _ => expected,
    }
}

fn edited_itself(
    person: &Person,
    table: &str,
    column: &str,
    version: u32,
    change: Change,
) -> Expected {
    let of = |verdict, part: &str| found(person.subject(), verdict, &[part]);
    match (table, column) {
        ("records", "id") => head_moved(person),
        ("records", "uid") => uid_edited(person, change),
        ("records", _) if person.kind == Kind::Declined => somehow(person.subject(), V::Forged),
        _ if person.kind.has_ended() => Expected::nothing(),
        ("records", _) => of(V::Altered, "head"),
        ("record_versions", "record_id") => values_gone(person, version),
        ("record_versions", "version") if person.kind.is_on_chain() => {
            somehow(person.subject(), V::Forged)
        }
        ("record_versions", "version") => somehow(person.subject(), V::RolledBack),
        ("record_versions", "draft") => draft_edited(person, version),
        ("record_versions", "anchor") if change == Change::Filled => {
            somehow(person.subject(), V::Forged)
        }
        ("record_versions", cell) if CELLS.contains(&cell) => of(V::Altered, cell),
        ("consents", "record_id" | "version") => consent_gone(person, version),
        ("consents", "message") => of(V::Altered, "consent_message"),
        ("consents", "signature") => of(V::Altered, "consent_signature"),
        // Nothing is left to compare the index with, but for the MAC over it.
        ("consents", "nonce_index") if person.has_lost(version) => {
            of(V::Altered, "consent_receipt")
        }
        ("consents", "nonce_index") => of(V::Altered, "nonce_index"),
        ("consents", "draft" | "link_id" | "received_at" | "mac") => {
            of(V::Altered, "consent_receipt")
        }
        ("owner_keys", "key_id" | "record_id" | "app_key_version" | "wrapped") => key_gone(person),
        _ => panic!("nobody says what an edit of {table}.{column} comes out as"),
    }
}

/// A column of a row that carries a MAC edited.
pub fn guarded_edited(table: &str, column: &str) -> Expected {
    let is_written_only = matches!(
        table,
        "staff_events" | "record_events" | "incident_events" | "access_log" | "withdrawals"
    );
    let is_its_own = matches!(
        (table, column),
        ("incident_evidence", "id" | "mac")
            | ("anchoring_transactions", "mac")
            | ("schema_baselines", "migrations")
            // A history of a record that is not there reads as that of one that was taken out.
            | ("record_events", "record_id")
            | (
                "staff"
                    | "consent_links"
                    | "erasures"
                    | "access_copies"
                    | "wallet_changes"
                    | "restriction_steps"
                    | "anchoring_jobs"
                    | "outbox"
                    | "incidents"
                    | "incident_findings",
                "id"
            )
    );
    match column {
        // Its number is not under its MAC, and is counted.
        "id" if is_written_only => Expected::alarm(AlarmKind::RowsDeleted),
        "mac" if is_written_only => {
            Expected::alarms(&[AlarmKind::RowTampered, AlarmKind::RowsDeleted])
        }
        _ if is_its_own => Expected::alarms(&[AlarmKind::RowTampered, AlarmKind::RowsDeleted]),
        _ => Expected::alarm(AlarmKind::RowTampered),
    }
}

/// The head stands under another id: to the record it is gone, and what stands there is nobody's.
fn head_moved(person: &Person) -> Expected {
    match person.kind {
        kind if kind.has_ended() => Expected::nothing(),
        kind if kind.is_on_chain() => found(person.subject(), V::Missing, &[]),
        _ => head_gone(person).and(somehow(Subject::row(moved(person.id)), V::Forged)),
    }
}

/// The id that a moved row gets.
pub fn moved(id: RecordId) -> RecordId {
    let mut bytes = *id.as_bytes();
    bytes[15] ^= 0x5a;
    RecordId::from_bytes(bytes)
}

/// The row claims a UID that the chain has not given, or none.
fn uid_edited(person: &Person, change: Change) -> Expected {
    let forged = somehow(Subject::row(person.id), V::Forged);
    match (person.kind, change) {
        (kind, Change::Null) if kind.has_ended() => Expected::nothing(),
        (_, Change::Null) => found(person.subject(), V::Altered, &["uid"]),
        (kind, _) if kind.is_live() => forged.and(found(person.subject(), V::Missing, &[])),
        _ => forged,
    }
}

/// The row of `records` is gone.
pub fn head_gone(person: &Person) -> Expected {
    match person.kind {
        kind if kind.has_ended() => Expected::nothing(),
        kind if kind.is_on_chain() => found(person.subject(), V::Missing, &[]),
        _ => Expected {
            gone: vec![person.subject()],
            ..Expected::alarm(AlarmKind::RowsDeleted)
        },
    }
}

/// The row of one version is gone.
pub fn values_gone(person: &Person, version: u32) -> Expected {
    let subject = person.subject();
    match person.kind {
        kind if kind.has_ended() => Expected::nothing(),
        kind if !kind.is_on_chain() => found(subject, V::Altered, &["head"]),
        // The draft is gone, and the head still names it.
        kind if kind.is_rectified() && version == 2 => found(subject, V::Altered, &["head"]),
        // What the authority declared void counts for nothing.
        Kind::VoidedOlder if version == 1 => Expected::nothing(),
        kind if version < kind.newest() => somehow(subject, V::ConsentInvalid),
        kind if version == 1 => {
            debug_assert_eq!(kind.newest(), 1);
            found(subject, V::Missing, &[])
        }
        _ => somehow(subject, V::RolledBack),
    }
}

fn draft_edited(person: &Person, version: u32) -> Expected {
    let subject = person.subject();
    match person.kind {
        kind if !kind.is_on_chain() => somehow(subject, V::RolledBack),
        kind if kind.is_rectified() && version == 2 => somehow(subject, V::Forged),
        _ => found(subject, V::Altered, &["draft"]),
    }
}

/// The consent of one version is gone.
pub fn consent_gone(person: &Person, _version: u32) -> Expected {
    match person.kind.has_ended() {
        true => Expected::nothing(),
        false => found(person.subject(), V::Altered, &CONSENT),
    }
}

/// The owner's key is gone, or opens nothing any more.
pub fn key_gone(person: &Person) -> Expected {
    match person.kind {
        kind if kind.has_ended() => Expected::nothing(),
        _ => found(person.subject(), V::Altered, &["owner_key"]),
    }
}

/// All tables of all records put back to the day when every first version was anchored.
pub fn put_back_to_first(person: &Person) -> Expected {
    match person.kind {
        Kind::Twice | Kind::Thrice | Kind::VoidedOlder => somehow(person.subject(), V::RolledBack),
        // The authority declared void what it had; data of it is back.
        Kind::AllVoided => somehow(person.subject(), V::Forged),
        // A draft that was not anchored yet leaves no trace on the chain.
        _ => Expected::nothing(),
    }
}

/// The whole database put back to that day, jobs included: the rows wait as they did then, and what the chain knows is gone.
pub fn all_put_back_to_before(person: &Person) -> Expected {
    if !person.kind.is_on_chain() {
        return Expected::nothing();
    }
    let waits = found(Subject::row(person.id), V::Pending, &[]);
    match person.kind.has_ended() {
        true => waits,
        false => waits.and(found(person.subject(), V::Missing, &[])),
    }
}

/// All tables of all records put back to the day before anything was anchored.
pub fn put_back_to_before(person: &Person) -> Expected {
    match person.kind {
        kind if !kind.is_on_chain() => Expected::nothing(),
        Kind::Withdrawn | Kind::Erased => Expected::nothing(),
        Kind::AllVoided => somehow(person.subject(), V::Forged),
        kind if kind.on_chain() == 1 || kind == Kind::VoidedNewest => {
            found(person.subject(), V::RolledBack, &["anchor", "uid"])
        }
        _ => somehow(person.subject(), V::RolledBack),
    }
}
