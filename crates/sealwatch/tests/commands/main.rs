//! The built command, run as an operator runs it, on a real database server.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

mod install;
mod keys;
mod migrate;
mod schema;
mod services;
mod staff;
mod token;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use devstack::{DatabaseServer, Databases};
use tempfile::TempDir;

const PASSPHRASE: &str = "correct horse battery staple";

/// A new deployment's key files.
struct Home {
    directory: TempDir,
}

/// How a run ended.
struct Outcome {
    succeeded: bool,
    out: String,
    err: String,
}

impl Home {
    fn new() -> Self {
        Self {
            directory: TempDir::new().unwrap(),
        }
    }

    /// With keys made by `sealwatch keys init`.
    fn with_keys() -> Self {
        let home = Self::new();
        let passphrase = home.secret_file("passphrase", PASSPHRASE);
        let made = home.keys("init", &["--passphrase-file", passphrase.to_str().unwrap()]);
        assert!(made.succeeded, "{}", made.err);
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn secret_file(&self, name: &str, contents: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, contents).unwrap();
        set_mode(&path, 0o600);
        path
    }

    fn keys(&self, command: &str, more: &[&str]) -> Outcome {
        self.keys_with(command, "escrow.json", more)
    }

    /// With this escrow copy.
    fn keys_with(&self, command: &str, escrow: &str, more: &[&str]) -> Outcome {
        let mut sealwatch = sealwatch();
        sealwatch
            .args(["keys", command, "--dir"])
            .arg(self.path("keys"))
            .arg("--escrow")
            .arg(self.path(escrow))
            .args(more);
        run(&mut sealwatch)
    }

    /// A command that works on these databases with these keys.
    fn command(&self, databases: &Databases) -> Command {
        let mut sealwatch = sealwatch();
        sealwatch
            .env("DATABASE_URL", databases.main().as_str())
            .env("BACKUP_DATABASE_URL", databases.backup().as_str())
            .env("KEY_BACKUP_DATABASE_URL", databases.keys().as_str())
            .env("MASTER_KEY_FILE", self.path("keys/master.key"))
            .env(
                "APPLICATION_KEYS_FILE",
                self.path("keys/application-keys.json"),
            );
        sealwatch
    }
}

fn sealwatch() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealwatch"));
    command.env_clear().stdin(Stdio::null());
    command
}

fn run(command: &mut Command) -> Outcome {
    let output = command.output().unwrap();
    Outcome {
        succeeded: output.status.success(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs a command at a terminal of its own and types `lines`.
fn run_at_terminal(command: &Command, lines: &[&str]) -> Outcome {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let line: Vec<_> = words
        .map(|word| format!("'{}'", word.to_str().unwrap()))
        .collect();
    let mut script = Command::new("script");
    script.args([
        "--quiet",
        "--return",
        "--command",
        &line.join(" "),
        "/dev/null",
    ]);
    script.envs(
        command
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    script
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = script.spawn().unwrap();
    let mut typed = child.stdin.take().unwrap();
    for line in lines {
        writeln!(typed, "{line}").unwrap();
    }
    let output = child.wait_with_output().unwrap();
    drop(typed);
    Outcome {
        succeeded: output.status.success(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

async fn databases() -> Databases {
    let server = DatabaseServer::shared().await.unwrap();
    server.create_databases("sealwatch").await.unwrap()
}
