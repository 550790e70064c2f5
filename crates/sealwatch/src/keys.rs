//! `sealwatch keys`

mod add;
mod change;
mod check;
mod databases;
mod destroy;
mod destroy_old_masters;
mod init;
mod recover;
mod rewrap;
mod rotate_master;
mod rotate_owners;
mod token;
mod use_newest;

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};

#[derive(Subcommand)]
pub(crate) enum Keys {
    /// Make the keys of a new deployment and their escrow copy
    Init(token::New),
    /// Write the key files again from the escrow copy
    Recover(token::New),
    /// Check that the key files are whole and belong together, and the escrow copy with them
    Check(check::Check),
    /// Add a further application key to the files, to be used once every host has it
    Add(Paths),
    /// Seal, sign and wrap with the newest application key from now on
    #[command(after_help = databases::settings_help())]
    Use(use_newest::Use),
    /// Wrap every owner's key anew under the application key in use
    #[command(after_help = databases::settings_help())]
    Rewrap(rewrap::Rewrap),
    /// Destroy what unwraps owners' keys of an older version: erasures are final then, and older dumps open nothing
    #[command(after_help = databases::settings_help())]
    Destroy(destroy::Destroy),
    /// Give every owner another key whose key is older than the application key in use, and seal anew what lies under it
    #[command(after_help = databases::owners_settings_help())]
    RotateOwners(rotate_owners::RotateOwners),
    /// Wrap the same application keys by a new master key
    RotateMaster(rotate_master::RotateMaster),
    /// Destroy in the token every key of the master key's name that is not in use
    DestroyOldMasters(destroy_old_masters::DestroyOldMasters),
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

pub(crate) async fn run(command: Keys, out: &mut impl Write) -> Result<()> {
    match command {
        Keys::Init(new) => init::run(&new, out),
        Keys::Recover(new) => recover::run(&new, out),
        Keys::Check(check) => check::run(&check, out),
        Keys::Add(paths) => add::run(&paths, out),
        Keys::Use(args) => use_newest::run(&args, out).await,
        Keys::Rewrap(args) => rewrap::run(&args, out).await,
        Keys::Destroy(args) => destroy::run(&args, out).await,
        Keys::RotateOwners(args) => rotate_owners::run(&args, out).await,
        Keys::RotateMaster(args) => rotate_master::run(&args, out),
        Keys::DestroyOldMasters(args) => destroy_old_masters::run(&args, out),
    }
}
