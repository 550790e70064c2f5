//! Child processes that can't outlive us.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{OnceLock, mpsc};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use rustix::process::{Pid, kill_process};

pub(crate) use rustix::process::Signal;

use crate::tools;

/// How many of its last log lines a failed part shows.
const SHOWN_LINES: usize = 30;

/// What a child gets from the kernel when its parent is gone.
#[derive(Clone, Copy)]
pub(crate) enum OnOrphaned {
    /// Ends at once.
    Kill,
    /// SIGINT: anvil writes its state.
    Interrupt,
    /// SIGTERM: finishes what is in flight.
    Terminate,
}

/// A running part with its log file. Dropping it ends it: at once, unless it is told to be gentle.
pub(crate) struct Process {
    name: String,
    child: Child,
    log: PathBuf,
    stopped: bool,
    gentle: Option<(Signal, Duration)>,
}

impl Process {
    /// Starts `command` with its output appended to `log`, in a process group of its own so that
    /// Ctrl-C in the terminal reaches only us, who stop the parts in order.
    pub(crate) fn spawn(
        name: &str,
        command: &Command,
        log: &Path,
        orphaned: OnOrphaned,
    ) -> Result<Self> {
        Self::spawn_in(name, command, log, orphaned, false)
    }

    /// As [`Self::spawn`], with no environment but the command's own.
    pub(crate) fn spawn_alone(
        name: &str,
        command: &Command,
        log: &Path,
        orphaned: OnOrphaned,
    ) -> Result<Self> {
        Self::spawn_in(name, command, log, orphaned, true)
    }

    fn spawn_in(
        name: &str,
        command: &Command,
        log: &Path,
        orphaned: OnOrphaned,
        alone: bool,
    ) -> Result<Self> {
        if let Some(dir) = log.parent() {
            fs::create_dir_all(dir)?;
        }
        let output = OpenOptions::new().create(true).append(true).open(log)?;
        let mut guarded = guard(command, orphaned)?;
        if alone {
            leave_alone(&mut guarded);
        }
        guarded
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0);
        let child = spawn_on_lasting_thread(guarded).with_context(|| format!("start {name}"))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            log: log.to_path_buf(),
            stopped: false,
            gentle: None,
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Fails with the log's end when the process has ended by itself.
    pub(crate) fn check_running(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => Err(anyhow!(
                "{} ended with {status}; {}",
                self.name,
                self.last_words()
            )),
        }
    }

    /// Adds the part's name and the log's end to what went wrong.
    pub(crate) fn explain(&self, problem: &anyhow::Error) -> anyhow::Error {
        anyhow!(
            "{} isn't ready: {problem:#}; {}",
            self.name,
            self.last_words()
        )
    }

    /// The log's end, to follow a semicolon.
    pub(crate) fn last_words(&self) -> String {
        let text = tail(&self.log).unwrap_or_default();
        if text.trim().is_empty() {
            return "it wrote nothing".to_owned();
        }
        let lines: Vec<&str> = text.lines().collect();
        let from = lines.len().saturating_sub(SHOWN_LINES);
        let lines = lines[from..].iter().map(|line| format!("    {line}\n"));
        format!("its last lines:\n{}", lines.collect::<String>())
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        kill_process(self.raw_pid()?, signal).with_context(|| format!("signal {}", self.name))
    }

    /// SIGSTOP, and waits until every thread stands still.
    pub(crate) fn freeze(&self) -> Result<()> {
        use rustix::process::{WaitId, WaitIdOptions, waitid};
        self.signal(Signal::STOP)?;
        // Looks only: the exit status stays for the one who waits for the end.
        let options = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(self.raw_pid()?), options)?;
        Ok(())
    }

    /// SIGCONT after [`Self::freeze`].
    pub(crate) fn thaw(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    fn raw_pid(&self) -> Result<Pid> {
        let id = i32::try_from(self.child.id())?;
        Pid::from_raw(id).context("process id")
    }

    /// Asks the process to end and waits; past `limit` it is killed, and that is an error.
    pub(crate) async fn stop(&mut self, signal: Signal, limit: Duration) -> Result<ExitStatus> {
        self.signal(signal).ok();
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait()? {
                self.stopped = true;
                return Ok(status);
            }
            if Instant::now() > deadline {
                self.kill();
                return Err(anyhow!(
                    "{} didn't end within {limit:?} and was killed; {}",
                    self.name,
                    self.last_words()
                ));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Dropped, it gets this signal and so much time to end: what it keeps is worth waiting for.
    pub(crate) fn be_gentle(&mut self, signal: Signal, limit: Duration) {
        self.gentle = Some((signal, limit));
    }

    /// Asks the process to end and blocks until it has, or until `limit` has passed.
    fn end(&mut self, signal: Signal, limit: Duration) {
        if self.stopped || self.signal(signal).is_err() {
            return;
        }
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// SIGKILL, and waits until the process is gone.
    pub(crate) fn kill(&mut self) {
        self.gentle = None;
        if !self.stopped {
            self.child.kill().ok();
            self.child.wait().ok();
            self.stopped = true;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some((signal, limit)) = self.gentle {
            self.end(signal, limit);
        }
        self.kill();
    }
}

/// The command behind `setpriv`, which asks the kernel for a signal when the parent dies and then
/// becomes the command itself: same process id, no wrapper left.
pub(crate) fn guard(command: &Command, orphaned: OnOrphaned) -> Result<Command> {
    let signal = match orphaned {
        OnOrphaned::Kill => "KILL",
        OnOrphaned::Interrupt => "INT",
        OnOrphaned::Terminate => "TERM",
    };
    let mut setpriv = Command::new(tools::program(&["setpriv"], "util-linux")?);
    setpriv.args(["--pdeathsig", signal, "--"]);
    Ok(behind(setpriv, command))
}

/// A program that is given another to run, as the last of its arguments.
pub(crate) fn behind(mut wrapper: Command, command: &Command) -> Command {
    wrapper.arg(command.get_program()).args(command.get_args());
    for (key, value) in command.get_envs() {
        match value {
            Some(value) => wrapper.env(key, value),
            None => wrapper.env_remove(key),
        };
    }
    if let Some(dir) = command.get_current_dir() {
        wrapper.current_dir(dir);
    }
    wrapper
}

/// No environment but the command's own.
pub(crate) fn leave_alone(command: &mut Command) {
    let own: Vec<_> = command
        .get_envs()
        .filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())))
        .collect();
    command.env_clear().envs(own);
}

type Request = (Command, mpsc::Sender<std::io::Result<Child>>);

/// The kernel's "parent died" follows the *thread* that spawned. Test threads and runtime workers
/// come and go; this one lives as long as the process.
pub(crate) fn spawn_on_lasting_thread(command: Command) -> Result<Child> {
    static SPAWNER: OnceLock<mpsc::Sender<Request>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (sender, requests) = mpsc::channel::<Request>();
        std::thread::spawn(move || {
            for (mut command, reply) in requests {
                reply.send(command.spawn()).ok();
            }
        });
        sender
    });
    let (reply, answer) = mpsc::channel();
    spawner
        .send((command, reply))
        .map_err(|_| anyhow!("the spawning thread is gone"))?;
    Ok(answer.recv()??)
}

/// The last 16 kB of a log.
fn tail(path: &Path) -> Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(16_384)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    async fn ended(script: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let log = dir.path().join("part.log");
        let mut process = Process::spawn("part", &command, &log, OnOrphaned::Kill).unwrap();
        let ended = crate::wait_until("the end", Duration::from_secs(60), || {
            let ended = process.check_running().err();
            async move { Ok(ended) }
        });
        ended.await.unwrap().to_string()
    }

    #[tokio::test]
    async fn who_ended_without_a_word_is_said_to_have_written_nothing() {
        let silent = ended("kill -9 $$").await;
        assert!(silent.ends_with("it wrote nothing"), "{silent}");
        let told = ended("echo a word; exit 3").await;
        assert!(told.ends_with("its last lines:\n    a word\n"), "{told}");
    }
}
