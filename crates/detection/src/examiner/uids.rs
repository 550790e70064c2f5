//! Examining UIDs in their order, a page at a time.

use std::collections::BTreeMap;

use chain::{MAX_PAGE, OnChainRecord};
use database::anchoring_jobs::{AnchoringJob, JobState};
use database::consents;
use database::evidence::{self, Evidence};
use database::verifications::Subject;
use record::ids::{RecordId, Uid};
use record::time::UnixMillis;

use super::{Examined, Examiner, Remains, Sight, reading};
use crate::obstacle::Hindrance;
use crate::verdict::{Facts, Finding, Job, Obstacle, Row, judge};

/// What was read of the rows of a page.
struct Rows {
    /// By the UID they claim. More than one is more than the schema allows.
    by_uid: BTreeMap<Uid, Vec<Evidence>>,
    in_flight: BTreeMap<RecordId, AnchoringJob>,
    /// Records whose signed message serves another record as well: again more than the schema allows.
    sharing_nonces: Vec<RecordId>,
}

/// How the chain's words are asked for.
#[derive(Clone, Copy)]
pub(crate) enum Words {
    /// Of the newest master-data and of the storage layer, and compared.
    Compared,
    /// Of the storage layer alone, which holds them.
    Stored,
}

/// What a closer look gives: the row, what is to be said of it, and its jobs.
type Closer = (Option<Evidence>, Finding, Vec<Job>);

/// UIDs this far apart are not worth one question to the chain.
const FAR: u64 = 32;

impl Examiner {
    /// Examines the UIDs from `first` to `last`, as far as the chain has given them. Rows that claim one of them without
    /// a right to it come behind it, as rows that the chain does not know.
    pub async fn uids(&self, first: Uid, last: Uid) -> Result<Vec<Examined>, Hindrance> {
        self.uids_seen(first, last, None).await
    }

    /// The UID that a record has, as its jobs tell with our MAC.
    pub(crate) async fn anchored_as(&self, id: RecordId) -> Result<Option<Uid>, Hindrance> {
        let jobs = self.jobs(id).await?;
        let anchored = |job: &&AnchoringJob| job.state == JobState::Anchored;
        Ok(jobs.iter().filter(anchored).find_map(|job| job.uid))
    }

    pub(super) async fn uids_seen(
        &self,
        first: Uid,
        last: Uid,
        seen: Option<Sight>,
    ) -> Result<Vec<Examined>, Hindrance> {
        let at = self.now();
        let found = {
            let mut connection = self.parts.pool.acquire().await?;
            evidence::range(&mut connection, first, last).await?
        };
        let rows = self.rows(found).await?;
        let sight = self.sight_or(seen).await?;
        let Some(newest) = sight.last_uid() else {
            return Ok(Vec::new());
        };
        let wanted = first.get()..=last.min(newest).get();
        let wanted: Vec<Uid> = wanted.filter_map(Uid::new).collect();
        let words = self.words(&wanted, Words::Compared, &sight).await?;
        self.examined(&words, rows, &sight, at).await
    }

    /// Examines these UIDs (in their order, all given by the chain) against rows that were read from `at` on.
    pub(crate) async fn these(
        &self,
        wanted: &[Uid],
        found: Vec<Evidence>,
        sight: &Sight,
        at: UnixMillis,
    ) -> Result<Vec<Examined>, Hindrance> {
        let rows = self.rows(found).await?;
        let words = self.words(wanted, Words::Stored, sight).await?;
        self.examined(&words, rows, sight, at).await
    }

    async fn examined(
        &self,
        words: &[OnChainRecord],
        mut rows: Rows,
        sight: &Sight,
        at: UnixMillis,
    ) -> Result<Vec<Examined>, Hindrance> {
        let mut examined = Vec::with_capacity(words.len());
        let granted = self.granted(words).await?;
        let mut found = Vec::with_capacity(words.len());
        for record in words {
            let mut claiming = rows.by_uid.remove(&record.uid).unwrap_or_default();
            let row = self.rightful(record, &mut claiming).await?;
            found.push((record, row, claiming));
        }
        // Of what has ended nothing depends on a wallet any more.
        let goes_on = |record: &OnChainRecord| record.retired.is_none();
        let rows_found = found.iter().map(|(record, row, _)| {
            let row = row.as_ref().filter(|_| goes_on(record));
            (*record, row)
        });
        let opened = self.opened(rows_found).await?;
        for ((record, row, claiming), opened) in found.into_iter().zip(opened) {
            examined.push(match &record.retired {
                Some(retirement) => self.ended(record, retirement, row, &granted, sight).await?,
                None => self.one(record, row, opened, &rows, sight).await?,
            });
            for surplus in claiming {
                examined.push(self.unknown(surplus, sight).await?);
            }
        }
        self.note_forgotten(&examined).await?;
        // What was read may have changed since: an answer is as old as its first part.
        examined.iter_mut().for_each(|one| one.at = at);
        Ok(examined)
    }

    /// The chain's words on these UIDs, in pages.
    async fn words(
        &self,
        mut wanted: &[Uid],
        how: Words,
        sight: &Sight,
    ) -> Result<Vec<OnChainRecord>, Hindrance> {
        let (chain, block) = (&self.parts.chain, &sight.block);
        let mut words = Vec::with_capacity(wanted.len());
        while let Some((first, last, count)) = page(wanted) {
            let (these, rest) = wanted.split_at(count);
            let found = match how {
                Words::Stored => chain.stored(first, last, block).await?,
                Words::Compared => {
                    let count = last.get() - first.get() + 1;
                    chain.records(first, count, block).await?
                }
            };
            let asked_for = |record: &OnChainRecord| these.binary_search(&record.uid).is_ok();
            words.extend(found.into_iter().filter(asked_for));
            wanted = rest;
        }
        Ok(words)
    }

    /// Compares what the newest master-data says of some records with what the storage layer holds.
    pub(crate) async fn compare_contracts(
        &self,
        first: Uid,
        count: u64,
        sight: &Sight,
    ) -> Result<(), Hindrance> {
        self.parts.chain.records(first, count, &sight.block).await?;
        Ok(())
    }

    async fn rows(&self, found: Vec<Evidence>) -> Result<Rows, Hindrance> {
        let mut connection = self.parts.pool.acquire().await?;
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
        let mut fine = None;
        for (at, row) in claiming.iter().enumerate() {
            let finding = self.judged(chain, Some(row), &[], None).await?;
            if !finding.verdict.is_bad() {
                fine = Some(at);
                break;
            }
        }
        let at = match fine {
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
        opened: Option<Row>,
        rows: &Rows,
        sight: &Sight,
    ) -> Result<Examined, Hindrance> {
        let in_flight: Vec<Job> = row
            .as_ref()
            .and_then(|row| rows.in_flight.get(&row.record_id))
            .and_then(|job| Job::seen_from(job, sight.block.number))
            .into_iter()
            .collect();
        let quick = self.judged_opened(Some(chain), opened.as_ref(), &in_flight, None);
        let shares_its_nonce = row
            .as_ref()
            .is_some_and(|row| rows.sharing_nonces.contains(&row.record_id));
        // A draft has a job of its own. A row that lost its UID may stand where none is expected: of a record that ended.
        let has_draft_or_none = row.as_ref().is_none_or(|row| stands_above(row, chain));
        let look_closer = quick.verdict.is_bad() || shares_its_nonce || has_draft_or_none;
        let closer = match look_closer {
            true => self.closer_if_let(chain, row.as_ref(), sight).await?,
            false => None,
        };
        // What the database refuses to say keeps nothing back that the row itself says. Where there is none, the refusal may
        // be all there is to it.
        let (evidence, finding, jobs) = match closer {
            Some(closer) => closer,
            None if look_closer && row.is_none() => (row, self.unverifiable(), in_flight),
            None => (row, quick, in_flight),
        };
        Ok(Examined {
            subject: Subject::uid(chain.uid),
            uid: Some(chain.uid),
            evidence,
            finding,
            in_flight: jobs.iter().any(Job::is_in_flight),
            remains: Remains::None,
            at: self.now(),
        })
    }

    fn unverifiable(&self) -> Finding {
        judge(&Facts {
            obstacle: Some(Obstacle::DatabaseRefuses),
            ..self.facts(None, None)
        })
    }

    /// [`Self::closer`]; none, and an alarm, where the database refuses what it needs.
    async fn closer_if_let(
        &self,
        chain: &OnChainRecord,
        row: Option<&Evidence>,
        sight: &Sight,
    ) -> Result<Option<Closer>, Hindrance> {
        match self.closer(chain, row.cloned(), sight).await {
            Err(hindrance) if hindrance.concerns_one_thing() => {
                tracing::error!(cause = ?hindrance, uid = chain.uid.get(), "the database refuses what a closer look needs");
                let mut connection = self.parts.pool.acquire().await?;
                self.note_refusal(&mut connection, &hindrance).await;
                Ok(None)
            }
            closer => closer.map(Some),
        }
    }

    /// A second look, with all jobs and the nonce of the record, before anything bad is said of it.
    async fn closer(
        &self,
        chain: &OnChainRecord,
        row: Option<Evidence>,
        sight: &Sight,
    ) -> Result<Closer, Hindrance> {
        let keys = &self.parts.keys;
        let mut connection = self.parts.pool.acquire().await?;
        let row = match row {
            Some(row) => Some(row),
            None => reading::planned_row(&mut connection, keys, chain.uid).await?,
        };
        let (jobs, nonce_also_at) = match &row {
            Some(row) => (
                reading::jobs(&mut connection, keys, row.record_id, sight.block.number).await?,
                reading::nonce_also_at(&mut connection, chain.uid, row).await?,
            ),
            None => (Vec::new(), None),
        };
        drop(connection);
        let judged = self.judged(chain, row.as_ref(), &jobs, nonce_also_at);
        let finding = judged.await?;
        Ok((row, finding, jobs))
    }
}

/// Whether the row has a version above all that the chain holds.
fn stands_above(row: &Evidence, chain: &OnChainRecord) -> bool {
    let newest = row.versions.last();
    newest.is_some_and(|newest| newest.values.version > chain.newest().version)
}

/// The first of these UIDs, the last that is still worth the same question, and how many they are.
fn page(wanted: &[Uid]) -> Option<(Uid, Uid, usize)> {
    let first = *wanted.first()?;
    let (mut last, mut count) = (first, 1);
    for uid in &wanted[1..] {
        if uid.get() - last.get() > FAR || uid.get() - first.get() >= MAX_PAGE {
            break;
        }
        (last, count) = (*uid, count + 1);
    }
    Some((first, last, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_ones_share_a_question() {
        let uids = |numbers: &[u64]| numbers.iter().copied().filter_map(Uid::new).collect();
        let paged = |numbers: &[u64]| {
            let uids: Vec<Uid> = uids(numbers);
            page(&uids).map(|(first, last, count)| (first.get(), last.get(), count))
        };
        assert_eq!(paged(&[]), None);
        assert_eq!(paged(&[7]), Some((7, 7, 1)));
        assert_eq!(paged(&[7, 9, 39, 80]), Some((7, 39, 3)));
        let many: Vec<u64> = (1..=1000).collect();
        assert_eq!(paged(&many), Some((1, 500, 500)));
    }
}
