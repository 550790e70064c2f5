//! Every row of the main database that holds something under one owner's key.

use keyring::{ApplicationKeys, CellKind, Header, OwnerKey, Place, WrappedOwnerKey};
use rand::CryptoRng;
use record::ids::{Draft, KeyId, Version};
use sqlx::mysql::MySqlConnection;

use super::Fault;
use crate::corrections::{self, Correction};
use crate::error::{Checked, RowError};
use crate::records::Record;
use crate::restriction_steps::{self, RestrictionStep};
use crate::retentions::{self, Retention};
use crate::sealed::{SealedVersion, cell_anew};
use crate::wallet_changes::{self, WalletChange};
use crate::{consents, evidence, owner_keys, record_versions};

/// The keys that are known of an owner: the one in use, and those that only the backup of keys has, of a rotation or a restore that
/// was broken off.
pub struct KeysAtHand {
    /// The one in use.
    pub in_use: OwnerKey,
    /// The others.
    pub others: Vec<OwnerKey>,
}

impl KeysAtHand {
    /// All of them, the one in use first.
    pub fn all(&self) -> impl Iterator<Item = &OwnerKey> {
        std::iter::once(&self.in_use).chain(&self.others)
    }

    /// The one that a cell names, if it is known.
    fn of_cell(&self, cell: &[u8]) -> Option<&OwnerKey> {
        let id = Header::read(cell)?.key_id;
        self.all().find(|key| key.key_id() == id)
    }
}

/// The rows of one record.
#[derive(Clone)]
pub struct OwnersRows {
    /// The wrapped key.
    key: WrappedOwnerKey,
    versions: Vec<SealedVersion>,
    corrections: Vec<Correction>,
    wallet_changes: Vec<WalletChange>,
    retention: Option<Retention>,
    restriction_steps: Vec<RestrictionStep>,
}

impl OwnersRows {
    /// Those of a record whose head the caller has locked.
    ///
    /// # Errors
    /// When the database can't be reached; a [`Fault`] where a row is not ours or is missing.
    pub async fn load(
        connection: &mut MySqlConnection,
        keys: &ApplicationKeys,
        record: &Record,
    ) -> Result<Result<Self, Fault>, RowError> {
        let (front, id) = (keys.front(), record.id);
        let Some(stands) = evidence::by_record(connection, id).await? else {
            return Ok(Err(Fault::Head));
        };
        let consents = consents::count_of(connection, id).await?;
        let seen = stands.versions.iter().filter(|one| one.consent.is_some());
        let is_newest = |one: &SealedVersion| one.values.version == record.version;
        if stands.stray_versions > 0 || !stands.versions.last().is_some_and(is_newest) {
            return Ok(Err(Fault::Row("record_versions")));
        }
        if seen.count() as u64 != consents {
            return Ok(Err(Fault::Row("consents")));
        }
        let Some(key) = stands.owner_key else {
            return Ok(Err(Fault::Key));
        };
        let corrections = match corrections::of_record(connection, id).await {
            Err(error) if error.is_tampering() => return Ok(Err(Fault::Row("corrections"))),
            corrections => corrections?,
        };
        let retention = match retentions::load(connection, keys, id).await {
            Err(error) if error.is_tampering() => return Ok(Err(Fault::Row("retentions"))),
            retention => retention?,
        };
        let changes = wallet_changes::of_record(connection, keys, id).await?;
        let steps = restriction_steps::of_record(connection, &front, id).await?;
        Ok(ours(changes).and_then(|wallet_changes| {
            Ok(Self {
                key,
                versions: stands.versions,
                corrections,
                wallet_changes,
                retention,
                restriction_steps: ours(steps)?,
            })
        }))
    }

    /// The key, as it stands.
    #[must_use]
    pub const fn key(&self) -> &WrappedOwnerKey {
        &self.key
    }

    /// Whether all of them open by the key in use, each in its place.
    #[must_use]
    pub fn open(&self, keys: &ApplicationKeys, at_hand: &KeysAtHand) -> bool {
        let in_use = &at_hand.in_use;
        let names_it = |header: Header| header.key_id == in_use.key_id();
        let to = (in_use, &self.key);
        self.headers().all(|header| header.is_some_and(names_it))
            && self
                .sealed_anew(keys, at_hand, to, &mut rand::rng())
                .is_ok()
    }

    /// Whether a cell names another key than this one, or was sealed before this version of the application key came into use.
    #[must_use]
    pub fn are_older_than(&self, key: KeyId, version: u32) -> bool {
        let is_older = |header: &Header| header.key_id != key || header.app_key_version < version;
        self.headers()
            .any(|header| header.as_ref().is_none_or(is_older))
    }

    fn headers(&self) -> impl Iterator<Item = Option<Header>> {
        let corrections = self.corrections.iter();
        let notes = corrections
            .flat_map(|one| std::iter::once(one.note.as_slice()).chain(one.answer.as_deref()));
        let changes = self.wallet_changes.iter().map(|one| one.content.as_slice());
        let decisions = self
            .retention
            .iter()
            .filter_map(|one| one.prolongations.as_deref());
        let steps = self
            .restriction_steps
            .iter()
            .filter_map(|one| one.note.as_deref());
        let cells = self.versions.iter().flat_map(SealedVersion::cells);
        let others = notes
            .chain(changes.filter(|cell| !cell.is_empty()))
            .chain(decisions)
            .chain(steps);
        cells.chain(others).map(Header::read)
    }

    /// The same under another key. Versions and notes have to open by the one in use; rows with a MAC over their cell, that a restore beside
    /// a rotation left under one of the others, are taken along.
    ///
    /// # Errors
    /// When anything does not open where it stands: what is broken must not be made to look like ours.
    pub fn sealed_anew(
        &self,
        keys: &ApplicationKeys,
        at_hand: &KeysAtHand,
        (to, wrapped): (&OwnerKey, &WrappedOwnerKey),
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Self, Fault> {
        let mut anew = self.clone();
        anew.key = wrapped.clone();
        for one in &mut anew.versions {
            let sealed = one.sealed_anew((&at_hand.in_use, to), &keys.front(), rng);
            *one = sealed.map_err(|_| Fault::Row("record_versions"))?;
        }
        let mut seal = |table: &'static str, place: (Version, Draft, CellKind), cell: &[u8]| {
            // Only the cell vouches for a note to correct something: under a key that somebody knows, and put back, it may be theirs.
            let from = match table {
                "corrections" => Some(&at_hand.in_use),
                _ => at_hand.of_cell(cell),
            };
            let from = from.ok_or(Fault::Row(table))?;
            let place = Place::of(place.0, place.1, place.2);
            cell_anew(&place, cell, (from, to), rng).map_err(|_| Fault::Row(table))
        };
        for one in &mut anew.corrections {
            let at = |kind| (one.version, one.draft, kind);
            let (note, answer) = (at(CellKind::CorrectionNote), at(CellKind::CorrectionAnswer));
            one.note = seal("corrections", note, &one.note)?;
            if let Some(cell) = &mut one.answer {
                *cell = seal("corrections", answer, cell)?;
            }
        }
        for one in &mut anew.wallet_changes {
            if !one.content.is_empty() {
                let place = (one.version, one.draft, CellKind::WalletChange);
                one.content = seal("wallet_changes", place, &one.content)?;
            }
        }
        if let Some(cell) = anew
            .retention
            .as_mut()
            .and_then(|one| one.prolongations.as_mut())
        {
            let place = (Version::FIRST, Draft::FIRST, CellKind::Prolongations);
            *cell = seal("retentions", place, cell)?;
        }
        for one in &mut anew.restriction_steps {
            let place = (one.version, one.draft, CellKind::RestrictionNote);
            if let Some(cell) = &mut one.note {
                *cell = seal("restriction_steps", place, cell)?;
            }
        }
        Ok(anew)
    }

    /// Writes them in the place of those that were read, each only where it is still that.
    ///
    /// # Errors
    /// [`RowError::Changed`] when one is another by now: the caller's transaction must not be committed.
    pub async fn replace(
        &self,
        transaction: &mut MySqlConnection,
        keys: &ApplicationKeys,
        before: &Self,
    ) -> Result<(), RowError> {
        owner_keys::replace(transaction, &before.key, &self.key).await?;
        for (before, after) in before.versions.iter().zip(&self.versions) {
            record_versions::replace_cells(transaction, &before.values, &after.values).await?;
            if let (Some(before), Some(after)) = (&before.consent, &after.consent) {
                consents::replace_cells(transaction, before, after).await?;
            }
        }
        for (before, after) in before.corrections.iter().zip(&self.corrections) {
            corrections::replace_cells(transaction, before, after).await?;
        }
        for (before, after) in before.wallet_changes.iter().zip(&self.wallet_changes) {
            if before != after {
                wallet_changes::replace_cell(transaction, keys, before, after).await?;
            }
        }
        for (before, after) in before.retention.iter().zip(&self.retention) {
            if before != after {
                retentions::replace_cell(transaction, keys, before, after).await?;
            }
        }
        for (before, after) in before.restriction_steps.iter().zip(&self.restriction_steps) {
            if before != after {
                restriction_steps::replace_note(transaction, &keys.front(), before, after).await?;
            }
        }
        Ok(())
    }
}

/// The rows, where all of them are ours.
fn ours<T>(checked: Checked<T>) -> Result<Vec<T>, Fault> {
    match checked.tampered.first() {
        Some(tampered) => Err(Fault::Row(tampered.table)),
        None => Ok(checked.rows),
    }
}
