//! `devstack run`: what a command gets, and that nothing outlives it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use devstack::wait_until;

fn devstack_run(script: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_devstack"));
    command
        .args(["run", "--", "sh", "-c", script])
        .env_remove("DATABASE_SERVER_URL");
    command
}

/// How many processes run whose command line or working folder names this folder.
fn processes_in(dir: &str) -> usize {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let uses = |path: &Path| {
        let command = std::fs::read(path.join("cmdline")).unwrap_or_default();
        let folder = std::fs::read_link(path.join("cwd")).unwrap_or_default();
        String::from_utf8_lossy(&command).contains(dir) || folder.to_string_lossy().contains(dir)
    };
    entries.filter(|entry| uses(&entry.path())).count()
}

#[test]
fn the_command_gets_the_addresses_and_gives_its_exit_code() {
    let output = devstack_run("echo $DATABASE_SERVER_URL $SMTP_URL $INBOX_URL; exit 7")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let [database, smtp, inbox] = said.split_whitespace().collect::<Vec<_>>()[..] else {
        panic!("said {said:?}")
    };
    assert!(database.starts_with("mysql://root:"), "{database}");
    assert!(smtp.starts_with("smtp://127.0.0.1:"), "{smtp}");
    assert!(inbox.starts_with("http://127.0.0.1:"), "{inbox}");
    assert_eq!(output.status.code(), Some(7));
}

#[test]
fn a_given_server_is_used() {
    let given = "mysql://root@127.0.0.1:3999";
    let output = devstack_run("echo $DATABASE_SERVER_URL")
        .env("DATABASE_SERVER_URL", given)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), given);
}

#[tokio::test]
async fn nothing_outlives_a_killed_stack() {
    let folder = tempfile::tempdir().unwrap();
    let told = folder.path().join("told");
    let script = format!(
        "echo $DATABASE_SERVER_URL > {0}.part; mv {0}.part {0}; exec sleep 600",
        told.display()
    );
    let mut stack = devstack_run(&script).stdin(Stdio::null()).spawn().unwrap();
    wait_until("the stack", Duration::from_secs(60), || async {
        Ok(told.is_file().then_some(()))
    })
    .await
    .unwrap();
    let dir = stack_dir_of(stack.id());
    assert!(processes_in(&dir) >= 2, "database and inbox run in {dir}");
    stack.kill().unwrap();
    stack.wait().unwrap();
    wait_until("the parts to end", Duration::from_secs(20), || async {
        Ok((processes_in(&dir) == 0).then_some(()))
    })
    .await
    .unwrap();
}

/// The folder that this process holds the lock of.
fn stack_dir_of(pid: u32) -> String {
    let open_files = std::fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .flatten();
    let lock = open_files
        .filter_map(|entry| std::fs::read_link(entry.path()).ok())
        .find(|path| path.ends_with("lock") && path.to_string_lossy().contains("var/stack"))
        .unwrap();
    lock.parent().unwrap().to_string_lossy().into_owned()
}
