//! How far the story was told, in a file beside the demo's data.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Kept {
    #[serde(skip)]
    file: PathBuf,
    pub(super) enrolled: Vec<Enrolled>,
    /// The sealed address of the first draft, in the insider's backup.
    pub(super) backup: Option<String>,
    pub(super) planned: Option<Breaches>,
    pub(super) done: Vec<Deed>,
    pub(super) found: bool,
}

/// Somebody who was entered.
#[derive(Serialize, Deserialize)]
pub(super) struct Enrolled {
    /// The record's id.
    pub(super) record: String,
    /// Whether what was typed is what the person wants to sign.
    pub(super) right: bool,
    pub(super) signed: bool,
}

/// What the insider does, in this order.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Deed {
    Alter,
    Delete,
    Swap,
    RollBack,
    Forge,
}

impl Deed {
    pub(super) const ALL: [Self; 5] = [
        Self::Alter,
        Self::Delete,
        Self::Swap,
        Self::RollBack,
        Self::Forge,
    ];
}

/// The records that the insider touched, by UID.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Breaches {
    pub(crate) altered: u64,
    pub(crate) deleted: u64,
    pub(crate) swapped: [u64; 2],
    pub(crate) rolled_back: u64,
    /// The id of a row that has no UID on the chain.
    pub(crate) forged: String,
}

impl Breaches {
    /// The UIDs that something is wrong with.
    pub(crate) fn uids(&self) -> [u64; 5] {
        let [one, other] = self.swapped;
        [self.altered, self.deleted, one, other, self.rolled_back]
    }

    /// All that something is wrong with, as addresses of breach-viewer name them.
    pub(crate) fn records(&self) -> BTreeSet<String> {
        let uids = self.uids().map(|uid| uid.to_string());
        uids.into_iter().chain([self.forged.clone()]).collect()
    }
}

impl Kept {
    pub(super) fn load(dir: &Path) -> Result<Self> {
        let file = dir.join("story.json");
        let mut kept: Self = match fs::read_to_string(&file) {
            Ok(text) => serde_json::from_str(&text).with_context(|| file.display().to_string())?,
            Err(_) => Self::default(),
        };
        kept.file = file;
        Ok(kept)
    }

    /// Beside first, then in place: an interruption leaves one whole file.
    pub(super) fn save(&self) -> Result<()> {
        let beside = self.file.with_extension("next");
        fs::write(&beside, serde_json::to_string_pretty(self)?)?;
        fs::rename(&beside, &self.file).context("keep the story")
    }
}
