//! Handing a copy over: to the owner who opens its link, and by staff who know that it is they.

use database::MySqlConnection;
use database::access_copies::{self, AccessCopy};
use database::erasures::Identity;
use database::record_events::{self, Actor, RecordEventKind};
use database::records;
use database::sealed::open_cell;
use keyring::{CellKind, FrontKeys, OwnerKey};
use record::ids::{LinkId, RecordId};
use record::time::UnixMillis;
use zeroize::Zeroizing;

use super::end_all;
use crate::EnrolmentError;
use crate::link::key_of;
use crate::office::Office;

/// Notes how staff know the owner: only then do they see code and copy.
///
/// # Errors
/// [`EnrolmentError::Unknown`] when there is no such copy that can be opened.
pub async fn identify(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    (record, id): (RecordId, LinkId),
    identity: Identity,
) -> Result<(), EnrolmentError> {
    let mut copy = open_copy(transaction, office, record, id).await?;
    copy.identity = Some(identity);
    access_copies::update(transaction, &office.keys.front(), &copy).await?;
    let what = RecordEventKind::CopyIdentified;
    office.note(transaction, record, what).await?;
    Ok(())
}

/// The code that lets the owner in, to be given in person or by phone; none before staff know them.
///
/// # Errors
/// When something does not open.
pub async fn desk_code(
    connection: &mut MySqlConnection,
    office: &Office<'_>,
    copy: &AccessCopy,
) -> Result<Option<Zeroizing<String>>, EnrolmentError> {
    if !copy.is_known_at_the_desk() || !copy.is_open(office.now) {
        return Ok(None);
    }
    let key = key_of(connection, office.keys, copy.record_id).await?;
    let code = cell(copy, &key, CellKind::DeskCode, &copy.desk_code)?;
    let code = str::from_utf8(&code).map_err(EnrolmentError::unreadable)?;
    Ok(Some(Zeroizing::new(code.to_owned())))
}

/// Hands the copy over at the desk, as JSON, which the history tells. The caller writes down who looked at it.
///
/// # Errors
/// [`EnrolmentError::Unknown`] when there is no such copy that can be opened, or nobody has written down how they know the owner.
pub async fn open(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    (record, id): (RecordId, LinkId),
) -> Result<Zeroizing<Vec<u8>>, EnrolmentError> {
    let copy = open_copy(transaction, office, record, id).await?;
    if !copy.is_known_at_the_desk() {
        return Err(EnrolmentError::Unknown);
    }
    let key = key_of(transaction, office.keys, record).await?;
    let json = content(&copy, &key)?;
    office
        .note(transaction, record, RecordEventKind::CopyGiven)
        .await?;
    Ok(json)
}

/// Takes back whatever copy of a record can be opened; tells how many there were.
///
/// # Errors
/// When the database can't be reached.
pub async fn revoke(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    record: RecordId,
) -> Result<usize, EnrolmentError> {
    let front = office.keys.front();
    records::lock(transaction, &front, record)
        .await?
        .ok_or(EnrolmentError::Unknown)?;
    let revoked = end_all(transaction, &front, record).await?;
    if revoked > 0 {
        let what = RecordEventKind::CopyRevoked;
        office.note(transaction, record, what).await?;
    }
    Ok(revoked)
}

/// The owner has shown who they are, by their wallet or by the code of the desk: noted with the copy, and the first time in the history.
/// `copy` is locked.
///
/// # Errors
/// When the database can't be reached.
pub async fn admitted(
    transaction: &mut MySqlConnection,
    front: &FrontKeys,
    mut copy: AccessCopy,
    by_wallet: bool,
    now: UnixMillis,
) -> Result<(), EnrolmentError> {
    if copy.opened_at.is_some() {
        return Ok(());
    }
    copy.opened_at = Some(now);
    if by_wallet && copy.identity.is_none() {
        copy.identity = Some(Identity::Wallet);
    }
    access_copies::update(transaction, front, &copy).await?;
    let (what, who) = (RecordEventKind::CopyGiven, Actor::Owner);
    record_events::append(transaction, front, copy.record_id, what, who, now).await?;
    Ok(())
}

/// The copy as JSON, by the owner's key.
///
/// # Errors
/// When the cell does not open.
pub fn content(copy: &AccessCopy, key: &OwnerKey) -> Result<Zeroizing<Vec<u8>>, EnrolmentError> {
    cell(copy, key, CellKind::AccessCopy, &copy.content)
}

fn cell(
    copy: &AccessCopy,
    key: &OwnerKey,
    kind: CellKind,
    cell: &[u8],
) -> Result<Zeroizing<Vec<u8>>, EnrolmentError> {
    let opened = open_cell(key, copy.version, copy.draft, kind, cell);
    let mut opened = opened.map_err(EnrolmentError::unreadable)?;
    Ok(std::mem::take(&mut opened.value))
}

/// Locked, of this record, and such that it can be opened. The record comes first, as everywhere.
async fn open_copy(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    record: RecordId,
    id: LinkId,
) -> Result<AccessCopy, EnrolmentError> {
    let front = office.keys.front();
    records::lock(transaction, &front, record)
        .await?
        .ok_or(EnrolmentError::Unknown)?;
    let copy = access_copies::lock(transaction, &front, id).await?;
    copy.filter(|copy| copy.record_id == record && copy.is_open(office.now))
        .ok_or(EnrolmentError::Unknown)
}
