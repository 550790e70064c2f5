//! An owner who does not sign what is shown: asks for a correction, or declines.

use anyhow::{Result, ensure};
use demo::doors::PEOPLE;
use devstack::Site;
use journeys::steps::{CHAIN_ID, Handed, Office, Owner, connect, leaves_no_trace, mailed, options};
use journeys::{Browser, Screen, Wallet};

const DESK: &str = "desk@nordhaven.example";
const NOTE: &str = "I moved: please write Quay Road 81, not 18.";

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_leads_to_a_new_draft_and_a_refusal_destroys_everything() -> Result<()> {
    let site = Site::start(&options()).await?;
    let desk = Browser::launch(Screen::Desktop).await?;
    let phone = Browser::launch(Screen::Phone).await?;
    let office = Office::open(&site, &desk).await?;
    let wallet = Wallet::new("Fox", CHAIN_ID);
    let owner = Owner::with(&phone, &[&wallet]).await?;

    let handed = office.enter(&PEOPLE[1], wallet.address()).await?;
    ask_for_a_correction(&site, &owner, &handed).await?;
    let corrected = correct(&site, &office, &handed).await?;
    owner.open(&handed.link).await?;
    owner.is_at("corrected").await?;
    sign_the_new_draft(&office, &owner, &corrected).await?;

    let other = Wallet::new("Owl", CHAIN_ID);
    let handed = office.enter(&PEOPLE[2], other.address()).await?;
    decline(&owner, &handed).await?;
    nothing_is_left(&site, &office, &handed).await?;

    let personal = [NOTE, "Quay Road 81", PEOPLE[1].email, PEOPLE[2].name];
    leaves_no_trace(&site, &personal).await?;
    owner.tab().behaved()?;
    office.tab().behaved()?;
    site.stop().await
}

/// Works without scripts.
async fn ask_for_a_correction(site: &Site, owner: &Owner, handed: &Handed) -> Result<()> {
    owner.tab().allow_scripts(false).await?;
    owner.open(&handed.link).await?;
    owner.give_code(&handed.code).await?;
    let buttons_of_scripts = owner.tab().count("[data-start]:not([hidden])").await?;
    ensure!(buttons_of_scripts == 0, "a script ran all the same");
    owner.tab().press_on("[data-testid=correction]").await?;
    owner.is_at("correction").await?;
    owner.tab().press_on("[data-testid=note-submit]").await?;
    let problem = owner.tab().text("#field-note-problem").await?;
    ensure!(problem.contains("Please"), "{problem}");
    owner.tab().fill("Your note", NOTE).await?;
    owner.tab().look("consent-correction").await?;
    owner.tab().press_on("[data-testid=note-submit]").await?;
    owner.is_at("corrected").await?;
    owner.tab().see("The desk has your note").await?;
    owner.tab().look("consent-corrected").await?;
    let told = mailed(site, DESK, &handed.record).await?;
    ensure!(
        !told.text.contains("Quay Road"),
        "the note went out by mail"
    );
    Ok(())
}

async fn correct(site: &Site, office: &Office<'_>, handed: &Handed) -> Result<Handed> {
    let tab = office.tab();
    tab.press("Records").await?;
    tab.press("Correction asked").await?;
    tab.see(PEOPLE[1].name).await?;
    tab.press(PEOPLE[1].name).await?;
    tab.see(NOTE).await?;
    tab.look("entry-correction").await?;
    tab.press("Edit the details").await?;
    tab.see(NOTE).await?;
    ensure!(tab.value_of("address").await? == PEOPLE[1].address);
    ensure!(tab.value_of("age").await? == PEOPLE[1].age.to_string());
    tab.fill("Postal address", "Quay Road 81, 1182 Nordhaven")
        .await?;
    tab.look("entry-edit").await?;
    tab.press("Save and make a new link").await?;
    let next = office.handed().await?;
    ensure!(next.record == handed.record && next.link != handed.link);
    tab.dont_see(NOTE).await?;
    mailed(site, PEOPLE[1].email, &next.link).await?;
    Ok(next)
}

async fn sign_the_new_draft(office: &Office<'_>, owner: &Owner, corrected: &Handed) -> Result<()> {
    owner.tab().allow_scripts(true).await?;
    owner.open(&corrected.link).await?;
    owner.is_at("identify").await?;
    owner.prove_wallet().await?;
    owner.tab().see("Quay Road 81").await?;
    owner.tab().dont_see("Quay Road 18").await?;
    owner.sign().await?;
    office.show(&corrected.record).await?;
    office.tab().see("Consented").await?;
    office.tab().dont_see("Edit the details").await
}

/// Works without scripts.
async fn decline(owner: &Owner, handed: &Handed) -> Result<()> {
    owner.tab().allow_scripts(false).await?;
    owner.open(&handed.link).await?;
    owner.give_code(&handed.code).await?;
    owner.tab().press_on("[data-testid=decline]").await?;
    owner.is_at("decline").await?;
    owner.tab().look("consent-decline").await?;
    owner
        .tab()
        .press_on("[data-testid=decline-confirm]")
        .await?;
    owner.is_at("declined").await?;
    owner.tab().see("Declined, and deleted").await?;
    owner.tab().look("consent-declined").await?;
    owner.open(&handed.link).await?;
    owner.is_at("declined").await
}

async fn nothing_is_left(site: &Site, office: &Office<'_>, handed: &Handed) -> Result<()> {
    let mut connection = connect(site).await?;
    let id = hex::decode(&handed.record)?;
    for sql in [
        "SELECT COUNT(*) FROM record_versions WHERE record_id = ?",
        "SELECT COUNT(*) FROM owner_keys WHERE record_id = ?",
        "SELECT COUNT(*) FROM consents WHERE record_id = ?",
        "SELECT COUNT(*) FROM consent_links WHERE record_id = ? AND (wrapped_key <> '' OR desk_code <> '' OR offer IS NOT NULL)",
    ] {
        let count = sqlx::query_scalar(sql).bind(&id);
        let count: i64 = count.fetch_one(&mut connection).await?;
        ensure!(count == 0, "{sql}: {count}");
    }
    office.show(&handed.record).await?;
    office
        .tab()
        .see("Destroyed when the owner declined.")
        .await?;
    office.tab().dont_see(PEOPLE[2].name).await?;
    office.tab().look("entry-declined").await?;
    Ok(())
}
