//! What the finished parts of the rounds on file tell of UIDs. Their heads say how many have each verdict; which ones is
//! read only where it matters.

use std::collections::{BTreeMap, BTreeSet};

use keyring::ApplicationKeys;
use record::ids::Uid;
use sqlx::mysql::MySqlConnection;

use super::verdict_map::UidRange;
use crate::error::RowError;
use crate::sweep_parts::{self, Exceptions, FinishedPart};
use crate::verifications::{VerdictCounts, VerdictKind};

/// The parts, and which of them tells of which UIDs.
pub(super) struct Cover {
    parts: Vec<FinishedPart>,
    /// In their order, without overlap.
    spans: Vec<Span>,
    /// What was read of which UIDs are not valid, by the part; none where it is not ours.
    learnt: BTreeMap<usize, Option<Exceptions>>,
}

/// UIDs that one part tells of: the newest finished one that covers them.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) uids: UidRange,
    part: usize,
}

/// What a part says of a UID.
pub(super) struct Word<'c> {
    pub(super) part: &'c FinishedPart,
    pub(super) verdict: VerdictKind,
}

impl Cover {
    /// Of these UIDs.
    pub(super) async fn load(
        connection: &mut MySqlConnection,
        keys: &ApplicationKeys,
        uids: UidRange,
    ) -> Result<Self, RowError> {
        let parts = sweep_parts::finished(connection, keys, uids.first, uids.last).await?;
        Ok(Self {
            spans: spans(&parts),
            parts,
            learnt: BTreeMap::new(),
        })
    }

    /// All there are.
    pub(super) async fn whole(
        connection: &mut MySqlConnection,
        keys: &ApplicationKeys,
    ) -> Result<Self, RowError> {
        Self::load(connection, keys, UidRange::ALL).await
    }

    /// The pieces of spans that lie within these UIDs.
    pub(super) fn within(&self, uids: UidRange) -> impl DoubleEndedIterator<Item = Span> + '_ {
        let from = self
            .spans
            .partition_point(|span| span.uids.last < uids.first);
        let to = self
            .spans
            .partition_point(|span| span.uids.first <= uids.last);
        let spans = self.spans.get(from..to.max(from)).unwrap_or_default();
        spans.iter().map(move |span| Span {
            uids: UidRange {
                first: span.uids.first.max(uids.first),
                last: span.uids.last.min(uids.last),
            },
            part: span.part,
        })
    }

    fn span(&self, uid: Uid) -> Option<&Span> {
        let above = self.spans.partition_point(|span| span.uids.first <= uid);
        let span = self.spans.get(above.checked_sub(1)?)?;
        span.uids.holds(uid).then_some(span)
    }

    /// Whether a round on file has looked at this UID.
    pub(super) fn holds(&self, uid: Uid) -> bool {
        self.span(uid).is_some()
    }

    /// The last UID of all.
    pub(super) fn last(&self) -> Option<Uid> {
        self.spans.last().map(|span| span.uids.last)
    }

    /// How many UIDs of a span have each verdict, as its part holds it; none where the part tells of others too.
    pub(super) fn held_counts(&self, span: &Span) -> Option<&VerdictCounts> {
        let part = self.parts.get(span.part)?;
        let (first, last) = part.uids;
        (span.uids == UidRange { first, last }).then_some(&part.verdicts)
    }

    /// Whether any UID of a span may have one of these verdicts; of a span that is a piece of a part, more than do.
    pub(super) fn may_have(&self, span: &Span, verdicts: &[VerdictKind]) -> bool {
        let told = self.parts.get(span.part).map(|part| &part.verdicts);
        told.is_some_and(|told| verdicts.iter().any(|verdict| told.contains_key(verdict)))
    }

    /// Reads which UIDs are not valid in these spans, where their number does not tell it.
    pub(super) async fn learn(
        &mut self,
        connection: &mut MySqlConnection,
        spans: impl Iterator<Item = Span>,
    ) -> Result<(), RowError> {
        let unknown = spans.map(|span| span.part).filter(|part| {
            let told = self.parts.get(*part);
            told.is_some_and(|told| all_alike(told).is_none()) && !self.learnt.contains_key(part)
        });
        let unknown: BTreeSet<usize> = unknown.collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let parts: Vec<&FinishedPart> = unknown
            .iter()
            .filter_map(|part| self.parts.get(*part))
            .collect();
        let mut found = sweep_parts::exceptions_of(connection, &parts).await?;
        let learnt: Vec<_> = unknown.iter().zip(parts).collect();
        let learnt: Vec<_> = learnt
            .into_iter()
            .map(|(turn, part)| (*turn, found.remove(&part.key())))
            .collect();
        self.learnt.extend(learnt);
        Ok(())
    }

    /// [`Self::learn`] of the spans that hold these UIDs.
    pub(super) async fn learn_of(
        &mut self,
        connection: &mut MySqlConnection,
        uids: impl Iterator<Item = Uid>,
    ) -> Result<(), RowError> {
        let spans: Vec<Span> = uids.filter_map(|uid| self.span(uid).copied()).collect();
        self.learn(connection, spans.into_iter()).await
    }

    /// What its part says of a UID; none where there is none, or it is not ours. Its span was learnt before.
    pub(super) fn word(&self, uid: Uid) -> Option<Word<'_>> {
        let span = self.span(uid)?;
        let part = self.parts.get(span.part)?;
        let verdict = match all_alike(part) {
            Some(verdict) => verdict,
            None => {
                let exceptions = self.learnt.get(&span.part)?.as_ref()?;
                let subject = crate::verifications::Subject::uid(uid);
                exceptions.get(subject).unwrap_or(VerdictKind::Valid)
            }
        };
        Some(Word { part, verdict })
    }

    /// Which UIDs of a span that was learnt are not valid; none where nobody can tell.
    pub(super) fn exceptions(&self, span: &Span) -> Option<Vec<(Uid, VerdictKind)>> {
        match all_alike(self.parts.get(span.part)?) {
            Some(VerdictKind::Valid) => Some(Vec::new()),
            Some(verdict) => Some(span.uids.iter().map(|uid| (uid, verdict)).collect()),
            None => {
                let exceptions = self.learnt.get(&span.part)?.as_ref()?;
                Some(
                    exceptions
                        .between(span.uids.first, span.uids.last)
                        .collect(),
                )
            }
        }
    }

    /// How many UIDs of a span that was learnt have each verdict; nothing where nobody can tell.
    pub(super) fn count(&self, span: &Span) -> VerdictCounts {
        let alike = self.parts.get(span.part).and_then(all_alike);
        if let Some(verdict) = alike {
            return [(verdict, span.uids.count())].into();
        }
        let Some(exceptions) = self.exceptions(span) else {
            return VerdictCounts::new();
        };
        let valid = span.uids.count().saturating_sub(exceptions.len() as u64);
        let mut counts = VerdictCounts::from([(VerdictKind::Valid, valid)]);
        for (_, verdict) in exceptions {
            *counts.entry(verdict).or_default() += 1;
        }
        counts
    }

    /// UIDs that only rounds other than this one tell of, or none.
    pub(super) fn outside_of(&self, round_id: u64) -> Vec<UidRange> {
        let mut outside = Vec::new();
        let mut next = Some(Uid::FIRST);
        for span in &self.spans {
            let is_of_it = self.parts.get(span.part).map(|part| part.round_id) == Some(round_id);
            if is_of_it {
                let before = span.uids.first.previous();
                outside.extend(
                    next.zip(before)
                        .and_then(|(first, last)| UidRange::new(first, last)),
                );
                next = span.uids.last.next();
            }
        }
        outside.extend(next.and_then(|first| UidRange::new(first, Uid::LAST)));
        outside
    }

    /// The rounds whose parts tell of any UID, in their order.
    pub(super) fn rounds(&self) -> BTreeSet<u64> {
        let parts = self
            .spans
            .iter()
            .filter_map(|span| self.parts.get(span.part));
        parts.map(|part| part.round_id).collect()
    }
}

/// The verdict of every UID of a part, when it is the same for all.
fn all_alike(part: &FinishedPart) -> Option<VerdictKind> {
    let mut verdicts = part.verdicts.iter();
    let (verdict, count) = verdicts.next()?;
    let (first, last) = part.uids;
    let is_all = *count == last.get() - first.get() + 1;
    is_all.then_some(*verdict)
}

/// Of each group of parts that begin at the same UID, the newest tells of all that it covers, an older one of what it
/// covers beyond.
fn spans(parts: &[FinishedPart]) -> Vec<Span> {
    let mut by_first: BTreeMap<Uid, Vec<usize>> = BTreeMap::new();
    for (turn, part) in parts.iter().enumerate() {
        by_first.entry(part.uids.0).or_default().push(turn);
    }
    let mut spans = Vec::with_capacity(by_first.len());
    for (first, turns) in by_first {
        let mut next = Some(first);
        for turn in turns.into_iter().rev() {
            let last = parts.get(turn).map(|part| part.uids.1);
            let uids = next
                .zip(last)
                .and_then(|(first, last)| UidRange::new(first, last));
            if let Some(uids) = uids {
                spans.push(Span { uids, part: turn });
                next = uids.last.next();
            }
        }
    }
    spans
}
