//! `application-keys.json`: all application keys, wrapped by the master key.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rand::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::application::ApplicationKeys;
use crate::front::FrontKeys;
use crate::key_file::{KeyFileError, KeyFileProblem, read_secret_file};
use crate::master::{MasterKey, UNVERSIONED};
use crate::ring::{Kept, KeyRing, RingKey};
use crate::token::TokenProblem;

const FORMAT: u32 = 1;
const APPLICATION: &str = "application";
const FRONT: &str = "front";
const FRONT_HASH: &str = "front_hash";
const INDEX: &str = "index";
const SEAL: &str = "seal";
const MAC: &str = "mac";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplicationFile {
    format: u32,
    master_check: String,
    application: WrappedRing,
    front: WrappedRing,
    front_hash: String,
    index: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrappedRing {
    current: u32,
    keys: Vec<WrappedKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrappedKey {
    version: u32,
    /// The key itself; left out where it was destroyed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wrapped: Option<String>,
    /// What stays of a destroyed key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    destroyed: Option<WrappedRest>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrappedRest {
    seal: String,
    mac: String,
}

impl ApplicationKeys {
    /// Loads `application-keys.json`, which only its owner may read.
    pub fn load(master: &MasterKey, path: &Path) -> Result<Self, KeyFileError> {
        WrappedApplicationKeys::load(path)?.open(master)
    }

    /// The file's contents.
    pub(crate) fn to_file(
        &self,
        master: &MasterKey,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<ApplicationFile, TokenProblem> {
        let front = self.front();
        Ok(ApplicationFile {
            format: FORMAT,
            master_check: master.check(rng)?,
            application: WrappedRing::wrap(master, APPLICATION, &self.ring(), rng)?,
            front: WrappedRing::wrap(master, FRONT, &front.ring(), rng)?,
            front_hash: master.wrap(FRONT_HASH, UNVERSIONED, front.hash_key(), rng)?,
            index: master.wrap(INDEX, UNVERSIONED, self.index_secret(), rng)?,
        })
    }
}

/// An `application-keys.json` as it was read, still wrapped: what is wrong with the file is told without the master key.
pub struct WrappedApplicationKeys {
    file: ApplicationFile,
    path: PathBuf,
}

impl WrappedApplicationKeys {
    /// Reads the file, which only its owner may read.
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let contents = read_secret_file(path)?;
        let file = serde_json::from_str::<ApplicationFile>(&contents)
            .map_err(|error| KeyFileProblem::json(&error));
        let file = file.and_then(|file| file.check_format().map(|()| file));
        Ok(Self {
            file: file.map_err(|problem| problem.at(path))?,
            path: path.to_owned(),
        })
    }

    /// The keys.
    pub fn open(&self, master: &MasterKey) -> Result<ApplicationKeys, KeyFileError> {
        let keys = self.file.open(master);
        keys.map_err(|problem| problem.at(&self.path))
    }
}

impl ApplicationFile {
    fn check_format(&self) -> Result<(), KeyFileProblem> {
        match self.format {
            FORMAT => Ok(()),
            other => Err(malformed(format!("format {other} is unknown"))),
        }
    }

    pub(crate) fn to_json(&self) -> Zeroizing<String> {
        let mut json = serde_json::to_string_pretty(self).expect("plain strings and numbers");
        json.push('\n');
        Zeroizing::new(json)
    }

    pub(crate) fn open(&self, master: &MasterKey) -> Result<ApplicationKeys, KeyFileProblem> {
        if !master.made(&self.master_check)? {
            return Err(KeyFileProblem::WrongMasterKey);
        }
        let unversioned = |purpose, wrapped: &str| {
            master
                .unwrap(purpose, UNVERSIONED, wrapped)?
                .ok_or_else(|| KeyFileProblem::Altered(format!("the {purpose} key")))
        };
        let hash = unversioned(FRONT_HASH, &self.front_hash)?;
        let index = unversioned(INDEX, &self.index)?;
        let front = self.front.unwrap(master, FRONT)?;
        let front =
            FrontKeys::new(self.front.current, front, hash).ok_or_else(|| no_current(FRONT))?;
        let application = self.application.unwrap(master, APPLICATION)?;
        ApplicationKeys::new(self.application.current, application, index, front)
            .ok_or_else(|| no_current(APPLICATION))
    }
}

impl WrappedRing {
    fn wrap(
        master: &MasterKey,
        purpose: &str,
        ring: &KeyRing,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Self, TokenProblem> {
        let keys = ring.iter();
        Ok(Self {
            current: ring.current().version,
            keys: keys
                .map(|key| WrappedKey::wrap(master, purpose, key, rng))
                .collect::<Result<_, _>>()?,
        })
    }

    fn unwrap(
        &self,
        master: &MasterKey,
        purpose: &str,
    ) -> Result<BTreeMap<u32, Kept>, KeyFileProblem> {
        let mut all = BTreeMap::new();
        for key in &self.keys {
            let version = key.version;
            let kept = key.unwrap(master, purpose)?.ok_or_else(|| {
                KeyFileProblem::Altered(format!("the {purpose} key of version {version}"))
            })?;
            if all.insert(version, kept).is_some() {
                return Err(malformed(format!("{purpose} key version {version} twice")));
            }
        }
        Ok(all)
    }
}

impl WrappedKey {
    fn wrap(
        master: &MasterKey,
        purpose: &str,
        key: &RingKey,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Self, TokenProblem> {
        let version = key.version;
        let (wrapped, destroyed) = match &key.kept {
            Kept::Whole(secret) => (Some(master.wrap(purpose, version, secret, rng)?), None),
            Kept::Reduced { seal, mac } => {
                let rest = WrappedRest {
                    seal: master.wrap(&rest_of(purpose, SEAL), version, seal, rng)?,
                    mac: master.wrap(&rest_of(purpose, MAC), version, mac, rng)?,
                };
                (None, Some(rest))
            }
        };
        Ok(Self {
            version,
            wrapped,
            destroyed,
        })
    }

    fn unwrap(&self, master: &MasterKey, purpose: &str) -> Result<Option<Kept>, TokenProblem> {
        let version = self.version;
        Ok(match (&self.wrapped, &self.destroyed) {
            (Some(wrapped), None) => master.unwrap(purpose, version, wrapped)?.map(Kept::Whole),
            (None, Some(rest)) => {
                let seal = master.unwrap(&rest_of(purpose, SEAL), version, &rest.seal)?;
                let mac = master.unwrap(&rest_of(purpose, MAC), version, &rest.mac)?;
                seal.zip(mac).map(|(seal, mac)| Kept::Reduced { seal, mac })
            }
            _ => None,
        })
    }
}

/// The purpose of what stays of a destroyed key.
fn rest_of(purpose: &str, what: &str) -> String {
    format!("{purpose}/{what}")
}

fn malformed(what: String) -> KeyFileProblem {
    KeyFileProblem::Malformed(what)
}

fn no_current(purpose: &str) -> KeyFileProblem {
    malformed(format!("the current {purpose} key is not in it"))
}
