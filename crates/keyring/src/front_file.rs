//! `front.json`: the front keys in clear, for consent-dapp alone.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::front::FrontKeys;
use crate::key_file::{KeyFileError, KeyFileProblem, read_secret_file};
use crate::ring::Kept;
use crate::secret::Secret;

const FORMAT: u32 = 1;

/// Borrows the keys from a buffer that is wiped, so that reading and writing leave no copy of them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontFile<'a> {
    format: u32,
    current: u32,
    #[serde(borrow)]
    keys: Vec<FrontKey<'a>>,
    hash: &'a str,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontKey<'a> {
    version: u32,
    key: &'a str,
}

impl FrontKeys {
    /// Loads `front.json`, which only its owner may read.
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let contents = read_secret_file(path)?;
        parse(&contents).map_err(|problem| problem.at(path))
    }

    /// The file's contents.
    pub(crate) fn to_json(&self) -> Zeroizing<String> {
        let ring = self.ring();
        let keys: Vec<_> = ring
            .iter()
            .filter_map(|key| Some((key.version, key.kept.whole()?.to_hex())))
            .collect();
        let hash = self.hash_key().to_hex();
        let file = FrontFile {
            format: FORMAT,
            current: ring.current().version,
            keys: keys
                .iter()
                .map(|(version, key)| FrontKey {
                    version: *version,
                    key,
                })
                .collect(),
            hash: &hash,
        };
        let mut json = Vec::with_capacity(256 + 160 * keys.len());
        serde_json::to_writer_pretty(&mut json, &file).expect("plain strings and numbers");
        json.push(b'\n');
        Zeroizing::new(String::from_utf8(json).expect("JSON is UTF-8"))
    }
}

fn parse(contents: &str) -> Result<FrontKeys, KeyFileProblem> {
    let file: FrontFile<'_> =
        serde_json::from_str(contents).map_err(|error| KeyFileProblem::json(&error))?;
    if file.format != FORMAT {
        return Err(malformed(format!("format {} is unknown", file.format)));
    }
    let mut secrets = BTreeMap::new();
    for FrontKey { version, key } in &file.keys {
        let secret = Secret::from_hex(key).ok_or_else(|| {
            malformed(format!(
                "key version {version} is not 64 hexadecimal digits"
            ))
        })?;
        if secrets.insert(*version, Kept::Whole(secret)).is_some() {
            return Err(malformed(format!("key version {version} twice")));
        }
    }
    let hash = Secret::from_hex(file.hash)
        .ok_or_else(|| malformed("the hash key is not 64 hexadecimal digits".to_owned()))?;
    FrontKeys::new(file.current, secrets, hash)
        .ok_or_else(|| malformed("the current key is not in it".to_owned()))
}

fn malformed(what: String) -> KeyFileProblem {
    KeyFileProblem::Malformed(what)
}
