use std::future::Future;

use anyhow::Result;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Ctrl-C, a closed terminal, or a request to end.
pub(crate) struct Interruption {
    signals: [Signal; 3],
}

impl Interruption {
    pub(crate) fn new() -> Result<Self> {
        let kinds = [
            SignalKind::interrupt(),
            SignalKind::hangup(),
            SignalKind::terminate(),
        ];
        let [interrupt, hang_up, terminate] = kinds.map(signal);
        Ok(Self {
            signals: [interrupt?, hang_up?, terminate?],
        })
    }

    /// The outcome of `work`, or nothing when it was interrupted.
    pub(crate) async fn or<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let [interrupt, hang_up, terminate] = &mut self.signals;
        tokio::select! {
            outcome = work => Some(outcome),
            _ = interrupt.recv() => None,
            _ = hang_up.recv() => None,
            _ = terminate.recv() => None,
        }
    }
}
