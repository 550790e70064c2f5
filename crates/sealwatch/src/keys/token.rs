//! A master key that is to live in a PKCS#11 token.

use anyhow::{Context, Result};
use clap::Args;
use keyring::{KeyFileError, KeyFiles, KeySet, TokenUri};

use super::Paths;

#[derive(Args)]
pub(crate) struct New {
    #[command(flatten)]
    pub(super) paths: Paths,
    #[command(flatten)]
    pub(super) token: Token,
}

#[derive(Args)]
pub(crate) struct Token {
    /// Make the master key in a PKCS#11 token, which it never leaves:
    /// pkcs11:token=NAME;object=NAME?module-path=/PATH.so&pin-source=/PATH
    // Taken as it is, since a refusal would repeat it, and somebody may write a PIN into it.
    #[arg(long, value_name = "URI")]
    pkcs11: Option<String>,
}

impl Token {
    pub(super) fn uri(&self) -> Result<Option<TokenUri>> {
        let uri = self.pkcs11.as_deref().map(str::parse);
        uri.transpose().context("--pkcs11")
    }
}

/// Moves the master key into the token, if one is named, and writes the files. A key that was made for nothing is taken back.
pub(super) fn save(
    set: KeySet,
    uri: Option<TokenUri>,
    write: impl FnOnce(&KeySet) -> Result<KeyFiles, KeyFileError>,
) -> Result<KeyFiles> {
    let Some(uri) = uri else {
        return Ok(write(&set)?);
    };
    let set = set.into_token(uri)?;
    let written = write(&set);
    if written.is_err() {
        set.withdraw_master()
            .context("a key that was made for nothing is still in the token")?;
    }
    Ok(written?)
}
