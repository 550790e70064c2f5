//! UIDs whose record has ended on the chain: whether somebody who may has asked for it, and whether something is left.

use std::collections::BTreeMap;
use std::time::Duration;

use chain::{Block, OnChainRecord, Retirement, RetirementReason};
use database::MySqlConnection;
use database::erasures::{self, Erasure, ErasureState};
use database::evidence::{self, Evidence};
use database::verifications::Subject;
use record::erasure::{ErasureEvidence, Ground};
use record::ids::Uid;

use super::{Examined, Examiner, Sight};
use crate::obstacle::Hindrance;
use crate::verdict::{Facts, Row, Verdict, judge};

/// Whoever destroys the rows may take so long, from the block that retired the record on.
const MOMENT: Duration = Duration::from_secs(60 * 60);

/// What was granted for the UIDs of a page, as far as they have ended.
pub(super) type Granted = BTreeMap<Uid, Vec<Erasure>>;

impl Examiner {
    /// Whether the chain says that a record has ended.
    pub async fn has_ended(&self, uid: Uid) -> Result<bool, Hindrance> {
        let sight = self.sight().await?;
        let known = self.on_chain(uid, &sight.block).await?;
        Ok(known.is_some_and(|known| known.retired.is_some()))
    }

    /// What was granted for those of these records that have ended.
    pub(super) async fn granted(&self, words: &[OnChainRecord]) -> Result<Granted, Hindrance> {
        let ended = words.iter().filter(|record| record.retired.is_some());
        let ended: Vec<Uid> = ended.map(|record| record.uid).collect();
        let mut granted = Granted::new();
        if ended.is_empty() {
            return Ok(granted);
        }
        let mut connection = self.parts.pool.acquire().await?;
        for one in self.granted_of(&mut connection, &ended).await? {
            granted.entry(one.uid).or_default().push(one);
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

    /// The request that the evidence on the chain stands for, signed by who may.
    pub(crate) async fn proof_of<'e>(
        &self,
        chain: &OnChainRecord,
        retirement: &Retirement,
        granted: &'e [Erasure],
        block: &Block,
    ) -> Result<Option<(&'e Erasure, ErasureEvidence)>, Hindrance> {
        let deployment = self.parts.chain.deployment();
        let site = (deployment.chain_id, deployment.relay);
        for erasure in granted {
            let opened = erasure.open(&self.parts.keys).ok().flatten();
            let evidence = opened.and_then(|json| ErasureEvidence::from_json(&json));
            let stands_for = |one: &ErasureEvidence| one.on_chain(site) == retirement.evidence;
            let Some(evidence) = evidence.filter(stands_for) else {
                continue;
            };
            let ground = Ground {
                site,
                uid: chain.uid,
                words: &chain.words(),
                authorities: &self.parts.chain.authorities(block).await?,
            };
            if evidence.holds(&ground) {
                return Ok(Some((erasure, evidence)));
            }
        }
        Ok(None)
    }

    /// A UID whose record has ended.
    pub(super) async fn ended(
        &self,
        chain: &OnChainRecord,
        retirement: &Retirement,
        row: Option<Evidence>,
        granted: &[Erasure],
        sight: &Sight,
    ) -> Result<Examined, Hindrance> {
        let proof = self.proof_of(chain, retirement, granted, &sight.block);
        let proof = proof.await?.map(|(erasure, _)| erasure);
        let just_now = row.is_some() && self.has_just_ended(retirement).await?;
        let judged = |row: Option<&Evidence>| {
            let opened = row.map(|row| Row::open(row, &self.parts.keys));
            judge(&Facts {
                retirement_is_proven: proof.is_some(),
                retired_just_now: just_now,
                ..self.facts(Some(chain), opened.as_ref())
            })
        };
        let (mut row, mut finding) = (row.clone(), judged(row.as_ref()));
        if finding.verdict.is_bad() && row.is_some() {
            // It may have been destroyed since it was read.
            let mut connection = self.parts.pool.acquire().await?;
            row = evidence::by_uid(&mut connection, chain.uid).await?;
            finding = judged(row.as_ref());
        }
        let is_unfinished = proof.is_some_and(|one| one.state == ErasureState::Granted);
        let is_erased = retirement.reason == RetirementReason::Erased;
        let is_ended = matches!(finding.verdict, Verdict::Retired | Verdict::RetiredUnproven);
        Ok(Examined {
            subject: Subject::uid(chain.uid),
            uid: Some(chain.uid),
            is_to_be_destroyed: is_erased && is_ended && (row.is_some() || is_unfinished),
            evidence: row,
            finding,
            in_flight: false,
            at: self.now(),
        })
    }

    async fn has_just_ended(&self, retirement: &Retirement) -> Result<bool, Hindrance> {
        let at = self.parts.chain.time_of(retirement.block).await?;
        Ok(at.is_some_and(|at| self.now() < at.plus(MOMENT)))
    }
}
