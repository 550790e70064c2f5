//! What of others stood in the place of what is put back: it gets its own place again, where that can be told.

use database::verifications::Subject;
use database::{MySqlConnection, evidence, owner_keys, records};
use keyring::{UnwrapError, WrappedOwnerKey};
use record::ids::RecordId;

use super::{RestoreError, Restorer};
use crate::verdict::Row;

/// So many keys of others are put back with a record at most. Where more were moved around, the last of them is missed, and
/// put back with its own record.
const MOST_KEYS: usize = 100;

impl Restorer {
    /// Rows that stood in the place of this record and belong to another, by their own sealed anchor: each gets the place
    /// that the anchor names, if that is free.
    pub(super) async fn put_in_own_place(
        &self,
        connection: &mut MySqlConnection,
        others: &[RecordId],
    ) -> Result<Vec<Subject>, RestoreError> {
        let keys = &self.registrar.examiner().parts().keys;
        let mut put = Vec::new();
        for id in others {
            let Some(found) = evidence::by_record(connection, *id).await? else {
                continue;
            };
            let Some(own) = Row::open(&found, keys).anchored_uid() else {
                continue;
            };
            if records::claim_uid(connection, *id, own).await? {
                put.push(Subject::uid(own));
            }
        }
        Ok(put)
    }

    /// Puts a key back. The key of another record that stood in its place goes back to that one, and so on with what stood
    /// there: else it would be the restore that takes it away.
    pub(super) async fn put_key(
        &self,
        connection: &mut MySqlConnection,
        key: &WrappedOwnerKey,
    ) -> Result<Vec<Subject>, RestoreError> {
        let mut displaced = owner_keys::put(connection, key).await?;
        let mut put = Vec::new();
        while let Some(row) = displaced.pop() {
            let Some(own) = self.in_own_place(row) else {
                continue;
            };
            let record = own.record_id;
            if put.len() < MOST_KEYS && self.lacks_its_key(connection, record).await? {
                displaced.extend(owner_keys::put(connection, &own).await?);
                put.push(Subject::row(record));
            }
        }
        Ok(put)
    }

    /// The row of a key as we wrote it, by what is sealed in it; none where it does not open, or stood where it belongs.
    fn in_own_place(&self, row: WrappedOwnerKey) -> Option<WrappedOwnerKey> {
        let keys = &self.registrar.examiner().parts().keys;
        match keys.unwrap_owner_key(&row) {
            Err(UnwrapError::Elsewhere { key_id, record_id }) => Some(WrappedOwnerKey {
                key_id,
                record_id,
                ..row
            }),
            _ => None,
        }
    }

    /// Whether a record has values and not its own key. One that was declined or erased has neither, and gets none back.
    async fn lacks_its_key(
        &self,
        connection: &mut MySqlConnection,
        id: RecordId,
    ) -> Result<bool, RestoreError> {
        let keys = &self.registrar.examiner().parts().keys;
        // Its owner may be about to decline. Whether its head is ours is nothing to its key.
        match records::lock(connection, &keys.front(), id).await {
            Err(error) if !error.is_tampering() => return Err(error.into()),
            _ => {}
        }
        let Some(found) = evidence::by_record(connection, id).await? else {
            return Ok(false);
        };
        let key = found.owner_key.as_ref();
        let is_its_own = key.is_some_and(|key| keys.unwrap_owner_key(key).is_ok());
        Ok(!found.versions.is_empty() && !is_its_own)
    }
}
