//! `sealwatch keys init`

use std::io::Write;

use anyhow::{Result, ensure};
use keyring::{KeyFiles, KeySet};
use secrecy::{ExposeSecret, SecretString};
use web_kit::password;

use super::Paths;
use super::token::{self, New};
use crate::new_secret::new_secret;

/// More than for a sign-in: whoever has the copy can guess for years, without being seen.
const PASSPHRASE_MIN: usize = 16;

pub(crate) fn run(new: &New, out: &mut impl Write) -> Result<()> {
    let (paths, uri) = (&new.paths, new.token.uri()?);
    refuse_existing(paths)?;
    let file = paths.passphrase_file.as_deref();
    let passphrase = new_secret("passphrase of the escrow copy", file, check)?;
    let mut rng = rand::rng();
    let (set, in_token) = (KeySet::generate(&mut rng), uri.is_some());
    let files = token::save(set, uri, |set| {
        let passphrase = passphrase.expose_secret();
        set.save_with_escrow(&paths.dir, &paths.escrow, passphrase, &mut rng)
    })?;
    explain(out, &files, paths, in_token)
}

/// Before anything is asked: nobody likes to think up a passphrase in vain.
fn refuse_existing(paths: &Paths) -> Result<()> {
    let files = KeyFiles::within(&paths.dir);
    for path in [
        &files.master,
        &files.application,
        &files.front,
        &paths.escrow,
    ] {
        ensure!(
            path.symlink_metadata().is_err(),
            "{} exists already; nothing was changed. Other keys than those a database was written with can't open it.",
            path.display()
        );
    }
    Ok(())
}

pub(super) fn check(passphrase: &SecretString) -> Result<(), String> {
    if passphrase.expose_secret().chars().count() < PASSPHRASE_MIN {
        return Err(format!(
            "Use at least {PASSPHRASE_MIN} characters. Five or six unrelated words are easy to remember."
        ));
    }
    password::check_policy("", passphrase).map_err(|problem| problem.to_string())
}

fn explain(out: &mut impl Write, files: &KeyFiles, paths: &Paths, in_token: bool) -> Result<()> {
    let KeyFiles {
        master,
        application,
        front,
    } = files;
    let (master, application, front) = (master.display(), application.display(), front.display());
    let (dir, escrow) = (paths.dir.display(), paths.escrow.display());
    let (says, all_of_them) = match in_token {
        false => ("", "all of them"),
        true => (
            ": where the master key is, which never leaves its token",
            "all of them but that master key, which it does not need",
        ),
    };
    write!(
        out,
        "\
The keys are made, readable by this account only:
  {master}  for entry-app and breach-viewer{says}
  {application}  for entry-app and breach-viewer
  {front}  for consent-dapp, which must have neither of the others
  {escrow}  the escrow copy: {all_of_them}, sealed under your passphrase

LOSING THE MASTER KEY DESTROYS ALL DATA. Nobody can open a record without it, we neither. So, before any record is
entered:
  1. Move the escrow copy off this machine, to two places that do not burn together.
  2. Keep its passphrase apart from it, with two people who can find it without you.
  3. Try it: sealwatch keys check --dir {dir} --escrow {escrow}
Then go on with: sealwatch migrate
"
    )?;
    Ok(())
}
