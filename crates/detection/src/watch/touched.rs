//! What some transactions touched, of what matters to us.

use std::collections::{BTreeMap, BTreeSet};

use binary_log::{Change, Row, Statement, StatementKind, Transaction, Value};
use database::guarded_rows::{self, GuardedTable, KeyKind, RowKey};
use database::verifications::{Subject, VerdictKind};
use database::{schema_baselines, watch_progress};
use record::ids::{RecordId, Uid};

/// Tables whose rows make up a record, or say which UID it got: where the record's id stands, and where a UID.
const OF_RECORDS: [(&str, usize, Option<usize>); 5] = [
    ("records", 0, Some(1)),
    ("record_versions", 0, None),
    ("consents", 0, None),
    ("owner_keys", 1, None),
    ("anchoring_jobs", 1, Some(6)),
];
/// Where the subject of a verdict stands, and the verdict.
const OF_VERDICTS: (&str, usize, usize) = ("verifications", 0, 3);
/// Guarded tables have their key in front.
const KEY: usize = 0;
/// Where the beat stands in `watch_progress`.
const BEAT: usize = 2;

/// All of it.
#[derive(Default)]
pub(super) struct Touched {
    /// Records, and which transactions touched them, by their place among those that are kept.
    pub(super) records: BTreeMap<RecordId, BTreeSet<usize>>,
    /// UIDs that rows claimed or gave up, and whose.
    pub(super) uids: BTreeMap<Uid, RecordId>,
    /// Subjects whose verdict was bad, before somebody, or one of ours, wrote over it or took it out.
    pub(super) verdicts: BTreeSet<Subject>,
    /// Guarded rows, and whether the newest change took them out.
    pub(super) rows: BTreeMap<&'static str, BTreeMap<RowKey, bool>>,
    /// Tables of ours that were emptied by one statement.
    pub(super) emptied: BTreeSet<String>,
    /// A statement may have changed our tables.
    pub(super) schema: bool,
    /// Records that were touched once more by rows that are not kept.
    pub(super) cut: BTreeSet<RecordId>,
    /// Something happened that the log does not hold, or more than we can.
    pub(super) is_blind: bool,
    /// The newest of our own beats.
    pub(super) beat: Option<u64>,
}

impl Touched {
    /// Adds what a transaction touched, or a part of one: no more than `most` in all. `kept` is its place among those whose
    /// rows are kept.
    pub(super) fn add(&mut self, transaction: &Transaction, kept: Option<usize>, most: usize) {
        self.is_blind |= !transaction.is_whole;
        for change in &transaction.changes {
            self.row(change, kept, most);
        }
        for statement in &transaction.statements {
            self.statement(statement);
        }
    }

    /// How much was touched.
    pub(super) fn count(&self) -> usize {
        let rows: usize = self.rows.values().map(BTreeMap::len).sum();
        self.records.len() + self.uids.len() + rows
    }

    /// What is to be looked at, and as whose.
    pub(super) fn subjects(&self) -> impl Iterator<Item = (Subject, RecordId)> {
        let rows = self.records.keys().map(|id| (Subject::row(*id), *id));
        let uids = self.uids.iter().map(|(uid, id)| (Subject::uid(*uid), *id));
        rows.chain(uids)
    }

    /// Whether anything in it is worth writing down how far we are: not what we write ourselves all the time.
    pub(super) fn is_of_note(&self) -> bool {
        let is_of_note = |table: &str| !["leases", watch_progress::TABLE].contains(&table);
        !self.records.is_empty() || self.rows.keys().any(|table| is_of_note(table))
    }

    fn row(&mut self, change: &Change, kept: Option<usize>, most: usize) {
        let sides = [&change.before, &change.after];
        if change.table == watch_progress::TABLE {
            let beat = change.after.as_ref().and_then(|row| number(row, BEAT));
            self.beat = beat.or(self.beat);
        }
        if change.table == OF_VERDICTS.0 && self.verdicts.len() < most {
            // One more than can be held is told by the next part of the sweep.
            self.verdicts.extend(bad_before(change));
        }
        let of_records = OF_RECORDS.into_iter().find(|of| of.0 == change.table);
        let guarded = guarded_rows::of_name(&change.table);
        if (of_records.is_some() || guarded.is_some()) && self.count() >= most {
            self.is_blind = true;
            return;
        }
        if let Some((_, id, uid)) = of_records {
            for row in sides.into_iter().flatten() {
                let Some(id) = record_id(row, id) else {
                    continue;
                };
                let transactions = self.records.entry(id).or_default();
                match kept {
                    Some(kept) => transactions.extend([kept]),
                    None if transactions.is_empty() => {}
                    None => self.cut.extend([id]),
                }
                let uid = uid
                    .and_then(|column| number(row, column))
                    .and_then(Uid::new);
                self.uids.extend(uid.map(|uid| (uid, id)));
            }
        }
        if let Some(table) = guarded {
            // A row that was changed stands before and after.
            for (row, is_out) in sides.into_iter().zip([true, false]) {
                if let Some(key) = row.as_ref().and_then(|row| key(row, table)) {
                    let rows = self.rows.entry(table.name).or_default();
                    rows.insert(key, is_out);
                }
            }
        }
    }

    fn statement(&mut self, statement: &Statement) {
        if statement.kind == StatementKind::Data {
            return;
        }
        self.schema = true;
        let is_truncate = |word: &str| word.eq_ignore_ascii_case("truncate");
        if statement.words().any(is_truncate) {
            let ours = statement
                .words()
                .filter(|word| schema_baselines::is_ours(word));
            self.emptied.extend(ours.map(str::to_owned));
        }
    }
}

/// Which record a change is about.
pub(super) fn record_of(change: &Change) -> Option<RecordId> {
    let (_, id, _) = OF_RECORDS.into_iter().find(|of| of.0 == change.table)?;
    let row = change.before.as_ref().or(change.after.as_ref())?;
    record_id(row, id)
}

fn bad_before(change: &Change) -> Option<Subject> {
    let (_, subject, verdict) = OF_VERDICTS;
    let before = change.before.as_ref()?;
    let verdict = String::from_utf8(bytes(before, verdict, 0)?).ok()?;
    let was_bad = verdict.parse().is_ok_and(VerdictKind::is_bad);
    let subject = bytes(before, subject, 16).filter(|_| was_bad)?;
    Some(Subject::from_bytes(*subject.first_chunk()?))
}

fn record_id(row: &Row, column: usize) -> Option<RecordId> {
    let bytes = bytes(row, column, 16)?;
    Some(RecordId::from_bytes(*bytes.first_chunk()?))
}

fn key(row: &Row, table: GuardedTable) -> Option<RowKey> {
    match table.kind {
        KeyKind::Number => number(row, KEY).map(RowKey::Number),
        KeyKind::Bytes(length) => bytes(row, KEY, length).map(RowKey::Bytes),
        KeyKind::Text => bytes(row, KEY, 0).map(RowKey::Bytes),
    }
}

fn number(row: &Row, column: usize) -> Option<u64> {
    match row.get(column)? {
        Value::Number(number) => Some(*number),
        _ => None,
    }
}

/// The log leaves out the zeros at the end of a column of fixed length.
fn bytes(row: &Row, column: usize, length: usize) -> Option<Vec<u8>> {
    match row.get(column)? {
        Value::Bytes(bytes) => {
            let mut bytes = bytes.to_vec();
            bytes.resize(bytes.len().max(length), 0);
            Some(bytes)
        }
        _ => None,
    }
}
