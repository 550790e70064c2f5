//! An officer on the road: no page of the viewer is wider than a phone, whatever people are called and write.

use anyhow::Result;
use demo::doors::{Clerk, PEOPLE, Person};
use devstack::{Site, Staff};
use journeys::attacker::Insider;
use journeys::steps::{options, sign_in, staff};
use journeys::{Browser, Screen, Tab};

/// Two hundred characters, the most that a name may have, without a place to break.
const WORD: &str = "DonaudampfschifffahrtskapitaenswitwenrenteDonaudampfschifffahrtskapitaenswitwenr\
    enteDonaudampfschifffahrtskapitaenswitwenrenteDonaudampfschifffahrtskapitaenswit\
    wenrenteDonaudampfschifffahrtskapitaensw";
const EMAIL: &str = "donaudampfschifffahrtskapitaene.donaudampfschifffahrtskapitaene@\
    donaudampfschifffahrtskapitaene-donaudampfschifffahrtskapitaen.example.org";

#[tokio::test(flavor = "multi_thread")]
async fn no_page_of_the_viewer_is_wider_than_a_phone() -> Result<()> {
    let site = Site::start(&options()).await?;
    let long = enter_long(&site).await?;
    let phone = Browser::launch(Screen::Phone).await?;
    let tab = phone.tab().await?;
    tab.open(site.viewer.page("sign-in")?.as_str()).await?;
    tab.look("phone-sign-in").await?;
    let officer = officer(&site).await?;
    sign_in(&tab, site.viewer.url(), &officer).await?;
    for (page, name) in [
        ("incidents", "phone-no-incidents"),
        ("mail", "phone-mail"),
        ("records/search", "phone-search"),
        ("nothing/here", "phone-not-found"),
    ] {
        tab.open(site.viewer.page(page)?.as_str()).await?;
        tab.look(name).await?;
    }
    its_details_fit(&site, &tab, &long).await?;
    an_incident_fits(&site, &tab).await?;
    tab.behaved()?;
    site.stop().await
}

async fn officer(site: &Site) -> Result<Staff> {
    let officer = Staff {
        role: "data_protection_officer".to_owned(),
        login: "traveller".to_owned(),
        display_name: WORD.to_owned(),
        password: "correct-horse-battery-staple".to_owned(),
    };
    site.add_staff(&officer).await?;
    Ok(officer)
}

/// Enters somebody of whom everything is long, and gives the record's id.
async fn enter_long(site: &Site) -> Result<String> {
    let desk = staff(site, "clerk", "desk").await?;
    let clerk = Clerk::sign_in(site.entry.url(), &desk.login, &desk.password).await?;
    let person = Person {
        name: WORD,
        email: EMAIL,
        address: WORD,
        ..PEOPLE[1]
    };
    let wallet = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
    clerk.enter(&person, wallet).await
}

async fn its_details_fit(site: &Site, tab: &Tab, record: &str) -> Result<()> {
    let page = site.viewer.page(&format!("records/{record}"))?;
    tab.open(page.as_str()).await?;
    tab.see("Reveal the details").await?;
    tab.look("phone-record").await?;
    tab.follow("Reveal the details").await?;
    tab.see(WORD).await?;
    tab.see(EMAIL).await?;
    tab.look("phone-details").await
}

async fn an_incident_fits(site: &Site, tab: &Tab) -> Result<()> {
    plant(site).await?;
    tab.open(site.viewer.page("records")?.as_str()).await?;
    tab.see("Breach").await?;
    tab.see("Forged").await?;
    tab.look("phone-grid").await?;
    tab.follow("Open the incidents").await?;
    tab.look("phone-incidents").await?;
    tab.follow("Incident 1").await?;
    tab.fill("What you found out or decided", WORD).await?;
    tab.follow("Assess").await?;
    tab.see("Written down.").await?;
    tab.see(WORD).await?;
    tab.look("phone-incident").await
}

/// A copy of the one record: the quickest breach.
async fn plant(site: &Site) -> Result<()> {
    let statements = [
        "INSERT INTO records SELECT RANDOM_BYTES(16), NULL, state, version, draft, wallet_index, email_index, \
         RANDOM_BYTES(16), created_by, created_at, updated_at, mac FROM records",
        "INSERT INTO record_versions SELECT planted.id, 1, planted.draft, name, email, phone, age, address, wallet, relation, \
         NULL, NULL FROM record_versions AS real_one, records AS planted \
         WHERE planted.id <> real_one.record_id",
    ];
    Insider::at(site).await?.run(&statements).await
}
