//! The escrow copy: master key and application keys in one file, sealed under a passphrase. A master key that lives in a token
//! can't be copied: the copy holds another one then, made for it alone, that wraps the same application keys.

use argon2::{Algorithm, Argon2, Params, Version};
use rand::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::aead::AesKey;
use crate::application::ApplicationKeys;
use crate::application_file::ApplicationFile;
use crate::key_file::KeyFileProblem;
use crate::master::MasterKey;
use crate::secret::Secret;

const FORMAT: u32 = 1;
const KDF: &str = "argon2id";
const PURPOSE: &[u8] = b"sealwatch/v1/escrow";

/// About a second per guess, and too much memory to guess many at once.
const COST: Cost = Cost {
    memory_kib: 256 * 1024,
    passes: 4,
    lanes: 1,
};

/// A file that asks for more than this was not written by us.
const MOST: Cost = Cost {
    memory_kib: 4 * 1024 * 1024,
    passes: 64,
    lanes: 64,
};

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

#[derive(Serialize, Deserialize)]
struct EscrowFile {
    format: u32,
    kdf: String,
    #[serde(flatten)]
    cost: Cost,
    #[serde(with = "hex::serde")]
    salt: [u8; 16],
    check: String,
    #[serde(with = "hex::serde")]
    sealed: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents<'a> {
    master: &'a str,
    application_keys: ApplicationFile,
}

pub(crate) fn seal(
    master: &MasterKey,
    application: &ApplicationKeys,
    passphrase: &str,
    rng: &mut (impl CryptoRng + ?Sized),
) -> Zeroizing<String> {
    // What was written under the token's key is wrapped anew, so that the copy opens without the token.
    let (master_hex, application_keys) = match master.to_hex() {
        Some(hex) => (hex, application.to_file(master, rng)),
        None => {
            let own = MasterKey::generate(rng);
            let hex = own.to_hex().expect("it is in no token");
            (hex, application.to_file(&own, rng))
        }
    };
    let mut contents = Zeroizing::new(Vec::with_capacity(1 << 16));
    let plain = Contents {
        master: &master_hex,
        application_keys: application_keys.expect("no token is asked"),
    };
    serde_json::to_writer(&mut *contents, &plain).expect("plain strings and numbers");
    let mut salt = [0; 16];
    rng.fill_bytes(&mut salt);
    let key = stretch(passphrase, COST, &salt).expect("our own cost is valid");
    let aad = associated_data(COST, &salt);
    let file = EscrowFile {
        format: FORMAT,
        kdf: KDF.to_owned(),
        cost: COST,
        salt,
        check: check(&key),
        sealed: AesKey::new(&key.derive("escrow/seal")).seal(&aad, &[&contents], rng),
    };
    let mut json = serde_json::to_string_pretty(&file).expect("plain strings and numbers");
    json.push('\n');
    Zeroizing::new(json)
}

pub(crate) fn open(
    contents: &str,
    passphrase: &str,
) -> Result<(MasterKey, ApplicationKeys), KeyFileProblem> {
    let file: EscrowFile =
        serde_json::from_str(contents).map_err(|error| KeyFileProblem::json(&error))?;
    if file.format != FORMAT || file.kdf != KDF {
        return Err(malformed("this format is unknown"));
    }
    let key = stretch(passphrase, file.cost, &file.salt)
        .ok_or_else(|| malformed("its cost is out of range"))?;
    if file.check != check(&key) {
        return Err(KeyFileProblem::WrongPassphrase);
    }
    let aad = associated_data(file.cost, &file.salt);
    let plain = AesKey::new(&key.derive("escrow/seal"))
        .open(&aad, &file.sealed)
        .ok_or(KeyFileProblem::AlteredEscrow)?;
    let contents: Contents<'_> =
        serde_json::from_slice(&plain).map_err(|error| KeyFileProblem::json(&error))?;
    let master = MasterKey::from_hex(contents.master)
        .ok_or_else(|| malformed("the master key in it is not 64 hexadecimal digits"))?;
    let application = contents.application_keys.open(&master)?;
    Ok((master, application))
}

fn stretch(passphrase: &str, cost: Cost, salt: &[u8]) -> Option<Secret> {
    if cost.memory_kib > MOST.memory_kib || cost.passes > MOST.passes || cost.lanes > MOST.lanes {
        return None;
    }
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(Secret::LEN)).ok()?;
    let mut key = Zeroizing::new([0; Secret::LEN]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, key.as_mut_slice())
        .ok()?;
    Secret::from_slice(key.as_slice())
}

/// Tells a wrong passphrase from an altered file.
fn check(key: &Secret) -> String {
    hex::encode(key.derive("escrow/check").bytes())
}

fn associated_data(cost: Cost, salt: &[u8]) -> Vec<u8> {
    [
        PURPOSE,
        &cost.memory_kib.to_be_bytes(),
        &cost.passes.to_be_bytes(),
        &cost.lanes.to_be_bytes(),
        salt,
    ]
    .concat()
}

fn malformed(what: &str) -> KeyFileProblem {
    KeyFileProblem::Malformed(what.to_owned())
}
