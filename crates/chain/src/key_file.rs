//! The controller's chain key, as it lies on disk.

use std::{path::Path, sync::Arc};

use alloy::signers::local::PrivateKeySigner;
use zeroize::Zeroizing;

/// The controller's chain key. Cheap to clone; shows nothing of itself.
#[derive(Clone)]
pub struct ControllerKey(pub(crate) Arc<PrivateKeySigner>);

/// A key file that can not be used. Tells nothing of what is in it.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// Not there, not readable, or open to others than its owner.
    #[error(transparent)]
    File(#[from] keyring::KeyFileError),
    /// Not `0x` and 64 hexadecimal digits, or no key of the curve.
    #[error("the controller's key file does not hold a private key")]
    NotAKey,
}

impl ControllerKey {
    /// Reads a key written as 64 hexadecimal digits, with or without `0x`.
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let text = keyring::read_secret_file(path)?;
        let digits = text.trim();
        let mut key = Zeroizing::new([0_u8; 32]);
        hex::decode_to_slice(digits.strip_prefix("0x").unwrap_or(digits), &mut *key)
            .map_err(|_| KeyFileError::NotAKey)?;
        let signer = PrivateKeySigner::from_slice(&*key).map_err(|_| KeyFileError::NotAKey)?;
        Ok(Self(Arc::new(signer)))
    }
}
