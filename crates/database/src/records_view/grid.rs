//! The viewer's grid: what was verified, and beside each verdict the row it is about.

use std::collections::BTreeMap;

use keyring::{ApplicationKeys, FrontKeys};
use record::ids::{RecordId, Uid};
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{MySql, QueryBuilder};

use super::cover::Cover;
use super::standing::{Standing, ours, standing};
use super::uids::{Walk, Way};
use super::verdict_map::UidRange;
use super::{ListedRecord, Page, Search, TABLE, find, listed};
use crate::column::Columns;
use crate::error::RowError;
use crate::transaction;
use crate::verifications::{FIRST_ROW, Subject, VerdictKind, Verification};

/// A subject of verification in the viewer's grid: a UID of the chain, or a row that the chain does not know.
#[derive(Debug, Clone)]
pub struct ViewedRecord {
    /// What the line is about.
    pub subject: Subject,
    /// The newest verdict, when there is one and it is ours.
    pub verification: Option<Verification>,
    /// Whether somebody else wrote or changed the verdict: verify anew.
    pub verdict_is_tampered: bool,
    /// The row; none when it is missing.
    pub row: Option<ListedRecord>,
}

/// The viewer's grid behind the subject of the page before: first the rows that the chain does not know, then UIDs from
/// the newest down. `verdicts` keeps only those; empty keeps all.
pub async fn verified(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    verdicts: &[VerdictKind],
    after: Option<Subject>,
    limit: u32,
) -> Result<Page<ViewedRecord, Subject>, RowError> {
    let shown = usize::try_from(limit).unwrap_or(usize::MAX);
    // One more than asked for tells whether there is a next page.
    let wanted = shown.saturating_add(1);
    let mut snapshot = transaction::snapshot(connection).await?;
    let mut rows = Vec::new();
    if after.is_none_or(|after| after.as_uid().is_none()) {
        rows = unknown_down(
            &mut snapshot,
            keys,
            verdicts,
            after,
            limit.saturating_add(1),
        )
        .await?;
    }
    let from = match after.and_then(|after| after.as_uid()) {
        Some(uid) => uid.previous(),
        None => Some(Uid::LAST),
    };
    let uids = from.and_then(|from| UidRange::new(Uid::FIRST, from));
    if let Some(uids) = uids.filter(|_| rows.len() < wanted) {
        let what = (verdicts, Way::Down);
        let found = Walk::over(&mut snapshot, keys, what, uids, wanted - rows.len()).await?;
        rows.extend(found.into_iter().map(ViewedRecord::of_uid));
    }
    let is_more = rows.len() > shown;
    rows.truncate(shown);
    attach_rows(&mut snapshot, &keys.front(), &mut rows).await?;
    snapshot.commit().await?;
    Ok(Page {
        first: rows.first().map(|line| line.subject),
        next: rows.last().map(|line| line.subject).filter(|_| is_more),
        rows,
    })
}

/// Of the grid behind `after`: the subject that the page before is behind. None when that is the first page.
pub async fn verified_before(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    verdicts: &[VerdictKind],
    after: Subject,
    limit: u32,
) -> Result<Option<Subject>, RowError> {
    let mut snapshot = transaction::snapshot(connection).await?;
    let mut left = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut from = after;
    if let Some(uid) = after.as_uid() {
        let (what, uids) = ((verdicts, Way::Up), UidRange::new(uid, Uid::LAST));
        let uids = uids.unwrap_or(UidRange::ALL);
        let found = Walk::over(&mut snapshot, keys, what, uids, left.saturating_add(1)).await?;
        if let Some((uid, _)) = found.get(left) {
            return Ok(Some(Subject::uid(*uid)));
        }
        left -= found.len();
        from = Subject::from_bytes(FIRST_ROW);
    }
    let mut query = unknown_of("SELECT subject", verdicts);
    query.push(" AND subject >= ");
    query.push_bind(from.as_bytes().as_slice());
    query.push(" ORDER BY subject LIMIT 1 OFFSET ");
    query.push_bind(u32::try_from(left).unwrap_or(u32::MAX));
    let row = query.build().fetch_optional(&mut *snapshot).await?;
    snapshot.commit().await?;
    row.map(|row| Columns::of("verifications", &row).get("subject"))
        .transpose()
}

/// Rows that the chain does not know, in the order of the grid.
async fn unknown_down(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    verdicts: &[VerdictKind],
    after: Option<Subject>,
    limit: u32,
) -> Result<Vec<ViewedRecord>, RowError> {
    let mut query = unknown_of("SELECT *", verdicts);
    if let Some(after) = &after {
        query.push(" AND subject < ");
        query.push_bind(after.as_bytes().as_slice());
    }
    query.push(" ORDER BY subject DESC LIMIT ");
    query.push_bind(limit);
    let rows = query.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| ViewedRecord::of_verification(row, keys))
        .collect()
}

fn unknown_of(select: &'static str, verdicts: &[VerdictKind]) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::<MySql>::new(select);
    query.push(" FROM verifications WHERE uid IS NULL AND subject >= ");
    query.push_bind(FIRST_ROW.as_slice());
    if !verdicts.is_empty() {
        query.push(" AND verdict IN (");
        let mut list = query.separated(", ");
        for verdict in verdicts {
            list.push_bind(verdict.as_str());
        }
        query.push(")");
    }
    query
}

/// The newest records that no verification has looked at yet, among the newest `limit` ones.
pub async fn not_yet_verified(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    limit: u32,
) -> Result<Vec<ViewedRecord>, RowError> {
    let rows = sqlx::query(
        "SELECT r.*, n.name, k.key_id, k.record_id, k.app_key_version, k.wrapped
         FROM (SELECT * FROM records ORDER BY created_at DESC, id DESC LIMIT ?) r
         LEFT JOIN record_versions n ON n.record_id = r.id AND n.version = r.version
         LEFT JOIN owner_keys k ON k.record_id = r.id
         WHERE NOT EXISTS (SELECT 1 FROM verifications v WHERE v.record_id = r.id)
         ORDER BY r.created_at DESC, r.id DESC",
    )
    .bind(limit)
    .fetch_all(&mut *connection)
    .await?;
    let cover = Cover::whole(connection, keys).await?;
    let front = keys.front();
    let mut unverified = Vec::with_capacity(rows.len());
    for row in &rows {
        let viewed = ViewedRecord::unverified(ListedRecord::read(row, &front)?);
        if viewed.subject.as_uid().is_none_or(|uid| !cover.holds(uid)) {
            unverified.push(viewed);
        }
    }
    Ok(unverified)
}

/// One line of the viewer's grid.
pub async fn verified_one(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    subject: Subject,
) -> Result<Option<ViewedRecord>, RowError> {
    let viewed = match subject.as_uid() {
        Some(uid) => {
            let standing = standing(connection, keys, uid).await?;
            let is_there = standing.verification.is_some() || standing.is_tampered;
            is_there.then(|| ViewedRecord::of_uid((uid, standing)))
        }
        None => {
            let row = sqlx::query("SELECT * FROM verifications WHERE subject = ?")
                .bind(subject.as_bytes().as_slice())
                .fetch_optional(&mut *connection)
                .await?;
            let viewed = row.map(|row| ViewedRecord::of_verification(&row, keys));
            viewed.transpose()?
        }
    };
    let Some(viewed) = viewed else {
        return Ok(None);
    };
    let mut viewed = [viewed];
    attach_rows(connection, &keys.front(), &mut viewed).await?;
    let [viewed] = viewed;
    Ok(Some(viewed))
}

/// The lines of the records found by wallet or e-mail address, newest record first.
pub async fn find_verified(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    search: Search,
    limit: u32,
) -> Result<Vec<ViewedRecord>, RowError> {
    let found = find(connection, &keys.front(), search, limit).await?;
    let mut viewed = Vec::with_capacity(found.len());
    for row in found {
        let by_uid = row.record.as_ref().and_then(|record| record.uid);
        let subject = by_uid.map_or_else(|| Subject::row(row.id), Subject::uid);
        let verified = verified_one(connection, keys, subject).await?;
        viewed.push(verified.unwrap_or_else(|| ViewedRecord::unverified(row)));
    }
    Ok(viewed)
}

impl ViewedRecord {
    fn of_verification(row: &MySqlRow, keys: &ApplicationKeys) -> Result<Self, RowError> {
        let verification = ours(row, keys)?;
        Ok(Self {
            subject: Columns::of("verifications", row).get("subject")?,
            verdict_is_tampered: verification.is_none(),
            verification,
            row: None,
        })
    }

    fn of_uid((uid, standing): (Uid, Standing)) -> Self {
        Self {
            subject: Subject::uid(uid),
            verification: standing.verification,
            verdict_is_tampered: standing.is_tampered,
            row: None,
        }
    }

    fn unverified(row: ListedRecord) -> Self {
        let by_uid = row.record.as_ref().and_then(|record| record.uid);
        Self {
            subject: by_uid.map_or_else(|| Subject::row(row.id), Subject::uid),
            verification: None,
            verdict_is_tampered: false,
            row: Some(row),
        }
    }

    fn record_id(&self) -> Option<RecordId> {
        match &self.verification {
            Some(verification) => verification.record_id,
            None if self.subject.as_uid().is_none() => {
                Some(RecordId::from_bytes(*self.subject.as_bytes()))
            }
            None => None,
        }
    }
}

/// Adds to each line its row: the one that the verdict is about, or else the one that claims the UID.
async fn attach_rows(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    viewed: &mut [ViewedRecord],
) -> Result<(), RowError> {
    let ids: Vec<RecordId> = viewed.iter().filter_map(ViewedRecord::record_id).collect();
    let uids: Vec<Uid> = viewed
        .iter()
        .filter_map(|line| line.subject.as_uid())
        .collect();
    if ids.is_empty() && uids.is_empty() {
        return Ok(());
    }
    let mut rows = Vec::new();
    if !ids.is_empty() {
        let ids = ids.iter().map(|id| id.as_bytes().as_slice());
        rows.extend(listed_in(connection, listed!("WHERE r.id IN ("), ids).await?);
    }
    if !uids.is_empty() {
        let uids = uids.iter().map(|uid| uid.get());
        rows.extend(listed_in(connection, listed!("WHERE r.uid IN ("), uids).await?);
    }
    let mut by_id = BTreeMap::new();
    let mut by_uid = BTreeMap::new();
    for row in &rows {
        let listed = ListedRecord::read(row, keys)?;
        if let Some(uid) = Columns::of(TABLE, row).get::<Option<u64>>("uid")? {
            by_uid.insert(uid, listed.id);
        }
        by_id.insert(listed.id, listed);
    }
    for line in viewed {
        let claims = || {
            line.subject
                .as_uid()
                .and_then(|uid| by_uid.get(&uid.get()).copied())
        };
        let id = line.record_id().or_else(claims);
        line.row = id.and_then(|id| by_id.get(&id).cloned());
    }
    Ok(())
}

/// One query for each column: an index leads to these rows only.
async fn listed_in<'a, T>(
    connection: &mut MySqlConnection,
    begun: &'static str,
    values: impl Iterator<Item = T>,
) -> Result<Vec<MySqlRow>, RowError>
where
    T: 'a + Send + sqlx::Encode<'a, MySql> + sqlx::Type<MySql>,
{
    let mut query = QueryBuilder::<MySql>::new(begun);
    let mut list = query.separated(", ");
    for value in values {
        list.push_bind(value);
    }
    query.push(")");
    Ok(query.build().fetch_all(connection).await?)
}
