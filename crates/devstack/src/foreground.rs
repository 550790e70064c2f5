//! The command that a stack is there for.

use std::process::{Command, ExitStatus};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};

use crate::process::{OnOrphaned, guard, spawn_on_lasting_thread};

/// Runs a command with our own terminal and waits for it. Asked to end, we ask the command to end
/// and go on waiting for it.
pub async fn run_in_foreground(command: &Command) -> Result<ExitStatus> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminations = signal(SignalKind::terminate())?;
    let mut hang_ups = signal(SignalKind::hangup())?;
    let child = spawn_on_lasting_thread(guard(command, OnOrphaned::Terminate)?)?;
    let pid = i32::try_from(child.id())
        .ok()
        .and_then(Pid::from_raw)
        .context("process id")?;
    let mut child = child;
    let mut ended = tokio::task::spawn_blocking(move || child.wait());
    loop {
        tokio::select! {
            status = &mut ended => return Ok(status??),
            // The terminal has sent it to the command, too.
            _ = interrupts.recv() => {}
            _ = terminations.recv() => kill_process(pid, Signal::TERM)?,
            _ = hang_ups.recv() => kill_process(pid, Signal::HUP)?,
        }
    }
}
