//! entry-app dies at the two worst moments of anchoring. Each record stands on the chain exactly once all the same.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chain::{ChainReader, Deployment};
use demo::doors::Clerk;
use devstack::{Fault, Site, SiteOptions, wait_until};
use journeys::steps::{options, sign_up, staff};
use record::ids::Uid;

const PEOPLE: usize = 3;
const LIMIT: Duration = Duration::from_secs(90);
const SEND: &str = "eth_sendRawTransaction";

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_commit_and_send() -> Result<()> {
    let mut site = Site::start(&SiteOptions {
        proxies: true,
        ..options()
    })
    .await?;
    let clerk = clerk(&site).await?;
    let records = records(&site).await?;
    let proxy = site.entry_proxy.as_ref().context("a proxy")?;
    proxy.fault(SEND, Fault::CutBefore);
    approve(&clerk, &records).await?;
    // A transaction is sent only once it is committed; the chain sees none of these.
    proxy.wait_for_calls(SEND, 1, LIMIT).await?;
    ensure!(
        words_on_chain(&site).await?.is_empty(),
        "nothing can have reached the chain"
    );
    site.entry.kill();
    site.entry_proxy.as_ref().context("a proxy")?.heal_all();
    site.entry.resume().await?;
    anchored_exactly_once(&site, &clerk, &records).await?;
    site.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_send_and_receipt() -> Result<()> {
    let mut site = Site::start(&options()).await?;
    let clerk = clerk(&site).await?;
    let records = records(&site).await?;
    // Nothing is anchored before the chain's time has passed the signatures, and a paused chain has no time.
    let signed_at = site.chain.block_number().await?;
    wait_until("the chain to be past the signatures", LIMIT, || async {
        Ok((site.chain.block_number().await? > signed_at + 1).then_some(()))
    })
    .await?;
    site.chain.pause_mining().await?;
    approve(&clerk, &records).await?;
    wait_until("the transactions to wait in the pool", LIMIT, || async {
        let pool = site
            .chain
            .rpc("txpool_status", serde_json::json!([]))
            .await?;
        let pending = pool["pending"]
            .as_str()
            .context("a count")?
            .trim_start_matches("0x");
        Ok((usize::from_str_radix(pending, 16)? >= PEOPLE).then_some(()))
    })
    .await?;
    site.entry.kill();
    site.chain.resume_mining().await?;
    site.entry.resume().await?;
    anchored_exactly_once(&site, &clerk, &records).await?;
    site.stop().await
}

async fn clerk(site: &Site) -> Result<Clerk> {
    let account = staff(site, "clerk", "night-shift").await?;
    Clerk::sign_in(site.entry.url(), &account.login, &account.password).await
}

async fn records(site: &Site) -> Result<Vec<String>> {
    Ok(sign_up(site, PEOPLE)
        .await?
        .into_iter()
        .map(|one| one.record)
        .collect())
}

async fn approve(clerk: &Clerk, records: &[String]) -> Result<()> {
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    clerk.approve(&records).await
}

/// All are anchored, the UIDs have no gap, and no record has more than its one version.
async fn anchored_exactly_once(site: &Site, clerk: &Clerk, records: &[String]) -> Result<()> {
    wait_until("all to be anchored", LIMIT, || async {
        let anchored = clerk.anchored().await?;
        Ok(records
            .iter()
            .all(|record| anchored.contains(record))
            .then_some(()))
    })
    .await?;
    let words = words_on_chain(site).await?;
    ensure!(
        words == vec![1; PEOPLE],
        "versions of each UID on the chain: {words:?}"
    );
    Ok(())
}

/// How many versions each UID has on the chain.
async fn words_on_chain(site: &Site) -> Result<Vec<usize>> {
    let deployment = Deployment::load(&site.chain.deployment_file())?;
    let reader = ChainReader::connect(&site.chain.rpc_url().parse()?, deployment, 0).await?;
    let head = reader.head().await?;
    let first = Uid::new(1).context("a UID")?;
    let records = reader.records(first, 100, &head).await?;
    Ok(records.iter().map(|record| record.versions.len()).collect())
}
