//! The rows that the chain does not know: first those without a UID, then those with one.

use database::evidence::{self, Evidence};
use database::sweep_parts::SweepPart;
use database::sweep_rounds::RoundKind;
use record::ids::RecordId;
use tokio::sync::Mutex;

use super::progress::Progress;
use super::round::Round;
use super::worker::Worker;
use crate::examiner::Sight;
use crate::obstacle::Hindrance;
use crate::pace::Pace;

/// At least so many rows that the chain does not know are looked at in each round.
const FEWEST: u64 = 500;
/// So many at once: who fills them with more than ever belongs there must not fill our memory.
const AT_ONCE: u32 = 50;

/// How far they were looked at.
#[derive(Clone, Copy, Default)]
pub(super) struct Unknown {
    with_uid: bool,
    after: Option<RecordId>,
}

impl Worker {
    /// Whoever floods the table with such rows must not keep the others waiting: there is an end to what one round of the
    /// sweep looks at, and the next round goes on from there.
    pub(super) async fn rows_unknown(
        &mut self,
        round: &Round,
        mut part: SweepPart,
        sight: &Sight,
        pace: &Mutex<Pace>,
        progress: &Progress,
    ) -> Result<(), Hindrance> {
        let mut left = match round.kind() {
            RoundKind::Shared => sight.next_uid.get().max(FEWEST),
            RoundKind::All | RoundKind::Once => u64::MAX,
        };
        while left > 0 {
            let limit = pace.lock().await.turn().await.min(AT_ONCE);
            let examiner = round.registrar().examiner();
            let at = examiner.now();
            let rows = self.next_unknown(round, sight, limit).await?;
            let Some(last) = rows.last() else {
                if self.unknown.with_uid {
                    break;
                }
                (self.unknown.with_uid, self.unknown.after) = (true, None);
                continue;
            };
            left = left.saturating_sub(rows.len() as u64);
            self.unknown.after = Some(last.record_id);
            let page = examiner.all_unknown(rows, sight, at).await?;
            let looked_at = page.len() as u64;
            pace.lock().await.took(looked_at);
            round.file(page, &mut part).await?;
            progress.count(looked_at);
            if !round.keep(&mut part).await? {
                return Ok(());
            }
        }
        if left > 0 {
            self.unknown = Unknown::default();
        }
        round.hand_in(part).await
    }

    async fn next_unknown(
        &self,
        round: &Round,
        sight: &Sight,
        limit: u32,
    ) -> Result<Vec<Evidence>, Hindrance> {
        let after = self.unknown.after;
        let pool = &round.registrar().examiner().parts().pool;
        let mut connection = pool.acquire().await?;
        Ok(if self.unknown.with_uid {
            evidence::surplus(&mut connection, sight.next_uid, after, limit).await?
        } else {
            evidence::without_uid(&mut connection, after, limit).await?
        })
    }
}
