//! The application keys: what entry-app and breach-viewer hold.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use rand::CryptoRng;
use record::ids::{KeyId, RecordId};
use zeroize::Zeroizing;

use crate::aead::AesKey;
use crate::front::FrontKeys;
use crate::index::IndexKey;
use crate::link::LinkSecret;
use crate::owner_key::OwnerKey;
use crate::ring::{Kept, KeyCheckError, KeyRing, RingKey, SealedError};
use crate::row_mac::MacBuilder;
use crate::secret::Secret;
use crate::value::Bound;
use crate::wrap::{UnwrapError, WrapHeader, WrappedOwnerKey, unwrap, wrap};

const WRAP_PURPOSE: &[u8] = b"sealwatch/v1/owner-key";
const PASSING_PURPOSE: &[u8] = b"sealwatch/v1/passing";

/// Application keys in all their versions. A clone is a handle to the same keys: what one of them takes over
/// ([`Self::follow`]), all have.
#[derive(Clone)]
pub struct ApplicationKeys(Arc<Held>);

struct Held {
    versions: RwLock<Arc<Versions>>,
    index: IndexKey,
    /// Kept to write the key file.
    index_secret: Secret,
    front: FrontKeys,
}

/// The keys that have versions, as of one reading of their file.
struct Versions {
    ring: Arc<KeyRing>,
    /// Of each version that is not destroyed, as is `passing`.
    wrap: BTreeMap<u32, AesKey>,
    passing: BTreeMap<u32, AesKey>,
}

/// The keys of another deployment, or fewer than those at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("these are not the keys at hand and more: other keys, or a version is missing")]
pub struct OtherKeys;

impl Versions {
    fn new(current: u32, kept: BTreeMap<u32, Kept>) -> Option<Self> {
        let ring = KeyRing::new(current, kept)?;
        let derived = |info: &'static str| {
            let key = move |key: &RingKey| {
                let secret = key.kept.whole()?;
                Some((key.version, AesKey::new(&secret.derive(info))))
            };
            ring.iter().filter_map(key).collect()
        };
        Some(Self {
            wrap: derived("wrap"),
            passing: derived("passing"),
            ring: Arc::new(ring),
        })
    }

    /// The version in use, and every version with whether it still unwraps.
    fn uses(&self) -> (u32, BTreeMap<u32, bool>) {
        let unwraps = |key: &RingKey| (key.version, self.wrap.contains_key(&key.version));
        (
            self.ring.current().version,
            self.ring.iter().map(unwraps).collect(),
        )
    }
}

impl ApplicationKeys {
    pub(crate) fn new(
        current: u32,
        kept: BTreeMap<u32, Kept>,
        index_secret: Secret,
        front: FrontKeys,
    ) -> Option<Self> {
        Some(Self(Arc::new(Held {
            versions: RwLock::new(Arc::new(Versions::new(current, kept)?)),
            index: IndexKey::new(&index_secret),
            index_secret,
            front,
        })))
    }

    fn versions(&self) -> Arc<Versions> {
        let versions = self.0.versions.read();
        Arc::clone(&versions.unwrap_or_else(PoisonError::into_inner))
    }

    /// The same keys with other versions.
    pub(crate) fn with(&self, current: u32, kept: BTreeMap<u32, Kept>) -> Option<Self> {
        let index = self.index_secret().clone();
        Self::new(current, kept, index, self.front())
    }

    /// Takes over the versions of a newer reading of the same keys; true when that changed anything. Keys that do not open and
    /// check all that these do are refused: rows would seem to be somebody else's.
    pub fn follow(&self, newer: &Self) -> Result<bool, OtherKeys> {
        let is_index = newer.index_secret().bytes() == self.index_secret().bytes();
        let (theirs, ours) = (newer.versions(), self.versions());
        let is_same = is_index && newer.0.front.is_same_as(&self.0.front);
        if !is_same || !theirs.ring.covers(&ours.ring) {
            return Err(OtherKeys);
        }
        let versions = self.0.versions.write();
        *versions.unwrap_or_else(PoisonError::into_inner) = Arc::clone(&theirs);
        Ok(theirs.uses() != ours.uses())
    }

    /// Every version, and whether it still unwraps owner keys: a destroyed one only opens and checks what it sealed and signed.
    #[must_use]
    pub fn all_versions(&self) -> BTreeMap<u32, bool> {
        self.versions().uses().1
    }

    /// Whether nobody can unwrap what this version and those before it wrapped.
    #[must_use]
    pub fn are_destroyed_up_to(&self, version: u32) -> bool {
        self.versions().wrap.range(..=version).next().is_none()
    }

    /// The front keys, which the applications share with consent-dapp.
    #[must_use]
    pub fn front(&self) -> FrontKeys {
        self.0.front.clone()
    }

    /// The key of the blind indexes.
    #[must_use]
    pub fn index(&self) -> &IndexKey {
        &self.0.index
    }

    /// The hash under which the row of an account is found by its link. The front keys can't compute it.
    #[must_use]
    pub fn hash_staff_link(&self, secret: &LinkSecret) -> [u8; 32] {
        self.index().blind("staff.link_hash", secret.bytes())
    }

    /// The version that seals and wraps now.
    #[must_use]
    pub fn current_version(&self) -> u32 {
        self.versions().ring.current().version
    }

    /// A fresh key for one owner's record, to be wrapped by the current application key.
    pub fn generate_owner_key(
        &self,
        record: RecordId,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> OwnerKey {
        let key_id = KeyId::random(rng);
        OwnerKey::new(key_id, record, self.current_version(), Secret::random(rng))
    }

    /// Wraps an owner key under the current application key; for a key unwrapped before, that re-wraps it.
    pub fn wrap_owner_key(
        &self,
        owner: &OwnerKey,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> WrappedOwnerKey {
        let versions = self.versions();
        let app_key_version = versions.ring.current().version;
        let header = WrapHeader {
            app_key_version,
            ..WrapHeader::of(owner)
        };
        let key = &versions.wrap[&app_key_version];
        WrappedOwnerKey {
            key_id: owner.key_id,
            record_id: owner.record_id,
            app_key_version,
            bytes: wrap(key, WRAP_PURPOSE, &[], header, &owner.secret, rng),
        }
    }

    /// Unwraps the owner key of a row. A genuine key that was moved to this row is told as such.
    pub fn unwrap_owner_key(&self, row: &WrappedOwnerKey) -> Result<OwnerKey, UnwrapError> {
        let (header, _) = WrapHeader::split(&row.bytes).ok_or(UnwrapError::Malformed)?;
        let versions = self.versions();
        let key = versions
            .wrap
            .get(&header.app_key_version)
            .ok_or(UnwrapError::UnknownKey(header.app_key_version))?;
        let owner = unwrap(key, WRAP_PURPOSE, &[], &row.bytes)?;
        // The column only repeats what is wrapped; one that says otherwise was not written by us.
        if row.app_key_version != header.app_key_version {
            return Err(UnwrapError::Broken);
        }
        if (owner.key_id, owner.record_id) != (row.key_id, row.record_id) {
            return Err(UnwrapError::Elsewhere {
                key_id: owner.key_id,
                record_id: owner.record_id,
            });
        }
        Ok(owner)
    }

    /// The version that wrapped these bytes, whatever the row around them says; none where no key at hand opens them.
    #[must_use]
    pub fn wrapped_by(&self, bytes: &[u8]) -> Option<u32> {
        let (header, _) = WrapHeader::split(bytes)?;
        let versions = self.versions();
        let key = versions.wrap.get(&header.app_key_version)?;
        unwrap(key, WRAP_PURPOSE, &[], bytes).ok()?;
        Some(header.app_key_version)
    }

    /// Seals a value under the current application key. `context` names the use (`table.column`), `aad` the row.
    #[must_use]
    pub fn seal(
        &self,
        context: &str,
        aad: &[u8],
        value: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Vec<u8> {
        self.versions().ring.seal(context, aad, value, rng)
    }

    /// Opens what [`Self::seal`] sealed for the same context and row.
    pub fn open(
        &self,
        context: &str,
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealedError> {
        self.versions().ring.open(context, aad, sealed)
    }

    /// Seals, under the current application key, what is to be read soon, and by nobody once that version is destroyed.
    /// Otherwise as [`Self::seal`].
    #[must_use]
    pub fn seal_passing(
        &self,
        context: &str,
        aad: &[u8],
        value: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Vec<u8> {
        let versions = self.versions();
        let version = versions.ring.current().version;
        passing(context, aad).seal((version, &versions.passing[&version]), value, rng)
    }

    /// Opens what [`Self::seal_passing`] sealed for the same context and row. What a destroyed version sealed is
    /// [`SealedError::UnknownKey`] for ever.
    pub fn open_passing(
        &self,
        context: &str,
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealedError> {
        let versions = self.versions();
        passing(context, aad).open(sealed, |version| versions.passing.get(&version))
    }

    /// Starts the MAC of a row of `table`.
    pub fn mac(&self, table: &str) -> MacBuilder {
        MacBuilder::new(self.ring(), table)
    }

    /// A known value sealed under each version, to be stored beside the data: it tells wrong keys from altered data.
    pub fn check_cells(&self, rng: &mut (impl CryptoRng + ?Sized)) -> Vec<(u32, Vec<u8>)> {
        self.versions().ring.check_cells(rng)
    }

    /// Whether the key of this version is the one the stored cell was made with.
    pub fn verify_check_cell(&self, version: u32, cell: &[u8]) -> Result<(), KeyCheckError> {
        self.versions().ring.verify_check_cell(version, cell)
    }

    /// The statement that nothing is to be wrapped by this version any more, to be stored beside the data: a process that has not
    /// read of a newer one learns it by the key that it holds. None where there is no such version.
    pub fn retired_cell(
        &self,
        version: u32,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Option<Vec<u8>> {
        self.versions().ring.retired_cell(version, rng)
    }

    /// Whether this is that statement about this version.
    #[must_use]
    pub fn is_retired_by(&self, version: u32, cell: &[u8]) -> bool {
        self.versions().ring.is_retired_by(version, cell)
    }

    pub(crate) fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.versions().ring)
    }

    /// Equal for equal sets of keys, in one process.
    pub(crate) fn fingerprint(&self, master_hex: &str) -> [u8; 32] {
        let mut all = Zeroizing::new(Vec::with_capacity(1 << 12));
        all.extend_from_slice(master_hex.as_bytes());
        all.extend_from_slice(self.index_secret().bytes());
        all.extend_from_slice(&self.current_version().to_be_bytes());
        for key in self.ring().iter() {
            all.extend_from_slice(&key.version.to_be_bytes());
            all.push(u8::from(key.kept.whole().is_some()));
            all.extend_from_slice(key.kept.seal().bytes());
            all.extend_from_slice(key.kept.mac().bytes());
        }
        all.extend_from_slice(self.front().to_json().as_bytes());
        self.index().blind("keys", &all)
    }

    pub(crate) fn index_secret(&self) -> &Secret {
        &self.0.index_secret
    }
}

const fn passing<'a>(context: &'a str, aad: &'a [u8]) -> Bound<'a> {
    Bound {
        purpose: PASSING_PURPOSE,
        context,
        aad,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    /// The same keys before and after a second version became the current one.
    fn before_and_after() -> (ApplicationKeys, ApplicationKeys) {
        let rng = &mut rand::rng();
        let [first, second, front, hash, index] = std::array::from_fn(|_| Secret::random(rng));
        let front = FrontKeys::new(1, BTreeMap::from([(1, Kept::Whole(front))]), hash).unwrap();
        let [first, second] = [first, second].map(Kept::Whole);
        let old = BTreeMap::from([(1, first.clone())]);
        let both = BTreeMap::from([(1, first), (2, second)]);
        let before = ApplicationKeys::new(1, old, index.clone(), front.clone()).unwrap();
        let after = ApplicationKeys::new(2, both, index, front).unwrap();
        (before, after)
    }

    #[test]
    fn what_an_older_version_sealed_and_signed_still_opens() {
        let ((before, after), rng) = (before_and_after(), &mut rand::rng());
        let sealed = before.seal("a.b", b"", b"value", rng);
        assert_eq!(
            after.open("a.b", b"", &sealed).unwrap().as_slice(),
            b"value"
        );
        let mac = before.mac("t").u64(1).finish();
        assert!(after.mac("t").u64(1).verify(&mac).is_ok());

        let sealed = after.seal("a.b", b"", b"value", rng);
        assert_eq!(
            before.open("a.b", b"", &sealed).err(),
            Some(SealedError::UnknownKey(2))
        );
    }

    #[test]
    fn an_owner_key_is_wrapped_again_under_the_current_version() {
        let ((before, after), rng) = (before_and_after(), &mut rand::rng());
        let owner = before.generate_owner_key(RecordId::random(rng), rng);
        let old = before.wrap_owner_key(&owner, rng);
        let new = after.wrap_owner_key(&after.unwrap_owner_key(&old).unwrap(), rng);
        assert_eq!((old.app_key_version, new.app_key_version), (1, 2));
        let again = after.unwrap_owner_key(&new).unwrap();
        assert_eq!(again.secret.bytes(), owner.secret.bytes());
        assert_eq!(again.app_key_version(), 2);
        assert_eq!(
            before.unwrap_owner_key(&new).err(),
            Some(UnwrapError::UnknownKey(2))
        );
    }
}
