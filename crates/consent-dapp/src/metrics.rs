//! What Prometheus finds here beside the requests: whether the database answers.

use database::{MySqlPool, RowError};
use sqlx::Connection;
use web_kit::metrics::{Metrics, Telling};

/// By this account.
#[derive(Clone)]
pub struct Told(pub MySqlPool);

impl Telling for Told {
    async fn tell(&self, _: &mut Metrics) -> Result<(), RowError> {
        self.0.acquire().await?.ping().await?;
        Ok(())
    }
}
