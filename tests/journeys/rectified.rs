//! A record is corrected after it was anchored: its owner signs the further version like the first, or leaves the record as it
//! is; the version before stands until then. An insider who puts it back afterwards is found.

use anyhow::{Result, ensure};
use devstack::Site;
use journeys::attacker::Insider;
use journeys::steps::{
    CHAIN_ID, Enrolled, Handed, Office, Officer, Owner, enrol, leaves_no_trace, mailed, options,
};
use journeys::{Browser, Lookout, Screen, Wallet};

const NEW_EMAIL: &str = "ada@moved.example.org";
const NEW_ADDRESS: &str = "Quay Road 81, 1182 Nordhaven";

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_is_signed_anchored_and_guarded_like_the_first_version() -> Result<()> {
    let site = Site::start(&options()).await?;
    let people = enrol(&site, 2).await?;
    let desk = Browser::launch(Screen::Desktop).await?;
    let phone = Browser::launch(Screen::Phone).await?;
    let office = Office::open(&site, &desk).await?;
    let officer = Officer::open(&site, &desk).await?;
    let mut lookout = Lookout::new(&site, &officer);
    let wallet = Wallet::with_key("Fox", CHAIN_ID, people[0].wallet.clone());
    let owner = Owner::with(&phone, &[&wallet]).await?;

    let handed = begin(&site, &office, &people[0], NEW_EMAIL).await?;
    ensure!(officer.verify(1).await? == "Valid", "version 1 stands");
    sign(&owner, &people[0], &handed).await?;
    ensure!(officer.verify(1).await? == "Valid", "version 1 stands");
    office.approve(&handed.record).await?;
    office.wait_until_anchored(&handed.record).await?;
    it_is_the_second_version(&office, &officer, &handed).await?;

    put_back(&site, &officer, &mut lookout).await?;

    let again = begin(&site, &office, &people[0], "ada@wrong.example.org").await?;
    leave_it(&owner, &again).await?;
    let third = begin(&site, &office, &people[0], "ada@third.example.org").await?;
    give_up(&office, &third).await?;
    ensure!(officer.verify(1).await? == "Valid", "version 2 stands");
    ensure!(officer.verify(2).await? == "Valid", "so does the neighbour");

    lookout.nothing_more().await?;
    leaves_no_trace(&site, &[NEW_EMAIL, "ada@wrong.example.org"]).await?;
    owner.tab().behaved()?;
    office.tab().behaved()?;
    officer.tab().behaved()?;
    site.stop().await
}

/// The clerk corrects e-mail and postal address; the link goes to the corrected one.
async fn begin(site: &Site, office: &Office<'_>, person: &Enrolled, email: &str) -> Result<Handed> {
    let tab = office.tab();
    office.show(&person.record).await?;
    tab.press("Correct the details").await?;
    tab.see(&person.wallet.address().to_string()).await?;
    ensure!(tab.count("[name=wallet]").await? == 0, "the wallet stays");
    tab.press("Save and make a link").await?;
    tab.see("Nothing here is different").await?;
    tab.look("entry-rectify").await?;
    tab.fill("E-mail", email).await?;
    tab.fill("Postal address", NEW_ADDRESS).await?;
    tab.press("Save and make a link").await?;
    let handed = office.handed().await?;
    ensure!(handed.record == person.record, "the same record");
    tab.see("Correction awaits consent").await?;
    tab.see("Signed before:").await?;
    tab.look("entry-rectified").await?;
    let mail = mailed(site, email, &handed.link).await?;
    ensure!(
        mail.subject.contains("check and confirm a correction"),
        "{}",
        mail.subject
    );
    Ok(handed)
}

async fn sign(owner: &Owner, person: &Enrolled, handed: &Handed) -> Result<()> {
    let tab = owner.tab();
    owner.open(&handed.link).await?;
    owner.is_at("identify").await?;
    tab.dont_see(NEW_EMAIL).await?;
    owner.prove_wallet().await?;
    tab.see("wants to correct your record").await?;
    for shown in [
        NEW_EMAIL,
        person.person.email,
        NEW_ADDRESS,
        person.person.address,
    ] {
        tab.see(shown).await?;
    }
    ensure!(tab.count("del").await? == 2, "two details change");
    tab.look("consent-correct-review").await?;
    owner.sign().await?;
    tab.see("Signed. Thank you.").await
}

async fn it_is_the_second_version(
    office: &Office<'_>,
    officer: &Officer<'_>,
    handed: &Handed,
) -> Result<()> {
    let tab = office.tab();
    office.show(&handed.record).await?;
    tab.see("version 2").await?;
    tab.dont_see("Signed before:").await?;
    for step in ["Correction begun", "Signed", "Anchored"] {
        tab.see(step).await?;
    }
    tab.look("entry-second-version").await?;
    ensure!(officer.verify(1).await? == "Valid", "version 2 is anchored");
    officer.tab().look("viewer-second-version").await?;
    Ok(())
}

/// Somebody puts the record back to its first version, and the officer restores the second.
async fn put_back(site: &Site, officer: &Officer<'_>, lookout: &mut Lookout<'_>) -> Result<()> {
    let mut insider = Insider::at(site).await?;
    let mut act = insider.begin().await?;
    let record = act.record(1).await?;
    for table in ["record_versions", "consents"] {
        act.run(&format!(
            "DELETE FROM {table} WHERE record_id = {record} AND version = 2"
        ))
        .await?;
    }
    act.commit().await?;
    let incident = lookout.next_incident().await?;
    let found: Vec<_> = incident.findings.iter().collect();
    ensure!(
        found.len() == 1 && found[0].record == "1" && found[0].verdict == "Rolled back",
        "{found:?}"
    );
    officer.restore(1).await?;
    lookout.mail_that_says("restored").await?;
    Ok(())
}

/// Works without scripts.
async fn leave_it(owner: &Owner, handed: &Handed) -> Result<()> {
    let tab = owner.tab();
    tab.allow_scripts(false).await?;
    owner.open(&handed.link).await?;
    owner.give_code(&handed.code).await?;
    tab.press_on("[data-testid=decline]").await?;
    owner.is_at("decline").await?;
    tab.look("consent-leave-as-it-is").await?;
    tab.press_on("[data-testid=decline-confirm]").await?;
    owner.is_at("kept").await?;
    tab.look("consent-kept").await?;
    tab.allow_scripts(true).await
}

async fn give_up(office: &Office<'_>, handed: &Handed) -> Result<()> {
    let tab = office.tab();
    office.show(&handed.record).await?;
    tab.press("Give the correction up…").await?;
    tab.see("The corrected details are deleted").await?;
    tab.look("entry-give-up").await?;
    tab.press("Give it up").await?;
    tab.see("The correction is given up.").await?;
    tab.see(NEW_EMAIL).await?;
    tab.dont_see("Signed before:").await?;
    tab.see("Correct the details").await
}
