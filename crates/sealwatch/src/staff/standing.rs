//! `sealwatch staff disable` and `sealwatch staff enable`

use std::io::Write;

use anyhow::Result;
use clap::Args;
use database::staff::Staff;
use database::staff_events::{By, StaffEventKind};
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
    save_and_sign_out(door, &mut account, StaffEventKind::Disabled).await?;
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
    save_and_sign_out(door, &mut account, StaffEventKind::Enabled).await?;
    match account.has_password() {
        true => writeln!(out, "{} can sign in again.", args.login)?,
        false => writeln!(
            out,
            "{} may sign in again, and has no password: set one, or have a manager send a link.",
            args.login
        )?,
    }
    Ok(())
}

/// Writes the account and ends its sessions and its link, all or nothing.
pub(crate) async fn save_and_sign_out(
    door: &Door,
    account: &mut Staff,
    kind: StaffEventKind,
) -> Result<()> {
    let step = (kind, By::COMMAND, Clock::system().now());
    let mut transaction = door.pool.begin().await?;
    staffing::sign_out(&mut transaction, &door.keys, account, step).await?;
    transaction.commit().await?;
    Ok(())
}
