//! Key files may be replaced while an app runs (docs/KEY_ROTATION.md): it takes over what they hold.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use keyring::{MasterKey, WrappedApplicationKeys};

use crate::lifetime::Lifetime;
use crate::settings::Keys;

const EVERY: Duration = Duration::from_secs(1);

/// By what a file is told to be another one: its inode, its length, when it or its mode was changed. None where it can't be asked.
type Mark = Option<(u64, u64, i64, i64)>;

/// Takes over what stands in the files until the process ends. What can't be taken over is told once, and the keys at hand stay.
pub async fn follow(keys: Keys, lifetime: Lifetime) {
    // They may have changed since they were read.
    let mut seen = [None, None];
    while !lifetime.is_ending() {
        tokio::select! {
            () = lifetime.ended() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        let now = marks(&keys);
        if now == seen {
            continue;
        }
        seen = now;
        match take_over(&keys) {
            Ok(true) => tracing::info!(
                in_use = keys.application.current_version(),
                versions = ?keys.application.all_versions().keys(),
                "application keys read anew"
            ),
            Ok(false) => {}
            Err(error) => tracing::error!(
                error = format!("{error:#}"),
                "the key files changed and can't be taken over; the keys at hand stay in use"
            ),
        }
    }
}

fn marks(keys: &Keys) -> [Mark; 2] {
    let mark = |path: &Path| {
        let metadata = path.metadata().ok()?;
        Some((
            metadata.ino(),
            metadata.len(),
            metadata.ctime(),
            metadata.ctime_nsec(),
        ))
    };
    [mark(&keys.files.master), mark(&keys.files.application)]
}

fn take_over(keys: &Keys) -> anyhow::Result<bool> {
    let master = MasterKey::load(&keys.files.master)?;
    let newer = WrappedApplicationKeys::load(&keys.files.application)?.open(&master)?;
    Ok(keys.application.follow(&newer)?)
}
