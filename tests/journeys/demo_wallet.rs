//! The demo only: a newcomer without any wallet plays the owner.

use anyhow::{Result, ensure};
use demo::doors::PEOPLE;
use devstack::{Accounts, Site, SiteOptions};
use journeys::steps::{CHAIN_ID, Office, Owner};
use journeys::{Browser, Screen, Wallet};

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_signs_with_the_demo_wallet() -> Result<()> {
    let site = Site::start(&SiteOptions::default()).await?;
    let browser = Browser::launch(Screen::Desktop).await?;
    let office = Office::open(&site, &browser).await?;
    let accounts = Accounts::load()?;
    let account = accounts.named("owner-25")?.address.parse()?;
    let handed = office.enter(&PEOPLE[4], account).await?;

    let owner = Owner::with(&browser, &[]).await?;
    owner.open(&handed.link).await?;
    owner.tab().see("Demo with invented people").await?;
    owner.prove_wallet().await?;
    owner.tab().look("consent-demo-wallet").await?;
    owner.sign().await?;
    office.show(&handed.record).await?;
    office.tab().see("Signed by the data owner").await?;

    // A record of somebody whose key anvil does not hold: the wrong wallet can be seen as well.
    let stranger = Wallet::new("Elsewhere", CHAIN_ID);
    let handed = office.enter(&PEOPLE[5], stranger.address()).await?;
    owner.open(&handed.link).await?;
    owner.give_code(&handed.code).await?;
    owner.try_to_sign().await?;
    let words = owner.problem("wrong_wallet").await?;
    ensure!(words.contains(&stranger.address().to_string()), "{words}");
    owner.tab().behaved()?;
    site.stop().await
}
