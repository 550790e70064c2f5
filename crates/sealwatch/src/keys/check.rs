//! `sealwatch keys check`

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use keyring::{ApplicationKeys, KeySet};
use secrecy::ExposeSecret;

use crate::new_secret::known_secret;

#[derive(Args)]
pub(crate) struct Check {
    /// Directory of master.key, application-keys.json and front.json
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Also open this escrow copy and compare
    #[arg(long, value_name = "FILE")]
    escrow: Option<PathBuf>,
    /// Read the passphrase from the first line of this file instead of asking for it
    #[arg(long, value_name = "FILE", requires = "escrow")]
    passphrase_file: Option<PathBuf>,
}

pub(crate) fn run(check: &Check, out: &mut impl Write) -> Result<()> {
    let set = KeySet::load(&check.dir)?;
    writeln!(
        out,
        "The key files in {} are whole and belong together; application key version {} is in use.",
        check.dir.display(),
        set.application().current_version()
    )?;
    tell_others(set.application(), out)?;
    tell_token(&set, out)?;
    let Some(escrow) = &check.escrow else {
        return Ok(());
    };
    let passphrase = known_secret(
        "Passphrase of the escrow copy",
        check.passphrase_file.as_deref(),
    )?;
    let copy = KeySet::recover(escrow, passphrase.expose_secret())?;
    if !copy.same_keys(&set) {
        bail!(
            "{} opens, but holds other keys: it can't bring these back",
            escrow.display()
        );
    }
    let kept = match set.master_token() {
        None => "",
        Some(_) => " The master key itself stays in its token, and is not needed to recover them.",
    };
    writeln!(out, "{} holds the same keys.{kept}", escrow.display())?;
    Ok(())
}

/// Where the master key lives, if not in its file.
fn tell_token(set: &KeySet, out: &mut impl Write) -> Result<()> {
    let Some(uri) = set.master_token() else {
        return Ok(());
    };
    writeln!(out, "The master key lives in a token: {uri}")?;
    if set.other_masters() > 0 {
        writeln!(
            out,
            "  other keys of its name in the token, which open nothing in use: {}; see sealwatch keys destroy-old-masters",
            set.other_masters()
        )?;
    }
    Ok(())
}

/// The versions beside the one in use.
fn tell_others(keys: &ApplicationKeys, out: &mut impl Write) -> Result<()> {
    let current = keys.current_version();
    for (version, unwraps) in keys.all_versions() {
        let is = match unwraps {
            _ if version == current => continue,
            true if version > current => "not in use yet",
            true => "older; it still unwraps owners' keys",
            false => "destroyed; it unwraps nothing",
        };
        writeln!(out, "  version {version}: {is}")?;
    }
    Ok(())
}
