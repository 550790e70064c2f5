//! Somebody whose record is anchored takes consent back: at home by a code, without a wallet or a script, and at the desk; and is
//! asked again later. What was signed stands meanwhile.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use devstack::{Site, wait_until};
use journeys::steps::{
    CHAIN_ID, Enrolled, Office, Officer, Owner, enrol, leaves_no_trace, mailed, options,
};
use journeys::{Browser, Screen, Wallet};

const LIMIT: Duration = Duration::from_secs(30);
const RESEARCH: &str = "Invitations to studies";
const REMINDERS: &str = "Reminders by text message";
const NOTE: &str = "My street is called Mill Close.";
const DESK: &str = "desk@nordhaven.example";

#[tokio::test(flavor = "multi_thread")]
async fn consent_is_taken_back_as_easily_as_it_was_given_and_allowed_again() -> Result<()> {
    let site = Site::start(&options()).await?;
    let people = enrol(&site, 3).await?;
    let desk = Browser::launch(Screen::Desktop).await?;
    let phone = Browser::launch(Screen::Phone).await?;
    let office = Office::open(&site, &desk).await?;
    let officer = Officer::open(&site, &desk).await?;
    let with_both = |one: &&Enrolled| one.person.grants.len() == 2;
    let person = people.iter().find(with_both).context("who allowed both")?;
    let wallet = Wallet::with_key("Fox", CHAIN_ID, person.wallet.clone());
    let owner = Owner::with(&phone, &[&wallet]).await?;

    at_home(&site, &owner, person).await?;
    a_copy_of_everything(&site, &owner, person).await?;
    let told = mailed(&site, DESK, &person.record).await?;
    ensure!(!told.text.contains(RESEARCH), "staff read it in the record");
    at_the_desk(&office, person).await?;
    handed_over(&office, person).await?;
    for one in &people {
        ensure!(
            officer.verify(one.uid).await? == "Valid",
            "what was signed stands"
        );
    }
    allowed_again(&office, &owner, person).await?;
    ensure!(officer.verify(person.uid).await? == "Valid");

    leaves_no_trace(&site, &[RESEARCH, NOTE, person.person.email]).await?;
    owner.tab().behaved()?;
    office.tab().behaved()?;
    site.stop().await
}

/// By the address in a mail. Works without scripts.
async fn at_home(site: &Site, owner: &Owner, person: &Enrolled) -> Result<()> {
    let tab = owner.tab();
    tab.allow_scripts(false).await?;
    owner.come_without_link(site, person.person.email).await?;
    tab.see(REMINDERS).await?;
    tab.press_on("[data-testid=withdraw-submit]").await?;
    tab.see("Tick what you take back.").await?;
    tab.look("withdraw-choose").await?;
    tab.press(RESEARCH).await?;
    tab.press_on("[data-testid=withdraw-submit]").await?;
    tab.see("Taken back:").await?;
    tab.look("withdraw-done").await?;
    let mail = mailed(site, person.person.email, "is taken back").await?;
    ensure!(!mail.text.contains(RESEARCH), "a mail is no place for it");
    tab.press_on("[data-testid=correction]").await?;
    owner.is_at("correction").await?;
    tab.fill("Your note", NOTE).await?;
    tab.press_on("[data-testid=note-submit]").await?;
    tab.see("The desk has your note.").await?;
    tab.allow_scripts(true).await
}

/// Asked for on the same page; the link in the mail takes the wallet, and then shows and gives everything.
async fn a_copy_of_everything(site: &Site, owner: &Owner, person: &Enrolled) -> Result<()> {
    let tab = owner.tab();
    let email = person.person.email;
    tab.press_on("[data-testid=ask-copy]").await?;
    tab.see("a mail with the link to it is on its way").await?;
    tab.look("copy-asked").await?;
    let mail = mailed(site, email, "See my copy").await?;
    let mut words = mail.text.split_whitespace();
    let link = words.find(|word| word.contains("/a/"));
    owner.open(link.context("a link")?).await?;
    owner.is_at("identify").await?;
    tab.dont_see(email).await?;
    tab.look("copy-identify").await?;
    tab.press_on("[data-testid=use-wallet]").await?;
    owner.is_at("copy").await?;
    tab.see(email).await?;
    tab.see("Taken back on").await?;
    tab.look("copy-read").await
}

async fn handed_over(office: &Office<'_>, person: &Enrolled) -> Result<()> {
    let tab = office.tab();
    office.show(&person.record).await?;
    tab.see("The owner opened it").await?;
    tab.press("Hand it over…").await?;
    tab.dont_see("Show it, to print").await?;
    tab.look("entry-copy-whose").await?;
    tab.press_on("[name=seen][value=document]").await?;
    tab.press("Write it down").await?;
    tab.see("staff saw a document").await?;
    tab.look("entry-copy").await?;
    tab.press("Show it, to print").await?;
    tab.see(person.person.email).await?;
    tab.look("entry-copy-read").await?;
    office.show(&person.record).await?;
    tab.see("Copy of everything handed over").await
}

async fn at_the_desk(office: &Office<'_>, person: &Enrolled) -> Result<()> {
    let tab = office.tab();
    // entry-app puts the note there within a second.
    wait_until("the note", LIMIT, || async {
        office.show(&person.record).await?;
        let is_there = tab.words().await?.contains(NOTE);
        Ok(is_there.then_some(()))
    })
    .await?;
    tab.see("Taken back").await?;
    tab.see("by the data owner").await?;
    tab.see(NOTE).await?;
    tab.press("Leave it as it is…").await?;
    tab.fill("Why it stays as it is", "The register says otherwise.")
        .await?;
    tab.look("entry-refuse-correction").await?;
    tab.press("Tell the owner").await?;
    tab.see("is told why by e-mail").await?;
    tab.dont_see("Leave it as it is…").await?;
    tab.press("Take consent back…").await?;
    tab.see("What is taken back").await?;
    tab.dont_see(RESEARCH).await?;
    tab.press("Take it back").await?;
    tab.see("Say how the owner asked for it.").await?;
    tab.look("entry-withdraw").await?;
    tab.press(REMINDERS).await?;
    tab.press("By phone").await?;
    tab.press("Take it back").await?;
    tab.see("the owner is told by e-mail").await?;
    tab.look("entry-withdrawn").await?;
    // A contract goes on.
    tab.dont_see("Restricted").await
}

async fn allowed_again(office: &Office<'_>, owner: &Owner, person: &Enrolled) -> Result<()> {
    let tab = office.tab();
    tab.press("Ask for consent again…").await?;
    tab.see("what they said last holds").await?;
    tab.look("entry-ask-again").await?;
    tab.press("They stand at the desk").await?;
    tab.press("Make the link").await?;
    let handed = office.handed().await?;
    ensure!(handed.record == person.record, "the same record");
    owner.open(&handed.link).await?;
    owner.prove_wallet().await?;
    let page = owner.tab();
    page.see("Choose again, then sign").await?;
    page.see("So far: taken back").await?;
    page.look("consent-choose-again").await?;
    owner.tick("research").await?;
    owner.sign().await?;
    page.look("consent-signed-again").await?;
    office.approve(&handed.record).await?;
    office.wait_until_anchored(&handed.record).await?;
    office.show(&handed.record).await?;
    tab.see("version 2").await?;
    tab.see("Granted").await?;
    tab.look("entry-allowed-again").await
}
