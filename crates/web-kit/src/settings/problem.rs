//! What is wrong with settings, told without their values.

use std::any::Any;
use std::fmt::{self, Display};
use std::net::AddrParseError;
use std::num::{IntErrorKind, ParseIntError};

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

/// What is wanted in place of a value, where the language's own parsers speak to programmers; else what the error says.
pub(super) fn wanted<E: Display + 'static>(error: &E) -> String {
    let any: &dyn Any = error;
    if let Some(error) = any.downcast_ref::<ParseIntError>() {
        return match error.kind() {
            IntErrorKind::Zero => "must be at least 1".to_owned(),
            IntErrorKind::PosOverflow => "is too large a number".to_owned(),
            _ => "expected a whole number, in digits alone".to_owned(),
        };
    }
    if any.is::<AddrParseError>() {
        return "expected ADDRESS:PORT, such as 127.0.0.1:7101".to_owned();
    }
    if any.is::<url::ParseError>() {
        return "expected a URL, such as https://sealwatch.example.org".to_owned();
    }
    error.to_string()
}
