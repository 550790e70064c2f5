//! Taking a part, keeping it, and handing in what came out. Claims compare times of the machines that ask, as leases do.

use keyring::ApplicationKeys;
use record::ids::Uid;
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{Connection, MySql, QueryBuilder};

use super::{SweepPart, ours, put};
use crate::column::Columns;
use crate::error::RowError;
use crate::leases::FAR_AHEAD;
use crate::sweep_rounds::SweepRound;
use crate::verifications;

/// Which parts a worker wants.
#[derive(Clone, Copy, Default)]
pub struct Choice<'a> {
    /// These first.
    pub preferred: &'a [u32],
    /// None of these.
    pub done: &'a [u32],
}

/// Claims a part that nobody is at, one of those preferred if there is one; none when all that are ours are done or held. A
/// row that is not ours is passed by: [`super::of_round`] leaves it out, and who misses it writes it anew.
pub async fn claim(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    round: &SweepRound,
    holder: &[u8; 16],
    choice: Choice<'_>,
    (now, until): (UnixMillis, UnixMillis),
) -> Result<Option<SweepPart>, RowError> {
    let mut transaction = connection.begin().await?;
    let mut row = None;
    if !choice.preferred.is_empty() {
        row = free(&mut transaction, round, holder, choice, now).await?;
    }
    if row.is_none() {
        let rest = Choice {
            preferred: &[],
            ..choice
        };
        row = free(&mut transaction, round, holder, rest, now).await?;
    }
    let Some(row) = row else { return Ok(None) };
    let number = Columns::of(super::TABLE, &row).get("number")?;
    // One that somebody else wrote is made ours.
    let part = ours(SweepPart::read(&row, keys, round))?;
    let Some(part) = part.or_else(|| planned(round, number)) else {
        return Ok(None);
    };
    let claimed = SweepPart {
        holder: Some(*holder),
        lease_until: until,
        started_at: Some(now),
        // Whatever a worker before has found is looked at again.
        ..SweepPart::free(round, part.number, part.uids)
    };
    put(
        &mut transaction,
        keys,
        round,
        std::slice::from_ref(&claimed),
    )
    .await?;
    transaction.commit().await?;
    Ok(Some(claimed))
}

/// Locks the first part that nobody is at, of those preferred unless there are none. In the order of the key, so that no other
/// is locked with it.
async fn free(
    connection: &mut MySqlConnection,
    round: &SweepRound,
    holder: &[u8; 16],
    choice: Choice<'_>,
    now: UnixMillis,
) -> Result<Option<MySqlRow>, RowError> {
    let mut query = QueryBuilder::<MySql>::new("SELECT * FROM sweep_parts WHERE round_id = ");
    query.push_bind(round.id);
    // One that this worker holds is left over from before something came in between.
    query.push(" AND finished_at IS NULL AND (holder IS NULL OR holder = ");
    query.push_bind(holder.as_slice());
    query.push(" OR lease_until <= ").push_bind(now.0);
    query
        .push(" OR lease_until > ")
        .push_bind(now.plus(FAR_AHEAD).0);
    query.push(")");
    for (within, numbers) in [(" IN (", choice.preferred), (" NOT IN (", choice.done)] {
        if numbers.is_empty() {
            continue;
        }
        query.push(" AND number").push(within);
        let mut list = query.separated(", ");
        for number in numbers {
            list.push_bind(number);
        }
        query.push(")");
    }
    query.push(" ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED");
    // With each part that is done it is another statement: none of them is worth keeping.
    let query = query.build().persistent(false);
    Ok(query.fetch_optional(connection).await?)
}

/// Keeps a part for longer and says how far it is; false when another worker has it, because we were too slow.
pub async fn renew(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    round: &SweepRound,
    part: &SweepPart,
    now: UnixMillis,
) -> Result<bool, RowError> {
    let mut transaction = connection.begin().await?;
    let is_kept = !is_anothers(&mut transaction, keys, round, part, now).await?;
    if is_kept {
        // Also where somebody has taken the row away, or written over it.
        put(&mut transaction, keys, round, std::slice::from_ref(part)).await?;
    }
    transaction.commit().await?;
    Ok(is_kept)
}

/// Hands in a part. Verdicts on its UIDs that stand from before it was begun are taken out: nobody has looked at them
/// since, or they are not ours. So are those that say valid, as the part does. False when another worker has done it, or is at it.
pub async fn finish(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    round: &SweepRound,
    part: &SweepPart,
    now: UnixMillis,
) -> Result<bool, RowError> {
    // By itself: a verdict that somebody has locked must not keep back what the part says.
    let is_ours = renew(connection, keys, round, part, now).await?;
    if let (true, Some(uids), Some(begun_at)) = (is_ours, part.uids, part.started_at) {
        let exceptions = part.exceptions.iter().filter_map(|(one, _)| one.as_uid());
        let exceptions: Vec<Uid> = exceptions.collect();
        let times = (begun_at, now);
        verifications::remove_told(connection, uids, times, &exceptions).await?;
    }
    Ok(is_ours)
}

/// Gives back what a worker that ends has not finished, so that the others need not wait.
pub async fn release(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    round: &SweepRound,
    holder: &[u8; 16],
) -> Result<(), RowError> {
    for part in super::of_round(connection, keys, round)
        .await?
        .into_values()
    {
        if part.holder == Some(*holder) && part.finished_at.is_none() {
            let free = SweepPart::free(round, part.number, part.uids);
            put(connection, keys, round, &[free]).await?;
        }
    }
    Ok(())
}

async fn is_anothers(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    round: &SweepRound,
    part: &SweepPart,
    now: UnixMillis,
) -> Result<bool, RowError> {
    let row = sqlx::query("SELECT * FROM sweep_parts WHERE round_id = ? AND number = ? FOR UPDATE")
        .bind(part.round_id)
        .bind(part.number)
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(false) };
    let Some(standing) = ours(SweepPart::read(&row, keys, round))? else {
        return Ok(false);
    };
    let is_done = standing.finished_at.is_some() && standing.holder != part.holder;
    let holder = part.holder.unwrap_or_default();
    Ok(is_done || standing.is_held_by_another(&holder, now))
}

fn planned(round: &SweepRound, number: u32) -> Option<SweepPart> {
    SweepPart::all_of(round)
        .into_iter()
        .find(|part| part.number == number)
}
