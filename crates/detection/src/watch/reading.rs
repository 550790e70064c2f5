//! Reading the log ahead of who looks at it.

use std::sync::Arc;

use binary_log::{Follower, LogError, News, Transaction};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// What came, and the room that it takes until somebody takes it.
pub(super) type Told = (Result<Transaction, LogError>, Option<OwnedSemaphorePermit>);

/// Hands on what comes, until it ends or nobody listens. No more of it waits than so many bytes.
pub(super) async fn read(mut follower: Follower, sender: mpsc::Sender<Told>, most: usize) {
    let room = Arc::new(Semaphore::new(most));
    loop {
        let next = match follower.next().await {
            Ok(News::Quiet) => continue,
            Ok(News::Transaction(one)) => Ok(*one),
            Err(error) => Err(error),
        };
        let is_over = next.is_err();
        let bytes = next.as_ref().map_or(0, |one| one.bytes);
        let needed = u32::try_from(bytes.min(most)).unwrap_or(u32::MAX);
        let taken = Arc::clone(&room).acquire_many_owned(needed).await.ok();
        if sender.send((next, taken)).await.is_err() || is_over {
            return;
        }
    }
}
