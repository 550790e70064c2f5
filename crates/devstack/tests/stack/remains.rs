//! Who still runs in the folder of a stack.

use std::path::Path;
use std::process::Child;
use std::time::Duration;

use devstack::wait_until;

const LIMIT: Duration = Duration::from_secs(60);

/// The programs whose command line, environment or working folder names this folder.
pub fn programs_in(dir: &str) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let uses = |path: &Path| {
        let names = |file| {
            let bytes = std::fs::read(path.join(file)).unwrap_or_default();
            String::from_utf8_lossy(&bytes).contains(dir)
        };
        let folder = std::fs::read_link(path.join("cwd")).unwrap_or_default();
        names("cmdline") || names("environ") || folder.to_string_lossy().contains(dir)
    };
    let name = |path: &Path| std::fs::read_to_string(path.join("comm")).ok();
    let used = entries.map(|entry| entry.path()).filter(|path| uses(path));
    used.filter_map(|path| Some(name(&path)?.trim().to_owned()))
        .collect()
}

/// The folder that this process holds the lock of.
pub fn stack_dir_of(pid: u32) -> Option<String> {
    let open_files = std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?.flatten();
    let lock = open_files
        .filter_map(|entry| std::fs::read_link(entry.path()).ok())
        .find(|path| path.ends_with("lock") && path.to_string_lossy().contains("/stack/"))?;
    Some(lock.parent()?.to_string_lossy().into_owned())
}

/// Kills the stack while this program works for it; nobody is left.
pub async fn killed_during(program: &str, stack: &mut Child) {
    let pid = stack.id();
    let found = wait_until(program, LIMIT, || async {
        // It gets its name once it is locked.
        let Some(dir) = stack_dir_of(pid).filter(|dir| !dir.contains("/.")) else {
            return Ok(None);
        };
        let works = programs_in(&dir).iter().any(|name| name == program);
        Ok(works.then_some(dir))
    });
    let dir = found.await.unwrap();
    nothing_is_left_once_killed(stack, &dir).await;
}

/// SIGKILL, which gives nobody the time to tidy up.
pub async fn nothing_is_left_once_killed(stack: &mut Child, dir: &str) {
    stack.kill().unwrap();
    stack.wait().unwrap();
    let gone = wait_until("the parts to end", LIMIT / 3, || async {
        Ok(programs_in(dir).is_empty().then_some(()))
    });
    if gone.await.is_err() {
        panic!("left in {dir}: {:?}", programs_in(dir));
    }
}
