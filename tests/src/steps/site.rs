use anyhow::Result;
use devstack::{Site, SiteOptions};
use sqlx::{Connection, MySqlConnection};

/// The chain of every local stack.
pub const CHAIN_ID: u64 = 31337;

/// A site as most journeys want it: without the demo wallet, so that the only wallets are those of the journey.
#[must_use]
pub fn options() -> SiteOptions {
    SiteOptions::default().setting("consent-dapp", "DEMO_WALLET", "0")
}

/// The main database, as its administrator sees it.
///
/// # Errors
/// When the server is gone.
pub async fn connect(site: &Site) -> Result<MySqlConnection> {
    let url = site.database().database_url(&site.names().main);
    Ok(MySqlConnection::connect(url.as_str()).await?)
}
