//! `sealwatch staff set-password`

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use database::staff_events::StaffEventKind;
use web_kit::password;

use super::login;
use super::standing::save_and_sign_out;
use crate::door::Door;
use crate::new_secret::new_secret;

#[derive(Args)]
pub(crate) struct SetPassword {
    /// The account's login
    #[arg(long)]
    login: String,
    /// Read the password from the first line of this file instead of asking for it
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

pub(crate) async fn run(args: SetPassword, door: &Door, out: &mut impl Write) -> Result<()> {
    let mut account = login::account(door, &args.login).await?;
    let new = new_secret("password", args.password_file.as_deref(), |secret| {
        password::check_policy(&args.login, secret)
    })?;
    account.password_hash = tokio::task::spawn_blocking(move || password::hash(&new)).await??;
    save_and_sign_out(door, &mut account, StaffEventKind::PasswordSet).await?;
    writeln!(out, "{} has a new password and is signed out.", args.login)?;
    Ok(())
}
