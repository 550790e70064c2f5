//! The whole way of a record: desk, mail, phone, signature, approval, chain, viewer.

use anyhow::{Result, ensure};
use demo::doors::{PEOPLE, consent_link};
use devstack::Site;
use journeys::steps::{CHAIN_ID, Office, Officer, Owner, options};
use journeys::{Browser, Screen, Wallet};

#[tokio::test(flavor = "multi_thread")]
async fn a_record_goes_from_the_desk_to_a_valid_verdict() -> Result<()> {
    let site = Site::start(&options()).await?;
    let desk = Browser::launch(Screen::Desktop).await?;
    let office = Office::open(&site, &desk).await?;
    let person = &PEOPLE[3];
    let wallet = Wallet::new("Fox", CHAIN_ID);
    let handed = office.enter(person, wallet.address()).await?;
    office.tab().picture("entry-record-entered").await?;

    let link = consent_link(&site, person.email, None).await?;
    ensure!(link == handed.link, "mail and desk name different links");
    let phone = Browser::launch(Screen::Phone).await?;
    let owner = Owner::with(&phone, &[&wallet]).await?;
    owner.open(&link).await?;
    owner.is_at("identify").await?;
    owner.tab().picture("consent-identify").await?;
    owner.give_code(&handed.code).await?;
    owner.tab().picture("consent-review").await?;
    owner.tick("research").await?;
    owner.sign().await?;
    owner.tab().picture("consent-signed").await?;

    office.approve(&handed.record).await?;
    office.tab().picture("entry-approved").await?;
    let anchored = office.wait_until_anchored(&handed.record).await?;
    office.tab().picture("entry-anchored").await?;

    let officer = Officer::open(&site, &desk).await?;
    let verdict = officer.verify(anchored.uid).await?;
    officer.tab().picture("viewer-record").await?;
    ensure!(verdict == "Valid", "the verdict is {verdict}");
    officer.grid().await?;
    officer.tab().picture("viewer-grid").await?;
    site.stop().await
}
