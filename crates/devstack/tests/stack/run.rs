//! `devstack run`: what a command gets, and that nothing outlives it.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::remains::{killed_during, nothing_is_left_once_killed, programs_in, stack_dir_of};
use devstack::{Chain, ChainOptions, wait_until};

fn devstack_run(script: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_devstack"));
    command
        .args(["run", "--", "sh", "-c", script])
        .env_remove("DATABASE_SERVER_URL");
    command
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
    let dir = stack_dir_of(stack.id()).unwrap();
    let running = programs_in(&dir).len();
    assert!(running >= 2, "database and inbox run in {dir}");
    nothing_is_left_once_killed(&mut stack, &dir).await;
}

/// The system tables are made by a shell script that runs a server.
#[tokio::test]
async fn nothing_outlives_a_stack_killed_while_its_database_is_set_up() {
    let mut stack = devstack_run("true").stdin(Stdio::null()).spawn().unwrap();
    killed_during("mariadbd", &mut stack).await;
}

/// The deployment is a shell script that runs forge.
#[tokio::test]
async fn nothing_outlives_a_stack_killed_while_its_contracts_are_deployed() {
    let mut deploying = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "run::deploys"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    killed_during("forge", &mut deploying).await;
}

#[tokio::test]
#[ignore = "what another test kills on its way"]
async fn deploys() {
    let chain = Chain::start(&ChainOptions::default()).await.unwrap();
    chain.deploy().await.unwrap();
}
