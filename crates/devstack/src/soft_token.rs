//! PKCS#11 tokens in software, as a test needs them: SoftHSM with a folder of its own, and nothing of the system's.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::stack_dir::StackDir;
use crate::{private_file, tools};

/// Where packages put the module.
const MODULES: [&str; 5] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/lib/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
];
const SETTING: &str = "SOFTHSM2_CONF";

/// Some tokens with one PIN.
pub struct SoftToken {
    folder: StackDir,
    module: PathBuf,
    pin: String,
}

impl SoftToken {
    /// Without any token yet.
    pub fn new() -> Result<Self> {
        let module = MODULES
            .map(PathBuf::from)
            .into_iter()
            .find(|it| it.is_file());
        let module = module.context("SoftHSM is missing: run `scripts/install test`")?;
        let folder = StackDir::throw_away("token")?;
        fs::create_dir(folder.path().join("tokens"))?;
        let tokens = folder.path().join("tokens");
        let conf = format!(
            "directories.tokendir = {}\nlog.level = ERROR\n",
            tokens.display()
        );
        fs::write(folder.path().join("softhsm2.conf"), conf)?;
        let soft = Self {
            pin: hex::encode(rand::random::<[u8; 8]>()),
            folder,
            module,
        };
        private_file::write(&soft.pin_file(), &soft.pin)?;
        Ok(soft)
    }

    /// The setting by which a process finds these tokens.
    pub fn setting(&self) -> (&'static str, OsString) {
        (SETTING, self.folder.path().join("softhsm2.conf").into())
    }

    /// The file with the PIN.
    pub fn pin_file(&self) -> PathBuf {
        self.folder.path().join("token.pin")
    }

    /// The PIN: it must stand nowhere else.
    pub fn pin(&self) -> &str {
        &self.pin
    }

    /// The module.
    pub fn module(&self) -> &Path {
        &self.module
    }

    /// Makes a token of this name.
    pub fn make(&self, label: &str) -> Result<()> {
        self.run(&[
            "--init-token",
            "--free",
            "--label",
            label,
            "--so-pin",
            "so-pin-1",
        ])
    }

    /// Puts an AES key of this name into the token, as one that was made elsewhere.
    pub fn import(&self, token: &str, object: &str) -> Result<()> {
        let key = self.folder.path().join("imported.key");
        private_file::write(&key, "0123456789abcdef0123456789abcdef")?;
        let key = key.to_str().context("its path")?;
        self.run(&[
            "--import", key, "--aes", "--token", token, "--label", object, "--id", "01",
        ])
    }

    /// Takes the tokens away, as somebody who pulls them out.
    pub fn pull(&self) -> Result<()> {
        let tokens = self.folder.path().join("tokens");
        fs::rename(&tokens, self.folder.path().join("pulled"))?;
        Ok(fs::create_dir(tokens)?)
    }

    /// Puts them back.
    pub fn put_back(&self) -> Result<()> {
        let tokens = self.folder.path().join("tokens");
        fs::remove_dir(&tokens)?;
        Ok(fs::rename(self.folder.path().join("pulled"), tokens)?)
    }

    /// The address of a key.
    pub fn uri(&self, token: &str, object: &str) -> String {
        format!(
            "pkcs11:token={token};object={object}?module-path={}&pin-source={}",
            self.module.display(),
            self.pin_file().display()
        )
    }

    fn run(&self, words: &[&str]) -> Result<()> {
        let mut command = Command::new(tools::program(&["softhsm2-util"], "SoftHSM")?);
        let (name, value) = self.setting();
        command
            .args(words)
            .args(["--pin", &self.pin])
            .env(name, value);
        let done = command.output()?;
        let said = String::from_utf8_lossy(&done.stderr);
        ensure!(done.status.success(), "softhsm2-util {}: {said}", words[0]);
        Ok(())
    }
}
