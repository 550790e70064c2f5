//! The newest verdict on a UID: its row in `verifications`, when a button, the watch or another round wrote it after the
//! newest finished part that covers it was begun, or else what this part says of it. A row that somebody takes out leaves
//! the part's word.

use std::collections::BTreeMap;

use keyring::ApplicationKeys;
use record::ids::Uid;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{MySql, QueryBuilder};

use super::cover::{Cover, Word};
use super::verdict_map::UidRange;
use crate::column::Columns;
use crate::error::RowError;
use crate::transaction;
use crate::verifications::{Source, Subject, VerdictKind, Verification};

const TABLE: &str = "verifications";

/// What stands of one UID.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// The newest verdict, when there is one and it is ours.
    pub verification: Option<Verification>,
    /// Whether there is only a verdict that somebody else wrote or changed.
    pub is_tampered: bool,
}

/// Rows of `verifications` by UID; none for one that is not ours.
pub(super) type Rows = BTreeMap<Uid, Option<Verification>>;

impl Word<'_> {
    /// Whether a row says more than the part: what the part's own round wrote is in the part.
    fn is_older_than(&self, row: &Verification) -> bool {
        row.checked_at >= self.part.started_at && row.round_id != Some(self.part.round_id)
    }

    fn verification(&self, uid: Uid) -> Verification {
        Verification {
            subject: Subject::uid(uid),
            uid: Some(uid),
            record_id: None,
            verdict: self.verdict,
            fields: Vec::new(),
            proof_expected: None,
            proof_found: None,
            source: Source::Sweep,
            round_id: Some(self.part.round_id),
            checked_at: self.part.finished_at,
        }
    }
}

impl Cover {
    /// Of a UID whose span was learnt, with its row if there is one.
    pub(super) fn standing(&self, uid: Uid, rows: &Rows) -> Standing {
        let row = rows.get(&uid);
        let Some(word) = self.word(uid) else {
            return Standing {
                verification: row.cloned().flatten(),
                is_tampered: row.is_some_and(Option::is_none),
            };
        };
        let row = row.and_then(Option::as_ref);
        let row = row.filter(|row| row.verdict == word.verdict || word.is_older_than(row));
        Standing {
            verification: Some(row.cloned().unwrap_or_else(|| word.verification(uid))),
            is_tampered: false,
        }
    }

    /// The verdict alone, where the rows are at least those of [`aside`].
    pub(super) fn verdict(&self, uid: Uid, rows: &Rows) -> Option<VerdictKind> {
        let row = rows.get(&uid).and_then(Option::as_ref);
        let row_says = row.map(|row| row.verdict);
        match self.word(uid) {
            None => row_says,
            Some(word) => match row.is_some_and(|row| word.is_older_than(row)) {
                true => row_says,
                false => Some(word.verdict),
            },
        }
    }
}

/// The rows on UIDs from `first` to `last`.
pub(super) async fn rows_between(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    uids: UidRange,
) -> Result<Rows, RowError> {
    let rows = sqlx::query("SELECT * FROM verifications WHERE uid BETWEEN ? AND ?")
        .bind(uids.first.get())
        .bind(uids.last.get())
        .fetch_all(connection)
        .await?;
    read(&rows, keys)
}

/// The rows on these UIDs.
pub(super) async fn rows_of(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    uids: &[Uid],
) -> Result<Rows, RowError> {
    if uids.is_empty() {
        return Ok(Rows::new());
    }
    let mut query = QueryBuilder::<MySql>::new("SELECT * FROM verifications WHERE uid IN (");
    let mut list = query.separated(", ");
    for uid in uids {
        list.push_bind(uid.get());
    }
    query.push(")");
    read(&query.build().fetch_all(connection).await?, keys)
}

/// The lowest or the highest of the rows on these UIDs.
pub(super) async fn rows_at_the_end(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    uids: UidRange,
    lowest: bool,
    limit: u32,
) -> Result<Rows, RowError> {
    let query = match lowest {
        true => "SELECT * FROM verifications WHERE uid BETWEEN ? AND ? ORDER BY uid LIMIT ?",
        false => "SELECT * FROM verifications WHERE uid BETWEEN ? AND ? ORDER BY uid DESC LIMIT ?",
    };
    let rows = sqlx::query(query)
        .bind(uids.first.get())
        .bind(uids.last.get())
        .bind(limit)
        .fetch_all(connection)
        .await?;
    read(&rows, keys)
}

/// The rows on these UIDs that no part tells of: of buttons, of the watch, of rounds whose part is not finished. They are
/// few, however many the exceptions are.
pub(super) async fn aside(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    cover: &Cover,
    uids: UidRange,
) -> Result<Rows, RowError> {
    // By the numbers that a server keeps of its tables it may take all rows for the shorter way.
    let mut query = QueryBuilder::<MySql>::new(
        "SELECT * FROM verifications FORCE INDEX (verifications_round) WHERE uid BETWEEN ",
    );
    query.push_bind(uids.first.get());
    query.push(" AND ").push_bind(uids.last.get());
    query.push(" AND (round_id IS NULL");
    // Rounds of which no part tells anything any more, as ranges of an index.
    let mut next = Some(0_u64);
    for round in cover.rounds() {
        if let (Some(from), Some(to)) = (next, round.checked_sub(1)) {
            query.push(" OR round_id BETWEEN ").push_bind(from);
            query.push(" AND ").push_bind(to);
        }
        next = round.checked_add(1);
        for outside in cover.outside_of(round) {
            query.push(" OR (round_id = ").push_bind(round);
            query
                .push(" AND uid BETWEEN ")
                .push_bind(outside.first.get());
            query.push(" AND ").push_bind(outside.last.get()).push(")");
        }
    }
    if let Some(from) = next {
        query.push(" OR round_id >= ").push_bind(from);
    }
    query.push(")");
    read(&query.build().fetch_all(connection).await?, keys)
}

fn read(rows: &[MySqlRow], keys: &ApplicationKeys) -> Result<Rows, RowError> {
    let mut found = Rows::new();
    for row in rows {
        let uid: Uid = Columns::of(TABLE, row).get("uid")?;
        let row = ours(row, keys)?;
        // One that claims the same UID under another subject hides none of ours.
        if row.is_some() || !found.contains_key(&uid) {
            found.insert(uid, row);
        }
    }
    Ok(found)
}

/// A verdict, if it is ours.
pub(super) fn ours(
    row: &MySqlRow,
    keys: &ApplicationKeys,
) -> Result<Option<Verification>, RowError> {
    match Verification::read(row, keys) {
        Ok(verification) => Ok(Some(verification)),
        Err(error) if error.is_tampering() => {
            tracing::error!(%error, "a verdict is not ours");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The newest verdict on one UID.
pub async fn standing(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    uid: Uid,
) -> Result<Standing, RowError> {
    let mut snapshot = transaction::snapshot(connection).await?;
    let uids = UidRange {
        first: uid,
        last: uid,
    };
    let mut cover = Cover::load(&mut snapshot, keys, uids).await?;
    cover.learn_of(&mut snapshot, [uid].into_iter()).await?;
    let rows = rows_between(&mut snapshot, keys, uids).await?;
    snapshot.commit().await?;
    Ok(cover.standing(uid, &rows))
}
