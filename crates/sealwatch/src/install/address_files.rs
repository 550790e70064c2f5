//! One file for each setting that holds a database address: readable by its owner alone, and kept when it is there.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use database::grants::{Account, Names};
use rand::Rng;
use url::Url;
use zeroize::Zeroizing;

use crate::apps::{Address, App};

pub(crate) struct AddressFiles<'a> {
    directory: PathBuf,
    server: &'a Url,
    names: &'a Names,
}

impl<'a> AddressFiles<'a> {
    pub(crate) fn within(directory: &Path, server: &'a Url, names: &'a Names) -> Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .with_context(|| format!("{} can't be made", directory.display()))?;
        // Settings that name a relative path would depend on where an app is started.
        let directory = directory
            .canonicalize()
            .with_context(|| format!("{} can't be read", directory.display()))?;
        Ok(Self {
            directory,
            server,
            names,
        })
    }

    pub(crate) fn path(&self, app: App, address: &Address) -> PathBuf {
        self.directory
            .join(format!("{}.{}", app.name(), address.setting))
    }

    /// The account's password: the one in its files, or a new one.
    pub(crate) fn password(&self, account: Account) -> Result<Zeroizing<String>> {
        for (path, _) in self.files_of(account) {
            match fs::read_to_string(&path).map(Zeroizing::new) {
                Ok(contents) => return password_in(&contents).with_context(|| shown(&path)),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error).with_context(|| shown(&path)),
            }
        }
        let mut bytes = Zeroizing::new([0; 24]);
        rand::rng().fill_bytes(bytes.as_mut_slice());
        Ok(Zeroizing::new(hex::encode(bytes.as_slice())))
    }

    /// Writes the account's files that are missing.
    pub(crate) fn write(&self, account: Account, password: &str) -> Result<()> {
        for (path, address) in self.files_of(account) {
            let url = self.url(&address, password)?;
            let file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path);
            match file {
                Ok(mut file) => {
                    let line = Zeroizing::new(format!("{url}\n"));
                    file.write_all(line.as_bytes())
                        .with_context(|| shown(&path))?;
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error).with_context(|| shown(&path)),
            }
        }
        Ok(())
    }

    fn files_of(&self, account: Account) -> impl Iterator<Item = (PathBuf, Address)> {
        App::ALL.into_iter().flat_map(move |app| {
            let addresses = app.addresses().iter();
            addresses
                .filter(move |address| address.account == account)
                .map(move |address| (self.path(app, address), *address))
        })
    }

    fn url(&self, address: &Address, password: &str) -> Result<Url> {
        let mut url = self.server.clone();
        url.set_username(&self.names.user(address.account))
            .and_then(|()| url.set_password(Some(password)))
            .map_err(|()| anyhow!("DATABASE_ADMIN_URL takes no account"))?;
        url.set_path(self.names.database(address.database));
        Ok(url)
    }
}

fn password_in(contents: &str) -> Result<Zeroizing<String>> {
    Url::parse(contents.trim())
        .ok()
        .and_then(|url| {
            url.password()
                .map(|password| Zeroizing::new(password.to_owned()))
        })
        .context("it holds no address with a password")
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
