//! One pass over all records: every UID of the chain in order, then the rows that the chain does not know.
//!
//! What the database refuses to keep (a result, a finding, the progress) holds nothing up: all records are looked at, and
//! the pass ends by telling what was refused.

use std::time::Duration;

use database::evidence::{self, Evidence};
use database::leases::{self, Lease};
use database::sweep_rounds::{self, SweepRound};
use database::verifications::{self, Source};
use record::ids::{RecordId, Uid};
use record::time::UnixMillis;
use sqlx::Connection;

use crate::examiner::{Examined, Sight};
use crate::obstacle::{Hindrance, alarm_of};
use crate::pace::Pace;
use crate::registrar::{Occasion, Registrar};

pub(super) const LEASE_LENGTH: Duration = Duration::from_secs(30);
/// Rounds that are kept for people to look at.
const ROUNDS_KEPT: u64 = 1000;

/// At least so many rows that the chain does not know are looked at in each round.
const FEWEST_UNKNOWN: u64 = 500;

/// How far the rows that the chain does not know were looked at: first those without a UID, then those with one.
#[derive(Clone, Copy, Default)]
pub(super) struct Unknown {
    with_uid: bool,
    after: Option<RecordId>,
}

impl Unknown {
    fn with_uid() -> Self {
        Self {
            with_uid: true,
            after: None,
        }
    }
}

/// Where a pass stands.
pub(super) struct Pass<'a, T> {
    registrar: &'a Registrar,
    source: Source,
    pace: Pace,
    lease: Option<&'a mut Lease>,
    unknown: &'a mut Unknown,
    round: SweepRound,
    /// The first thing that the database refused.
    refused: Option<Hindrance>,
    /// Hears of the progress.
    tell: T,
}

impl<'a, T: FnMut(&SweepRound) + Send> Pass<'a, T> {
    /// Makes one from its beginning to its end.
    pub(super) async fn make(
        registrar: &'a Registrar,
        source: Source,
        pace: Pace,
        lease: Option<&'a mut Lease>,
        unknown: &'a mut Unknown,
        tell: T,
    ) -> Result<SweepRound, Hindrance> {
        let sight = registrar.examiner().sight().await?;
        let total = total(registrar, &sight).await?;
        let mut pass = Self {
            registrar,
            source,
            pace,
            lease,
            unknown,
            round: unfiled(total, registrar.examiner().now()),
            refused: None,
            tell,
        };
        let begun = pass.begin(total).await;
        pass.tolerate(begun)?;
        (pass.tell)(&pass.round);
        let swept = pass.all(&sight).await;
        pass.end(swept).await
    }

    async fn begin(&mut self, total: u64) -> Result<(), Hindrance> {
        let (parts, now) = (self.registrar.examiner().parts(), self.round.started_at);
        let mut connection = parts.pool.acquire().await?;
        self.round = sweep_rounds::start(&mut connection, &parts.keys, total, now).await?;
        Ok(())
    }

    async fn end(mut self, swept: Result<(), Hindrance>) -> Result<SweepRound, Hindrance> {
        let told = match &swept {
            Err(hindrance) if hindrance.is_database_outage() => Ok(()),
            Ok(()) => self.registrar.end_round(self.round.started_at).await,
            // What was found is told in its time, also when the round could not be finished.
            Err(_) => self.registrar.tell(None).await,
        };
        self.tolerate(told)?;
        let outcome = match (swept, self.refused.take()) {
            (Ok(()), Some(refused)) => Err(refused),
            (swept, _) => swept,
        };
        self.round.finished_at = Some(self.registrar.examiner().now());
        self.round.problem = outcome
            .as_ref()
            .err()
            .map(|hindrance| alarm_of(hindrance.obstacle()).as_str().to_owned());
        (self.tell)(&self.round);
        match outcome {
            Err(hindrance) if hindrance.is_database_outage() => return Err(hindrance),
            outcome => {
                self.file_end().await?;
                outcome?;
            }
        }
        Ok(self.round)
    }

    async fn file_end(&self) -> Result<(), Hindrance> {
        let parts = self.registrar.examiner().parts();
        let mut connection = parts.pool.acquire().await?;
        sweep_rounds::update(&mut connection, &parts.keys, &self.round).await?;
        let keep_from = self.round.id.saturating_sub(ROUNDS_KEPT);
        sweep_rounds::delete_before(&mut connection, keep_from).await?;
        Ok(())
    }

    /// Goes on without what the database refused; every other hindrance ends the pass.
    fn tolerate<V>(&mut self, done: Result<V, Hindrance>) -> Result<Option<V>, Hindrance> {
        match done {
            Ok(value) => Ok(Some(value)),
            Err(hindrance) if hindrance.concerns_one_thing() => {
                tracing::error!(cause = ?hindrance, "the database refuses what the sweep has to keep");
                self.refused.get_or_insert(hindrance);
                Ok(None)
            }
            Err(hindrance) => Err(hindrance),
        }
    }

    async fn all(&mut self, sight: &Sight) -> Result<(), Hindrance> {
        let mut from = Uid::new(1);
        while let (Some(first), Some(last)) = (from, sight.last_uid())
            && first <= last
        {
            self.pace.turn().await;
            let end = first
                .get()
                .saturating_add(u64::from(self.pace.at_once()) - 1);
            let end = Uid::new(end).map_or(last, |end| end.min(last));
            let page = self.registrar.examiner().uids(first, end).await?;
            self.take_in(page).await?;
            from = end.next();
        }
        self.rows_unknown(sight).await?;
        let forgotten = self.forget_strangers().await;
        self.tolerate(forgotten)?;
        let forgotten = forget_gone_rows(self.registrar).await;
        self.tolerate(forgotten)?;
        Ok(())
    }

    /// Rows without a UID, then rows with one that the chain has not given. Whoever floods the table with such rows must not
    /// keep the others waiting: there is an end to what one round looks at, and the next round goes on from there.
    async fn rows_unknown(&mut self, sight: &Sight) -> Result<(), Hindrance> {
        let mut left = self.most_unknown(sight);
        while left > 0 {
            self.pace.turn().await;
            let at = self.registrar.examiner().now();
            let rows = self.next_unknown(sight).await?;
            let Some(last) = rows.last() else {
                match self.unknown.with_uid {
                    false => *self.unknown = Unknown::with_uid(),
                    true => break,
                }
                continue;
            };
            left = left.saturating_sub(rows.len() as u64);
            self.unknown.after = Some(last.record_id);
            let examiner = self.registrar.examiner();
            let page = examiner.all_unknown(rows, sight, at).await?;
            self.take_in(page).await?;
        }
        if left > 0 {
            *self.unknown = Unknown::default();
        }
        Ok(())
    }

    fn most_unknown(&self, sight: &Sight) -> u64 {
        match self.source {
            Source::Sweep => sight.next_uid.get().max(FEWEST_UNKNOWN),
            _ => u64::MAX,
        }
    }

    async fn next_unknown(&self, sight: &Sight) -> Result<Vec<Evidence>, Hindrance> {
        let (limit, after) = (self.pace.at_once(), self.unknown.after);
        let mut connection = self.registrar.examiner().parts().pool.acquire().await?;
        Ok(if self.unknown.with_uid {
            evidence::surplus(&mut connection, sight.next_uid, after, limit).await?
        } else {
            evidence::without_uid(&mut connection, after, limit).await?
        })
    }

    async fn take_in(&mut self, page: Vec<Examined>) -> Result<(), Hindrance> {
        let occasion = Occasion {
            source: self.source,
            round: (self.round.id > 0).then_some(self.round.id),
        };
        self.pace
            .took(u32::try_from(page.len()).unwrap_or(u32::MAX));
        let (round, tell) = (&mut self.round, &mut self.tell);
        let filed = |bad| {
            round.checked += 1;
            round.bad += u64::from(bad);
            tell(round);
        };
        let refused = self.registrar.file_page(page, occasion, filed).await?;
        self.tolerate(refused.map_or(Ok(()), Err))?;
        let told = self.registrar.tell(None).await;
        self.tolerate(told)?;
        let kept = self.keep_progress().await;
        self.tolerate(kept)?;
        self.keep_lease().await
    }

    /// Verdicts that stand beside those of this pass were written by somebody else.
    async fn forget_strangers(&self) -> Result<(), Hindrance> {
        let examiner = self.registrar.examiner();
        let mut connection = examiner.parts().pool.acquire().await?;
        let (begun_at, now) = (self.round.started_at, examiner.now());
        verifications::remove_strangers(&mut connection, begun_at, now).await?;
        Ok(())
    }

    async fn keep_progress(&self) -> Result<(), Hindrance> {
        let parts = self.registrar.examiner().parts();
        let mut connection = parts.pool.acquire().await?;
        sweep_rounds::update(&mut connection, &parts.keys, &self.round).await?;
        Ok(())
    }

    /// A lease that somebody took away or wrote over is taken again: only another process of ours ends the pass.
    async fn keep_lease(&mut self) -> Result<(), Hindrance> {
        let Some(lease) = self.lease.as_deref_mut() else {
            return Ok(());
        };
        let (parts, now) = (
            self.registrar.examiner().parts(),
            self.registrar.examiner().now(),
        );
        let mut connection = parts.pool.acquire().await?;
        let (keys, name, holder) = (&parts.keys, lease.name.clone(), lease.holder);
        let held = leases::acquire(&mut connection, keys, &name, &holder, LEASE_LENGTH, now).await;
        match held {
            Ok(held) => *lease = held.ok_or(Hindrance::LostLease)?,
            Err(error) => {
                self.tolerate::<()>(Err(error.into()))?;
            }
        }
        Ok(())
    }
}

/// A round that stands nowhere: what there is when the table takes none.
fn unfiled(total: u64, started_at: UnixMillis) -> SweepRound {
    SweepRound {
        id: 0,
        started_at,
        finished_at: None,
        total,
        checked: 0,
        bad: 0,
        problem: None,
    }
}

async fn total(registrar: &Registrar, sight: &Sight) -> Result<u64, Hindrance> {
    let mut connection = registrar.examiner().parts().pool.acquire().await?;
    let unknown = evidence::count_unknown_to_chain(&mut connection, sight.next_uid).await?;
    Ok(sight.next_uid.get() - 1 + unknown)
}

/// Planted rows that were taken out meanwhile: there is nothing left to be at fault.
async fn forget_gone_rows(registrar: &Registrar) -> Result<(), Hindrance> {
    const AT_ONCE: u32 = 100;
    let mut connection = registrar.examiner().parts().pool.acquire().await?;
    loop {
        let gone = verifications::without_subject(&mut connection, AT_ONCE).await?;
        for subject in &gone {
            let mut transaction = connection.begin().await?;
            registrar
                .resolve(&mut transaction, *subject, "the row is gone")
                .await?;
            verifications::remove(&mut transaction, *subject).await?;
            transaction.commit().await?;
        }
        if gone.len() < AT_ONCE as usize {
            return Ok(());
        }
    }
}
