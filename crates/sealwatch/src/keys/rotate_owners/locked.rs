//! One owner's record behind the lock of its head, with all that is known of their keys.

use anyhow::Result;
use database::owner_key_rotation::{Fault, KeysAtHand, OwnersRows};
use database::records::{self, Record};
use database::{MySqlConnection, owner_key_backups, owner_keys};
use keyring::{OwnerKey, WrappedOwnerKey};
use record::ids::{RecordId, Uid};

use super::one::Rotation;
use super::tally::Outcome;

/// One owner's record, locked, with what stands under their keys.
pub(super) struct Locked {
    pub(super) record: Record,
    pub(super) rows: OwnersRows,
    pub(super) at_hand: KeysAtHand,
    /// The keys that only their backup has.
    pub(super) others: Vec<WrappedOwnerKey>,
    /// Whether the backup of keys has the one in use.
    pub(super) is_backed_up: bool,
    /// Keys in the backup that do not open.
    pub(super) foreign: u64,
}

impl Rotation<'_> {
    /// The record with all that stands under its owner's keys; an outcome where there is nothing to be done, or nothing may be.
    pub(super) async fn lock(
        &self,
        transaction: &mut MySqlConnection,
        id: RecordId,
        uid: &mut Option<Uid>,
    ) -> Result<Result<Locked, Outcome>> {
        let (record, is_gone) = match records::lock(transaction, &self.keys.front(), id).await {
            Err(error) if error.is_tampering() => (None, false),
            record => (record?, true),
        };
        let wrapped = match owner_keys::of_record(transaction, id).await {
            Err(error) if error.is_tampering() => None,
            wrapped => wrapped?,
        };
        let Some(record) = record else {
            // Erased since it was named, or somebody took it away.
            return Ok(Err(match is_gone && wrapped.is_none() {
                true => Outcome::NoKey,
                false => Outcome::Faulty(Fault::Head),
            }));
        };
        *uid = record.uid;
        if wrapped.is_none() && record.state.is_empty() {
            return Ok(Err(Outcome::NoKey));
        }
        let in_use = wrapped.and_then(|wrapped| self.keys.unwrap_owner_key(&wrapped).ok());
        let Some(in_use) = in_use else {
            return Ok(Err(Outcome::Faulty(Fault::Key)));
        };
        match OwnersRows::load(transaction, self.keys, &record).await? {
            Ok(rows) => self.with_backups(record, rows, in_use).await.map(Ok),
            Err(fault) => Ok(Err(Outcome::Faulty(fault))),
        }
    }

    /// Together with what the backup of keys holds.
    async fn with_backups(
        &self,
        record: Record,
        rows: OwnersRows,
        in_use: OwnerKey,
    ) -> Result<Locked> {
        let mut backup = self.databases.keys.acquire().await?;
        let kept = owner_key_backups::of_record(&mut backup, record.id).await?;
        let mut locked = Locked {
            record,
            rows,
            at_hand: KeysAtHand {
                in_use,
                others: Vec::new(),
            },
            others: Vec::new(),
            is_backed_up: false,
            foreign: 0,
        };
        for kept in kept {
            match self.keys.unwrap_owner_key(&kept) {
                Ok(key) if key.key_id() == locked.at_hand.in_use.key_id() => {
                    locked.is_backed_up = true;
                }
                Ok(key) => {
                    locked.others.push(kept);
                    locked.at_hand.others.push(key);
                }
                Err(_) => locked.foreign += 1,
            }
        }
        Ok(locked)
    }
}
