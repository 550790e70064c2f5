//! `sealwatch staff add`

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use database::staff::{self, NewStaff, Role, Staff};
use database::staff_events::{self, By, StaffEvent, StaffEventKind};
use record::entry::clean_name;
use record::ids::StaffId;
use record::time::Clock;
use sqlx::Connection;
use web_kit::password;

use super::login;
use crate::door::Door;
use crate::new_secret::{new_secret, visible};

#[derive(Args)]
pub(crate) struct Add {
    /// What the account may do
    #[arg(long, value_parser = roles())]
    role: Role,
    /// What the person types to sign in; asked for when missing
    #[arg(long)]
    login: Option<String>,
    /// How pages name the person; asked for when missing
    #[arg(long)]
    display_name: Option<String>,
    /// Read the password from the first line of this file instead of asking for it
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

fn roles() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.iter().map(|role| role.as_str()))
        .try_map(|text| text.parse::<Role>())
}

pub(crate) async fn run(add: Add, door: &Door, out: &mut impl Write) -> Result<()> {
    let login = login::ask(add.login)?;
    let mut connection = door.pool.acquire().await?;
    if staff::by_login(&mut connection, &door.keys, &login)
        .await?
        .is_some()
    {
        bail!("the login {login} is taken");
    }
    let display_name = clean_name(&visible("Display name", add.display_name)?)?;
    let new = new_secret("password", add.password_file.as_deref(), |secret| {
        password::check_policy(&login, secret)
    })?;
    let password_hash = tokio::task::spawn_blocking(move || password::hash(&new)).await??;
    let mut rng = rand::rng();
    let account = NewStaff {
        id: StaffId::random(&mut rng),
        login: &login,
        display_name: &display_name,
        password_hash,
        role: add.role,
    };
    let account = Staff::seal(&door.keys, account, &mut rng, Clock::system().now());
    let mut transaction = connection.begin().await?;
    match staff::insert(&mut transaction, &door.keys, &account).await {
        Err(error) if error.is_duplicate_of("staff_login_index") => {
            bail!("the login {login} is taken")
        }
        inserted => inserted?,
    }
    let (kind, id, at) = (StaffEventKind::Made, account.id, account.created_at);
    let step = StaffEvent {
        role: Some(account.role),
        revision: Some(account.revision),
        ..StaffEvent::new(kind, Some(id), By::COMMAND, at)
    };
    staff_events::append(&mut transaction, &door.keys, &step).await?;
    transaction.commit().await?;
    writeln!(out, "{login} can sign in as {}.", add.role)?;
    Ok(())
}
