//! Walking over UIDs that have a verdict, up or down, part by part: a part without a verdict asked for is passed by.

use keyring::ApplicationKeys;
use record::ids::Uid;
use sqlx::mysql::MySqlConnection;

use super::cover::{Cover, Span};
use super::standing::{Rows, Standing, aside, rows_at_the_end, rows_between, rows_of};
use super::verdict_map::UidRange;
use crate::error::RowError;
use crate::verifications::VerdictKind;

/// Which way.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Newest first.
    Down,
    /// Oldest first.
    Up,
}

/// UIDs that a part tells of, or that none does.
enum Piece {
    Told(Span),
    Untold(UidRange),
}

/// UIDs with one of these verdicts (none named: with any), in their order.
pub(super) struct Walk<'a> {
    keys: &'a ApplicationKeys,
    verdicts: &'a [VerdictKind],
    way: Way,
    wanted: usize,
    cover: Cover,
    /// What changes what the parts tell; only where verdicts are named.
    aside: Rows,
    found: Vec<Uid>,
}

impl<'a> Walk<'a> {
    /// The first `wanted` of these UIDs, seen from the end where the walk begins.
    pub(super) async fn over(
        connection: &mut MySqlConnection,
        keys: &'a ApplicationKeys,
        (verdicts, way): (&'a [VerdictKind], Way),
        uids: UidRange,
        wanted: usize,
    ) -> Result<Vec<(Uid, Standing)>, RowError> {
        let cover = Cover::whole(connection, keys).await?;
        let aside = match verdicts.is_empty() {
            true => Rows::new(),
            false => aside(connection, keys, &cover, uids).await?,
        };
        let mut walk = Self {
            keys,
            verdicts,
            way,
            wanted,
            cover,
            aside,
            found: Vec::new(),
        };
        let mut pieces = walk.pieces(uids);
        if way == Way::Down {
            pieces.reverse();
        }
        for piece in pieces {
            if walk.is_done() {
                break;
            }
            match piece {
                Piece::Told(span) => walk.told(connection, span).await?,
                Piece::Untold(uids) => walk.untold(connection, uids).await?,
            }
        }
        walk.standings(connection).await
    }

    /// In their order, without a gap.
    fn pieces(&self, uids: UidRange) -> Vec<Piece> {
        let (mut pieces, mut next) = (Vec::new(), Some(uids.first));
        for span in self.cover.within(uids) {
            let before = next.zip(span.uids.first.previous());
            let untold = before.and_then(|(first, last)| UidRange::new(first, last));
            pieces.extend(untold.map(Piece::Untold));
            pieces.push(Piece::Told(span));
            next = span.uids.last.next();
        }
        let rest = next.and_then(|first| UidRange::new(first, uids.last));
        pieces.extend(rest.map(Piece::Untold));
        pieces
    }

    /// UIDs of which only rows tell: a button was faster than the round, or somebody wrote them.
    async fn untold(
        &mut self,
        connection: &mut MySqlConnection,
        uids: UidRange,
    ) -> Result<(), RowError> {
        let found: Vec<Uid> = match self.verdicts.is_empty() {
            true => {
                let limit = u32::try_from(self.wanted).unwrap_or(u32::MAX);
                let lowest = self.way == Way::Up;
                let rows = rows_at_the_end(connection, self.keys, uids, lowest, limit).await?;
                rows.into_keys().collect()
            }
            false => {
                let rows = self.aside.range(uids.first..=uids.last);
                rows.map(|(uid, _)| *uid).collect()
            }
        };
        self.take(found);
        Ok(())
    }

    async fn told(&mut self, connection: &mut MySqlConnection, span: Span) -> Result<(), RowError> {
        if !self.may_have(&span) {
            return Ok(());
        }
        self.cover.learn(connection, [span].into_iter()).await?;
        let candidates = match self.cover.exceptions(&span) {
            Some(exceptions) => self.candidates(&span, exceptions),
            // Nobody can tell of these but their rows.
            None => {
                let rows = rows_between(connection, self.keys, span.uids).await?;
                let uids = rows.keys().copied().collect();
                self.aside.extend(rows);
                uids
            }
        };
        self.take(candidates);
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.found.len() >= self.wanted
    }

    fn may_have(&self, span: &Span) -> bool {
        let changed = || self.aside.range(span.uids.first..=span.uids.last).next();
        self.verdicts.is_empty() || self.cover.may_have(span, self.verdicts) || changed().is_some()
    }

    /// The UIDs of a span that may have a verdict asked for, in their order.
    fn candidates(&self, span: &Span, exceptions: Vec<(Uid, VerdictKind)>) -> Vec<Uid> {
        if self.verdicts.is_empty() {
            // No more than are wanted: the span may be long.
            let left = self.wanted - self.found.len();
            let uids = span.uids.iter();
            return match self.way {
                Way::Up => uids.take(left).collect(),
                Way::Down => {
                    let mut uids: Vec<Uid> = uids.rev().take(left).collect();
                    uids.reverse();
                    uids
                }
            };
        }
        if self.verdicts.contains(&VerdictKind::Valid) {
            return span.uids.iter().collect();
        }
        let changed = self.aside.range(span.uids.first..=span.uids.last);
        let changed = changed.map(|(uid, _)| *uid);
        let told = exceptions.into_iter();
        let told = told.filter(|(_, verdict)| self.verdicts.contains(verdict));
        let mut uids: Vec<Uid> = told.map(|(uid, _)| uid).chain(changed).collect();
        uids.sort_unstable();
        uids.dedup();
        uids
    }

    /// Those of these UIDs, which are in their order, that have a verdict asked for.
    fn take(&mut self, mut uids: Vec<Uid>) {
        if self.way == Way::Down {
            uids.reverse();
        }
        for uid in uids {
            if self.is_done() {
                return;
            }
            let is_wanted = || {
                let verdict = self.cover.verdict(uid, &self.aside);
                verdict.is_some_and(|verdict| self.verdicts.contains(&verdict))
            };
            if self.verdicts.is_empty() || is_wanted() {
                self.found.push(uid);
            }
        }
    }

    /// What stands of those that were found.
    async fn standings(
        self,
        connection: &mut MySqlConnection,
    ) -> Result<Vec<(Uid, Standing)>, RowError> {
        let rows = rows_of(connection, self.keys, &self.found).await?;
        let standing = |uid| (uid, self.cover.standing(uid, &rows));
        Ok(self.found.iter().copied().map(standing).collect())
    }
}
