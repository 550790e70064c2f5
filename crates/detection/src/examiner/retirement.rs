//! UIDs whose record has ended on the chain: whether somebody who may has asked for it, and whether something is left.

use std::collections::{BTreeMap, BTreeSet};

use chain::{Block, OnChainRecord, Retirement, RetirementReason};
use database::erasures::{self, Erasure, ErasureState};
use database::evidence::{self, Evidence};
use database::record_events::{self, RecordEvent, RecordEventKind};
use database::verifications::Subject;
use database::{MySqlConnection, remains};
use record::Address;
use record::erasure::{ErasureEvidence, Ground, Signatory};
use record::ids::{RecordId, Uid};
use record::time::UnixMillis;

use super::{Examined, Examiner, Remains, Sight};
use crate::obstacle::Hindrance;
use crate::verdict::{Facts, Row, Verdict, judge};

/// What was granted for the UIDs of a page, as far as they have ended, and which of those records have rows.
#[derive(Default)]
pub(super) struct Granted {
    by_uid: BTreeMap<Uid, Vec<Erasure>>,
    left: BTreeSet<RecordId>,
}

impl Examiner {
    /// Whether the chain says that the record of these rows has ended, under the UID that they claim or that it was anchored under.
    pub async fn has_ended(&self, rows: &Evidence) -> Result<bool, Hindrance> {
        let sight = self.sight().await?;
        let claimed = rows.claimed_uid.and_then(Uid::new);
        let uids = [claimed, self.anchored_as(rows.record_id).await?];
        for uid in uids.into_iter().flatten() {
            let known = self.on_chain(uid, &sight.block).await?;
            if known.is_some_and(|known| known.retired.is_some()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What was granted for those of these records that have ended.
    pub(super) async fn granted(&self, words: &[OnChainRecord]) -> Result<Granted, Hindrance> {
        let ended = words.iter().filter(|record| record.retired.is_some());
        let ended: Vec<Uid> = ended.map(|record| record.uid).collect();
        let mut granted = Granted::default();
        if ended.is_empty() {
            return Ok(granted);
        }
        let mut connection = self.parts.pool.acquire().await?;
        let found = self.granted_of(&mut connection, &ended).await?;
        // By the record: rows that came back need not claim the UID, nor have a head at all.
        let ids = found.iter().map(|one| one.record_id).collect();
        granted.left = remains::of_records(&mut connection, &ids).await?;
        for one in found {
            granted.by_uid.entry(one.uid).or_default().push(one);
        }
        Ok(granted)
    }

    /// What was granted for these UIDs, in the main database or in the backup. What is not ours counts for nothing.
    pub(crate) async fn granted_of(
        &self,
        connection: &mut MySqlConnection,
        uids: &[Uid],
    ) -> Result<Vec<Erasure>, Hindrance> {
        let keys = &self.parts.keys;
        Ok(erasures::granted_of(connection, keys, uids).await?.rows)
    }

    /// When a record was first destroyed, as its history tells: a dump may bring back the request as it was before.
    pub(crate) async fn destroyed_at(&self, id: RecordId) -> Result<Option<UnixMillis>, Hindrance> {
        let mut connection = self.parts.pool.acquire().await?;
        let front = self.parts.keys.front();
        let history = record_events::of_record(&mut connection, &front, id).await?;
        let of_kind = |one: &&RecordEvent| one.kind == RecordEventKind::Destroyed;
        let destroyed = history.rows.iter().filter(of_kind);
        Ok(destroyed.map(|one| one.at).min())
    }

    /// The request that the evidence on the chain stands for, signed by who may.
    pub(crate) async fn proof_of<'e>(
        &self,
        chain: &OnChainRecord,
        retirement: &Retirement,
        granted: &'e [Erasure],
        block: &Block,
    ) -> Result<Option<(&'e Erasure, ErasureEvidence)>, Hindrance> {
        let site = self.site();
        for erasure in granted {
            let opened = erasure.open(&self.parts.keys).ok().flatten();
            let evidence = opened.and_then(|json| ErasureEvidence::from_json(&json));
            let stands_for = |one: &ErasureEvidence| one.on_chain(site) == retirement.evidence;
            let Some(evidence) = evidence.filter(stands_for) else {
                continue;
            };
            if self.permits(&evidence, chain, retirement, block).await? {
                return Ok(Some((erasure, evidence)));
            }
        }
        Ok(None)
    }

    fn site(&self) -> (u64, Address) {
        let deployment = self.parts.chain.deployment();
        (deployment.chain_id, deployment.relay)
    }

    async fn permits(
        &self,
        evidence: &ErasureEvidence,
        chain: &OnChainRecord,
        retirement: &Retirement,
        block: &Block,
    ) -> Result<bool, Hindrance> {
        let words = chain.words();
        let holds = |authorities: &[Address]| {
            evidence.holds(&Ground {
                site: self.site(),
                uid: chain.uid,
                first: chain.first_word(),
                words: &words,
                authorities,
            })
        };
        if matches!(evidence.signatory, Signatory::Owner(_)) {
            return Ok(holds(&[]));
        }
        let reader = &self.parts.chain;
        if holds(&[reader.authority(block).await?]) {
            return Ok(true);
        }
        // It was another one when the record ended.
        Ok(holds(&[reader.authority_at(retirement.block).await?]))
    }

    /// A UID whose record has ended.
    pub(super) async fn ended(
        &self,
        chain: &OnChainRecord,
        retirement: &Retirement,
        mut row: Option<Evidence>,
        granted: &Granted,
        sight: &Sight,
    ) -> Result<Examined, Hindrance> {
        let requests = granted
            .by_uid
            .get(&chain.uid)
            .map_or(&[][..], Vec::as_slice);
        let proof = self.proof_of(chain, retirement, requests, &sight.block);
        let proof = proof.await?.map(|(erasure, _)| erasure);
        let is_left = proof.is_some_and(|one| granted.left.contains(&one.record_id));
        let is_unfinished = proof.is_some_and(|one| one.state == ErasureState::Granted);
        let is_first = match proof.filter(|_| is_unfinished) {
            Some(one) => self.destroyed_at(one.record_id).await?.is_none(),
            None => false,
        };
        let judged = |row: Option<&Evidence>| {
            let opened = row.map(|row| Row::open(row, &self.parts.keys));
            judge(&Facts {
                retirement_is_proven: proof.is_some(),
                is_being_destroyed: is_first,
                is_left,
                ..self.facts(Some(chain), opened.as_ref())
            })
        };
        let mut finding = judged(row.as_ref());
        if finding.verdict.is_bad() && row.is_some() {
            // It may have been destroyed since it was read.
            let mut connection = self.parts.pool.acquire().await?;
            row = evidence::by_uid(&mut connection, chain.uid).await?;
            finding = judged(row.as_ref());
        }
        let is_erased = retirement.reason == RetirementReason::Erased;
        let is_ended = matches!(finding.verdict, Verdict::Retired | Verdict::RetiredUnproven);
        // A request that is lost comes back from its copy.
        let is_seen = row.is_some() || is_left || is_unfinished || proof.is_none();
        Ok(Examined {
            subject: Subject::uid(chain.uid),
            uid: Some(chain.uid),
            remains: match (is_erased && is_ended, is_seen) {
                (false, _) => Remains::None,
                (true, true) => Remains::Seen,
                (true, false) => Remains::Unseen,
            },
            evidence: row,
            finding,
            in_flight: false,
            at: self.now(),
        })
    }
}
