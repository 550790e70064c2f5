//! An hour after signing, the link's copy of the owner's key goes: what a receipt needed it for is over. So does that of a link
//! that nobody used, a day after it expired: whoever finds it in an old mail and the rows in an old backup opens nothing.

use std::time::Duration;

use database::{MySqlPool, RowError, consent_links};
use keyring::FrontKeys;
use record::time::Clock;
use web_kit::lifetime::Lifetime;

use crate::pass;

const EVERY: Duration = Duration::from_mins(5);
/// A clock that is hours ahead for a moment destroys nothing.
const LAPSED: Duration = Duration::from_hours(24);

/// Forgets again and again until the end. A database that is away is asked again.
pub async fn run(database: MySqlPool, front: FrontKeys, clock: Clock, lifetime: Lifetime) {
    loop {
        match forget(&database, &front, &clock).await {
            Ok(0) => {}
            Ok(count) => {
                tracing::info!(count, "destroyed the key copies of links whose use is over")
            }
            Err(error) => {
                tracing::warn!(%error, "could not destroy the key copies of links whose use is over")
            }
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = lifetime.ended() => return,
        }
    }
}

async fn forget(database: &MySqlPool, front: &FrontKeys, clock: &Clock) -> Result<usize, RowError> {
    let mut connection = database.acquire().await?;
    let now = clock.now();
    let used =
        consent_links::forget_used(&mut connection, front, now.minus(pass::LIFETIME)).await?;
    let lapsed = consent_links::forget_lapsed(&mut connection, front, now.minus(LAPSED)).await?;
    Ok(used + lapsed)
}
