//! Reading settings from the environment: every problem is gathered, and all of them are named at once.
//!
//! ```
//! use web_kit::settings::Reader;
//!
//! struct Settings { listen: std::net::SocketAddr, rate: Option<u32> }
//!
//! fn read(reader: &mut Reader) -> Option<Settings> {
//!     let listen = reader.or("LISTEN", "127.0.0.1:0", "address and port to listen on");
//!     let rate = reader.optional("SWEEP_RATE", "records verified per second");
//!     Some(Settings { listen: listen?, rate: rate? })
//! }
//!
//! let settings = Reader::from_map([("SWEEP_RATE", "50")]).finish(read)?;
//! assert_eq!(settings.rate, Some(50));
//! # Ok::<(), web_kit::settings::SettingsError>(())
//! ```
//!
//! Each method answers `None` once it has noted a problem, so that the reading function can go on to the next setting
//! and end with `?`. Values are never printed, so that no secret reaches a log.

mod groups;
mod log_filter;
mod problem;
mod web;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

pub use groups::{
    Chain, Database, Deployment, FrontKeysFile, KeyFiles, Keys, Mail, Profile, SecondEndpoint,
};
pub use log_filter::{LogFilter, NotADirective};
use problem::wanted;
pub use problem::{SettingProblem, SettingsError};
pub use web::{Environment, TrustedProxies, Web, public_origin};

/// Reads settings and notes what is wrong with them.
pub struct Reader {
    values: BTreeMap<String, String>,
    asked: Vec<Asked>,
    problems: Vec<SettingProblem>,
    describing: bool,
}

/// One setting that was asked for: what `--help` prints.
struct Asked {
    name: &'static str,
    help: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Required,
    Optional,
    Default(&'static str),
    Secret,
    OptionalSecret,
}

impl Reader {
    /// Reads the process's environment.
    #[must_use]
    pub fn from_env() -> Self {
        // A value that is not UTF-8 keeps its place by a character that no setting accepts.
        Self::from_map(std::env::vars_os().map(|(name, value)| {
            (
                name.to_string_lossy().into_owned(),
                value.to_string_lossy().into_owned(),
            )
        }))
    }

    /// Reads settings given as pairs.
    #[must_use]
    pub fn from_map<N: Into<String>, V: Into<String>>(
        values: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        Self {
            values: values
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            asked: Vec::new(),
            problems: Vec::new(),
            describing: false,
        }
    }

    /// Runs `read` and gives its settings, or every problem it met.
    pub fn finish<T>(
        mut self,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Result<T, SettingsError> {
        match read(&mut self) {
            Some(settings) if self.problems.is_empty() => Ok(settings),
            _ => Err(SettingsError(self.problems)),
        }
    }

    /// The text for `--help`: every setting that `read` asks for, so that help and code can not part ways.
    #[must_use]
    pub fn describe<T>(read: impl FnOnce(&mut Self) -> Option<T>) -> String {
        let mut reader = Self::from_map::<String, String>([]);
        reader.describing = true;
        // Its problems are beside the point: only the questions are wanted.
        let _ = read(&mut reader);
        let mut text = String::from(
            "Settings (environment variables; a secret X can also be the file X_FILE):\n",
        );
        for asked in &reader.asked {
            let note = match asked.kind {
                Kind::Required => String::from("required"),
                Kind::Optional => String::from("optional"),
                Kind::Default(value) => format!("default {value}"),
                Kind::Secret => String::from("required, secret"),
                Kind::OptionalSecret => String::from("optional, secret"),
            };
            text.push_str(&format!(
                "  {}  ({note})\n      {}\n",
                asked.name, asked.help
            ));
        }
        text
    }

    /// A setting that must be there.
    pub fn required<T: FromStr<Err: Display + 'static>>(
        &mut self,
        name: &'static str,
        help: &'static str,
    ) -> Option<T> {
        self.ask(name, help, Kind::Required);
        match self.value(name) {
            Some(value) => self.parse(name, &value),
            None => self.problem(name, format!("is missing ({help})")),
        }
    }

    /// A setting that may be left out. The outer `None` is a problem, the inner one an absent setting.
    pub fn optional<T: FromStr<Err: Display + 'static>>(
        &mut self,
        name: &'static str,
        help: &'static str,
    ) -> Option<Option<T>> {
        self.ask(name, help, Kind::Optional);
        match self.value(name) {
            Some(value) => self.parse(name, &value).map(Some),
            None => Some(None),
        }
    }

    /// A setting with a default.
    pub fn or<T: FromStr<Err: Display + 'static>>(
        &mut self,
        name: &'static str,
        default: &'static str,
        help: &'static str,
    ) -> Option<T> {
        self.ask(name, help, Kind::Default(default));
        let value = self.value(name).unwrap_or_else(|| default.to_owned());
        self.parse(name, &value)
    }

    /// A number with a default that 0 makes no sense for.
    pub fn above_zero<T: FromStr<Err: Display + 'static> + Default + PartialEq>(
        &mut self,
        name: &'static str,
        default: &'static str,
        help: &'static str,
    ) -> Option<T> {
        let number: T = self.or(name, default, help)?;
        if number == T::default() {
            return self.problem(name, "must be at least 1");
        }
        Some(number)
    }

    /// A switch: `1`, `true`, `0`, `false`; off when left out.
    pub fn switch(&mut self, name: &'static str, help: &'static str) -> Option<bool> {
        self.ask(name, help, Kind::Default("0"));
        match self.value(name).as_deref() {
            None | Some("0" | "false") => Some(false),
            Some("1" | "true") => Some(true),
            Some(_) => self.problem(name, "is neither 1 nor 0"),
        }
    }

    /// A secret, from `NAME` or from the file that `NAME_FILE` names.
    pub fn secret(&mut self, name: &'static str, help: &'static str) -> Option<SecretString> {
        self.ask(name, help, Kind::Secret);
        match self.read_secret(name)? {
            Some(secret) => Some(secret),
            None => self.problem(name, format!("is missing, and so is {name}_FILE ({help})")),
        }
    }

    /// A secret that may be left out.
    pub fn optional_secret(
        &mut self,
        name: &'static str,
        help: &'static str,
    ) -> Option<Option<SecretString>> {
        self.ask(name, help, Kind::OptionalSecret);
        self.read_secret(name)
    }

    /// A secret that is more than text. The error's text must not hold the value.
    pub fn parsed_secret<T: FromStr<Err: Display + 'static>>(
        &mut self,
        name: &'static str,
        help: &'static str,
    ) -> Option<T> {
        let secret = self.secret(name, help)?;
        self.parse(name, secret.expose_secret())
    }

    /// The path of a file that must be there and readable.
    pub fn file_path(&mut self, name: &'static str, help: &'static str) -> Option<PathBuf> {
        let path: PathBuf = self.required(name, help)?;
        match std::fs::File::open(&path).and_then(|file| file.metadata()) {
            Ok(metadata) if metadata.is_file() => Some(path),
            Ok(_) => self.problem(name, "names something that is not a file"),
            Err(error) => self.problem(name, format!("names a file that can't be read: {error}")),
        }
    }

    /// What `load` makes of a file that must be there.
    pub fn file<T, E: Display>(
        &mut self,
        name: &'static str,
        help: &'static str,
        load: impl FnOnce(&Path) -> Result<T, E>,
    ) -> Option<T> {
        let path = self.file_path(name, help)?;
        self.accept(name, load(&path))
    }

    /// A URL with one of the given schemes.
    pub fn url(&mut self, name: &'static str, schemes: &[&str], help: &'static str) -> Option<Url> {
        let url: Url = self.required(name, help)?;
        self.with_scheme(name, schemes, url)
    }

    /// A URL with one of the given schemes that may be left out.
    pub fn optional_url(
        &mut self,
        name: &'static str,
        schemes: &[&str],
        help: &'static str,
    ) -> Option<Option<Url>> {
        match self.optional(name, help)? {
            Some(url) => self.with_scheme(name, schemes, url).map(Some),
            None => Some(None),
        }
    }

    fn with_scheme(&mut self, name: &str, schemes: &[&str], url: Url) -> Option<Url> {
        if schemes.contains(&url.scheme()) && url.has_host() {
            Some(url)
        } else {
            self.problem(
                name,
                format!("must begin with {}://", schemes.join(":// or ")),
            )
        }
    }

    /// Takes what was made of a setting (a file loaded, a URL parsed further), or notes why that failed. The error's
    /// text must not hold the value.
    pub fn accept<T, E: Display>(&mut self, name: &str, result: Result<T, E>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => self.problem(name, error.to_string()),
        }
    }

    /// Notes a problem; always `None`, so that it can end a reading function.
    pub fn problem<T>(&mut self, name: &str, reason: impl Into<String>) -> Option<T> {
        self.problems.push(SettingProblem {
            name: name.to_owned(),
            reason: reason.into(),
        });
        None
    }

    fn ask(&mut self, name: &'static str, help: &'static str, kind: Kind) {
        if self.describing && !self.asked.iter().any(|asked| asked.name == name) {
            self.asked.push(Asked { name, help, kind });
        }
    }

    /// An empty variable counts as absent: `docker compose` and shells make them easily.
    fn value(&self, name: &str) -> Option<String> {
        self.values
            .get(name)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    }

    fn parse<T: FromStr<Err: Display + 'static>>(&mut self, name: &str, value: &str) -> Option<T> {
        self.accept(name, value.parse::<T>().map_err(|error| wanted(&error)))
    }

    fn read_secret(&mut self, name: &'static str) -> Option<Option<SecretString>> {
        let file = format!("{name}_FILE");
        match (self.value(name), self.value(&file)) {
            (Some(_), Some(_)) => self.problem(name, format!("is given twice, also as {file}")),
            (Some(value), None) => Some(Some(SecretString::from(value))),
            (None, None) => Some(None),
            (None, Some(path)) => match std::fs::read_to_string(&path) {
                Ok(text) if text.trim().is_empty() => self.problem(&file, "names an empty file"),
                Ok(text) => Some(Some(SecretString::from(text.trim()))),
                Err(error) => {
                    self.problem(&file, format!("names a file that can't be read: {error}"))
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]

    use super::*;

    fn problems<T>(
        values: &[(&str, &str)],
        read: impl FnOnce(&mut Reader) -> Option<T>,
    ) -> Vec<(String, String)> {
        let error = Reader::from_map(values.iter().copied())
            .finish(read)
            .err()
            .unwrap();
        error
            .0
            .into_iter()
            .map(|problem| (problem.name, problem.reason))
            .collect()
    }

    #[test]
    fn every_wrong_setting_is_named_at_once() {
        let found = problems(&[("RATE", "many"), ("PUBLIC_URL", "ftp://a")], |reader| {
            let rate = reader.required::<u32>("RATE", "records per second");
            let url = reader.url("PUBLIC_URL", &["http", "https"], "address");
            let name = reader.required::<String>("NAME", "the name");
            Some((rate?, url?, name?))
        });
        assert_eq!(
            found,
            [
                (
                    "RATE".into(),
                    "expected a whole number, in digits alone".into()
                ),
                (
                    "PUBLIC_URL".into(),
                    "must begin with http:// or https://".into()
                ),
                ("NAME".into(), "is missing (the name)".into()),
            ]
        );
    }

    #[test]
    fn what_is_wanted_is_told_in_plain_words() {
        let values = [
            ("LISTEN", "here"),
            ("MEMORY", "0"),
            ("PORT", "70000"),
            ("PUBLIC_URL", "entry.example.org"),
        ];
        let found = problems(&values, |reader| {
            let listen = reader.required::<std::net::SocketAddr>("LISTEN", "where to listen");
            let memory = reader.required::<std::num::NonZeroU32>("MEMORY", "how much");
            let port = reader.required::<u16>("PORT", "the port");
            let url = reader.url("PUBLIC_URL", &["https"], "address");
            Some((listen?, memory?, port?, url?))
        });
        let reasons = found.iter().map(|(_, reason)| reason.as_str());
        let wanted = [
            "expected ADDRESS:PORT, such as 127.0.0.1:7101",
            "must be at least 1",
            "is too large a number",
            "expected a URL, such as https://sealwatch.example.org",
        ];
        assert!(reasons.eq(wanted), "{found:?}");
    }

    #[test]
    fn an_empty_value_counts_as_missing() {
        let rate = Reader::from_map([("RATE", " ")]).finish(|r| r.optional::<u32>("RATE", "rate"));
        assert_eq!(rate.unwrap(), None);
    }

    #[test]
    fn a_secret_comes_from_a_file_without_its_line_end() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        std::fs::write(&path, "s3cret\n").unwrap();
        let secret = Reader::from_map([("TOKEN_FILE", path.to_str().unwrap())])
            .finish(|r| r.secret("TOKEN", "a token"))
            .unwrap();
        assert_eq!(secret.expose_secret(), "s3cret");
    }

    #[test]
    fn a_secret_given_twice_is_refused_and_never_printed() {
        let found = problems(
            &[("TOKEN", "s3cret"), ("TOKEN_FILE", "/etc/hostname")],
            |r| r.secret("TOKEN", "a token"),
        );
        assert_eq!(
            found,
            [("TOKEN".into(), "is given twice, also as TOKEN_FILE".into())]
        );
    }

    #[test]
    fn a_missing_secret_and_a_missing_file_are_told() {
        let found = problems(&[("TOKEN_FILE", "/nowhere/token")], |r| {
            let token = r.secret("TOKEN", "a token");
            let other = r.secret("OTHER", "another");
            Some((token?, other?))
        });
        assert_eq!(found[0].0, "TOKEN_FILE");
        assert!(found[0].1.starts_with("names a file that can't be read"));
        assert_eq!(
            found[1],
            (
                "OTHER".into(),
                "is missing, and so is OTHER_FILE (another)".into()
            )
        );
    }

    #[test]
    fn help_lists_what_the_code_reads() {
        let text = Reader::describe(|r| {
            let listen = r.or::<String>("LISTEN", "127.0.0.1:0", "where to listen");
            let token = r.secret("TOKEN", "a token");
            Some((listen?, token?))
        });
        assert!(text.contains("LISTEN  (default 127.0.0.1:0)\n      where to listen"));
        assert!(text.contains("TOKEN  (required, secret)"));
    }

    #[test]
    fn a_switch_is_on_or_off() {
        let on =
            Reader::from_map([("DEMO_WALLET", "1")]).finish(|r| r.switch("DEMO_WALLET", "demo"));
        assert!(on.unwrap());
        assert_eq!(
            problems(&[("DEMO_WALLET", "yes")], |r| r
                .switch("DEMO_WALLET", "demo")),
            [("DEMO_WALLET".into(), "is neither 1 nor 0".into())]
        );
    }
}
