//! Replacing keys in their files: a further application key, the one in use, a destroyed one, another master key.
//! docs/KEY_ROTATION.md tells the steps and why there are so many.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rand::CryptoRng;

use crate::application_file::WrappedApplicationKeys;
use crate::escrow;
use crate::key_file::{
    KeyFileError, KeyFileProblem, NewFile, next_to, put_in_place, replace_files, write_new_files,
};
use crate::key_set::{KeyFiles, KeySet, MasterPlace};
use crate::master::MasterKey;
use crate::ring::Kept;
use crate::secret::Secret;
use crate::token::TokenProblem;

/// Why keys can't be changed as asked. Nothing was.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// The newest version is in use already.
    #[error("there is no version that is not in use yet: add one first")]
    NothingNewer,
    /// There is a version that nothing uses yet.
    #[error("version {0} is there and not in use yet: use that one")]
    AddedAlready(u32),
    /// This version is not in the file.
    #[error("the key file has no version {0}")]
    NoSuchVersion(u32),
    /// It seals and wraps now.
    #[error("version {0} is in use: add and use another one first")]
    InUse(u32),
    /// It was destroyed before.
    #[error("version {0} is destroyed already")]
    DestroyedAlready(u32),
    /// All numbers were given.
    #[error("there are no more version numbers")]
    NoMoreVersions,
}

impl KeySet {
    /// With a further application key, that nothing uses yet. Gives its version as well.
    pub fn with_another_key(
        self,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(Self, u32), RotationError> {
        let (current, mut kept) = self.application().ring().parts();
        let newest = newest_of(&kept);
        if newest > current {
            return Err(RotationError::AddedAlready(newest));
        }
        let version = newest.checked_add(1).ok_or(RotationError::NoMoreVersions)?;
        kept.insert(version, Kept::Whole(Secret::random(rng)));
        Ok((self.with(current, kept), version))
    }

    /// With the newest application key in use. Gives its version as well.
    pub fn using_newest(self) -> Result<(Self, u32), RotationError> {
        let (current, kept) = self.application().ring().parts();
        let newest = newest_of(&kept);
        if newest == current {
            return Err(RotationError::NothingNewer);
        }
        Ok((self.with(newest, kept), newest))
    }

    /// Without what unwraps owner keys of this version, and opens its passing values. What else it sealed and signed still
    /// opens and still counts.
    pub fn without_unwrapping(self, version: u32) -> Result<Self, RotationError> {
        let (current, mut kept) = self.application().ring().parts();
        let key = kept
            .get_mut(&version)
            .ok_or(RotationError::NoSuchVersion(version))?;
        if version == current {
            return Err(RotationError::InUse(version));
        }
        if key.whole().is_none() {
            return Err(RotationError::DestroyedAlready(version));
        }
        *key = key.reduced();
        Ok(self.with(current, kept))
    }

    /// The same application keys under another master key, that lives there. The one before stays in its token until
    /// [`Self::destroy_other_masters`].
    pub fn with_another_master(
        self,
        place: &MasterPlace,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Self, TokenProblem> {
        let master = match place {
            MasterPlace::File => MasterKey::generate(rng),
            MasterPlace::Token(uri) => {
                let is_first = self.master_token() != Some(&**uri);
                MasterKey::generate_in((**uri).clone(), is_first)?
            }
        };
        Ok(Self::of(master, self.application().clone()))
    }

    fn with(self, current: u32, kept: BTreeMap<u32, Kept>) -> Self {
        let application = self.application().with(current, kept);
        let application = application.expect("the current version is whole");
        Self::of(self.into_master(), application)
    }

    /// Puts these keys in the place of those of a directory, after an escrow copy of them is written. Slow on purpose.
    pub fn replace(
        &self,
        directory: &Path,
        escrow_copy: &Path,
        passphrase: &str,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(), KeyFileError> {
        let files = KeyFiles::within(directory);
        let [master, application, _] = self.new_files(&files, rng)?;
        write_new_files(&[NewFile {
            path: escrow_copy.to_owned(),
            contents: escrow::seal(self.master(), self.application(), passphrase, rng),
        }])?;
        // Whoever reads in between finds a file that another master key has wrapped, refuses it, and looks again.
        replace_files(&[application, master])
    }

    /// Finishes a change of the files that was broken off half way; true when there was one. Before it neither the old master
    /// key nor the new one opened the file in place.
    pub fn finish_replacing(directory: &Path) -> Result<bool, KeyFileError> {
        let files = KeyFiles::within(directory);
        let next = next_to(&files.master);
        if next.symlink_metadata().is_err() {
            return Ok(false);
        }
        let wrapped = WrappedApplicationKeys::load(&files.application)?;
        let opens = |path: &PathBuf| -> Result<bool, KeyFileError> {
            match wrapped.open(&MasterKey::load(path)?) {
                Ok(_) => Ok(true),
                Err(KeyFileError {
                    problem: KeyFileProblem::WrongMasterKey,
                    ..
                }) => Ok(false),
                Err(error) => Err(error),
            }
        };
        if opens(&files.master)? || !opens(&next)? {
            // Nothing was renamed yet: the change did not happen.
            return Ok(false);
        }
        put_in_place(&files.master)?;
        Ok(true)
    }

    /// Since when the file with the application keys stands as it is.
    pub fn unchanged_for(directory: &Path) -> Result<Duration, KeyFileError> {
        let path = KeyFiles::within(directory).application;
        let changed = path
            .metadata()
            .and_then(|metadata| metadata.modified())
            .map_err(|error| KeyFileProblem::Read(error).at(&path))?;
        Ok(SystemTime::now()
            .duration_since(changed)
            .unwrap_or_default())
    }
}

fn newest_of(kept: &BTreeMap<u32, Kept>) -> u32 {
    *kept.keys().next_back().expect("a ring is never empty")
}
