//! What is logged.

use std::fmt::{self, Display};
use std::str::FromStr;

use tracing_subscriber::filter::{LevelFilter, Targets};

use super::Reader;

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// What is logged: `info`, or `warn,entry_app=debug`.
#[derive(Debug, Clone)]
pub struct LogFilter(Targets);

impl LogFilter {
    /// Reads `RUST_LOG`.
    pub fn read(reader: &mut Reader) -> Option<Self> {
        reader.or(
            "RUST_LOG",
            "info",
            "what is logged: a level (off, error, warn, info, debug, trace), or TARGET=LEVEL, such as entry_app=debug; several separated by commas",
        )
    }

    /// As the log takes it.
    #[must_use]
    pub fn targets(&self) -> Targets {
        self.0.clone()
    }
}

/// Says which entry is wrong by its place, since values are not printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotADirective(usize);

impl Display for NotADirective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "entry {} is neither a level (off, error, warn, info, debug, trace) nor TARGET=LEVEL, such as entry_app=debug",
            self.0
        )
    }
}

impl FromStr for LogFilter {
    type Err = NotADirective;

    /// Stricter than the subscriber, which takes a level with a typing error for the name of a target.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut targets = Targets::new();
        for (index, entry) in text.split(',').enumerate() {
            let wrong = NotADirective(index + 1);
            targets = match entry.trim().split_once('=') {
                None => targets.with_default(level(entry).ok_or(wrong)?),
                Some((target, text)) if is_target(target) => {
                    targets.with_target(target, level(text).ok_or(wrong)?)
                }
                Some(_) => return Err(wrong),
            };
        }
        Ok(Self(targets))
    }
}

fn level(text: &str) -> Option<LevelFilter> {
    let text = text.trim().to_ascii_lowercase();
    LEVELS
        .contains(&text.as_str())
        .then(|| text.parse().ok())
        .flatten()
}

/// A path of Rust: `sqlx::query`, `entry_app`.
fn is_target(text: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    text.split("::").all(is_name)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]

    use tracing::Level;

    use super::*;

    #[test]
    fn levels_and_targets_are_taken() {
        for (text, of_entry, of_sqlx) in [
            ("INFO", true, true),
            ("off,entry_app=trace", true, false),
            ("warn, entry_app::pages=debug ,sqlx=off", true, false),
        ] {
            let targets = text.parse::<LogFilter>().unwrap().targets();
            let logs = |target| targets.would_enable(target, &Level::INFO);
            assert_eq!(logs("entry_app::pages"), of_entry, "{text}");
            assert_eq!(logs("sqlx::query"), of_sqlx, "{text}");
        }
    }

    #[test]
    fn what_is_no_level_is_told_by_its_place() {
        for (text, place) in [
            ("verbos", 1),
            ("entry_app=loud", 1),
            ("info,sqlx==x", 2),
            ("info,sqlx=", 2),
            ("info,,warn", 2),
            ("info,=warn", 2),
            ("[span]=info", 1),
        ] {
            let refused = text.parse::<LogFilter>().err();
            assert_eq!(refused, Some(NotADirective(place)), "{text}");
        }
    }
}
