//! How far the story was told, in a file beside the demo's data.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Kept {
    #[serde(skip)]
    file: PathBuf,
    pub(super) enrolled: Vec<Enrolled>,
    pub(super) planned: Option<Breaches>,
    pub(super) altered: bool,
    pub(super) deleted: bool,
    pub(super) found: Option<Breaches>,
}

/// Somebody who was entered.
#[derive(Serialize, Deserialize)]
pub(super) struct Enrolled {
    /// The record's id.
    pub(super) record: String,
    pub(super) signed: bool,
}

/// The UIDs of the records that the insider touched.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Breaches {
    pub(crate) altered: u64,
    pub(crate) deleted: u64,
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
