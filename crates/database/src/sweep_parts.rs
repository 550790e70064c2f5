//! The parts of a round: who works on which, and what came out. MAC under the application key, which also binds the
//! beginning of the round: a row from elsewhere is none of ours.

mod claim;
mod exceptions;
mod finished;

use std::collections::BTreeMap;

use keyring::{ApplicationKeys, MacBuilder};
use record::ids::Uid;
use record::time::UnixMillis;
use sha2::{Digest, Sha256};
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{MySql, QueryBuilder};

use crate::column::Columns;
use crate::error::RowError;
use crate::leases::FAR_AHEAD;
use crate::sweep_rounds::SweepRound;
use crate::verifications::VerdictKind;
use crate::verifications::counts::{self, VerdictCounts};

pub use claim::{Choice, claim, finish, release, renew};
pub use exceptions::{Exceptions, MOST_EXCEPTIONS};
pub(crate) use finished::{FinishedPart, exceptions_of, finished};

const TABLE: &str = "sweep_parts";
/// So many rows are written by one statement.
const AT_ONCE: usize = 500;
/// How many UIDs make a part.
pub const PART: u64 = 4096;

/// One part of a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepPart {
    /// The round.
    pub round_id: u64,
    /// Its number within the round, from zero.
    pub number: u32,
    /// Its UIDs, first and last; none for the rows that the chain does not know.
    pub uids: Option<(Uid, Uid)>,
    /// Who works on it, or did.
    pub holder: Option<[u8; 16]>,
    /// Until when nobody else may.
    pub lease_until: UnixMillis,
    /// When it was claimed.
    pub started_at: Option<UnixMillis>,
    /// When its end was reached.
    pub finished_at: Option<UnixMillis>,
    /// How many subjects were looked at.
    pub checked: u64,
    /// How many of the rows that the chain does not know have each verdict. Of UIDs the exceptions tell.
    pub rows: VerdictCounts,
    /// What could not be filed: a word of ours.
    pub problem: Option<String>,
    /// What is not valid.
    pub exceptions: Exceptions,
}

impl SweepPart {
    fn free(round: &SweepRound, number: u32, uids: Option<(Uid, Uid)>) -> Self {
        Self {
            round_id: round.id,
            number,
            uids,
            holder: None,
            lease_until: UnixMillis(0),
            started_at: None,
            finished_at: None,
            checked: 0,
            rows: VerdictCounts::new(),
            problem: None,
            exceptions: Exceptions::default(),
        }
    }

    /// How many of its subjects have each verdict, once it is finished: of its UIDs, or of the rows that the chain does not
    /// know.
    #[must_use]
    pub fn verdicts(&self) -> VerdictCounts {
        let Some((first, last)) = self.uids else {
            return self.rows.clone();
        };
        let (mut verdicts, _) = self.exceptions.counts();
        let exceptions: u64 = verdicts.values().sum();
        let valid = (last.get() - first.get() + 1).saturating_sub(exceptions);
        if valid > 0 {
            verdicts.insert(VerdictKind::Valid, valid);
        }
        verdicts
    }

    /// All parts of a round, nobody's yet, in their order: the rows that the chain does not know are the last one.
    #[must_use]
    pub fn all_of(round: &SweepRound) -> Vec<Self> {
        let firsts = (1..=round.last_uid).step_by(usize::try_from(PART).unwrap_or(usize::MAX));
        let spans = firsts.filter_map(|first| {
            let last = round.last_uid.min(first.saturating_add(PART - 1));
            Some(Some((Uid::new(first)?, Uid::new(last)?)))
        });
        (0..)
            .zip(spans.chain([None]))
            .map(|(number, uids)| Self::free(round, number, uids))
            .collect()
    }

    fn read(row: &MySqlRow, keys: &ApplicationKeys, round: &SweepRound) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let (part, told) = Self::read_head(row, keys, round)?;
        let exceptions: Vec<u8> = columns.get("exceptions")?;
        Ok(Self {
            exceptions: told.exceptions(&exceptions)?,
            ..part
        })
    }

    /// All but the exceptions, of which the hash is ours.
    fn read_head(
        row: &MySqlRow,
        keys: &ApplicationKeys,
        round: &SweepRound,
    ) -> Result<(Self, Told), RowError> {
        let columns = Columns::of(TABLE, row);
        let told = Told {
            verdicts: columns.get("verdicts")?,
            hash: columns.get("exceptions_hash")?,
        };
        let first = Uid::new(columns.get("first_uid")?);
        let uids = first.zip(Uid::new(columns.get("last_uid")?));
        let rows = match uids {
            None => counts::from_bytes(&told.verdicts),
            Some(_) => VerdictCounts::new(),
        };
        let part = Self {
            round_id: columns.get("round_id")?,
            number: columns.get("number")?,
            uids,
            holder: columns.get("holder")?,
            lease_until: columns.get("lease_until")?,
            started_at: columns.get("started_at")?,
            finished_at: columns.get("finished_at")?,
            checked: columns.get("checked")?,
            rows,
            problem: columns.get("problem")?,
            exceptions: Exceptions::default(),
        };
        let name = format!("{}/{}", part.round_id, part.number);
        columns.check(name, part.mac(keys, round, &told))?;
        Ok((part, told))
    }

    fn told(&self) -> Told {
        Told {
            verdicts: counts::to_bytes(&self.verdicts()),
            hash: hash(&self.exceptions.to_bytes()),
        }
    }

    fn mac(&self, keys: &ApplicationKeys, round: &SweepRound, told: &Told) -> MacBuilder {
        let (first, last) = self.span();
        keys.mac(TABLE)
            .u64(round.started_at.0)
            .u64(self.round_id)
            .u32(self.number)
            .u64(first)
            .u64(last)
            .opt_bytes(self.holder.as_ref().map(<[u8; 16]>::as_slice))
            .u64(self.lease_until.0)
            .opt_u64(self.started_at.map(|at| at.0))
            .opt_u64(self.finished_at.map(|at| at.0))
            .u64(self.checked)
            .opt_text(self.problem.as_deref())
            .bytes(&told.verdicts)
            .bytes(&told.hash)
    }

    /// First and last UID as the columns hold them.
    fn span(&self) -> (u64, u64) {
        self.uids
            .map_or((0, 0), |(first, last)| (first.get(), last.get()))
    }

    /// Whether a worker other than this one may be at it. A claim of a clock that is far ahead counts for nothing.
    /// Whether another worker is at it.
    #[must_use]
    pub fn is_held_by_another(&self, holder: &[u8; 16], now: UnixMillis) -> bool {
        self.finished_at.is_none()
            && self.holder.is_some_and(|held_by| held_by != *holder)
            && now < self.lease_until
            && self.lease_until <= now.plus(FAR_AHEAD)
    }
}

/// What the MAC binds of the outcome, as the columns hold it.
struct Told {
    verdicts: Vec<u8>,
    /// Of the exceptions: who only counts need not read them.
    hash: [u8; 32],
}

impl Told {
    /// What stands in the column, if it is what the hash is of.
    fn exceptions(&self, bytes: &[u8]) -> Result<Exceptions, RowError> {
        match hash(bytes) == self.hash {
            true => Ok(Exceptions::from_bytes(bytes)),
            false => Err(RowError::Column {
                table: TABLE,
                column: "exceptions",
                source: "its hash is another".into(),
            }),
        }
    }
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// How many subjects of these parts have each verdict; rows that the chain does not know and that claim a UID all the same
/// are told by the part of this UID.
pub fn verdicts_of<'a>(parts: impl Iterator<Item = &'a SweepPart>) -> VerdictCounts {
    let mut verdicts = VerdictCounts::new();
    for part in parts {
        counts::add(&mut verdicts, &part.verdicts());
        if part.uids.is_some() {
            counts::add(&mut verdicts, &part.exceptions.counts().1);
        }
    }
    verdicts
}

/// Writes parts as they stand now, over whatever stands in their place.
pub async fn put(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    round: &SweepRound,
    parts: &[SweepPart],
) -> Result<(), RowError> {
    for parts in parts.chunks(AT_ONCE) {
        let mut query = QueryBuilder::<MySql>::new(
            "REPLACE INTO sweep_parts (round_id, number, first_uid, last_uid, holder, lease_until, started_at, finished_at,
                                       checked, problem, exceptions, verdicts, exceptions_hash, mac) ",
        );
        query.push_values(parts, |mut row, part| {
            let ((first, last), told) = (part.span(), part.told());
            row.push_bind(part.round_id)
                .push_bind(part.number)
                .push_bind(first)
                .push_bind(last)
                .push_bind(part.holder.as_ref().map(<[u8; 16]>::as_slice))
                .push_bind(part.lease_until.0)
                .push_bind(part.started_at.map(|at| at.0))
                .push_bind(part.finished_at.map(|at| at.0))
                .push_bind(part.checked)
                .push_bind(part.problem.as_deref())
                .push_bind(part.exceptions.to_bytes())
                .push_bind(told.verdicts.clone())
                .push_bind(told.hash.to_vec())
                .push_bind(part.mac(keys, round, &told).finish());
        });
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// The parts of a round that are ours, by their numbers. Every other row counts for nothing.
pub async fn of_round(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    round: &SweepRound,
) -> Result<BTreeMap<u32, SweepPart>, RowError> {
    let rows = sqlx::query("SELECT * FROM sweep_parts WHERE round_id = ?")
        .bind(round.id)
        .fetch_all(connection)
        .await?;
    let mut parts = BTreeMap::new();
    for row in &rows {
        if let Some(part) = ours(SweepPart::read(row, keys, round))? {
            parts.insert(part.number, part);
        }
    }
    Ok(parts)
}

/// When somebody was at a round last, as its parts say; what is not ours says nothing.
pub async fn newest_activity(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    round: &SweepRound,
) -> Result<UnixMillis, RowError> {
    let parts = of_round(connection, keys, round).await?;
    let times = |part: &SweepPart| part.finished_at.unwrap_or(part.lease_until);
    let newest = parts.values().map(times).max();
    Ok(newest.map_or(round.started_at, |newest| newest.max(round.started_at)))
}

/// How many subjects of a round were looked at by now, as the columns say: a planted one counts until it is done anew.
pub async fn progress(
    connection: &mut MySqlConnection,
    round: &SweepRound,
) -> Result<u64, RowError> {
    let checked: Vec<u64> =
        sqlx::query_scalar("SELECT checked FROM sweep_parts WHERE round_id = ?")
            .bind(round.id)
            .fetch_all(connection)
            .await?;
    let checked = checked.into_iter().fold(0, u64::saturating_add);
    Ok(checked.min(round.total))
}

/// Clears the parts of rounds before this one; those of rounds that have not ended only where nobody can be at them.
pub async fn delete_before(
    connection: &mut MySqlConnection,
    round_id: u64,
    spare_open: bool,
) -> Result<(), RowError> {
    sqlx::query(
        "DELETE FROM sweep_parts WHERE round_id < ?
         AND NOT (? AND round_id IN (SELECT id FROM sweep_rounds WHERE finished_at IS NULL))",
    )
    .bind(round_id)
    .bind(spare_open)
    .execute(connection)
    .await?;
    Ok(())
}

fn ours<T>(read: Result<T, RowError>) -> Result<Option<T>, RowError> {
    match read {
        Ok(part) => Ok(Some(part)),
        Err(error) if error.is_tampering() => {
            tracing::error!(%error, "a part of a round is not ours, and is done anew");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
