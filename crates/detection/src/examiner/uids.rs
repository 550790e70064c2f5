//! Examining UIDs in their order, a page at a time.

use std::collections::BTreeMap;

use chain::OnChainRecord;
use database::anchoring_jobs::AnchoringJob;
use database::consents;
use database::evidence::{self, Evidence};
use database::verifications::Subject;
use record::ids::{RecordId, Uid};

use super::{Examined, Examiner, Sight, reading};
use crate::obstacle::Hindrance;
use crate::verdict::{Finding, Job};

/// What was read of the rows of a page.
struct Rows {
    /// By the UID they claim. More than one is more than the schema allows.
    by_uid: BTreeMap<Uid, Vec<Evidence>>,
    in_flight: BTreeMap<RecordId, AnchoringJob>,
    /// Records whose signed message serves another record as well: again more than the schema allows.
    sharing_nonces: Vec<RecordId>,
}

impl Examiner {
    /// Examines the UIDs from `first` to `last`, as far as the chain has given them. Rows that claim one of them without
    /// a right to it come behind it, as rows that the chain does not know.
    pub async fn uids(&self, first: Uid, last: Uid) -> Result<Vec<Examined>, Hindrance> {
        let at = self.now();
        let mut rows = self.rows(first, last).await?;
        let sight = self.sight().await?;
        let mut examined: Vec<Examined> = Vec::new();
        let mut from = first;
        // The chain answers in pages of its own size.
        while from <= last && from < sight.next_uid {
            let wanted = last.get() - from.get() + 1;
            let page = self.parts.chain.records(from, wanted, &sight.block).await?;
            let Some(end) = page.last().map(|record| record.uid) else {
                break;
            };
            for record in &page {
                let mut claiming = rows.by_uid.remove(&record.uid).unwrap_or_default();
                let row = self.rightful(record, &mut claiming).await?;
                examined.push(self.one(record, row, &rows, &sight).await?);
                for surplus in claiming {
                    examined.push(self.unknown(surplus, &sight).await?);
                }
            }
            match end.next() {
                Some(next) => from = next,
                None => break,
            }
        }
        // What was read may have changed since: an answer is as old as its first part.
        examined.iter_mut().for_each(|one| one.at = at);
        Ok(examined)
    }

    async fn rows(&self, first: Uid, last: Uid) -> Result<Rows, Hindrance> {
        let mut connection = self.parts.pool.acquire().await?;
        let found = evidence::range(&mut connection, first, last).await?;
        let nonces: Vec<[u8; 32]> = found.iter().flat_map(reading::nonces).collect();
        let shared = consents::shared_nonces(&mut connection, &nonces).await?;
        let shares = |row: &&Evidence| reading::nonces(row).any(|nonce| shared.contains(&nonce));
        let sharing_nonces = found
            .iter()
            .filter(shares)
            .map(|row| row.record_id)
            .collect();
        let mut by_uid: BTreeMap<Uid, Vec<Evidence>> = BTreeMap::new();
        for row in found {
            if let Some(uid) = row.claimed_uid.and_then(Uid::new) {
                by_uid.entry(uid).or_default().push(row);
            }
        }
        Ok(Rows {
            by_uid,
            in_flight: reading::in_flight(&mut connection, &self.parts.keys).await?,
            sharing_nonces,
        })
    }

    /// Of several rows that claim a UID, takes out the one that it belongs to: the one that gives the word on the chain,
    /// or else the one that was anchored under it.
    async fn rightful(
        &self,
        chain: &OnChainRecord,
        claiming: &mut Vec<Evidence>,
    ) -> Result<Option<Evidence>, Hindrance> {
        if claiming.len() < 2 {
            return Ok(claiming.pop());
        }
        let is_fine = |row: &Evidence| {
            !self
                .judged(Some(chain), Some(row), None, None)
                .verdict
                .is_bad()
        };
        let at = match claiming.iter().position(is_fine) {
            Some(at) => at,
            None => {
                let mut connection = self.parts.pool.acquire().await?;
                let anchored =
                    reading::anchored(&mut connection, &self.parts.keys, chain.uid).await?;
                let is_anchored = |row: &Evidence| anchored.contains(&row.record_id);
                claiming.iter().position(is_anchored).unwrap_or_default()
            }
        };
        Ok(Some(claiming.remove(at)))
    }

    /// One UID that the chain has given. The row of a job in flight stands in for one that does not claim the UID yet.
    async fn one(
        &self,
        chain: &OnChainRecord,
        row: Option<Evidence>,
        rows: &Rows,
        sight: &Sight,
    ) -> Result<Examined, Hindrance> {
        let job = row
            .as_ref()
            .and_then(|row| rows.in_flight.get(&row.record_id))
            .map(|job| Job::seen_from(job, sight.block.number));
        let quick = self.judged(Some(chain), row.as_ref(), job, None);
        let shares_its_nonce = row
            .as_ref()
            .is_some_and(|row| rows.sharing_nonces.contains(&row.record_id));
        let (evidence, finding) = if quick.verdict.is_bad() || shares_its_nonce {
            self.closer(chain, row, sight).await?
        } else {
            (row, quick)
        };
        Ok(Examined {
            subject: Subject::uid(chain.uid),
            uid: Some(chain.uid),
            evidence,
            finding,
            at: self.now(),
        })
    }

    /// A second look, with the job and the nonce of the record, before anything bad is said of it.
    async fn closer(
        &self,
        chain: &OnChainRecord,
        row: Option<Evidence>,
        sight: &Sight,
    ) -> Result<(Option<Evidence>, Finding), Hindrance> {
        let keys = &self.parts.keys;
        let mut connection = self.parts.pool.acquire().await?;
        let (row, job) = match row {
            Some(row) => {
                let job = reading::newest_job(&mut connection, keys, row.record_id).await?;
                (Some(row), job)
            }
            None => reading::planned_row(&mut connection, keys, chain.uid).await?,
        };
        let nonce_also_at = match &row {
            Some(row) => reading::nonce_also_at(&mut connection, chain.uid, row).await?,
            None => None,
        };
        let job = job.map(|job| Job::seen_from(&job, sight.block.number));
        let finding = self.judged(Some(chain), row.as_ref(), job, nonce_also_at);
        Ok((row, finding))
    }
}
