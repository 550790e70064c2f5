//! The site's real keys: for what only time does, and for attackers who hold them.

use anyhow::{Context, Result};
use devstack::Site;
use keyring::{ApplicationKeys, FrontKeys, MasterKey};

/// The application keys, as entry-app and breach-viewer hold them.
///
/// # Errors
/// When the files can't be read.
pub fn application_keys(site: &Site) -> Result<ApplicationKeys> {
    let dir = site.key_dir();
    let master = MasterKey::load(&dir.join("master.key")).context("master.key")?;
    ApplicationKeys::load(&master, &dir.join("application-keys.json")).context("application keys")
}

/// The front keys, as consent-dapp holds them.
///
/// # Errors
/// When the file can't be read.
pub fn front_keys(site: &Site) -> Result<FrontKeys> {
    FrontKeys::load(&site.key_dir().join("front.json")).context("front.json")
}
