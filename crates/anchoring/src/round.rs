//! One round: look, settle, plan.

use chain::{Block, SeenBlock, Standing};
use database::{
    RowError,
    chain_progress::{self, ChainProgress},
    operations_alarms::{self, AlarmKind},
};
use record::ids::Uid;

use crate::{
    AnchoringStatus, Problem,
    fate::Heights,
    work::{RoundError, Work},
};

/// Under this name the newest final block is remembered.
const READER: &str = "anchoring";

/// What was seen of the chain, all of it at the head's number.
pub(crate) struct Sight {
    pub head: Block,
    /// The newest block that will not change any more.
    pub last: Block,
    pub standing: Standing,
    pub next_uid: Uid,
    pub heights: Heights,
}

/// What came of a round.
pub(crate) struct Round {
    /// What keeps the rest from being done.
    pub problem: Option<Problem>,
    /// What our account held before it, in wei.
    pub balance: u128,
}

impl Work {
    /// Does what can be done now.
    pub async fn round(&self) -> Result<Round, RoundError> {
        let sight = self.look().await?;
        let settled = self.settle(&sight).await?;
        let planned = self.make_plans(&sight, &settled).await?;
        Ok(Round {
            problem: settled.problem.or(planned),
            balance: sight.standing.balance,
        })
    }

    async fn look(&self) -> Result<Sight, RoundError> {
        let (reader, controller) = (self.reader(), &self.parts.controller);
        let head = reader.check_pins().await?;
        let last = reader.final_block_below(&head, self.seen().await?).await?;
        self.remember(&last).await?;
        let (standing, nonce_at_last, next_uid) = tokio::try_join!(
            controller.standing(&head),
            controller.nonce(&last),
            reader.next_uid(&head),
        )?;
        let heights = Heights {
            head: head.number,
            last: last.number,
            nonce_at_head: standing.nonce,
            nonce_at_last,
        };
        Ok(Sight {
            head,
            last,
            standing,
            next_uid,
            heights,
        })
    }

    async fn seen(&self) -> Result<Option<SeenBlock>, RoundError> {
        let mut connection = self.parts.pool.acquire().await?;
        match chain_progress::load(&mut connection, self.keys(), READER).await {
            Ok(seen) => Ok(seen.map(|seen| SeenBlock {
                number: seen.block_number,
                hash: seen.block_hash,
            })),
            // Written over by `remember`, which says so; the pins still hold.
            Err(error) if error.is_tampering() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn remember(&self, last: &Block) -> Result<(), RowError> {
        let mut connection = self.parts.pool.acquire().await?;
        let progress = ChainProgress {
            reader: READER.to_owned(),
            block_number: last.number,
            block_hash: last.hash,
            seen_at: self.now(),
        };
        chain_progress::advance(&mut connection, self.keys(), &progress).await
    }

    /// Raises and ends the alarms that concern anchoring alone.
    pub async fn alarm(&self, status: &AnchoringStatus) -> Result<(), RoundError> {
        let mut connection = self.parts.pool.acquire().await?;
        let has_work = status.queued > 0 || status.in_flight > 0;
        let funds = status.problem == Some(Problem::NoFunds);
        let stuck = status.problem.is_some() && has_work && !funds;
        for (kind, holds) in [
            (AlarmKind::ControllerFunds, funds),
            (AlarmKind::AnchoringStuck, stuck),
        ] {
            if holds {
                operations_alarms::raise(&mut connection, kind, self.now()).await?;
            } else {
                operations_alarms::clear(&mut connection, kind).await?;
            }
        }
        Ok(())
    }
}
