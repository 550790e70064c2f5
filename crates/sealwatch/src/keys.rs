//! `sealwatch keys`

mod check;
mod init;
mod recover;

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};

#[derive(Subcommand)]
pub(crate) enum Keys {
    /// Make the keys of a new deployment and their escrow copy
    Init(Paths),
    /// Write the key files again from the escrow copy
    Recover(Paths),
    /// Check that the key files are whole and belong together, and the escrow copy with them
    Check(check::Check),
}

#[derive(Args)]
pub(crate) struct Paths {
    /// Directory of master.key, application-keys.json and front.json; made when it is missing
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The escrow copy: all keys in one file, sealed under a passphrase
    #[arg(long, value_name = "FILE")]
    escrow: PathBuf,
    /// Read the passphrase from the first line of this file instead of asking for it
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

pub(crate) fn run(command: Keys, out: &mut impl Write) -> Result<()> {
    match command {
        Keys::Init(paths) => init::run(&paths, out),
        Keys::Recover(paths) => recover::run(&paths, out),
        Keys::Check(check) => check::run(&check, out),
    }
}
