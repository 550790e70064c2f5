//! The whole way of a record: desk, mail, phone, signature, approval, chain, viewer.

use anyhow::{Result, ensure};
use demo::doors::{PEOPLE, Person, consent_link};
use devstack::Site;
use journeys::steps::{
    CHAIN_ID, Handed, Office, Officer, Owner, leaves_no_trace, letters_tell_no_more, options,
};
use journeys::{Browser, Screen, Wallet};
use serde_json::Value;

const PERSON: &Person = &PEOPLE[3];

#[tokio::test(flavor = "multi_thread")]
async fn a_record_goes_from_the_desk_to_a_valid_verdict() -> Result<()> {
    let site = Site::start(&options()).await?;
    let desk = Browser::launch(Screen::Desktop).await?;
    let phone = Browser::launch(Screen::Phone).await?;
    let office = Office::open(&site, &desk).await?;
    let wallet = Wallet::new("Fox", CHAIN_ID);

    let handed = office.enter(PERSON, wallet.address()).await?;
    office.tab().look("entry-record-entered").await?;
    let owner = Owner::with(&phone, &[&wallet]).await?;
    sign_from_the_mail(&site, &owner, &handed).await?;
    keep_the_receipt(&phone, &owner, &wallet).await?;
    approve_and_watch(&site, &office, &handed.record).await?;
    find_it_valid(&site, &desk, &office, &handed.record).await?;

    let wallet = wallet.address().to_string();
    let personal = [
        PERSON.name,
        "Einarsdóttir",
        PERSON.email,
        PERSON.phone,
        "+442079460104",
        PERSON.address,
        &wallet,
        &handed.link,
    ];
    leaves_no_trace(&site, &personal).await?;
    letters_tell_no_more(&site, &[&personal[1..7], &[&handed.code]].concat()).await?;
    owner.tab().behaved()?;
    office.tab().behaved()?;
    site.stop().await
}

async fn sign_from_the_mail(site: &Site, owner: &Owner, handed: &Handed) -> Result<()> {
    let link = consent_link(site, PERSON.email).await?;
    ensure!(link == handed.link, "mail and desk name different links");
    owner.open(&link).await?;
    owner.is_at("identify").await?;
    for secret in [PERSON.name, "Dagný", PERSON.email, PERSON.address] {
        owner.tab().dont_see(secret).await?;
    }
    owner.tab().look("consent-identify").await?;
    owner.give_code(&handed.code).await?;
    owner.tab().look("consent-review").await?;
    for shown in [
        PERSON.name,
        PERSON.email,
        "+442079460104",
        "62",
        PERSON.address,
    ] {
        owner.tab().see(shown).await?;
    }
    let ticked = owner.tab().count("[data-testid=purpose]:checked").await?;
    ensure!(ticked == 0, "a purpose was ticked for the owner");
    owner
        .tab()
        .press("Read the whole information notice")
        .await?;
    owner
        .tab()
        .see("You have the right to see your details")
        .await?;
    owner.tick("research").await?;
    owner.sign().await?;
    owner.tab().look("consent-signed").await?;
    owner.tab().see("Invitations to studies: allowed").await?;
    owner
        .tab()
        .see("Reminders by text message: not allowed")
        .await
}

/// The purpose that was refused stays refused, in the very message that the wallet signed.
async fn keep_the_receipt(phone: &Browser, owner: &Owner, wallet: &Wallet) -> Result<()> {
    owner
        .tab()
        .press_on("[data-testid=receipt-download]")
        .await?;
    let (name, bytes) = phone.downloaded().await?;
    ensure!(name.ends_with(".json"), "the receipt is called {name}");
    let receipt: Value = serde_json::from_slice(&bytes)?;
    ensure!(receipt["wallet"] == wallet.address().to_string());
    ensure!(receipt["granted"] == serde_json::json!(["Invitations to studies"]));
    let signer = wallet_that_signed(&receipt)?;
    ensure!(
        signer == wallet.address(),
        "the receipt is signed by {signer}"
    );
    let purposes = receipt["message"]["purposes"].as_array();
    let refused = purposes.into_iter().flatten().find(|purpose| {
        purpose["name"] == "Reminders by text message" && purpose["granted"] == false
    });
    ensure!(refused.is_some(), "the refusal is not in the message");
    owner.tab().press_on("[data-testid=receipt-print]").await?;
    owner.is_at("receipt").await?;
    owner.tab().look("consent-receipt").await?;
    Ok(())
}

/// As any tool for EIP-712 would, from the receipt alone.
fn wallet_that_signed(receipt: &Value) -> Result<alloy::primitives::Address> {
    let typed: alloy::dyn_abi::TypedData = serde_json::from_value(receipt["typedData"].clone())?;
    let signature: alloy::primitives::Signature =
        receipt["signature"].as_str().unwrap_or_default().parse()?;
    Ok(signature.recover_address_from_prehash(&typed.eip712_signing_hash()?)?)
}

/// The chain stands still while the clerk looks, so that each step of the progress can be seen.
async fn approve_and_watch(site: &Site, office: &Office<'_>, record: &str) -> Result<()> {
    let tab = office.tab();
    office.show(record).await?;
    tab.see("Granted").await?;
    tab.see("Not granted").await?;
    tab.look("entry-consented").await?;
    site.chain.pause_mining().await?;
    office.approve(record).await?;
    tab.see("Transaction sent").await?;
    tab.look("entry-anchoring").await?;
    site.chain.mine(1).await?;
    tab.see("In a block; waiting until it is final").await?;
    site.chain.resume_mining().await
}

async fn find_it_valid(
    site: &Site,
    desk: &Browser,
    office: &Office<'_>,
    record: &str,
) -> Result<()> {
    let anchored = office.wait_until_anchored(record).await?;
    office.tab().look("entry-anchored").await?;
    office.tab().dont_see("on the way to the chain").await?;
    ensure!(anchored.uid == 1 && anchored.block > 0);
    ensure!(anchored.transaction.len() == 66, "no transaction hash");

    let officer = Officer::open(site, desk).await?;
    let verdict = officer.verify(anchored.uid).await?;
    ensure!(verdict == "Valid", "the verdict is {verdict}");
    officer.tab().look("viewer-record").await?;
    officer.tab().see(&anchored.proof).await?;
    officer.tab().dont_see(PERSON.name).await?;
    officer.tab().press("Reveal the details").await?;
    officer.tab().see(PERSON.name).await?;
    look_around(&officer).await?;
    officer.tab().behaved()
}

/// The grid and its button, with scripts and without; and the pages that have nothing to tell.
async fn look_around(officer: &Officer<'_>) -> Result<()> {
    let tab = officer.tab();
    officer.grid().await?;
    tab.dont_see(PERSON.name).await?;
    tab.press("Verify record 1").await?;
    tab.find("#announcer:not(:empty)").await?;
    tab.look("viewer-grid").await?;
    ensure!(tab.url().await?.ends_with("/records"), "not in its place");
    tab.allow_scripts(false).await?;
    officer.grid().await?;
    tab.follow("Verify record 1").await?;
    ensure!(tab.text("main .badge").await? == "Valid");
    tab.look("viewer-verified").await?;
    tab.allow_scripts(true).await?;
    tab.follow("Incidents").await?;
    tab.see("No incidents.").await?;
    tab.follow("Search").await?;
    tab.fill("UID, e-mail or wallet address", PERSON.email)
        .await?;
    tab.follow_on("main button").await?;
    ensure!(tab.text("main .badge").await? == "Valid");
    tab.look("viewer-search").await
}
