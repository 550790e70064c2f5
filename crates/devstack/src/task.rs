//! Commands that run to their end, and no longer than we do: neither they nor what they start.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::process::{self, OnOrphaned, behind, guard, spawn_on_lasting_thread};

/// Leads the group of the command and of all that it starts. Told that we are gone, it kills the group.
const LEADER: &str = r#"trap 'kill -KILL 0' TERM; "$@" & wait $!"#;

/// What takes longer hangs.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// A command on its way.
pub(crate) struct Task {
    command: Command,
    name: String,
    alone: bool,
}

impl Task {
    pub(crate) fn new(name: impl Into<String>, command: Command) -> Self {
        Self {
            command,
            name: name.into(),
            alone: false,
        }
    }

    /// With no environment but the command's own.
    pub(crate) fn alone(mut self) -> Self {
        self.alone = true;
        self
    }

    /// Runs it; what it printed, or the failure with all of that. Dropped on the way, or hanging, it is ended.
    pub(crate) async fn run(self) -> Result<String> {
        let child = self.spawn()?;
        let group = Group(Some(child.id()));
        let waited = tokio::task::spawn_blocking(move || child.wait_with_output());
        let Ok(output) = tokio::time::timeout(LIMIT, waited).await else {
            bail!("{} has not ended within {LIMIT:?}", self.name);
        };
        group.has_ended();
        self.judge(&output??)
    }

    /// The same where nobody can await it.
    pub(crate) fn run_blocking(self) -> Result<String> {
        let output = self.spawn()?.wait_with_output()?;
        self.judge(&output)
    }

    fn spawn(&self) -> Result<Child> {
        let mut leader = Command::new("sh");
        leader.args(["-c", LEADER, "sh"]);
        let mut guarded = guard(&behind(leader, &self.command), OnOrphaned::Terminate)?;
        if self.alone {
            process::leave_alone(&mut guarded);
        }
        guarded
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        spawn_on_lasting_thread(guarded).with_context(|| format!("run {}", self.name))
    }

    fn judge(&self, output: &Output) -> Result<String> {
        let printed = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            bail!(
                "{} failed:\n{printed}{}",
                self.name,
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(printed.into_owned())
    }
}

/// Dropped before its leader has ended, all of the group is killed.
struct Group(Option<u32>);

impl Group {
    fn has_ended(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let leader = self.0.and_then(|id| i32::try_from(id).ok());
        if let Some(leader) = leader.and_then(Pid::from_raw) {
            kill_process_group(leader, Signal::KILL).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::fs;
    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use crate::wait_until;

    fn shell(script: &str) -> Task {
        let mut command = Command::new("sh");
        command.args(["-c", script]).env("OWN", "mine");
        Task::new("the script", command)
    }

    #[tokio::test]
    async fn what_it_prints_is_told() {
        assert_eq!(shell("echo $OWN").run().await.unwrap(), "mine\n");
        let failure = shell("echo out; echo err >&2; exit 3").run().await;
        let told = failure.unwrap_err().to_string();
        assert_eq!(told, "the script failed:\nout\nerr\n");
        let found = shell("echo $OWN ${HOME-none}").alone().run_blocking();
        assert_eq!(found.unwrap(), "mine none\n");
    }

    /// Starts another program, writes its id to the file, and takes its time.
    fn long(started: &Path) -> Task {
        let started = started.display();
        shell(&format!(
            "sleep 600 & echo $! > {started}.part; mv {started}.part {started}; sleep 600"
        ))
    }

    async fn other_program(started: &Path) -> String {
        let id = wait_until("the script", Duration::from_secs(20), || async {
            Ok(fs::read_to_string(started).ok())
        });
        id.await.unwrap().trim().to_owned()
    }

    async fn ends(id: &str) {
        let ended = wait_until("the end", Duration::from_secs(20), || async {
            let status = fs::read_to_string(format!("/proc/{id}/stat"));
            let runs = status.is_ok_and(|text| !text.contains(") Z "));
            Ok((!runs).then_some(()))
        });
        ended.await.unwrap();
    }

    #[tokio::test]
    async fn dropped_it_ends_with_all_that_it_started() {
        let dir = tempfile::tempdir().unwrap();
        let started = dir.path().join("started");
        let run = tokio::spawn(long(&started).run());
        let other = other_program(&started).await;
        run.abort();
        ends(&other).await;
    }

    #[tokio::test]
    async fn it_ends_with_all_that_it_started_when_we_are_killed() {
        let dir = tempfile::tempdir().unwrap();
        let started = dir.path().join("started");
        let mut us = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "task::tests::runs_long"])
            .env("STARTED", &started)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let other = other_program(&started).await;
        us.kill().unwrap();
        us.wait().unwrap();
        ends(&other).await;
    }

    #[test]
    #[ignore = "what another test kills on its way"]
    fn runs_long() {
        let started = std::env::var_os("STARTED").unwrap();
        long(Path::new(&started)).run_blocking().unwrap();
    }
}
