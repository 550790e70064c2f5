//! An owner asks for a copy: it is made at once, sealed, and told by mail to be ready.

use std::time::Duration;

use alloy_primitives::Address;
use database::access_copies::{self, AccessCopy, CopyState};
use database::erasures::Identity;
use database::record_events::{self, Actor, RecordEventKind};
use database::records::Record;
use database::request_way::RequestWay;
use database::sealed::seal_cell;
use database::{MySqlConnection, RowError};
use keyring::{ApplicationKeys, CellKind, FrontKeys, LinkSecret, OwnerKey};
use notification::{EventKey, LinkMail};
use rand::CryptoRng;
use record::consent::{Basis, Purpose};
use record::ids::{LinkId, RecordId, StaffId};
use record::time::UnixMillis;
use record::wiped_json;
use zeroize::Zeroizing;

use super::disclosure::Disclosure;
use super::gather::Gathering;
use crate::EnrolmentError;
use crate::desk::new_code;
use crate::letterhead::{Letterhead, Reader};
use crate::link::key_of;
use crate::lock::lock_held;
use crate::signed::newest_signed;

/// So long a copy can be opened.
const LIFETIME: Duration = Duration::from_hours(7 * 24);

/// What is told of the controller and the chain.
#[derive(Clone, Copy)]
pub struct Particulars<'a> {
    /// The controller's postal address.
    pub address: &'a str,
    /// How owners reach its data-protection officer.
    pub officer: &'a str,
    /// Chain and relay.
    pub site: (u64, Address),
    /// The contract that holds the words.
    pub storage_layer: Address,
    /// What a purpose rests on, as far as anybody knows.
    pub basis: &'a (dyn Fn(&Purpose) -> Basis + Send + Sync),
}

/// What is asked, and how.
pub struct Asking<'a> {
    /// What the copy is to be called.
    pub id: LinkId,
    /// Whose.
    pub record: RecordId,
    /// How it came.
    pub way: RequestWay,
    /// What shows that it is the owner, where anything does that may open details.
    pub identity: Option<Identity>,
    /// Who at the desk noted it; none where the owner did.
    pub staff: Option<StaffId>,
    /// Who holds the record, and writes to the owner.
    pub letterhead: Letterhead<'a>,
    /// What else the copy says of the controller.
    pub particulars: &'a Particulars<'a>,
    /// When they asked.
    pub asked_at: UnixMillis,
    /// When it is made.
    pub now: UnixMillis,
}

/// Makes a copy. One before it ends. The owner gets a mail with its link, to the address that they signed; where they have signed
/// nothing there is none, and the desk hands it over.
///
/// # Errors
/// [`EnrolmentError::State`] when nothing is held any more, or it is being erased; [`EnrolmentError::Unreadable`] when something
/// does not open.
pub async fn make(
    transaction: &mut MySqlConnection,
    keys: &ApplicationKeys,
    asking: &Asking<'_>,
    rng: &mut (impl CryptoRng + Send),
) -> Result<(), EnrolmentError> {
    let (front, id) = (keys.front(), asking.record);
    let record = lock_held(transaction, &front, id).await?;
    end_all(transaction, &front, id).await?;
    let who = asking.staff.map_or(Actor::Owner, Actor::Staff);
    let note = async |transaction: &mut MySqlConnection, what| {
        record_events::append(transaction, &front, id, what, who, asking.now).await
    };
    note(transaction, RecordEventKind::CopyAsked).await?;
    if asking.staff.is_some() && asking.identity.is_some() {
        note(transaction, RecordEventKind::CopyIdentified).await?;
    }
    let key = key_of(transaction, keys, id).await?;
    let gathering = Gathering {
        connection: transaction,
        keys,
        record: &record,
        key: &key,
        left_out: 0,
    };
    let disclosure = gathering.disclosure(asking).await?;
    let (row, secret) = seal(&front, asking, &record, &key, &disclosure, rng)?;
    access_copies::insert(transaction, &front, &row).await?;
    let signed = newest_signed(transaction, keys, &record).await?;
    let reader = signed.and_then(|signed| signed.details.as_ref().map(Reader::of));
    match reader {
        Some(reader) => tell(transaction, keys, asking, &row, (&secret, &reader)).await,
        None => Ok(()),
    }
}

/// The row with what only link or desk open, and the link's secret.
fn seal(
    front: &FrontKeys,
    asking: &Asking<'_>,
    record: &Record,
    key: &OwnerKey,
    disclosure: &Disclosure,
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<(AccessCopy, LinkSecret), EnrolmentError> {
    let (id, secret, code) = (asking.id, LinkSecret::generate(rng), new_code(rng));
    let json = wiped_json(disclosure).map_err(EnrolmentError::unreadable)?;
    let (version, draft) = (record.version, record.draft);
    let mut cell = |kind, value: &[u8]| seal_cell(key, version, draft, kind, value, rng);
    let desk_code = cell(CellKind::DeskCode, code.as_bytes());
    let content = cell(CellKind::AccessCopy, &json);
    let row = AccessCopy {
        id,
        record_id: record.id,
        version,
        draft,
        secret_hash: front.hash_secret(&secret),
        wrapped_key: secret.wrap(key, id, rng),
        desk_code,
        content,
        state: CopyState::Open,
        way: asking.way,
        identity: asking.identity,
        code_attempts: 0,
        created_by: asking.staff,
        asked_at: asking.asked_at,
        expires_at: asking.now.plus(LIFETIME),
        opened_at: None,
    };
    Ok((row, secret))
}

async fn tell(
    transaction: &mut MySqlConnection,
    keys: &ApplicationKeys,
    asking: &Asking<'_>,
    row: &AccessCopy,
    (secret, reader): (&LinkSecret, &Reader),
) -> Result<(), EnrolmentError> {
    let head = &asking.letterhead;
    let mail = LinkMail::CopyReady {
        first_name: reader.first_name.clone(),
        controller: head.controller.to_owned(),
        contact: head.contact.to_owned(),
        url: address(head, secret).to_string(),
        expires_at: row.expires_at,
        withdrawal_url: head.withdrawal_address(&keys.front(), row.record_id),
    };
    let event = EventKey::of_access_copy(row.id);
    notification::enqueue_link(transaction, keys, asking.now, event, &reader.email, &mail).await?;
    Ok(())
}

fn address(head: &Letterhead<'_>, secret: &LinkSecret) -> Zeroizing<String> {
    let base = head.consent_url.as_str().trim_end_matches('/');
    Zeroizing::new(format!("{base}/a/{}", secret.to_url().as_str()))
}

/// Ends whatever copy of a record can still be opened, and withdraws the mail that still waits to bring one; tells how many.
///
/// # Errors
/// When the database can't be reached.
pub async fn end_all(
    transaction: &mut MySqlConnection,
    front: &FrontKeys,
    record: RecordId,
) -> Result<usize, RowError> {
    notification::withdraw_access_copies(transaction, front, record).await?;
    access_copies::end_all_of(transaction, front, record).await
}
