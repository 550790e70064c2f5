//! Key files may be replaced while an app runs (docs/KEY_ROTATION.md): it takes over what they hold.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use keyring::{KeyFileError, KeyFileProblem, MasterKey, WrappedApplicationKeys};

use crate::lifetime::Lifetime;
use crate::settings::Keys;

const EVERY: Duration = Duration::from_secs(1);
/// A token that does not answer may be there again by then.
const AGAIN: Duration = Duration::from_secs(30);

/// By what a file is told to be another one: its inode, its length, when it or its mode was changed. None where it can't be asked.
type Mark = Option<(u64, u64, i64, i64)>;

/// Takes over what stands in the files until the process ends. What can't be taken over is told once, and the keys at hand stay. A
/// token is asked only when the files change: one that is away meanwhile is missed by nobody.
pub async fn follow(keys: Keys, lifetime: Lifetime) {
    // They may have changed since they were read.
    let (mut seen, mut again, mut told) = ([None, None], None, String::new());
    while !lifetime.is_ending() {
        tokio::select! {
            () = lifetime.ended() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        let now = marks(&keys);
        let is_again = again.is_some_and(|at| Instant::now() >= at);
        if now == seen && !is_again {
            continue;
        }
        if now != seen {
            (seen, told) = (now, String::new());
        }
        let taken = keys.clone();
        // A token may be slow, and is a library of somebody else.
        let taken = tokio::task::spawn_blocking(move || take_over(&taken)).await;
        let taken = taken.unwrap_or_else(|error| Err(error.into()));
        again = taken
            .as_ref()
            .is_err_and(may_pass)
            .then(|| Instant::now() + AGAIN);
        match taken {
            Ok(true) => tracing::info!(
                in_use = keys.application.current_version(),
                versions = ?keys.application.all_versions().keys(),
                "application keys read anew"
            ),
            Ok(false) => {}
            Err(error) => tell(&error, &mut told),
        }
    }
}

/// Each problem with the same files once.
fn tell(error: &anyhow::Error, told: &mut String) {
    let error = format!("{error:#}");
    if error != *told {
        tracing::error!(
            error,
            "the key files changed and can't be taken over; the keys at hand stay in use"
        );
        *told = error;
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

fn may_pass(error: &anyhow::Error) -> bool {
    let problem = error
        .downcast_ref()
        .map(|error: &KeyFileError| &error.problem);
    matches!(problem, Some(KeyFileProblem::Token(problem)) if problem.may_pass())
}

fn take_over(keys: &Keys) -> anyhow::Result<bool> {
    let master = MasterKey::load(&keys.files.master)?;
    let newer = WrappedApplicationKeys::load(&keys.files.application)?.open(&master)?;
    Ok(keys.application.follow(&newer)?)
}
