//! Making plans: which jobs have their turn, in which order, and for how long.

use chain::Fees;
use database::{
    anchoring_jobs::{self, AnchoringJob},
    operations_alarms::{self, AlarmKind},
};

use crate::{
    Problem,
    line::{End, end_of_line},
    plan::Plan,
    round::Sight,
    settling::Settled,
    turn::Turn,
    work::{RoundError, Work},
};

/// What further plans have to themselves.
struct Room {
    /// How many may be made.
    plans: usize,
    /// For how many the account can pay.
    affordable: u128,
    /// Where they go.
    end: End,
}

impl Work {
    /// Plans queued jobs while there is room and the line is in order, and sends each.
    pub async fn make_plans(
        &self,
        sight: &Sight,
        settled: &Settled,
    ) -> Result<Option<Problem>, RoundError> {
        let standing = &sight.standing;
        if !standing.is_controller {
            return Ok(Some(Problem::NotController));
        }
        if standing.paused {
            return Ok(Some(Problem::Paused));
        }
        let end = end_of_line(&settled.waiting, standing.nonce, sight.next_uid);
        let Some(end) = end.filter(|_| !settled.is_disturbed) else {
            return Ok(Some(Problem::OutOfOrder));
        };
        let waiting = settled.waiting.len();
        let plans = self.parts.settings.max_in_flight.saturating_sub(waiting);
        let (jobs, tampered) = self.next_jobs(0, plans).await?;
        if jobs.is_empty() {
            return Ok(tampered);
        }
        let Ok(fees) = self.parts.controller.fees().await? else {
            return Ok(Some(Problem::FeesAboveCap));
        };
        let room = Room {
            plans,
            affordable: self.affordable(sight, fees).saturating_sub(waiting as u128),
            end,
        };
        let problem = self.plan_all(sight, fees, room, jobs).await?;
        Ok(problem.or(tampered))
    }

    /// The next jobs in the queue, and whether somebody planted others.
    async fn next_jobs(
        &self,
        after: u64,
        limit: usize,
    ) -> Result<(Vec<AnchoringJob>, Option<Problem>), RoundError> {
        let mut connection = self.parts.pool.acquire().await?;
        let queued = anchoring_jobs::queued(&mut connection, self.keys(), after, limit).await?;
        if queued.tampered.is_empty() {
            return Ok((queued.rows, None));
        }
        operations_alarms::raise(&mut connection, AlarmKind::RowTampered, self.now()).await?;
        Ok((queued.rows, Some(Problem::RowTampered)))
    }

    /// For how many transactions the account can pay.
    fn affordable(&self, sight: &Sight, fees: Fees) -> u128 {
        let cost = self.parts.controller.highest_cost(fees);
        sight
            .standing
            .balance
            .checked_div(cost)
            .unwrap_or(u128::MAX)
    }

    /// Gives every queued job its turn until there is no room any more: those passed over keep nobody from it, however many they are.
    async fn plan_all(
        &self,
        sight: &Sight,
        fees: Fees,
        mut room: Room,
        mut jobs: Vec<AnchoringJob>,
    ) -> Result<Option<Problem>, RoundError> {
        let mut passed_over = None;
        while let Some(last) = jobs.last().map(|job| job.id) {
            for job in &jobs {
                if room.affordable == 0 {
                    return Ok(Some(Problem::NoFunds));
                }
                match self.plan_one(sight, fees, &room.end, job).await? {
                    Turn::Rejected(rejection) => {
                        tracing::warn!(job = job.id, cause = rejection.code(), "a job is rejected");
                    }
                    Turn::Early => {}
                    Turn::PassedOver(problem) => passed_over = Some(problem),
                    Turn::Postponed(problem) => return Ok(Some(problem)),
                    Turn::Planned(plan) => {
                        room = room.behind(&plan)?;
                        if let Some(problem) = self.give(&plan, &plan.newest().raw).await? {
                            return Ok(Some(problem));
                        }
                    }
                }
            }
            (jobs, _) = self.next_jobs(last, room.plans).await?;
        }
        Ok(passed_over)
    }
}

impl Room {
    /// What is left once this plan stands at the end of the line.
    fn behind(self, plan: &Plan) -> Result<Self, RoundError> {
        let full = || {
            RoundError::Chain(chain::ChainError::Malformed {
                what: "nonces or UIDs are used up",
            })
        };
        let uid = match plan.waiting().new_uid {
            Some(uid) => uid.next().ok_or_else(full)?,
            None => self.end.uid,
        };
        let nonce = plan.nonce.checked_add(1).ok_or_else(full)?;
        Ok(Self {
            plans: self.plans.saturating_sub(1),
            affordable: self.affordable.saturating_sub(1),
            end: End {
                nonce,
                uid,
                is_empty: false,
            },
        })
    }
}
