//! Somebody has everything erased: they ask on their phone, their wallet signs, a clerk decides, the record ends on the chain, and nothing
//! of them is left anywhere. Another one is told why theirs stays.

use anyhow::{Result, ensure};
use devstack::Site;
use journeys::steps::{
    CHAIN_ID, Enrolled, Office, Officer, Owner, enrol, leaves_no_trace, mailed, options,
};
use journeys::{Browser, Screen, Wallet};

const DESK: &str = "desk@nordhaven.example";
const REASON: &str = "We have to keep your bills until 2031, by Section 147 of the Fiscal Code.";

#[tokio::test(flavor = "multi_thread")]
async fn everything_of_a_person_is_erased_and_another_is_told_why_not() -> Result<()> {
    let site = Site::start(&options()).await?;
    let people = enrol(&site, 3).await?;
    let desk = Browser::launch(Screen::Desktop).await?;
    let phone = Browser::launch(Screen::Phone).await?;
    let office = Office::open(&site, &desk).await?;
    let officer = Officer::open(&site, &desk).await?;
    let (person, other) = (&people[0], &people[1]);
    let wallet = Wallet::with_key("Fox", CHAIN_ID, person.wallet.clone());
    let owner = Owner::with(&phone, &[&wallet]).await?;

    on_the_phone(&site, &owner, person).await?;
    granted(&site, &office, person).await?;
    gone(&site, &office, &officer, person).await?;
    refused(&site, &office, other).await?;
    for one in &people[1..] {
        ensure!(officer.verify(one.uid).await? == "Valid", "{}", one.uid);
    }
    leaves_no_trace(&site, &[person.person.email, person.person.phone]).await?;
    owner.tab().behaved()?;
    office.tab().behaved()?;
    site.stop().await
}

async fn on_the_phone(site: &Site, owner: &Owner, person: &Enrolled) -> Result<()> {
    let tab = owner.tab();
    owner.come_without_link(site, person.person.email).await?;
    tab.look("erase-open").await?;
    tab.press_on("[data-testid=erase]").await?;
    owner.is_at("erase").await?;
    tab.look("erase-choose").await?;
    tab.press_on("[data-testid=ask-erasure]").await?;
    tab.see("Tick that you know what it means.").await?;
    tab.look("erase-not-confirmed").await?;
    tab.press_on("[data-testid=sign]").await?;
    owner.is_at("ticket_open").await?;
    tab.see("You have asked for it.").await?;
    tab.look("erase-asked").await?;
    let mail = mailed(site, person.person.email, "Answer by").await?;
    ensure!(mail.text.contains("can't be brought back"));
    mailed(site, DESK, &person.record).await?;
    Ok(())
}

async fn granted(site: &Site, office: &Office<'_>, person: &Enrolled) -> Result<()> {
    let tab = office.tab();
    tab.open(site.entry.page("erasures")?.as_str()).await?;
    tab.see("Erasure asked").await?;
    tab.look("entry-erasures").await?;
    office.show(&person.record).await?;
    tab.look("entry-erasure-asked").await?;
    tab.follow("Decide…").await?;
    tab.see("by the owner's wallet").await?;
    tab.press("Erase it").await?;
    tab.see("Confirm that you know").await?;
    tab.look("entry-erasure-decide").await?;
    tab.press("I know that nobody can undo this").await?;
    tab.press("Erase it").await?;
    tab.see("It is decided.").await?;
    tab.look("entry-erasing").await
}

async fn gone(
    site: &Site,
    office: &Office<'_>,
    officer: &Officer<'_>,
    person: &Enrolled,
) -> Result<()> {
    let receipt = mailed(site, person.person.email, "Evidence:").await?;
    ensure!(receipt.text.contains(&format!("UID {}", person.uid)));
    let tab = office.tab();
    // The page that was left open has gone on by itself.
    tab.see("Everything destroyed").await?;
    tab.dont_see(person.person.email).await?;
    tab.look("entry-erased-while-open").await?;
    tab.open(site.entry.page("erasures")?.as_str()).await?;
    tab.see("Erased").await?;
    tab.look("entry-erasures-done").await?;
    ensure!(officer.verify(person.uid).await? == "Retired");
    officer.tab().look("viewer-retired").await
}

/// For one who asks in person.
async fn refused(site: &Site, office: &Office<'_>, other: &Enrolled) -> Result<()> {
    let tab = office.tab();
    office.show(&other.record).await?;
    tab.follow("The owner asks for it…").await?;
    tab.press("Note it").await?;
    tab.see("Say how the owner asked for it.").await?;
    tab.look("entry-erase-note").await?;
    tab.press("In person").await?;
    tab.press("I saw a document").await?;
    tab.press("Note it").await?;
    tab.see("Erase this record?").await?;
    tab.look("entry-erasure-unsigned").await?;
    tab.fill("Why it is not erased", REASON).await?;
    tab.press("Tell the owner").await?;
    tab.see("the owner is told why").await?;
    let mail = mailed(site, other.person.email, "It stays, for this reason").await?;
    ensure!(mail.text.contains(REASON));
    tab.look("entry-erasure-refused").await
}
