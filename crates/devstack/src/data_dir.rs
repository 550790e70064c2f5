//! The folder of a private database server, before the server itself starts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::task::Task;
use crate::{private_file, tools};

/// Makes the system tables. Into a folder beside, moved when whole: an interrupted set-up starts over.
pub(crate) async fn create(dir: &Path, data: &Path) -> Result<()> {
    if data.is_dir() {
        return Ok(());
    }
    let unfinished = dir.join("data.unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)?;
    }
    fs::create_dir_all(&unfinished).with_context(|| format!("create {}", unfinished.display()))?;
    let installer = tools::program(
        &["mariadb-install-db", "mysql_install_db"],
        "mariadb-server-core",
    )?;
    let mut command = Command::new(installer);
    command.args([
        "--no-defaults",
        "--skip-test-db",
        "--skip-name-resolve",
        "--auth-root-authentication-method=normal",
    ]);
    command.arg(format!("--datadir={}", unfinished.display()));
    command.arg(format!("--tmpdir={}", temporary_dir(dir)?.display()));
    if is_root() {
        command.arg("--user=root");
    }
    Task::new("mariadb-install-db", command).run().await?;
    fs::rename(&unfinished, data).context("keep the new data directory")
}

/// A server that starts removes temporary tables in its folder, those of other servers too.
pub(crate) fn temporary_dir(dir: &Path) -> Result<PathBuf> {
    let path = dir.join("tmp");
    fs::create_dir_all(&path)?;
    Ok(path)
}

/// Kept beside the data, readable by us alone.
pub(crate) fn root_password(dir: &Path) -> Result<String> {
    let path = dir.join("root-password");
    if let Ok(kept) = fs::read_to_string(&path) {
        return Ok(kept.trim().to_owned());
    }
    let password = hex::encode(rand::random::<[u8; 16]>());
    private_file::write(&path, &password)?;
    Ok(password)
}

/// Read by the server before it accepts connections. The other root accounts, which have no password, go.
pub(crate) fn write_init_file(dir: &Path, password: &str) -> Result<PathBuf> {
    let path = dir.join("init.sql");
    let sql = format!(
        "SET sql_log_bin = 0;\n\
         CREATE OR REPLACE USER root@'127.0.0.1' IDENTIFIED BY '{password}';\n\
         GRANT ALL PRIVILEGES ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;\n\
         DELETE FROM mysql.global_priv WHERE User IN ('root', '') AND Host <> '127.0.0.1';\n\
         FLUSH PRIVILEGES;\n"
    );
    private_file::write(&path, &sql)?;
    Ok(path)
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
