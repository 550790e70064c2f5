//! What becomes of a consent link: opened, used, expired, taken back, replaced, guessed at.

use anyhow::{Result, ensure};
use demo::doors::PEOPLE;
use devstack::Site;
use journeys::steps::{CHAIN_ID, Handed, Office, Owner, expire_link, mailed, options};
use journeys::{Browser, Screen, Wallet};

#[tokio::test(flavor = "multi_thread")]
async fn a_link_opens_often_signs_once_and_says_why_it_is_closed() -> Result<()> {
    let site = Site::start(&options()).await?;
    let desk = Browser::launch(Screen::Desktop).await?;
    let phone = Browser::launch(Screen::Phone).await?;
    let office = Office::open(&site, &desk).await?;
    let wallet = Wallet::new("Fox", CHAIN_ID);
    let owner = Owner::with(&phone, &[&wallet]).await?;
    let handed = office.enter(&PEOPLE[0], wallet.address()).await?;

    let replaced = handed.link.clone();
    let handed = guess_wrongly(&office, &owner, handed).await?;
    let handed = come_too_late(&site, &office, &owner, handed).await?;
    let handed = be_taken_back(&site, &office, &owner, handed).await?;
    open_twice_use_once(&phone, &owner, &wallet, &handed).await?;
    closed_as(&owner, &replaced, "locked", "This link is locked").await?;

    let cut = &handed.link[..handed.link.len() - 7];
    closed_as(&owner, cut, "unknown", "We don’t know this link").await?;
    owner.tab().behaved()?;
    office.tab().behaved()?;
    site.stop().await
}

/// Five wrong codes; then the right one is of no use either.
async fn guess_wrongly(office: &Office<'_>, owner: &Owner, handed: Handed) -> Result<Handed> {
    let tab = owner.tab();
    owner.open(&handed.link).await?;
    tab.fill("Six-digit code", "12").await?;
    tab.press_on("[data-testid=code-submit]").await?;
    tab.see("This did not count as a try.").await?;
    for left in [
        "4 tries are left",
        "3 tries are left",
        "2 tries are left",
        "One try is left",
    ] {
        type_wrong_code(owner, &handed.code).await?;
        tab.see(left).await?;
    }
    tab.look("consent-wrong-code").await?;
    type_wrong_code(owner, &handed.code).await?;
    owner.is_at("locked").await?;
    closed_as(
        owner,
        &handed.link,
        "locked",
        "The code was wrong five times",
    )
    .await?;

    office.show(&handed.record).await?;
    office.tab().see("Locked after wrong codes").await?;
    office.tab().press("New link at the desk").await?;
    office.handed().await
}

async fn type_wrong_code(owner: &Owner, right: &str) -> Result<()> {
    let wrong = if right == "000000" {
        "000001"
    } else {
        "000000"
    };
    owner.tab().fill("Six-digit code", wrong).await?;
    owner.tab().press_on("[data-testid=code-submit]").await
}

async fn come_too_late(
    site: &Site,
    office: &Office<'_>,
    owner: &Owner,
    handed: Handed,
) -> Result<Handed> {
    expire_link(site, &handed.record).await?;
    closed_as(owner, &handed.link, "expired", "This link has expired").await?;
    office.show(&handed.record).await?;
    office.tab().see("Expired").await?;
    office.tab().press("Send again").await?;
    office.tab().see("is on its way by e-mail").await?;
    let next = office.handed().await?;
    mailed(site, PEOPLE[0].email, &next.link).await?;
    Ok(next)
}

async fn be_taken_back(
    site: &Site,
    office: &Office<'_>,
    owner: &Owner,
    handed: Handed,
) -> Result<Handed> {
    office.tab().press("Revoke").await?;
    office.tab().see("Taken back").await?;
    office.tab().look("entry-link-revoked").await?;
    closed_as(
        owner,
        &handed.link,
        "revoked",
        "This link is no longer valid",
    )
    .await?;
    office.tab().press("New link at the desk").await?;
    let second = office.handed().await?;
    // A newer link replaces an open one, too.
    office.show(&handed.record).await?;
    office.tab().press("Send again").await?;
    let third = office.handed().await?;
    closed_as(
        owner,
        &second.link,
        "revoked",
        "This link is no longer valid",
    )
    .await?;
    mailed(site, PEOPLE[0].email, &third.link).await?;
    Ok(third)
}

/// Mail scanners open links, too; only a signature uses one up.
async fn open_twice_use_once(
    phone: &Browser,
    owner: &Owner,
    wallet: &Wallet,
    handed: &Handed,
) -> Result<()> {
    let again = Owner::with(phone, &[wallet]).await?;
    owner.open(&handed.link).await?;
    owner.is_at("identify").await?;
    again.open(&handed.link).await?;
    again.is_at("identify").await?;
    owner.give_code(&handed.code).await?;
    again.open(&handed.link).await?;
    again.is_at("review").await?;

    owner.sign().await?;
    // The page that was left open can't sign a second time.
    again.try_to_sign().await?;
    let words = again.problem("link_closed").await?;
    ensure!(words.contains("This link has been used"), "{words}");
    again.tab().press_on("[data-testid=reload]").await?;
    again.is_at("used").await?;
    again.tab().see("Keep your receipt").await?;
    again.tab().behaved()?;

    owner.tab().forget_cookies().await?;
    closed_as(owner, &handed.link, "used", "This link has been used").await?;
    owner.tab().dont_see("Keep your receipt").await
}

async fn closed_as(owner: &Owner, link: &str, state: &str, words: &str) -> Result<()> {
    owner.open(link).await?;
    owner.is_at(state).await?;
    owner.tab().see(words).await?;
    owner.tab().look(&format!("consent-{state}")).await?;
    for detail in [PEOPLE[0].name, PEOPLE[0].email] {
        owner.tab().dont_see(detail).await?;
    }
    Ok(())
}
