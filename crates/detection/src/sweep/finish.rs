//! The end of a round: what it came to, and what is tidied up behind it.

use database::sweep_parts;
use database::sweep_rounds::{self, RoundKind, SweepRound};
use database::verifications;
use sqlx::Connection;

use super::Ended;
use super::round::Round;
use crate::obstacle::{Hindrance, alarm_of};
use crate::registrar::Registrar;

impl Round {
    /// Ends the round, if the workers came to its end. One of this process's own also ends when something came in between.
    pub(super) async fn end(&self, worked: Result<(), Hindrance>) -> Result<Ended, Hindrance> {
        if let Err(hindrance) = worked {
            return Err(self.break_off(hindrance).await);
        }
        let begun_at = self.round.started_at;
        let told = match self.learn() {
            true => self.registrar().end_round(begun_at).await,
            false => self.registrar().tell(Some(begun_at)).await,
        };
        self.tolerate(told)?;
        let round = self.outcome(None);
        let filed = self.file_end(&round).await;
        let by_us = self.tolerate(filed)?.unwrap_or(true);
        if by_us {
            let tidied = self.tidy(&round).await;
            self.tolerate(tidied)?;
        }
        let refused = {
            let mut state = self.state();
            (state.tell)(&round);
            state.refused.take()
        };
        Ok(Ended {
            round,
            by_us,
            refused,
        })
    }

    /// What others have found in their parts is known here as well from now on. False when there was more than fits into a
    /// part's row.
    fn learn(&self) -> bool {
        let state = self.state();
        for part in state.done.values() {
            self.registrar().learn(part.exceptions.iter());
        }
        state
            .done
            .values()
            .all(|part| part.exceptions.is_complete())
    }

    /// Something keeps us from going on. The shared round stays open: whoever can goes on with it.
    async fn break_off(&self, hindrance: Hindrance) -> Hindrance {
        if hindrance.is_database_outage() {
            return hindrance;
        }
        // What was found is told in its time, also when the round could not be finished.
        let told = self.registrar().tell(None).await;
        let broken = self.outcome(Some(&hindrance));
        let filed = match self.round.kind {
            RoundKind::Shared => Ok(true),
            RoundKind::All | RoundKind::Once => self.file_end(&broken).await,
        };
        for later in [told.err(), filed.err()].into_iter().flatten() {
            tracing::warn!(cause = ?later, "a round that broke off could not be ended");
        }
        hindrance
    }

    fn outcome(&self, hindrance: Option<&Hindrance>) -> SweepRound {
        let state = self.state();
        let word = |one: &Hindrance| alarm_of(one.obstacle()).as_str().to_owned();
        let of_parts = || state.done.values().find_map(|part| part.problem.clone());
        let ours = hindrance.or(state.refused.as_ref()).map(word);
        SweepRound {
            finished_at: Some(self.registrar().examiner().now()),
            checked: state.done.values().map(|part| part.checked).sum(),
            bad: state.done.values().map(|part| part.exceptions.bad()).sum(),
            verdicts: sweep_parts::verdicts_of(state.done.values()),
            problem: ours.or_else(of_parts),
            ..self.round.clone()
        }
    }

    /// Whether this process is the one that ends it.
    async fn file_end(&self, round: &SweepRound) -> Result<bool, Hindrance> {
        if !self.is_filed() {
            return Ok(true);
        }
        let parts = self.registrar().examiner().parts();
        let mut connection = parts.pool.acquire().await?;
        Ok(sweep_rounds::finish(&mut connection, &parts.keys, round).await?)
    }

    async fn tidy(&self, round: &SweepRound) -> Result<(), Hindrance> {
        let registrar = self.registrar();
        let sight = registrar.examiner().sight().await?;
        let parts = registrar.examiner().parts();
        let mut connection = parts.pool.acquire().await?;
        verifications::remove_above(&mut connection, sight.next_uid.get() - 1).await?;
        if round.id > 0 {
            let others = round.kind != RoundKind::Shared;
            sweep_parts::delete_before(&mut connection, round.id, others).await?;
            let now = registrar.examiner().now();
            sweep_rounds::thin_out(&mut connection, round.id, now).await?;
        }
        drop(connection);
        forget_gone_rows(registrar).await
    }
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
