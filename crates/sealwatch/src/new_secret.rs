//! Secrets that a person chooses: typed twice without echo, or read from a file for automation. Never an argument, which
//! every process list shows.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

const ATTEMPTS: u32 = 3;
const LONGEST: u64 = 4096;

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
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("{shown} can't be read"))?;
    let metadata = file.metadata()?;
    let mode = metadata.permissions().mode() & 0o7777;
    ensure!(
        !metadata.is_file() || mode & 0o077 == 0,
        "{shown} is open to group or others (mode {mode:04o}); run `chmod 600` on it"
    );
    let mut contents = Zeroizing::new(String::with_capacity(4096));
    file.take(LONGEST)
        .read_to_string(&mut contents)
        .with_context(|| format!("{shown} can't be read"))?;
    let line = contents.lines().next().unwrap_or_default();
    ensure!(!line.is_empty(), "{shown} is empty");
    Ok(SecretString::from(line))
}
