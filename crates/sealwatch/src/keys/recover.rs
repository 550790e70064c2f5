//! `sealwatch keys recover`

use std::io::Write;

use anyhow::Result;
use keyring::KeySet;
use secrecy::ExposeSecret;

use super::token::{self, New};
use crate::new_secret::known_secret;

pub(crate) fn run(new: &New, out: &mut impl Write) -> Result<()> {
    let (paths, uri) = (&new.paths, new.token.uri()?);
    let passphrase = known_secret(
        "Passphrase of the escrow copy",
        paths.passphrase_file.as_deref(),
    )?;
    let set = KeySet::recover(&paths.escrow, passphrase.expose_secret())?;
    let files = token::save(set, uri, |set| set.save(&paths.dir, &mut rand::rng()))?;
    writeln!(out, "The keys are back, readable by this account only:")?;
    for path in [&files.master, &files.application, &files.front] {
        writeln!(out, "  {}", path.display())?;
    }
    Ok(())
}
