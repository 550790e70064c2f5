//! One who works on a round: claims parts until none is left.

use std::time::Duration;

use database::sweep_parts::SweepPart;
use rand::Rng as _;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::memory::Memory;
use super::progress::Progress;
use super::round::{Next, Round};
use super::unknown::Unknown;
use crate::examiner::Sight;
use crate::obstacle::Hindrance;
use crate::pace::Pace;

/// So often somebody who waits for the others looks again.
const WAIT: Duration = Duration::from_millis(200);
/// A look at the chain serves the parts that are begun within this time.
const SIGHT_LASTS: Duration = Duration::from_secs(5);

/// A worker, with what it knows from one round to the next.
pub(super) struct Worker {
    holder: [u8; 16],
    /// None for one that examines everything in full.
    pub(super) memory: Option<Memory>,
    pub(super) unknown: Unknown,
    sight: Option<(Sight, Instant)>,
}

impl Worker {
    pub(super) fn with_memory() -> Self {
        Self {
            memory: Some(Memory::new()),
            ..Self::forgetful()
        }
    }

    pub(super) fn forgetful() -> Self {
        let mut holder = [0; 16];
        rand::rng().fill_bytes(&mut holder);
        Self {
            holder,
            memory: None,
            unknown: Unknown::default(),
            sight: None,
        }
    }

    pub(super) fn holder(&self) -> &[u8; 16] {
        &self.holder
    }

    /// Works until every part of the round is done, by whomever.
    pub(super) async fn work(
        &mut self,
        round: &Round,
        pace: &Mutex<Pace>,
        progress: &Progress,
    ) -> Result<(), Hindrance> {
        self.see(round, round.sight()).await?;
        loop {
            progress.step();
            let known = self.memory.as_ref().map(Memory::known_parts);
            let known: Vec<u64> = known.into_iter().flatten().collect();
            match round.next(&self.holder, &known).await? {
                Next::Part(part) => self.part(round, part, pace, progress).await?,
                Next::Wait => tokio::time::sleep(WAIT).await,
                Next::Done => return Ok(()),
            }
        }
    }

    async fn part(
        &mut self,
        round: &Round,
        part: SweepPart,
        pace: &Mutex<Pace>,
        progress: &Progress,
    ) -> Result<(), Hindrance> {
        let sight = self.sight(round).await?;
        match part.uids {
            Some(uids) => self.uids(round, part, uids, &sight, pace, progress).await,
            None => self.rows_unknown(round, part, &sight, pace, progress).await,
        }
    }

    /// The newest final block, pins and keys checked.
    async fn sight(&mut self, round: &Round) -> Result<Sight, Hindrance> {
        if let Some((sight, at)) = self.sight
            && at.elapsed() < SIGHT_LASTS
        {
            return Ok(sight);
        }
        let sight = round.registrar().examiner().sight().await?;
        self.see(round, sight).await?;
        Ok(sight)
    }

    /// What is remembered holds up to this block from now on.
    async fn see(&mut self, round: &Round, sight: Sight) -> Result<(), Hindrance> {
        let chain = &round.registrar().examiner().parts().chain;
        if let Some(memory) = &mut self.memory {
            memory.advance(chain, &sight.block).await?;
        }
        self.sight = Some((sight, Instant::now()));
        Ok(())
    }
}
