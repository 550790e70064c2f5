//! An owner lost their wallet: another one is to sign from the next version on (docs/LOST_WALLET.md). One member of staff asks for
//! it, a second one confirms, the authority signs, and then the new wallet signs a further version like a correction.

mod ask;
mod begin;
mod confirm;
mod give_up;

pub use ask::ask;
pub use begin::begin;
pub use confirm::{confirm, order};
pub use give_up::give_up;

use std::time::Duration;

use alloy_primitives::Address;
use database::records::{self, Record, RecordState};
use database::wallet_changes::{self, WalletChange as Row, WalletChangeState as State};
use database::{MySqlConnection, RowError};
use keyring::{ApplicationKeys, OwnerKey};
use record::ids::RecordId;
use record::time::UnixMillis;
use record::wallet_change::{WalletChange, WalletOrder};

use crate::EnrolmentError;
use crate::link::key_of;
use crate::office::Office;

/// So long the new wallet's owner has, from the confirmation on, until the version is anchored.
pub(crate) const ORDER_LIFETIME: Duration = Duration::from_hours(60 * 24);

/// Why a change of wallet goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WalletChangeProblem {
    /// Another one is under way.
    #[error("a change of the wallet is under way already")]
    UnderWay,
    /// None is under way, or it is at another step.
    #[error("no change of the wallet is at this step")]
    OtherStep,
    /// It is the wallet that the record has.
    #[error("the record has this wallet already")]
    SameWallet,
    /// Who asked for it can't confirm it.
    #[error("who asked for the change of the wallet can't confirm it")]
    SamePerson,
    /// The owner still has time to object.
    #[error("the owner has time to object to the change of their wallet until {0:?}")]
    TooEarly(UnixMillis),
    /// The record has moved on since, or the order's time is over.
    #[error("what was ordered does not fit the record any more")]
    Outdated,
}

/// What a change holds of its owner.
pub enum Content {
    /// The new wallet.
    Asked(Address),
    /// What the authority is to sign.
    Confirmed(WalletChange),
    /// What it signed.
    Ordered(WalletOrder),
}

impl Content {
    /// What this row holds; none when that does not open or is of another step.
    #[must_use]
    pub fn of(row: &Row, key: &OwnerKey) -> Option<Self> {
        let bytes = row.open(key)?;
        match row.state {
            State::Asked => Address::try_from(bytes.as_slice()).ok().map(Self::Asked),
            State::Confirmed => WalletChange::from_json(&bytes).map(Self::Confirmed),
            State::Ordered => WalletOrder::from_json(&bytes).map(Self::Ordered),
            State::GivenUp => None,
        }
    }

    /// The wallet that is to sign.
    #[must_use]
    pub const fn new_wallet(&self) -> Address {
        match self {
            Self::Asked(wallet) => *wallet,
            Self::Confirmed(change) => change.new_wallet,
            Self::Ordered(order) => order.change.new_wallet,
        }
    }

    /// What the authority is to sign, or has signed.
    #[must_use]
    pub const fn change(&self) -> Option<&WalletChange> {
        match self {
            Self::Asked(_) => None,
            Self::Confirmed(change) => Some(change),
            Self::Ordered(order) => Some(&order.change),
        }
    }
}

/// Whether something may still come of a change: neither was it given up, nor is a later version anchored.
#[must_use]
pub fn is_under_way(change: &Row, record: &Record) -> bool {
    let is_over = record.version > change.version && record.state == RecordState::Anchored;
    change.is_open() && !is_over
}

/// The change of a record's wallet that something may still come of.
///
/// # Errors
/// When the database can't be reached.
pub async fn current(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    record: &Record,
) -> Result<Option<Row>, RowError> {
    let changes = wallet_changes::of_record(connection, keys, record.id).await?;
    let mut rows = changes.rows.into_iter();
    Ok(rows.rfind(|row| is_under_way(row, record)))
}

/// What a change holds, for a page.
///
/// # Errors
/// [`EnrolmentError::Unreadable`] when it does not open.
pub async fn open(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    change: &Row,
) -> Result<Content, EnrolmentError> {
    let key = key_of(connection, keys, change.record_id).await?;
    opened(change, &key)
}

/// The record, locked, with the change that is under way and has come as far as this.
async fn at_step(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    id: RecordId,
    state: State,
) -> Result<(Record, Row), EnrolmentError> {
    let record = records::lock(transaction, &office.keys.front(), id)
        .await?
        .ok_or(EnrolmentError::Unknown)?;
    if record.state != RecordState::Anchored {
        return Err(EnrolmentError::State(record.state));
    }
    let current = current(transaction, office.keys, &record).await?;
    let current = current.filter(|change| change.state == state);
    let change = current.ok_or(WalletChangeProblem::OtherStep)?;
    Ok((record, change))
}

fn opened(change: &Row, key: &OwnerKey) -> Result<Content, EnrolmentError> {
    Content::of(change, key)
        .ok_or_else(|| EnrolmentError::unreadable("a change of the wallet does not open"))
}
