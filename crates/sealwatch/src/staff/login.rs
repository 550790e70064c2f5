//! The name that a person signs in with.

use anyhow::{Context, Result, ensure};
use database::staff::{self, Staff};

use crate::door::Door;
use crate::new_secret::visible;

const LENGTH: std::ops::RangeInclusive<usize> = 3..=64;

/// The login as given or asked for.
pub(crate) fn ask(given: Option<String>) -> Result<String> {
    let login = visible("Login", given)?;
    let login = login.trim();
    ensure!(
        LENGTH.contains(&login.chars().count())
            && login
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '+')),
        "a login has {} to {} letters, digits or . - _ @ +",
        LENGTH.start(),
        LENGTH.end()
    );
    Ok(login.to_owned())
}

/// The account of a login.
pub(crate) async fn account(door: &Door, login: &str) -> Result<Staff> {
    let mut connection = door.pool.acquire().await?;
    staff::by_login(&mut connection, &door.keys, login)
        .await?
        .context("nobody has this login")
}
