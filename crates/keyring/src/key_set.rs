//! All keys of one deployment together: making them, writing their files, and getting them back from escrow.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rand::CryptoRng;

use crate::application::ApplicationKeys;
use crate::escrow;
use crate::front::FrontKeys;
use crate::key_file::{
    KeyFileError, KeyFileProblem, NewFile, create_directory, read_secret_file, write_new_files,
};
use crate::master::MasterKey;
use crate::ring::Kept;
use crate::rotation::master_file;
use crate::secret::Secret;

const FIRST_VERSION: u32 = 1;

/// The key files in one directory.
#[derive(Debug, Clone)]
pub struct KeyFiles {
    /// `master.key`
    pub master: PathBuf,
    /// `application-keys.json`
    pub application: PathBuf,
    /// `front.json`, for consent-dapp
    pub front: PathBuf,
}

impl KeyFiles {
    /// Where the files of this directory lie.
    #[must_use]
    pub fn within(directory: &Path) -> Self {
        Self {
            master: directory.join("master.key"),
            application: directory.join("application-keys.json"),
            front: directory.join("front.json"),
        }
    }
}

/// All keys of one deployment.
pub struct KeySet {
    master: MasterKey,
    application: ApplicationKeys,
}

impl KeySet {
    /// Fresh keys, in memory only.
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let master = MasterKey::generate(rng);
        let mut first = || BTreeMap::from([(FIRST_VERSION, Kept::Whole(Secret::random(rng)))]);
        let (application, front) = (first(), first());
        let front = FrontKeys::new(FIRST_VERSION, front, Secret::random(rng))
            .expect("the first version is there");
        let application =
            ApplicationKeys::new(FIRST_VERSION, application, Secret::random(rng), front)
                .expect("the first version is there");
        Self {
            master,
            application,
        }
    }

    /// Loads the three files of a directory and checks that they belong together.
    pub fn load(directory: &Path) -> Result<Self, KeyFileError> {
        let files = KeyFiles::within(directory);
        let master = MasterKey::load(&files.master)?;
        let application = ApplicationKeys::load(&master, &files.application)?;
        let front = FrontKeys::load(&files.front)?;
        if front.to_json() != application.front().to_json() {
            return Err(KeyFileProblem::Differs(files.application).at(&files.front));
        }
        Ok(Self {
            master,
            application,
        })
    }

    /// Opens an escrow copy. Slow on purpose: call it off the async runtime.
    pub fn recover(escrow_copy: &Path, passphrase: &str) -> Result<Self, KeyFileError> {
        let contents = read_secret_file(escrow_copy)?;
        let (master, application) =
            escrow::open(&contents, passphrase).map_err(|problem| problem.at(escrow_copy))?;
        Ok(Self {
            master,
            application,
        })
    }

    /// The application keys, and through them the front keys and the index key.
    #[must_use]
    pub const fn application(&self) -> &ApplicationKeys {
        &self.application
    }

    /// Writes the three key files, making the directory when it is missing. Overwrites nothing.
    pub fn save(
        &self,
        directory: &Path,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<KeyFiles, KeyFileError> {
        create_directory(directory)?;
        let files = KeyFiles::within(directory);
        write_new_files(&self.new_files(&files, rng))?;
        Ok(files)
    }

    /// Writes the three key files and an escrow copy: all of them or none. Slow on purpose.
    pub fn save_with_escrow(
        &self,
        directory: &Path,
        escrow_copy: &Path,
        passphrase: &str,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<KeyFiles, KeyFileError> {
        create_directory(directory)?;
        let files = KeyFiles::within(directory);
        let mut new_files = Vec::from(self.new_files(&files, rng));
        new_files.push(NewFile {
            path: escrow_copy.to_owned(),
            contents: escrow::seal(&self.master, &self.application, passphrase, rng),
        });
        write_new_files(&new_files)?;
        Ok(files)
    }

    /// Whether both hold the same keys.
    #[must_use]
    pub fn same_keys(&self, other: &Self) -> bool {
        let [ours, theirs] = [self, other].map(|set| set.application.fingerprint(&set.master));
        ours == theirs
    }

    pub(crate) const fn of(master: MasterKey, application: ApplicationKeys) -> Self {
        Self {
            master,
            application,
        }
    }

    pub(crate) const fn master(&self) -> &MasterKey {
        &self.master
    }

    pub(crate) fn into_master(self) -> MasterKey {
        self.master
    }

    pub(crate) fn new_files(
        &self,
        files: &KeyFiles,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> [NewFile; 3] {
        [
            NewFile {
                path: files.master.clone(),
                contents: master_file(&self.master),
            },
            NewFile {
                path: files.application.clone(),
                contents: self.application.to_file(&self.master, rng).to_json(),
            },
            NewFile {
                path: files.front.clone(),
                contents: self.application.front().to_json(),
            },
        ]
    }
}
