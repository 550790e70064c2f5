//! How long a process runs: until a signal, or until a task it can't do without ends.

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Why a process did not end well.
#[derive(Debug, thiserror::Error)]
pub enum EndError {
    /// A background task panicked or returned while it was still needed.
    #[error("the background task {0:?} ended by itself")]
    TaskEnded(&'static str),
    /// Work in flight did not finish within the time given.
    #[error("work in flight did not finish within {0:?}")]
    Deadline(Duration),
    /// The listener failed.
    #[error("the listener failed")]
    Listener(#[from] std::io::Error),
}

/// A handle to the process's end, shared by the server and all background tasks.
#[derive(Clone, Default)]
pub struct Lifetime {
    token: CancellationToken,
    tasks: TaskTracker,
    ended: Arc<OnceLock<&'static str>>,
}

impl Lifetime {
    /// One that ends only by [`Lifetime::end`].
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One that ends by SIGTERM or SIGINT.
    pub fn until_signal() -> std::io::Result<Self> {
        let lifetime = Self::new();
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let token = lifetime.token.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => tracing::info!("SIGTERM: finishing what is in flight"),
                _ = interrupt.recv() => tracing::info!("SIGINT: finishing what is in flight"),
                () = token.cancelled() => {}
            }
            token.cancel();
        });
        Ok(lifetime)
    }

    /// Tells everything to finish.
    pub fn end(&self) {
        self.token.cancel();
    }

    /// Whether the end has come.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Resolves at the end. Long answers (event streams) and loops select on it.
    pub async fn ended(&self) {
        self.token.cancelled().await;
    }

    /// The token behind it, for a crate that takes one.
    #[must_use]
    pub fn token(&self) -> CancellationToken {
        self.token.clone()
    }

    /// Runs a background task that the process can't do without: when it panics or returns before the end, the process
    /// ends too, so that whoever supervises it notices.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let lifetime = self.clone();
        self.tasks.spawn(async move {
            let outcome = tokio::spawn(task).await;
            if !lifetime.is_ending() {
                tracing::error!(
                    task = name,
                    panicked = outcome.is_err(),
                    "a background task ended by itself"
                );
                // Only the first one is the cause.
                let _ = lifetime.ended.set(name);
                lifetime.end();
            }
        });
    }

    /// Waits for all background tasks, at most `grace`.
    pub async fn join(&self, grace: Duration) -> Result<(), EndError> {
        self.tasks.close();
        tokio::time::timeout(grace, self.tasks.wait())
            .await
            .map_err(|_| EndError::Deadline(grace))?;
        match self.ended.get() {
            Some(name) => Err(EndError::TaskEnded(name)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]

    use super::*;

    const GRACE: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn tasks_finish_what_they_do() {
        let lifetime = Lifetime::new();
        let (done, finished) = tokio::sync::oneshot::channel();
        let handle = lifetime.clone();
        lifetime.spawn("writer", async move {
            handle.ended().await;
            tokio::time::sleep(Duration::from_millis(20)).await;
            done.send(()).unwrap();
        });
        lifetime.end();
        lifetime.join(GRACE).await.unwrap();
        finished.await.unwrap();
    }

    #[tokio::test]
    async fn a_task_that_panics_ends_the_process() {
        let lifetime = Lifetime::new();
        lifetime.spawn("sweep", async { panic!("out of luck") });
        tokio::time::timeout(GRACE, lifetime.ended()).await.unwrap();
        assert!(matches!(
            lifetime.join(GRACE).await,
            Err(EndError::TaskEnded("sweep"))
        ));
    }

    #[tokio::test]
    async fn a_task_that_hangs_meets_the_deadline() {
        let lifetime = Lifetime::new();
        lifetime.spawn("stuck", std::future::pending());
        lifetime.end();
        assert!(matches!(
            lifetime.join(Duration::from_millis(20)).await,
            Err(EndError::Deadline(_))
        ));
    }
}
