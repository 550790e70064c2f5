//! Walking over UIDs that have a verdict, up or down, without reading a row for each.

use std::collections::BTreeMap;

use keyring::ApplicationKeys;
use record::ids::Uid;
use sqlx::mysql::MySqlConnection;

use super::standing::{Cover, Rows, Standing, rows_between, rows_beyond};
use crate::error::RowError;
use crate::verifications::VerdictKind;

/// So many UIDs are looked at in one go.
const WINDOW: u64 = 1024;

/// UIDs with one of these verdicts (none named: with any), in their order.
pub(super) struct Walk<'a> {
    keys: &'a ApplicationKeys,
    verdicts: &'a [VerdictKind],
    cover: Cover,
    found: Vec<(Uid, Standing)>,
    wanted: usize,
}

impl<'a> Walk<'a> {
    pub(super) async fn new(
        connection: &mut MySqlConnection,
        keys: &'a ApplicationKeys,
        verdicts: &'a [VerdictKind],
        wanted: usize,
    ) -> Result<Self, RowError> {
        Ok(Self {
            keys,
            verdicts,
            cover: Cover::whole(connection, keys).await?,
            found: Vec::new(),
            wanted,
        })
    }

    /// From `from` down, newest first.
    pub(super) async fn down(
        mut self,
        connection: &mut MySqlConnection,
        from: Uid,
    ) -> Result<Vec<(Uid, Standing)>, RowError> {
        let top = self.cover.last();
        if top.is_none_or(|top| from > top) {
            let beyond = top.and_then(Uid::next).unwrap_or(Uid::FIRST);
            let rows = self.beyond(connection, (beyond, from), false).await?;
            self.take(rows.keys().rev().copied(), &rows);
        }
        let mut next = top.map(|top| top.min(from));
        while let Some(last) = next.filter(|_| self.found.len() < self.wanted) {
            let first = Uid::new(last.get().saturating_sub(self.window() - 1).max(1));
            let first = first.unwrap_or(Uid::FIRST);
            let rows = rows_between(connection, self.keys, first, last).await?;
            let uids = self.candidates(first, last, &rows);
            self.take(uids.into_iter().rev(), &rows);
            next = Uid::new(first.get() - 1);
        }
        Ok(self.found)
    }

    /// From `from` up, oldest first.
    pub(super) async fn up(
        mut self,
        connection: &mut MySqlConnection,
        from: Uid,
    ) -> Result<Vec<(Uid, Standing)>, RowError> {
        let top = self.cover.last();
        let mut next = Some(from).filter(|from| top.is_some_and(|top| *from <= top));
        while let (Some(first), Some(top)) = (next.filter(|_| self.found.len() < self.wanted), top)
        {
            let last = Uid::new(first.get().saturating_add(self.window() - 1));
            let last = last.map_or(top, |last| last.min(top));
            let rows = rows_between(connection, self.keys, first, last).await?;
            let uids = self.candidates(first, last, &rows);
            self.take(uids.into_iter(), &rows);
            next = last.next().filter(|next| *next <= top);
        }
        let beyond = top.and_then(Uid::next).unwrap_or(Uid::FIRST).max(from);
        let rows = self.beyond(connection, (beyond, Uid::LAST), true).await?;
        self.take(rows.keys().copied(), &rows);
        Ok(self.found)
    }

    /// What is not valid is little, and known: all of it is looked at in one go.
    fn window(&self) -> u64 {
        match self.is_of_exceptions() {
            true => u64::MAX,
            false => WINDOW,
        }
    }

    fn is_of_exceptions(&self) -> bool {
        !self.verdicts.is_empty() && !self.verdicts.contains(&VerdictKind::Valid)
    }

    async fn beyond(
        &self,
        connection: &mut MySqlConnection,
        uids: (Uid, Uid),
        lowest: bool,
    ) -> Result<Rows, RowError> {
        if self.found.len() >= self.wanted || uids.0 > uids.1 {
            return Ok(BTreeMap::new());
        }
        // Where only some verdicts are wanted, others may stand before them.
        let limit = match self.verdicts.is_empty() {
            true => u32::try_from(self.wanted).unwrap_or(u32::MAX),
            false => u32::MAX,
        };
        rows_beyond(connection, self.keys, uids, lowest, limit).await
    }

    /// The UIDs of a window that may have a verdict asked for.
    fn candidates(&self, first: Uid, last: Uid, rows: &Rows) -> Vec<Uid> {
        if self.is_of_exceptions() {
            let mut uids = self.cover.exceptions();
            uids.extend(rows.keys());
            return uids.range(first..=last).copied().collect();
        }
        let uids = (first.get()..=last.get()).filter_map(Uid::new);
        uids.filter(|uid| self.cover.holds(*uid) || rows.contains_key(uid))
            .collect()
    }

    fn take(&mut self, uids: impl Iterator<Item = Uid>, rows: &Rows) {
        for uid in uids {
            if self.found.len() >= self.wanted {
                return;
            }
            let standing = self.cover.standing(uid, rows);
            let verdict = standing.verification.as_ref().map(|one| one.verdict);
            let is_wanted = verdict.is_some_and(|verdict| self.verdicts.contains(&verdict));
            if self.verdicts.is_empty() || is_wanted {
                self.found.push((uid, standing));
            }
        }
    }
}
