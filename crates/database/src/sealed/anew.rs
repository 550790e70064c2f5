//! Sealing a version anew under another key of its owner: with the same salts, so that its leaves and its proof stay what they are.

use keyring::{CellKind, FrontKeys, OpenError, Opened, OwnerKey, Place};
use rand::CryptoRng;
use sha2::{Digest, Sha256};

use super::SealedVersion;
use crate::consents::Consent;

/// The version is not whole: a cell is missing or does not open, or its consent is not ours. Nothing may be made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the version is not whole")]
pub struct NotWhole;

/// Seals what a cell holds for the same place, with the same salt.
pub(crate) fn cell_anew(
    place: &Place<'_>,
    cell: &[u8],
    (from, to): (&OwnerKey, &OwnerKey),
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<Vec<u8>, OpenError> {
    let opened = from.open(cell, place)?;
    Ok(to.seal(place, &opened.salt, &opened.value, rng))
}

impl SealedVersion {
    /// The same under another key of the same owner.
    ///
    /// # Errors
    /// When it is not whole under the key before: what is broken must not be made to look like ours.
    pub fn sealed_anew(
        &self,
        keys: (&OwnerKey, &OwnerKey),
        front: &FrontKeys,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Self, NotWhole> {
        let is_ours = |consent: &Consent| consent.is_ours(front);
        if !self.consent.as_ref().is_some_and(is_ours) {
            return Err(NotWhole);
        }
        let mut anew = self.each_cell(|place, cell| cell_anew(place, cell, keys, rng))?;
        anew.consent = anew.consent.map(|consent| consent.with_mac(front));
        Ok(anew)
    }

    /// A hash of what its cells hold, salts included: two that are sealed under different keys are the same version when it is equal.
    /// Never stored.
    pub(crate) fn content_hash(&self, key: &OwnerKey) -> Result<[u8; 32], NotWhole> {
        let mut hash = Sha256::new();
        self.each_cell(|place, cell| {
            let Opened { salt, value } = &key.open(cell, place)?;
            hash.update([place.kind as u8]);
            let parts: [&[u8]; 3] = [place.name.as_bytes(), salt, value];
            for part in parts {
                hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
                hash.update(part);
            }
            Ok(Vec::new())
        })?;
        Ok(hash.finalize().into())
    }

    /// Every cell that belongs into an anchored version, with its place; gives the version with what was made of each.
    fn each_cell(
        &self,
        mut make: impl FnMut(&Place<'_>, &[u8]) -> Result<Vec<u8>, OpenError>,
    ) -> Result<Self, NotWhole> {
        let (values, consent) = (&self.values, self.consent.as_ref().ok_or(NotWhole)?);
        if consent.draft != values.draft {
            return Err(NotWhole);
        }
        // Of a version whose values were destroyed terms are kept in the message's place.
        let (has_values, message) = match values.has_values() {
            true => (true, CellKind::ConsentMessage),
            false => (false, CellKind::ConsentTerms),
        };
        let (version, draft) = (values.version, values.draft);
        let mut make = |place: Place<'_>, cell: &[u8]| make(&place, cell).map_err(|_| NotWhole);
        let mut field = |name: &str, cell: &[u8]| match has_values {
            true => make(Place::field(version, draft, name), cell),
            false => Ok(Vec::new()),
        };
        let mut anew = self.clone();
        anew.values.name = field("name", &values.name)?;
        anew.values.email = field("email", &values.email)?;
        anew.values.phone = field("phone", &values.phone)?;
        anew.values.age = field("age", &values.age)?;
        anew.values.address = field("address", &values.address)?;
        let mut cell = |kind, cell: &[u8]| make(Place::of(version, draft, kind), cell);
        anew.values.wallet = cell(CellKind::Wallet, &values.wallet)?;
        anew.values.relation = cell(CellKind::Relation, &values.relation)?;
        let anchor = values.anchor.as_deref().ok_or(NotWhole)?;
        anew.values.anchor = Some(cell(CellKind::Anchor, anchor)?);
        if let Some(order) = &values.wallet_order {
            anew.values.wallet_order = Some(cell(CellKind::WalletOrder, order)?);
        }
        let mut sealed = consent.clone();
        sealed.message = cell(message, &consent.message)?;
        sealed.signature = cell(CellKind::ConsentSignature, &consent.signature)?;
        anew.consent = Some(sealed);
        Ok(anew)
    }

    /// Every cell that there is, whatever it holds.
    pub(crate) fn cells(&self) -> Vec<&[u8]> {
        let values = &self.values;
        let mut cells: Vec<&[u8]> = vec![
            &values.name,
            &values.email,
            &values.phone,
            &values.age,
            &values.address,
            &values.wallet,
            &values.relation,
        ];
        cells.extend(values.anchor.as_deref());
        cells.extend(values.wallet_order.as_deref());
        if let Some(consent) = &self.consent {
            cells.extend([consent.message.as_slice(), &consent.signature]);
        }
        cells.retain(|cell| !cell.is_empty());
        cells
    }
}
