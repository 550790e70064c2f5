//! What the commands that change keys have in common: a passphrase for the new escrow copy, files in place of the old ones, and
//! what to do next.

use std::io::Write;

use anyhow::{Result, ensure};
use keyring::{KeyFiles, KeySet};
use secrecy::{ExposeSecret, SecretString};

use super::{Paths, init};
use crate::new_secret::new_secret;

/// The keys of the directory, after a change of them that was broken off is finished. Before anything is asked.
pub(super) fn load(paths: &Paths, out: &mut impl Write) -> Result<KeySet> {
    ensure!(
        paths.escrow.symlink_metadata().is_err(),
        "{} exists already; nothing was changed. Name a new file: the old copy is needed until the new one was tried.",
        paths.escrow.display()
    );
    if KeySet::finish_replacing(&paths.dir)? {
        writeln!(
            out,
            "A change of the key files had been broken off; it is finished now."
        )?;
    }
    Ok(KeySet::load(&paths.dir)?)
}

/// Asks for a passphrase and puts the changed keys in place.
pub(super) fn save(set: &KeySet, paths: &Paths, out: &mut impl Write) -> Result<()> {
    save_with(set, paths, &passphrase(paths)?, out)
}

pub(super) fn passphrase(paths: &Paths) -> Result<SecretString> {
    new_secret(
        "passphrase of the new escrow copy",
        paths.passphrase_file.as_deref(),
        init::check,
    )
}

/// Puts the changed keys in place.
pub(super) fn save_with(
    set: &KeySet,
    paths: &Paths,
    passphrase: &SecretString,
    out: &mut impl Write,
) -> Result<()> {
    set.replace(
        &paths.dir,
        &paths.escrow,
        passphrase.expose_secret(),
        &mut rand::rng(),
    )?;
    let (dir, escrow) = (paths.dir.display(), paths.escrow.display());
    writeln!(
        out,
        "A new escrow copy is in {escrow}: move it where the old one is, and try it:\n  sealwatch keys check --dir {dir} --escrow {escrow}"
    )?;
    Ok(())
}

/// What every host needs now.
pub(super) fn tell_to_copy(paths: &Paths, out: &mut impl Write) -> Result<()> {
    let files = KeyFiles::within(&paths.dir);
    writeln!(
        out,
        "Copy {} and {} to every host of entry-app and breach-viewer. Each app takes them over by itself and logs \"application keys read anew\".",
        files.master.display(),
        files.application.display()
    )?;
    Ok(())
}
