//! Consent links: one open link at a time lets the owner of a record in.

use keyring::{ApplicationKeys, CellKind, FrontKeys, LinkSecret, OwnerKey};
use rand::CryptoRng;
use record::ids::{LinkId, RecordId};
use record::time::UnixMillis;
use sqlx::MySqlConnection;
use zeroize::Zeroizing;

use database::consent_links::{self, NewLink};
use database::record_events::RecordEventKind;
use database::record_versions::RecordVersion;
use database::records::{self, Record, RecordState};
use database::sealed::{self, Predecessor};
use database::{RowError, owner_keys, record_versions};
use notification::{EventKey, LinkMail};

use crate::EnrolmentError;
use crate::desk::new_code;
use crate::details::Details;
use crate::office::Office;
use crate::place::Place;

/// Whether a new link goes out by mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    /// To the owner's e-mail address.
    ByMail,
    /// Not at all: staff show it at the desk.
    AtTheDesk,
}

/// A link just made. Its address is shown once and kept nowhere.
pub struct FreshLink {
    /// The link's id.
    pub id: LinkId,
    /// Where the owner goes.
    pub address: Zeroizing<String>,
    /// The code that opens it.
    pub desk_code: Zeroizing<String>,
    /// When it stops working.
    pub expires_at: UnixMillis,
}

/// Makes a new link for a record that waits for its owner; older ones stop working. A correction goes to its `place`.
///
/// # Errors
/// [`EnrolmentError::State`] when the record does not wait for its owner, [`EnrolmentError::Overtaken`] when that is not the
/// place of its correction any more.
pub async fn issue(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    id: RecordId,
    place: Option<&Place>,
    sending: Sending,
    rng: &mut (impl CryptoRng + Send),
) -> Result<FreshLink, EnrolmentError> {
    let front = office.keys.front();
    let record = records::lock(transaction, &front, id)
        .await?
        .ok_or(EnrolmentError::Unknown)?;
    if record.state != RecordState::AwaitingConsent {
        return Err(EnrolmentError::State(record.state));
    }
    let (key, details) = open(transaction, office, &record).await?;
    end_all(transaction, &front, id).await?;
    let opened = (&key, &details);
    make(transaction, office, &record, place, opened, sending, rng).await
}

/// Takes back every open link of a record; tells how many there were.
///
/// # Errors
/// When the database can't be reached.
pub async fn revoke(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    id: RecordId,
) -> Result<usize, EnrolmentError> {
    let front = office.keys.front();
    records::lock(transaction, &front, id)
        .await?
        .ok_or(EnrolmentError::Unknown)?;
    let revoked = end_all(transaction, &front, id).await?;
    if revoked > 0 {
        office
            .note(transaction, id, RecordEventKind::LinkRevoked)
            .await?;
    }
    Ok(revoked)
}

/// Revokes every open link of a record, and withdraws the mails that still wait to bring one: the address of such a mail may
/// be the very mistake that is put right. Tells how many links there were.
pub(crate) async fn end_all(
    transaction: &mut MySqlConnection,
    front: &FrontKeys,
    id: RecordId,
) -> Result<usize, RowError> {
    let revoked = consent_links::revoke_open(transaction, front, id).await?;
    notification::withdraw_consent_links(transaction, front, id).await?;
    Ok(revoked)
}

/// The record's key and its newest details.
pub(crate) async fn open(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    record: &Record,
) -> Result<(OwnerKey, Details), EnrolmentError> {
    let key = key_of(transaction, office.keys, record.id).await?;
    let row = record_versions::load(transaction, record.id, record.version).await?;
    let details = opened(row, &key)?;
    Ok((key, details))
}

/// The owner's key of a record.
pub(crate) async fn key_of(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    id: RecordId,
) -> Result<OwnerKey, EnrolmentError> {
    let wrapped = owner_keys::of_record(connection, id).await?;
    let wrapped = wrapped.ok_or_else(|| EnrolmentError::unreadable("the owner's key is gone"))?;
    let key = keys.unwrap_owner_key(&wrapped);
    key.map_err(EnrolmentError::unreadable)
}

/// What a correction corrects: the newest anchored version below it.
pub(crate) async fn anchored_below(
    transaction: &mut MySqlConnection,
    record: &Record,
    key: &OwnerKey,
) -> Result<Details, EnrolmentError> {
    let (id, version) = (record.id, record.version);
    let row = record_versions::newest_anchored_below(transaction, id, version).await?;
    opened(row, key)
}

fn opened(row: Option<RecordVersion>, key: &OwnerKey) -> Result<Details, EnrolmentError> {
    let row = row.ok_or_else(|| EnrolmentError::unreadable("the values are gone"))?;
    let plain = row.open(key).map_err(EnrolmentError::unreadable)?;
    Details::of(&plain)
        .ok_or_else(|| EnrolmentError::unreadable("the values are not those of a person"))
}

/// Makes a link to the record's draft, and puts it into the mail when asked to.
pub(crate) async fn make(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    record: &Record,
    place: Option<&Place>,
    (key, details): (&OwnerKey, &Details),
    sending: Sending,
    rng: &mut (impl CryptoRng + Send),
) -> Result<FreshLink, EnrolmentError> {
    let follows = Place::of(record, place)?;
    let (row, link) = draw(office, record, follows, key, rng);
    consent_links::insert(transaction, &office.keys.front(), row, office.now).await?;
    office
        .note(transaction, record.id, RecordEventKind::LinkCreated)
        .await?;
    if sending == Sending::ByMail {
        let before = before(transaction, record, key).await?;
        send(
            transaction,
            office,
            record,
            (before.as_ref(), details),
            &link,
        )
        .await?;
    }
    Ok(link)
}

/// What a further version follows.
async fn before(
    transaction: &mut MySqlConnection,
    record: &Record,
    key: &OwnerKey,
) -> Result<Option<Details>, EnrolmentError> {
    match record.has_correction_under_way() {
        true => anchored_below(transaction, record, key).await.map(Some),
        false => Ok(None),
    }
}

/// A link with a fresh secret and code: what is stored of it, and what its owner gets.
fn draw(
    office: &Office<'_>,
    record: &Record,
    follows: Option<Predecessor>,
    key: &OwnerKey,
    rng: &mut impl CryptoRng,
) -> (NewLink, FreshLink) {
    let (id, secret, code) = (
        LinkId::random(rng),
        LinkSecret::generate(rng),
        new_code(rng),
    );
    let (version, draft, kind) = (record.version, record.draft, CellKind::DeskCode);
    let row = NewLink {
        id,
        record_id: record.id,
        version,
        draft,
        secret_hash: office.keys.front().hash_secret(&secret),
        wrapped_key: secret.wrap(key, id, rng),
        desk_code: sealed::seal_cell(key, version, draft, kind, code.as_bytes(), rng),
        predecessor: follows.map(|one| one.seal(key, version, draft, rng)),
        created_by: office.staff,
        expires_at: office.now.plus(office.link_lifetime),
    };
    let link = FreshLink {
        id,
        address: address(office, &secret),
        desk_code: code,
        expires_at: row.expires_at,
    };
    (row, link)
}

fn address(office: &Office<'_>, secret: &LinkSecret) -> Zeroizing<String> {
    let base = office.consent_url.as_str().trim_end_matches('/');
    Zeroizing::new(format!("{base}/c/{}", secret.to_url().as_str()))
}

async fn send(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    record: &Record,
    (before, details): (Option<&Details>, &Details),
    link: &FreshLink,
) -> Result<(), EnrolmentError> {
    // An address that nobody has confirmed yet may be somebody else's.
    let is_confirmed = before.is_some_and(|before| before.email == details.email);
    let withdrawal_url = office.withdrawal_url(record.id).filter(|_| is_confirmed);
    let mail = LinkMail::ConsentLink {
        first_name: notification::first_name(&details.name),
        controller: office.controller.to_owned(),
        url: link.address.as_str().to_owned(),
        expires_at: link.expires_at,
        corrects: before.is_some(),
        asks_again: before.is_some_and(|before| {
            details.is_the_same_as(before) && details.wallet == before.wallet
        }),
        withdrawal_url,
    };
    let event = EventKey::of_consent_link(link.id);
    notification::enqueue_link(
        transaction,
        office.keys,
        office.now,
        event,
        &details.email,
        &mail,
    )
    .await?;
    office
        .note(transaction, record.id, RecordEventKind::LinkSent)
        .await?;
    Ok(())
}
