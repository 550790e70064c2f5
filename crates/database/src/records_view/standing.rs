//! The newest verdict on a UID: its row in `verifications`, when that is newer than the beginning of the newest finished
//! part that covers it, or else what this part says of it. A row that somebody takes out leaves the part's word.

use std::collections::{BTreeMap, BTreeSet};

use keyring::ApplicationKeys;
use record::ids::Uid;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::column::Columns;
use crate::error::RowError;
use crate::sweep_parts::{self, SweepPart};
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

/// What the rounds on file cover.
pub(super) struct Cover {
    /// By their first UID. Parts of several rounds begin at the same ones.
    parts: BTreeMap<u64, Vec<SweepPart>>,
}

/// Rows of `verifications` by UID; none for one that is not ours.
pub(super) type Rows = BTreeMap<Uid, Option<Verification>>;

impl Cover {
    pub(super) async fn load(
        connection: &mut MySqlConnection,
        keys: &ApplicationKeys,
        first: Uid,
        last: Uid,
    ) -> Result<Self, RowError> {
        let mut parts: BTreeMap<u64, Vec<SweepPart>> = BTreeMap::new();
        for part in sweep_parts::finished(connection, keys, first, last).await? {
            if let Some((first, _)) = part.uids {
                parts.entry(first.get()).or_default().push(part);
            }
        }
        Ok(Self { parts })
    }

    /// All there are.
    pub(super) async fn whole(
        connection: &mut MySqlConnection,
        keys: &ApplicationKeys,
    ) -> Result<Self, RowError> {
        Self::load(connection, keys, Uid::FIRST, Uid::LAST).await
    }

    /// The newest finished part that covers this UID.
    fn part(&self, uid: Uid) -> Option<&SweepPart> {
        let (_, parts) = self.parts.range(..=uid.get()).next_back()?;
        let covers = |part: &&SweepPart| part.uids.is_some_and(|(_, last)| uid <= last);
        parts.iter().rfind(covers)
    }

    /// Whether a round on file has looked at this UID.
    pub(super) fn holds(&self, uid: Uid) -> bool {
        self.part(uid).is_some()
    }

    /// The last UID of all.
    pub(super) fn last(&self) -> Option<Uid> {
        let parts = self.parts.values().flatten();
        parts
            .filter_map(|part| part.uids)
            .map(|(_, last)| last)
            .max()
    }

    /// How many UIDs are covered.
    pub(super) fn count(&self) -> u64 {
        self.count_between(Uid::FIRST, Uid::LAST)
    }

    /// How many of these UIDs are covered.
    pub(super) fn count_between(&self, first: Uid, last: Uid) -> u64 {
        let longest = |parts: &Vec<SweepPart>| {
            let spans = parts.iter().filter_map(|part| part.uids);
            let spans = spans.map(|(begin, end)| (begin.max(first).get(), end.min(last).get()));
            let lengths = spans.map(|(begin, end)| end.saturating_add(1).saturating_sub(begin));
            lengths.max().unwrap_or(0)
        };
        let parts = self.parts.range(..=last.get());
        parts.map(|(_, parts)| longest(parts)).sum()
    }

    /// The UIDs that any part calls other than valid.
    pub(super) fn exceptions(&self) -> BTreeSet<Uid> {
        let parts = self.parts.values().flatten();
        let subjects = parts.flat_map(|part| part.exceptions.iter());
        subjects
            .filter_map(|(subject, _)| subject.as_uid())
            .collect()
    }

    pub(super) fn standing(&self, uid: Uid, rows: &Rows) -> Standing {
        let row = rows.get(&uid);
        let part = self.part(uid);
        let (Some(part), Some(begun_at)) = (part, part.and_then(|part| part.started_at)) else {
            return Standing {
                verification: row.cloned().flatten(),
                is_tampered: row.is_some_and(Option::is_none),
            };
        };
        let subject = Subject::uid(uid);
        let told = part.exceptions.get(subject).unwrap_or(VerdictKind::Valid);
        let row = row.and_then(Option::as_ref);
        let row = row.filter(|row| row.checked_at >= begun_at || row.verdict == told);
        let verification = row.cloned().unwrap_or_else(|| Verification {
            subject,
            uid: Some(uid),
            record_id: None,
            verdict: told,
            fields: Vec::new(),
            proof_expected: None,
            proof_found: None,
            source: Source::Sweep,
            round_id: Some(part.round_id),
            checked_at: part.finished_at.unwrap_or(begun_at),
        });
        Standing {
            verification: Some(verification),
            is_tampered: false,
        }
    }
}

/// The rows on UIDs from `first` to `last`.
pub(super) async fn rows_between(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    first: Uid,
    last: Uid,
) -> Result<Rows, RowError> {
    let rows = sqlx::query("SELECT * FROM verifications WHERE uid BETWEEN ? AND ?")
        .bind(first.get())
        .bind(last.get())
        .fetch_all(connection)
        .await?;
    read(&rows, keys)
}

/// The rows on UIDs above the last one that any round covers (a button was faster, or somebody wrote them), `first` and
/// above: the lowest, or the highest up to `last`.
pub(super) async fn rows_beyond(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    (first, last): (Uid, Uid),
    lowest: bool,
    limit: u32,
) -> Result<Rows, RowError> {
    let query = match lowest {
        true => "SELECT * FROM verifications WHERE uid BETWEEN ? AND ? ORDER BY uid LIMIT ?",
        false => "SELECT * FROM verifications WHERE uid BETWEEN ? AND ? ORDER BY uid DESC LIMIT ?",
    };
    let rows = sqlx::query(query)
        .bind(first.get())
        .bind(last.get())
        .bind(limit)
        .fetch_all(connection)
        .await?;
    read(&rows, keys)
}

fn read(rows: &[MySqlRow], keys: &ApplicationKeys) -> Result<Rows, RowError> {
    let mut found = Rows::new();
    for row in rows {
        let uid: Uid = Columns::of(TABLE, row).get("uid")?;
        found.insert(uid, ours(row, keys)?);
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
    let cover = Cover::load(connection, keys, uid, uid).await?;
    let rows = rows_between(connection, keys, uid, uid).await?;
    Ok(cover.standing(uid, &rows))
}

/// How many subjects have each verdict. Of the rows that the chain does not know it counts what the column says: a planted
/// one counts until the sweep comes by.
pub async fn verdict_counts(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
) -> Result<BTreeMap<VerdictKind, u64>, RowError> {
    let mut counts = crate::verifications::counts_unknown(connection).await?;
    let cover = Cover::whole(connection, keys).await?;
    let rows = rows_between(connection, keys, Uid::FIRST, Uid::LAST).await?;
    let mut looked_at = cover.exceptions();
    looked_at.extend(rows.keys());
    let mut valid = cover.count();
    for uid in looked_at {
        valid -= u64::from(cover.holds(uid));
        if let Some(verification) = cover.standing(uid, &rows).verification {
            *counts.entry(verification.verdict).or_default() += 1;
        }
    }
    if valid > 0 {
        *counts.entry(VerdictKind::Valid).or_default() += valid;
    }
    Ok(counts)
}
