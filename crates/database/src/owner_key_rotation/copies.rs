//! The copies of one record in the backup, each under one of its owner's keys.

use std::collections::BTreeSet;

use keyring::{ApplicationKeys, FrontKeys, OwnerKey};
use rand::CryptoRng;
use record::ids::{KeyId, Uid};
use sha2::{Digest, Sha256};
use sqlx::mysql::MySqlConnection;

use super::rows::KeysAtHand;
use crate::error::RowError;
use crate::record_backups::{self, Backup, StoredBackup};
use crate::sealed::{NotWhole, SealedVersion};

/// The copies of one record.
pub struct Copies {
    whole: Vec<WholeCopy>,
    /// How many are not whole under any key that is known: damaged, or somebody else's. They bring nothing back, and stay.
    pub foreign: u64,
}

/// A copy that opens.
struct WholeCopy {
    stored: StoredBackup,
    key: KeyId,
    /// What it says, whatever key it is under.
    content: [u8; 32],
}

impl Copies {
    /// Those of a record.
    ///
    /// # Errors
    /// When the database can't be reached, or holds what can't be read.
    pub async fn load(
        connection: &mut MySqlConnection,
        keys: &ApplicationKeys,
        at_hand: &KeysAtHand,
        uid: Uid,
    ) -> Result<Self, RowError> {
        let (front, id) = (keys.front(), at_hand.in_use.record_id());
        let mut copies = Self {
            whole: Vec::new(),
            foreign: 0,
        };
        let mut stored = record_backups::of_uid(connection, uid).await?;
        stored.retain(|one| one.backup.record.id == id);
        // Oldest first: made once more in this order, the newer one is the newer one.
        stored.reverse();
        for stored in stored {
            let opened = at_hand
                .all()
                .find_map(|key| Some((key.key_id(), content_of(&stored.backup, key, &front)?)));
            match opened {
                Some((key, content)) => copies.whole.push(WholeCopy {
                    stored,
                    key,
                    content,
                }),
                None => copies.foreign += 1,
            }
        }
        Ok(copies)
    }

    /// Adds each copy that is not there under this key yet; tells how many.
    ///
    /// # Errors
    /// When the database can't be reached.
    pub async fn add_under(
        &self,
        connection: &mut MySqlConnection,
        keys: &ApplicationKeys,
        at_hand: &KeysAtHand,
        to: &OwnerKey,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<u64, RowError> {
        let mut there = self.under(to.key_id());
        let mut added = 0;
        for copy in &self.whole {
            let from = at_hand.all().find(|key| key.key_id() == copy.key);
            let Some(from) = from.filter(|_| there.insert(copy.content)) else {
                continue;
            };
            if let Ok(anew) = anew(&copy.stored.backup, (from, to), &keys.front(), rng) {
                record_backups::insert(connection, &anew, copy.stored.stored_at).await?;
                added += 1;
            }
        }
        Ok(added)
    }

    /// Destroys each copy under another key that is there under this one as well; tells how many copies under others are left.
    ///
    /// # Errors
    /// When the database can't be reached.
    pub async fn remove_others(
        &self,
        connection: &mut MySqlConnection,
        key: KeyId,
    ) -> Result<u64, RowError> {
        let there = self.under(key);
        let mut left = 0;
        for copy in self.whole.iter().filter(|copy| copy.key != key) {
            match there.contains(&copy.content) {
                true => record_backups::destroy_one(connection, &copy.stored).await?,
                false => left += 1,
            }
        }
        Ok(left)
    }

    fn under(&self, key: KeyId) -> BTreeSet<[u8; 32]> {
        let under = self.whole.iter().filter(|copy| copy.key == key);
        under.map(|copy| copy.content).collect()
    }
}

/// What a copy says: the row of the record as it was copied, and what its cells hold. None where it is not whole under this key.
fn content_of(backup: &Backup, key: &OwnerKey, front: &FrontKeys) -> Option<[u8; 32]> {
    let Backup {
        record,
        values,
        consent,
    } = backup;
    if !consent.is_ours(front) {
        return None;
    }
    let cells = backup.sealed().content_hash(key).ok()?;
    let mut hash = Sha256::new();
    let numbers: [u64; 4] = [
        values.version.get().into(),
        values.draft.get().into(),
        consent.received_at.0,
        record.created_at.0,
    ];
    numbers
        .iter()
        .for_each(|number: &u64| hash.update(number.to_be_bytes()));
    let parts: [&[u8]; 7] = [
        consent.link_id.as_bytes(),
        &consent.nonce_index,
        &record.wallet_index,
        &record.email_index,
        record.submission.as_bytes(),
        record.created_by.as_bytes(),
        &cells,
    ];
    // Each has one length.
    parts.iter().for_each(|part| hash.update(part));
    Some(hash.finalize().into())
}

fn anew(
    backup: &Backup,
    keys: (&OwnerKey, &OwnerKey),
    front: &FrontKeys,
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<Backup, NotWhole> {
    let SealedVersion { values, consent } = backup.sealed().sealed_anew(keys, front, rng)?;
    Ok(Backup {
        record: backup.record.clone(),
        values,
        consent: consent.ok_or(NotWhole)?,
    })
}
