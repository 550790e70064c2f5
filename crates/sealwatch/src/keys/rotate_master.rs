//! `sealwatch keys rotate-master`

use std::io::Write;

use anyhow::{Context, Result};
use clap::Args;
use keyring::{KeySet, MasterPlace};

use super::token::Token;
use super::{Paths, change};

#[derive(Args)]
pub(crate) struct RotateMaster {
    #[command(flatten)]
    paths: Paths,
    #[command(flatten)]
    token: Token,
    /// Make the master key in master.key, also where the one before lives in a token
    #[arg(long, conflicts_with = "pkcs11")]
    file: bool,
}

pub(crate) fn run(args: &RotateMaster, out: &mut impl Write) -> Result<()> {
    let (paths, uri) = (&args.paths, args.token.uri()?);
    let set = change::load(paths, out)?;
    let was_in = set.master_token().cloned();
    let place = match uri.or_else(|| was_in.clone()) {
        Some(uri) if !args.file => MasterPlace::Token(Box::new(uri)),
        _ => MasterPlace::File,
    };
    // First, so that no key is left in a token where somebody gives up at the question.
    let passphrase = change::passphrase(paths)?;
    let set = set.with_another_master(&place, &mut rand::rng())?;
    if let Err(error) = change::save_with(&set, paths, &passphrase, out) {
        // Where the files name another place still, nothing was wrapped by the key that was made in the new one.
        let is_elsewhere = |now: KeySet| now.master_token() != set.master_token();
        if KeySet::load(&paths.dir).is_ok_and(is_elsewhere) {
            set.withdraw_master()
                .context("a key that was made for nothing is still in the token")?;
        }
        return Err(error);
    }
    writeln!(
        out,
        "A new master key wraps the same application keys. The old one opens older copies of the key file only: destroy those and the \
         old escrow copy once the new one was tried."
    )?;
    change::tell_to_copy(paths, out)?;
    match (was_in, &place) {
        (Some(old), MasterPlace::Token(new)) if old == **new => writeln!(
            out,
            "The old key is still in the token. Once every host has the new file: sealwatch keys destroy-old-masters --dir {}",
            paths.dir.display()
        )?,
        (Some(old), _) => writeln!(
            out,
            "The old key is still in its token ({old}): destroy it there once every host has the new files."
        )?,
        (None, _) => {}
    }
    Ok(())
}
