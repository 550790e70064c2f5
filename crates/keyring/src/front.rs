//! The front keys: what consent-dapp holds. They sign and seal what it must move, and open no record.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::hmac;
use rand::CryptoRng;
use zeroize::Zeroizing;

use crate::index::{keyed_hash, mac_key};
use crate::link::LinkSecret;
use crate::ring::{Kept, KeyCheckError, KeyRing, SealedError};
use crate::row_mac::MacBuilder;
use crate::secret::Secret;

/// Keys shared by the applications and consent-dapp. A clone is a handle to the same keys.
#[derive(Clone)]
pub struct FrontKeys(Arc<Front>);

struct Front {
    ring: Arc<KeyRing>,
    /// The secret of the hash key, kept to write `front.json`.
    hash_secret: Secret,
    hash: hmac::Key,
}

impl FrontKeys {
    pub(crate) fn new(
        current: u32,
        kept: BTreeMap<u32, Kept>,
        hash_secret: Secret,
    ) -> Option<Self> {
        let hash = mac_key(&hash_secret.derive("front/hash"));
        let ring = KeyRing::new(current, kept)?;
        Some(Self(Arc::new(Front {
            ring: Arc::new(ring),
            hash_secret,
            hash,
        })))
    }

    /// Seals a value under the current front key. `context` names the use (`table.column`), `aad` the row.
    #[must_use]
    pub fn seal(
        &self,
        context: &str,
        aad: &[u8],
        value: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Vec<u8> {
        self.ring().seal(context, aad, value, rng)
    }

    /// Opens what [`Self::seal`] sealed for the same context and row.
    pub fn open(
        &self,
        context: &str,
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealedError> {
        self.ring().open(context, aad, sealed)
    }

    /// Starts the MAC of a row of `table`.
    pub fn mac(&self, table: &str) -> MacBuilder {
        MacBuilder::new(self.ring(), table)
    }

    /// A keyed hash of a value in `column` (`table.column`), to find or to refuse it again. Its key has no versions.
    #[must_use]
    pub fn hash(&self, column: &str, value: &[u8]) -> [u8; 32] {
        keyed_hash(&self.0.hash, "sealwatch/v1/front", column, value)
    }

    /// The hash under which a link's row is found.
    #[must_use]
    pub fn hash_secret(&self, secret: &LinkSecret) -> [u8; 32] {
        self.hash("consent_links.secret_hash", secret.bytes())
    }

    /// A known value sealed under each version, as [`crate::ApplicationKeys::check_cells`] gives.
    pub fn check_cells(&self, rng: &mut (impl CryptoRng + ?Sized)) -> Vec<(u32, Vec<u8>)> {
        self.ring().check_cells(rng)
    }

    /// Whether the key of this version is the one the stored cell was made with.
    pub fn verify_check_cell(&self, version: u32, cell: &[u8]) -> Result<(), KeyCheckError> {
        self.ring().verify_check_cell(version, cell)
    }

    pub(crate) fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.0.ring)
    }

    /// Whether both are the same keys.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        self.hash_key().bytes() == other.hash_key().bytes()
            && self.ring().covers(&other.ring())
            && other.ring().covers(&self.ring())
    }

    pub(crate) fn hash_key(&self) -> &Secret {
        &self.0.hash_secret
    }
}
