//! `sealwatch staff`

mod add;
mod list;
mod login;
mod set_password;
mod standing;

use std::io::Write;

use anyhow::Result;
use clap::Subcommand;

use crate::door::Door;

#[derive(Subcommand)]
pub(crate) enum Staff {
    /// Make an account
    Add(add::Add),
    /// List all accounts
    List,
    /// Give an account a new password; ends its sessions
    SetPassword(set_password::SetPassword),
    /// Bar an account from signing in; ends its sessions
    Disable(standing::Account),
    /// Let a disabled account sign in again
    Enable(standing::Account),
}

pub(crate) async fn run(command: Staff, out: &mut impl Write) -> Result<()> {
    let door = Door::open().await?;
    match command {
        Staff::Add(add) => add::run(add, &door, out).await,
        Staff::List => list::run(&door, out).await,
        Staff::SetPassword(account) => set_password::run(account, &door, out).await,
        Staff::Disable(account) => standing::disable(account, &door, out).await,
        Staff::Enable(account) => standing::enable(account, &door, out).await,
    }
}
