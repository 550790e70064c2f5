use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};

use crate::tools::workspace_root;

/// A file system in memory, where the system has one.
const MEMORY: &str = "/dev/shm";
/// How many bytes must be free there, and in memory at all: three times what a run of all tests takes.
const PLENTY: u64 = 6 << 30;
/// How long the folder of a failed run is kept for reading its logs.
const KEEP_FAILED: Duration = Duration::from_hours(24);

/// The folder of one stack: data, logs, and a lock that tells whether a process still uses it.
pub struct StackDir {
    path: PathBuf,
    throw_away: bool,
    lock: File,
}

impl StackDir {
    /// A new folder, removed at the end unless the test fails. It lies in memory where that is plentiful, since tables are made
    /// and dropped there in half the time; else under `var`. What can't be removed, or belongs to a failed test, goes with a later run.
    pub fn throw_away(name: &str) -> Result<Self> {
        let name = format!("{name}-{:08x}", rand::random::<u32>());
        // Locked under a hidden name first: a sweep of another process never sees it unlocked.
        let mut stack = Self::lock(HOME.join(format!(".{name}")), true)?;
        let path = HOME.join(name);
        fs::rename(&stack.path, &path)?;
        stack.path = path;
        Ok(stack)
    }

    /// A folder that outlives its stack, such as the demo's. Only one process at a time has it.
    pub fn lasting(path: &Path) -> Result<Self> {
        Self::lock(path.to_path_buf(), false)
    }

    fn lock(path: PathBuf, throw_away: bool) -> Result<Self> {
        fs::create_dir_all(&path).with_context(|| format!("create {}", path.display()))?;
        let lock = File::create(path.join("lock"))?;
        if lock.try_lock().is_err() {
            bail!(
                "{} is in use: it runs in another terminal already. Stop that one with Ctrl-C first",
                path.display()
            );
        }
        Ok(Self {
            path,
            throw_away,
            lock,
        })
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A folder inside, made when it isn't there.
    pub(crate) fn part(&self, name: &str) -> Result<PathBuf> {
        let path = self.path.join(name);
        fs::create_dir_all(&path).with_context(|| format!("create {}", path.display()))?;
        Ok(path)
    }
}

impl Drop for StackDir {
    fn drop(&mut self) {
        if self.throw_away && std::thread::panicking() {
            // Somebody will want to read the logs.
            File::create(self.path.join("failed")).ok();
        } else if self.throw_away {
            // What can't be removed now goes with a later sweep.
            fs::remove_dir_all(&self.path).ok();
        }
        self.lock.unlock().ok();
    }
}

/// Where throw-away folders lie. Chosen once; what nobody uses any more is removed then, there and where they would lie otherwise.
static HOME: LazyLock<PathBuf> = LazyLock::new(|| {
    let on_disk = workspace_root().join("var/stack");
    let in_memory = folder_in_memory().map(|folder| folder.join("stack"));
    in_memory
        .iter()
        .chain([&on_disk])
        .for_each(|home| sweep(home));
    in_memory.filter(|_| is_plentiful()).unwrap_or(on_disk)
});

/// A folder of ours that is closed to others, in a place where anybody makes folders of any name.
fn folder_in_memory() -> Option<PathBuf> {
    let user = rustix::process::getuid().as_raw();
    let path = Path::new(MEMORY).join(format!("sealwatch-{user}"));
    // It may be there already.
    fs::DirBuilder::new().mode(0o700).create(&path).ok();
    let found = fs::symlink_metadata(&path).ok()?;
    let is_ours_alone = found.is_dir() && found.uid() == user && found.mode() & 0o077 == 0;
    is_ours_alone.then_some(path)
}

fn is_plentiful() -> bool {
    // As linux/magic.h numbers file systems.
    const TMPFS: u64 = 0x0102_1994;
    let Ok(found) = rustix::fs::statfs(MEMORY) else {
        return false;
    };
    let free = found.f_bavail.saturating_mul(found.f_bsize.unsigned_abs());
    let is_memory = found.f_type.unsigned_abs() == TMPFS;
    // What runs for long, and keeps all of the database's log, wants the disk.
    let is_wanted = std::env::var_os("STACKS_ON_DISK").is_none();
    is_wanted && is_memory && free >= PLENTY && available() >= PLENTY
}

/// Bytes of memory that programs may still take.
fn available() -> u64 {
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    kib.unwrap_or(0_u64) << 10
}

/// Removes what killed processes left behind (their locks went with them) and old failures.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        // Somebody is just making it.
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let path = entry.path();
        // Without a lock it was removed before, but not to its end.
        let is_unused = File::open(path.join("lock")).map_or(true, |lock| lock.try_lock().is_ok());
        if is_unused && !failed_lately(&path) {
            fs::remove_dir_all(path).ok();
        }
    }
}

fn failed_lately(path: &Path) -> bool {
    let failed = fs::metadata(path.join("failed")).and_then(|meta| meta.modified());
    failed.is_ok_and(|at| {
        SystemTime::now()
            .duration_since(at)
            .is_ok_and(|age| age < KEEP_FAILED)
    })
}
