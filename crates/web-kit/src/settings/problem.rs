//! What is wrong with settings, told without their values.

use std::fmt::{self, Display};

/// What is wrong with one setting. Never holds its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingProblem {
    /// The variable's name.
    pub name: String,
    /// What is wrong, in plain words.
    pub reason: String,
}

/// All settings that are missing or wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError(pub Vec<SettingProblem>);

impl Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => write!(f, "a setting is wrong:")?,
            count => write!(f, "{count} settings are wrong:")?,
        }
        for problem in &self.0 {
            write!(f, "\n  {}: {}", problem.name, problem.reason)?;
        }
        Ok(())
    }
}

impl std::error::Error for SettingsError {}
