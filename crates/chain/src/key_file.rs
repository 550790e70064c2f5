//! The controller's chain key, as it lies on disk.

use std::{fs, io, os::unix::fs::PermissionsExt as _, path::Path};

use alloy::signers::local::PrivateKeySigner;
use zeroize::Zeroizing;

/// A key file that can not be used. Tells nothing of what is in it.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// Not there, or not readable.
    #[error("the controller's key file can not be read")]
    Read(#[source] io::Error),
    /// Others than its owner may read or write it.
    #[error("the controller's key file is open to others: chmod 600")]
    OpenToOthers,
    /// Not `0x` and 64 hexadecimal digits, or no key of the curve.
    #[error("the controller's key file does not hold a private key")]
    NotAKey,
}

/// Reads a key written as 64 hexadecimal digits, with or without `0x`.
pub(crate) fn load(path: &Path) -> Result<PrivateKeySigner, KeyFileError> {
    let permissions = fs::metadata(path)
        .map_err(KeyFileError::Read)?
        .permissions();
    if permissions.mode() & 0o077 != 0 {
        return Err(KeyFileError::OpenToOthers);
    }
    let text = Zeroizing::new(fs::read_to_string(path).map_err(KeyFileError::Read)?);
    let digits = text.trim();
    let mut key = Zeroizing::new([0_u8; 32]);
    hex::decode_to_slice(digits.strip_prefix("0x").unwrap_or(digits), &mut *key)
        .map_err(|_| KeyFileError::NotAKey)?;
    PrivateKeySigner::from_slice(&*key).map_err(|_| KeyFileError::NotAKey)
}
