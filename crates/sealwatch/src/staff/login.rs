//! The name that a person signs in with.

use anyhow::{Context, Result};
use database::staff::{self, Staff};

use crate::door::Door;
use crate::new_secret::visible;

/// The login as given or asked for.
pub(crate) fn ask(given: Option<String>) -> Result<String> {
    Ok(staffing::clean_login(&visible("Login", given)?)?)
}

/// The account of a login.
pub(crate) async fn account(door: &Door, login: &str) -> Result<Staff> {
    let mut connection = door.pool.acquire().await?;
    staff::by_login(&mut connection, &door.keys, login)
        .await?
        .context("nobody has this login")
}
