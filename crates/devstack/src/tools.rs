//! Where the tools and the built binaries lie.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The folder that holds the workspace's Cargo.toml.
pub fn workspace_root() -> PathBuf {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_dir
        .ancestors()
        .nth(2)
        .unwrap_or(crate_dir)
        .to_path_buf()
}

/// A binary of this workspace, built beside the program that asks (`target/debug/NAME`).
pub fn binary(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("where this program lies")?;
    // Test programs lie one folder deeper, in `deps`.
    let found = own
        .ancestors()
        .skip(1)
        .take(2)
        .map(|dir| dir.join(name))
        .find(|path| path.is_file());
    found.with_context(|| format!("{name} is not built: run `cargo build --bin {name}` first"))
}

/// A Foundry program, as `scripts/install` puts it there: the plain binary, with no Node wrapper
/// between us and its signals.
pub(crate) fn foundry(tool: &str) -> Result<PathBuf> {
    let path = node_modules().join(".bin").join(tool);
    if !path.is_file() {
        bail!(
            "{tool} is not installed ({}): run `make install-demo`",
            path.display()
        );
    }
    Ok(path)
}

pub(crate) fn node_modules() -> PathBuf {
    workspace_root().join("anvil/node_modules")
}

/// The first of `names` found in PATH or in the folders where servers are put.
pub(crate) fn program(names: &[&str], comes_with: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut dirs: Vec<PathBuf> = std::env::split_paths(&path).collect();
    dirs.extend(["/usr/sbin", "/usr/local/sbin", "/usr/local/bin"].map(PathBuf::from));
    names
        .iter()
        .flat_map(|name| dirs.iter().map(move |dir| dir.join(name)))
        .find(|candidate| candidate.is_file())
        .with_context(|| {
            format!(
                "{} is missing (it comes with {comes_with}): run `make install-demo`",
                names[0]
            )
        })
}
