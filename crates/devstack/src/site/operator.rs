//! What the operator of a deployment does, by the operator's own command.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use anyhow::{Context, Result};
use tokio::sync::OnceCell;
use url::Url;

use crate::databases::Databases;
use crate::task::Task;
use crate::{private_file, tools};

/// What databases and accounts are called on the server.
#[derive(Clone, Debug)]
pub struct Names {
    /// The main database.
    pub main: String,
    /// The backup of records.
    pub backup: String,
    /// The backup of owner keys.
    pub keys: String,
    /// What the names of the accounts begin with.
    pub users: String,
}

impl Names {
    pub(super) fn lasting() -> Self {
        Self {
            main: "sealwatch_main".to_owned(),
            backup: "sealwatch_backup".to_owned(),
            keys: "sealwatch_keys".to_owned(),
            users: "sealwatch".to_owned(),
        }
    }

    pub(super) fn of(databases: &Databases) -> Self {
        Self {
            main: databases.main_name().to_owned(),
            backup: databases.backup_name().to_owned(),
            keys: databases.keys_name().to_owned(),
            users: format!("s_{}", databases.suffix()),
        }
    }
}

/// Somebody who signs in.
#[derive(Clone)]
pub struct Staff {
    /// `clerk`, `controller_manager`, `data_protection_officer` or `system_administrator`.
    pub role: String,
    /// What the person types to sign in.
    pub login: String,
    /// How pages name the person.
    pub display_name: String,
    /// The password; development only.
    pub password: String,
}

/// The changes after which there is nothing new to be kept.
const WITHOUT_ESCROW: [&str; 3] = ["rewrap", "rotate-owners", "destroy-old-masters"];

pub(super) struct Operator {
    dir: PathBuf,
    server: Url,
    names: Names,
    /// What the operator's shell holds besides.
    env: Vec<(&'static str, OsString)>,
}

impl Operator {
    pub(super) fn new(dir: &Path, server: &Url, names: &Names) -> Result<Self> {
        let dir = dir.canonicalize().context("the site's folder")?;
        Ok(Self {
            dir,
            server: server.clone(),
            names: names.clone(),
            env: Vec::new(),
        })
    }

    pub(super) fn set_env(&mut self, name: &'static str, value: OsString) {
        self.env.push((name, value));
    }

    pub(super) fn key_dir(&self) -> PathBuf {
        self.dir.join("keys")
    }

    pub(super) fn address_dir(&self) -> PathBuf {
        self.dir.join("addresses")
    }

    /// Keys and their escrow copy, unless they are there.
    pub(super) async fn make_keys(&self) -> Result<()> {
        let escrow = self.dir.join("escrow.json");
        if escrow.is_file() {
            return Ok(());
        }
        let passphrase = self.dir.join("escrow-passphrase");
        private_file::write(&passphrase, &hex::encode(rand::random::<[u8; 16]>()))?;
        let mut command = self.command(["keys", "init"])?;
        command
            .arg("--dir")
            .arg(self.key_dir())
            .arg("--escrow")
            .arg(&escrow);
        command.arg("--passphrase-file").arg(&passphrase);
        run(command).await
    }

    /// The keys of a site that is thrown away are those of the first one in this process: to make an escrow copy is slow on
    /// purpose, and tests want a site each.
    pub(super) async fn take_keys(&self) -> Result<()> {
        static FIRST: OnceCell<Vec<(OsString, String)>> = OnceCell::const_new();
        let keys = FIRST.get_or_try_init(|| async {
            self.make_keys().await?;
            let files = fs::read_dir(self.key_dir())?;
            let file = |entry: io::Result<fs::DirEntry>| {
                let entry = entry?;
                Ok((entry.file_name(), fs::read_to_string(entry.path())?))
            };
            files.map(file).collect::<Result<Vec<_>>>()
        });
        let keys = keys.await?;
        fs::create_dir_all(self.key_dir())?;
        keys.iter()
            .try_for_each(|(name, text)| private_file::write(&self.key_dir().join(name), text))
    }

    /// Databases, schema and accounts of least right.
    pub(super) async fn install(&self) -> Result<()> {
        let mut command = self.command(["install"])?;
        command.env("DATABASE_ADMIN_URL", self.server.as_str());
        command.arg("--dir").arg(self.address_dir());
        command.args(["--main", &self.names.main, "--backup", &self.names.backup]);
        command.args(["--keys", &self.names.keys, "--users", &self.names.users]);
        run(command).await
    }

    pub(super) async fn add_staff(&self, staff: &Staff) -> Result<()> {
        let password = self
            .dir
            .join(format!("password-{:08x}", rand::random::<u32>()));
        private_file::write(&password, &staff.password)?;
        let mut command = self.command(["staff", "add"])?;
        command.env(
            "DATABASE_URL_FILE",
            self.address_dir().join("sealwatch.DATABASE_URL"),
        );
        command.args([
            "--role",
            &staff.role,
            "--login",
            &staff.login,
            "--display-name",
            &staff.display_name,
        ]);
        command.arg("--password-file").arg(&password);
        let added = run(command).await;
        fs::remove_file(&password)?;
        added
    }

    /// Changes keys; each change makes an escrow copy of its own.
    pub(super) async fn change_keys(&self, change: &str, more: &[&str]) -> Result<()> {
        let mut command = self.command(["keys", change])?;
        for setting in [
            "DATABASE_URL",
            "BACKUP_DATABASE_URL",
            "KEY_BACKUP_DATABASE_URL",
        ] {
            let address = self.address_dir().join(format!("sealwatch.{setting}"));
            command.env(format!("{setting}_FILE"), address);
        }
        command.arg("--dir").arg(self.key_dir());
        if !WITHOUT_ESCROW.contains(&change) {
            let number = rand::random::<u32>();
            let passphrase = self.dir.join(format!("passphrase-{number:08x}"));
            private_file::write(&passphrase, &hex::encode(rand::random::<[u8; 16]>()))?;
            let escrow = self.dir.join(format!("escrow-{number:08x}.json"));
            command.arg("--escrow").arg(escrow);
            command.arg("--passphrase-file").arg(passphrase);
        }
        command.args(more);
        run(command).await
    }

    fn command<const N: usize>(&self, words: [&str; N]) -> Result<Command> {
        let mut command = Command::new(tools::binary("sealwatch")?);
        command.args(words).envs(self.env.iter().cloned());
        command.env("MASTER_KEY_FILE", self.key_dir().join("master.key"));
        command.env(
            "APPLICATION_KEYS_FILE",
            self.key_dir().join("application-keys.json"),
        );
        Ok(command)
    }
}

async fn run(command: Command) -> Result<()> {
    let words = command.get_args().take(2);
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    let name = format!("sealwatch {}", words.join(" "));
    Task::new(name, command).alone().run().await.map(drop)
}
