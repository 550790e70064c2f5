//! The staff of the demo, with passwords that are made once and shown.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use devstack::{Site, Staff};
use rand::seq::IndexedRandom;
use serde::{Deserialize, Serialize};

const FILE: &str = "sign-ins.json";
const WORDS: [&str; 32] = [
    "amber", "anchor", "birch", "bramble", "candle", "cedar", "clover", "copper", "cove", "drift",
    "ember", "fern", "gable", "harbour", "hazel", "heron", "juniper", "lantern", "linen", "maple",
    "meadow", "orchard", "otter", "pebble", "plover", "quarry", "rowan", "saddle", "sparrow",
    "thistle", "timber", "willow",
];

/// Who can sign in.
pub(crate) struct SignIns {
    /// Enters and approves.
    pub(crate) clerk: SignIn,
    /// Watches for breaches.
    pub(crate) officer: SignIn,
}

/// One sign-in.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct SignIn {
    role: String,
    pub(crate) login: String,
    pub(crate) display_name: String,
    pub(crate) password: String,
}

impl SignIns {
    /// Those of the folder; made, and entered as the operator does, when there are none yet.
    pub(crate) async fn of(site: &Site) -> Result<Self> {
        let clerk = SignIn::of(site, "clerk", "clara", "Clara Holm").await?;
        let officer = SignIn::of(site, "data_protection_officer", "oskar", "Oskar Lind").await?;
        Ok(Self { clerk, officer })
    }
}

impl SignIn {
    async fn of(site: &Site, role: &str, login: &str, display_name: &str) -> Result<Self> {
        let file = site.dir().join(format!("{login}-{FILE}"));
        if let Ok(kept) = fs::read_to_string(&file) {
            return serde_json::from_str(&kept).with_context(|| file.display().to_string());
        }
        let made = Self {
            role: role.to_owned(),
            login: login.to_owned(),
            display_name: display_name.to_owned(),
            password: memorable_password(),
        };
        let staff = Staff {
            role: made.role.clone(),
            login: made.login.clone(),
            display_name: made.display_name.clone(),
            password: made.password.clone(),
        };
        site.add_staff(&staff).await?;
        write_private(&file, &serde_json::to_string_pretty(&made)?)?;
        Ok(made)
    }
}

/// Four words of thirty-two and two digits: enough for a door that only this machine can reach.
fn memorable_password() -> String {
    let mut rng = rand::rng();
    let words: Vec<&str> = WORDS.sample(&mut rng, 4).copied().collect();
    format!("{}-{}", words.join("-"), rand::random_range(10..100))
}

/// A file that only its owner may read.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options
        .open(path)
        .with_context(|| path.display().to_string())?;
    file.write_all(text.as_bytes())?;
    Ok(())
}
