//! A block every so many seconds, asked for by us.
//!
//! anvil's own interval keeps the states of some 1,500 blocks whatever it is told, and writes them all down: within a day
//! a chain that does nothing would fill the disk.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::json;

use crate::rpc::Rpc;

/// A chain that does not answer, because it is stopped or frozen, is asked again at the next beat.
const PATIENCE: Duration = Duration::from_secs(5);

/// Ticks until it is dropped. On a thread of its own: whoever waits for a block may be blocking the runtime.
pub(crate) struct Ticker {
    is_over: Arc<AtomicBool>,
    /// Held while a block is made: after a pause there is none on its way.
    is_paused: Arc<Mutex<bool>>,
}

impl Ticker {
    pub(crate) fn start(port: u16, every: Duration) -> Result<Self> {
        let ticker = Self {
            is_over: Arc::default(),
            is_paused: Arc::default(),
        };
        let (is_over, is_paused) = (Arc::clone(&ticker.is_over), Arc::clone(&ticker.is_paused));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let rpc = Rpc::new(port)?;
        let tick = move || {
            let mut next = Instant::now();
            while !is_over.load(Ordering::Relaxed) {
                let paused = is_paused.lock().unwrap_or_else(PoisonError::into_inner);
                if !*paused {
                    runtime.block_on(mine(&rpc));
                }
                drop(paused);
                next = (next + every).max(Instant::now());
                thread::sleep(next.saturating_duration_since(Instant::now()));
            }
        };
        thread::Builder::new()
            .name("ticker".to_owned())
            .spawn(tick)
            .context("the chain's ticker")?;
        Ok(ticker)
    }

    pub(crate) fn pause(&self, pause: bool) {
        *self
            .is_paused
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = pause;
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

async fn mine(rpc: &Rpc) {
    // What failed is told by whoever needs the chain.
    let _ = tokio::time::timeout(PATIENCE, rpc.call("evm_mine", json!([]))).await;
}
