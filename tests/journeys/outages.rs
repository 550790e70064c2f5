//! What is out of reach is an operations alarm, never a breach; and a breach found meanwhile is told once, afterwards.

use std::time::Duration;

use anyhow::{Result, ensure};
use devstack::{Site, wait_until};
use journeys::steps::{Officer, connect, enrol, options};
use journeys::{Browser, Screen};
use sqlx::Connection;

const LIMIT: Duration = Duration::from_secs(60);
const OFFICER: &str = "officer@nordhaven.example";

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_stops_makes_no_incident() -> Result<()> {
    let mut site = Site::start(&options()).await?;
    enrol(&site, 3).await?;
    let browser = Browser::launch(Screen::Desktop).await?;
    {
        let officer = Officer::open(&site, &browser).await?;
        ensure!(
            officer.verify(1).await? == "Valid",
            "before the chain stops"
        );
    }
    site.chain.stop().await?;
    {
        let browser = Browser::launch(Screen::Desktop).await?;
        let officer = Officer::open(&site, &browser).await?;
        officer
            .tab()
            .see("Nothing can be verified right now. The chain does not answer.")
            .await?;
        officer.grid().await?;
        officer.tab().see("Unverifiable").await?;
        officer.tab().dont_see("Altered").await?;
        officer.tab().picture("viewer-chain-stopped").await?;
    }
    site.chain.resume().await?;
    let browser = Browser::launch(Screen::Desktop).await?;
    let officer = Officer::open(&site, &browser).await?;
    wait_until("the banner to go", LIMIT, || async {
        officer.grid().await?;
        let banner = officer
            .tab()
            .words()
            .await?
            .contains("Nothing can be verified");
        Ok((!banner).then_some(()))
    })
    .await?;
    for uid in 1..=3 {
        ensure!(
            officer.verify(uid).await? == "Valid",
            "record {uid} after the chain is back"
        );
    }
    ensure!(incidents(&site).await? == 0, "an outage opened an incident");
    drop(officer);
    site.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breach_found_while_mail_is_down_is_told_once_afterwards() -> Result<()> {
    let mut site = Site::start(&options()).await?;
    enrol(&site, 3).await?;
    site.inbox.stop().await?;
    let mut connection = connect(&site).await?;
    sqlx::query(
        "UPDATE record_versions SET email = REVERSE(email) WHERE record_id = (SELECT id FROM records WHERE uid = 2)",
    )
    .execute(&mut connection)
    .await?;
    wait_until("the incident", LIMIT, || async {
        Ok((incidents(&site).await? == 1).then_some(()))
    })
    .await?;
    wait_until("a try to send the mail", LIMIT, || async {
        let mut connection = connect(&site).await?;
        let tried: Option<i64> = sqlx::query_scalar(
            "SELECT CAST(attempts AS SIGNED) FROM outbox WHERE kind = 'breach_found' AND state = 'waiting' AND attempts > 0",
        )
        .fetch_optional(&mut connection)
        .await?;
        connection.close().await?;
        Ok(tried.map(drop))
    })
    .await?;
    site.inbox.resume().await?;
    let told = |mail: &devstack::Mail| mail.is_to(OFFICER) && mail.text.contains("UIDs: 2");
    site.inbox.wait_for(Duration::from_secs(180), told).await?;
    // Long enough for a second one to come, were there one.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let mails = site.inbox.messages_to(OFFICER).await?;
    ensure!(
        mails.iter().filter(|mail| told(mail)).count() == 1,
        "one breach, one mail: {}",
        mails.len()
    );
    let browser = Browser::launch(Screen::Desktop).await?;
    let officer = Officer::open(&site, &browser).await?;
    ensure!(officer.verify(1).await? == "Valid", "the neighbour below");
    ensure!(officer.verify(2).await? == "Altered", "the record at fault");
    ensure!(officer.verify(3).await? == "Valid", "the neighbour above");
    drop(officer);
    site.stop().await
}

async fn incidents(site: &Site) -> Result<i64> {
    let mut connection = connect(site).await?;
    let count = sqlx::query_scalar("SELECT COUNT(*) FROM incidents")
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    Ok(count)
}
