//! An hour after signing, the link's copy of the owner's key goes: what a receipt needed it for is over.

use std::time::Duration;

use database::{MySqlPool, RowError, consent_links};
use keyring::FrontKeys;
use record::time::Clock;
use web_kit::lifetime::Lifetime;

use crate::pass;

const EVERY: Duration = Duration::from_mins(5);

/// Forgets again and again until the end. A database that is away is asked again.
pub async fn run(database: MySqlPool, front: FrontKeys, clock: Clock, lifetime: Lifetime) {
    loop {
        match forget(&database, &front, &clock).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "destroyed the key copies of used links"),
            Err(error) => tracing::warn!(%error, "could not destroy the key copies of used links"),
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = lifetime.ended() => return,
        }
    }
}

async fn forget(database: &MySqlPool, front: &FrontKeys, clock: &Clock) -> Result<usize, RowError> {
    let mut connection = database.acquire().await?;
    consent_links::forget_used(&mut connection, front, clock.now().minus(pass::LIFETIME)).await
}
