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
use crate::secret::Secret;
use crate::token::{TokenKey, TokenProblem, TokenUri};

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

/// Where a master key is to live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MasterPlace {
    /// In `master.key`.
    File,
    /// In a token; `master.key` says where.
    Token(Box<TokenUri>),
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

    /// The same application keys under a master key that is made in a token. Refused where the token holds one of this name.
    pub fn into_token(self, uri: TokenUri) -> Result<Self, TokenProblem> {
        let master = MasterKey::generate_in(uri, true)?;
        Ok(Self::of(master, self.application))
    }

    /// Takes back the master key that [`Self::into_token`] made, after nothing came of it.
    pub fn withdraw_master(self) -> Result<(), TokenProblem> {
        self.master.into_token().map_or(Ok(()), TokenKey::destroy)
    }

    /// The address of the master key, where it lives in a token.
    #[must_use]
    pub fn master_token(&self) -> Option<&TokenUri> {
        self.master.token().map(TokenKey::uri)
    }

    /// How many keys of the master key's name its token holds that are not in use: of rotations before, or of some that were
    /// broken off.
    #[must_use]
    pub fn other_masters(&self) -> usize {
        self.master.token().map_or(0, TokenKey::others)
    }

    /// Destroys those in the token; gives how many.
    pub fn destroy_other_masters(&self) -> Result<usize, TokenProblem> {
        self.master.token().map_or(Ok(0), TokenKey::destroy_others)
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
        write_new_files(&self.new_files(&files, rng)?)?;
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
        let mut new_files = Vec::from(self.new_files(&files, rng)?);
        new_files.push(NewFile {
            path: escrow_copy.to_owned(),
            contents: escrow::seal(&self.master, &self.application, passphrase, rng),
        });
        write_new_files(&new_files)?;
        Ok(files)
    }

    /// Whether both hold the same keys. A master key in a token can't be compared: the others are then.
    #[must_use]
    pub fn same_keys(&self, other: &Self) -> bool {
        let masters = self.master.to_hex().zip(other.master.to_hex());
        let (ours, theirs) = match &masters {
            Some((ours, theirs)) => (ours.as_str(), theirs.as_str()),
            None => ("", ""),
        };
        self.application.fingerprint(ours) == other.application.fingerprint(theirs)
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
    ) -> Result<[NewFile; 3], KeyFileError> {
        let application = self.application.to_file(&self.master, rng);
        let application = application.map_err(|problem| {
            let problem = KeyFileProblem::Token(problem);
            problem.at(&files.master)
        })?;
        Ok([
            NewFile {
                path: files.master.clone(),
                contents: self.master.file(),
            },
            NewFile {
                path: files.application.clone(),
                contents: application.to_json(),
            },
            NewFile {
                path: files.front.clone(),
                contents: self.application.front().to_json(),
            },
        ])
    }
}
