//! Secrets that a person chooses: typed twice without echo, or read from a file for automation. Never an argument, which
//! every process list shows.

use std::fmt::Display;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use secrecy::{ExposeSecret, SecretString};

const ATTEMPTS: u32 = 3;

/// Asks for a new secret, or reads it from `file`; `check` says what is wrong with it.
pub(crate) fn new_secret<E: Display>(
    what: &str,
    file: Option<&Path>,
    check: impl Fn(&SecretString) -> Result<(), E>,
) -> Result<SecretString> {
    if let Some(file) = file {
        let secret = read(file)?;
        return match check(&secret) {
            Ok(()) => Ok(secret),
            Err(problem) => bail!("the {what} in {} was not taken. {problem}", file.display()),
        };
    }
    for _ in 0..ATTEMPTS {
        let secret = ask(&format!("New {what}: "))?;
        if let Err(problem) = check(&secret) {
            writeln!(io::stderr(), "{problem}")?;
        } else if secret.expose_secret()
            == ask(&format!("The same {what} again: "))?.expose_secret()
        {
            return Ok(secret);
        } else {
            writeln!(io::stderr(), "The two differ.")?;
        }
    }
    bail!("no new {what} was given")
}

/// Asks for a secret that exists, or reads it from `file`.
pub(crate) fn known_secret(what: &str, file: Option<&Path>) -> Result<SecretString> {
    match file {
        Some(file) => read(file),
        None => ask(&format!("{what}: ")),
    }
}

/// Asks for something that is not secret, unless it was given.
pub(crate) fn visible(what: &str, given: Option<String>) -> Result<String> {
    if let Some(given) = given {
        return Ok(given);
    }
    ensure!(
        io::stdin().is_terminal(),
        "no {what} was given, and there is no terminal to ask at"
    );
    write!(io::stderr(), "{what}: ")?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

fn ask(prompt: &str) -> Result<SecretString> {
    rpassword::prompt_password(prompt)
        .map(SecretString::from)
        .context("there is no terminal to ask at; name a file instead (see --help)")
}

/// The first line of a file that only its owner may read. A pipe will do.
fn read(path: &Path) -> Result<SecretString> {
    let contents = keyring::read_secret_file_or_pipe(path)?;
    let line = contents.lines().next().unwrap_or_default();
    ensure!(!line.is_empty(), "{} is empty", path.display());
    Ok(SecretString::from(line))
}
