//! How a round comes about: one process at a time takes up the one that others have begun, or files a new one.

use std::time::{Duration, Instant};

use database::evidence;
use database::leases;
use database::sweep_parts::{self, SweepPart};
use database::sweep_rounds::{self, RoundKind, SweepRound};
use database::verifications::VerdictCounts;

use crate::examiner::Sight;
use crate::obstacle::Hindrance;
use crate::registrar::Registrar;

/// Held while a round is begun.
const LEASE: &str = "sweep";
const LEASE_LENGTH: Duration = Duration::from_secs(10);
/// A round that nobody was at for so long is not taken up again.
const ABANDONED: Duration = Duration::from_secs(10 * 60);

/// Waits until nobody else begins a round, but no longer than anybody needs for it: two at once are only work done twice.
pub(super) async fn alone(registrar: &Registrar, holder: &[u8; 16]) -> Result<(), Hindrance> {
    const AGAIN: Duration = Duration::from_millis(100);
    let parts = registrar.examiner().parts();
    let began = Instant::now();
    loop {
        let now = registrar.examiner().now();
        let held = {
            let mut connection = parts.pool.acquire().await?;
            leases::acquire(
                &mut connection,
                &parts.keys,
                LEASE,
                holder,
                LEASE_LENGTH,
                now,
            )
            .await?
        };
        if held.is_some() || began.elapsed() > 2 * LEASE_LENGTH {
            return Ok(());
        }
        tokio::time::sleep(AGAIN).await;
    }
}

pub(super) async fn release(registrar: &Registrar, holder: &[u8; 16]) -> Result<(), Hindrance> {
    let lease = leases::Lease {
        name: LEASE.to_owned(),
        holder: *holder,
        expires_at: registrar.examiner().now(),
    };
    let mut connection = registrar.examiner().parts().pool.acquire().await?;
    Ok(leases::release(&mut connection, &lease).await?)
}

/// The round that others have begun since the one that has ended here, if it is on the chain that we see and somebody is at
/// it. Who has kept a copy of its rows can put an older one back, with all of its parts done, to have nothing looked at any more.
pub(super) async fn open(
    registrar: &Registrar,
    ended: u64,
    sight: &Sight,
) -> Result<Option<SweepRound>, Hindrance> {
    let (parts, now) = (registrar.examiner().parts(), registrar.examiner().now());
    let mut connection = parts.pool.acquire().await?;
    let newest = sweep_rounds::newest(&mut connection, &parts.keys).await?;
    let mut shared = newest
        .into_iter()
        .filter(|round| round.kind == RoundKind::Shared);
    let is_open = |round: &SweepRound| round.finished_at.is_none() && round.id > ended;
    let Some(round) = shared.next().filter(is_open) else {
        return Ok(None);
    };
    let active = sweep_parts::newest_activity(&mut connection, &parts.keys, &round).await?;
    let block = chain::Block {
        number: round.block_number,
        hash: round.block_hash,
        timestamp: 0,
    };
    let is_seen = block.number <= sight.block.number && parts.chain.holds(&block).await?;
    Ok(Some(round).filter(|_| is_seen && now.since(active) < ABANDONED))
}

/// A round that stands nowhere yet.
pub(super) async fn unfiled(
    registrar: &Registrar,
    kind: RoundKind,
    sight: &Sight,
) -> Result<SweepRound, Hindrance> {
    let mut connection = registrar.examiner().parts().pool.acquire().await?;
    let unknown = evidence::count_unknown_to_chain(&mut connection, sight.next_uid).await?;
    let last_uid = sight.next_uid.get() - 1;
    Ok(SweepRound {
        id: 0,
        kind,
        block_number: sight.block.number,
        block_hash: sight.block.hash,
        last_uid,
        started_at: registrar.examiner().now(),
        finished_at: None,
        total: last_uid + unknown,
        checked: 0,
        bad: 0,
        verdicts: VerdictCounts::new(),
        problem: None,
    })
}

pub(super) async fn file(
    registrar: &Registrar,
    unfiled: &SweepRound,
) -> Result<SweepRound, Hindrance> {
    let parts = registrar.examiner().parts();
    let mut connection = parts.pool.acquire().await?;
    let round = sweep_rounds::start(&mut connection, &parts.keys, unfiled).await?;
    let plan = SweepPart::all_of(&round);
    sweep_parts::put(&mut connection, &parts.keys, &round, &plan).await?;
    Ok(round)
}
