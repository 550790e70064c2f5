//! `sealwatch staff disable` and `sealwatch staff enable`

use std::io::Write;

use anyhow::Result;
use clap::Args;
use database::staff::Staff;
use database::{sessions, staff};
use record::time::Clock;

use super::login;
use crate::door::Door;

#[derive(Args)]
pub(crate) struct Account {
    /// The account's login
    #[arg(long)]
    login: String,
}

pub(crate) async fn disable(args: Account, door: &Door, out: &mut impl Write) -> Result<()> {
    let mut account = login::account(door, &args.login).await?;
    account.disabled_at.get_or_insert(Clock::system().now());
    save_and_sign_out(door, &account).await?;
    writeln!(
        out,
        "{} is signed out and can't sign in any more.",
        args.login
    )?;
    Ok(())
}

pub(crate) async fn enable(args: Account, door: &Door, out: &mut impl Write) -> Result<()> {
    let mut account = login::account(door, &args.login).await?;
    account.disabled_at = None;
    save_and_sign_out(door, &account).await?;
    writeln!(out, "{} can sign in again.", args.login)?;
    Ok(())
}

/// Writes the account and ends its sessions, both or neither.
pub(crate) async fn save_and_sign_out(door: &Door, account: &Staff) -> Result<()> {
    let mut transaction = door.pool.begin().await?;
    staff::update(&mut transaction, &door.keys, account).await?;
    sessions::delete_of_staff(&mut transaction, account.id).await?;
    transaction.commit().await?;
    Ok(())
}
