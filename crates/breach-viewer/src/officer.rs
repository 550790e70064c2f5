//! The officer's address, which may have been wrong: mail that still waits follows it.

use std::time::Duration;

use keyring::ApplicationKeys;
use record::time::Clock;
use sqlx::MySqlPool;
use web_kit::lifetime::Lifetime;
use web_kit::right_keys::HeldKeys;

const AGAIN: Duration = Duration::from_secs(5);

/// Sends the officer's waiting mail to the address that is set now. Runs until the process ends.
pub async fn readdress(
    officer: String,
    pool: MySqlPool,
    keys: ApplicationKeys,
    clock: Clock,
    lifetime: Lifetime,
) {
    let held = HeldKeys::Application(keys.clone());
    if held.wait_until_right(&pool, &lifetime).await {
        while !lifetime.is_ending() {
            let done = async {
                let mut connection = pool.acquire().await?;
                let (front, now) = (keys.front(), clock.now());
                notification::readdress_to_officer(&mut connection, &front, &officer, now).await
            };
            match done.await {
                Ok(0) => break,
                Ok(count) => {
                    tracing::info!(count, "mail to the officer goes to another address now");
                    break;
                }
                Err(error) => {
                    tracing::warn!(cause = ?error, "mail to the officer could not be looked at");
                    tokio::select! {
                        () = lifetime.ended() => {}
                        () = tokio::time::sleep(AGAIN) => {}
                    }
                }
            }
        }
    }
    lifetime.ended().await;
}
