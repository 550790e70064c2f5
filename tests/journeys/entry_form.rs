//! The clerk at the entry form: mistakes, an expired session, duplicates, search, approving many.

use anyhow::{Result, ensure};
use demo::doors::{PEOPLE, Person};
use devstack::Site;
use journeys::steps::{CHAIN_ID, Office, leave_idle, leaves_no_trace, options, sign_up};
use journeys::{Browser, Screen, Tab, Wallet};

const PERSON: &Person = &PEOPLE[8];

#[tokio::test(flavor = "multi_thread")]
async fn a_form_tells_mistakes_beside_its_fields_and_loses_nothing() -> Result<()> {
    let site = Site::start(&options()).await?;
    let desk = Browser::launch(Screen::Desktop).await?;
    let office = Office::open(&site, &desk).await?;
    office.tab().see("No records yet.").await?;
    office.tab().look("entry-empty").await?;
    let wallet = Wallet::new("Fox", CHAIN_ID).address().to_string();

    make_every_mistake(&office, &wallet).await?;
    outlive_the_session(&site, &office).await?;
    confirm_the_wallet(&office, &wallet).await?;
    meet_a_duplicate(&office, &wallet).await?;
    search(&office, &wallet).await?;
    sign_out(&office).await?;

    let lower = wallet.to_lowercase();
    let personal = [
        PERSON.name,
        PERSON.email,
        "+442079460109",
        PERSON.address,
        &wallet,
        &lower,
    ];
    leaves_no_trace(&site, &personal).await?;
    office.tab().behaved()?;
    site.stop().await
}

async fn make_every_mistake(office: &Office<'_>, wallet: &str) -> Result<()> {
    let tab = office.tab();
    tab.press("New record").await?;
    tab.look("entry-form").await?;
    let wrong = Person {
        name: "4711",
        email: "ingrid@localhost",
        phone: "020 7946 0109",
        ..*PERSON
    };
    office.fill_in(&wrong, &broken_checksum(wallet)).await?;
    tab.fill("Age", "200").await?;
    tab.choose("Whose wallet is it?", "A guardian").await?;
    tab.press("They stand at the desk").await?;
    tab.press("Enter the record").await?;
    tab.see("6 things need your attention").await?;
    tab.look("entry-form-mistakes").await?;
    for (field, words) in [
        ("name", "at least one letter"),
        ("email", "such as name@example.org"),
        ("phone", "start the phone number with +"),
        ("age", "from 0 to 150"),
        ("wallet", "its capital letters do not fit"),
        ("relation", "Please fill in this field."),
    ] {
        let problem = tab.text(&format!("#field-{field}-problem")).await?;
        ensure!(problem.contains(words), "{field}: {problem}");
    }
    ensure!(tab.count("#field-address-problem").await? == 0);
    for (field, value) in [
        ("name", "4711"),
        ("email", "ingrid@localhost"),
        ("phone", "020 7946 0109"),
        ("age", "200"),
        ("address", PERSON.address),
        ("signer", "guardian"),
    ] {
        let kept = tab.value_of(field).await?;
        ensure!(kept == value, "{field} holds {kept}");
    }
    ensure!(tab.count("[name=send][value=desk]:checked").await? == 1);

    tab.fill("Phone", "+44 1 2").await?;
    tab.press("Enter the record").await?;
    tab.see("no number of that country has these digits").await
}

/// One letter in the other case.
fn broken_checksum(wallet: &str) -> String {
    let flip = |letter: char| match letter.is_ascii_uppercase() {
        true => letter.to_ascii_lowercase(),
        false => letter.to_ascii_uppercase(),
    };
    let mut letters: Vec<char> = wallet.chars().collect();
    let found = letters[2..]
        .iter_mut()
        .find(|letter| letter.is_ascii_alphabetic());
    if let Some(letter) = found {
        *letter = flip(*letter);
    }
    letters.into_iter().collect()
}

async fn outlive_the_session(site: &Site, office: &Office<'_>) -> Result<()> {
    let tab = office.tab();
    office.fill_in(PERSON, "").await?;
    leave_idle(site, &office.staff().login).await?;
    tab.press("Enter the record").await?;
    tab.see("what you typed comes back").await?;
    tab.dont_see(PERSON.name).await?;
    tab.look("entry-session-over").await?;
    tab.fill("Login", &office.staff().login).await?;
    tab.fill("Password", &office.staff().password).await?;
    tab.press("Sign in").await?;
    tab.see("What you typed is back; it has not been sent yet.")
        .await?;
    tab.look("entry-form-restored").await?;
    ensure!(tab.value_of("name").await? == PERSON.name);
    ensure!(tab.value_of("address").await? == PERSON.address);
    ensure!(tab.value_of("signer").await? == "guardian");
    Ok(())
}

/// An address in small letters carries no checksum.
async fn confirm_the_wallet(office: &Office<'_>, wallet: &str) -> Result<()> {
    let tab = office.tab();
    let lower = wallet.to_lowercase();
    tab.fill("Wallet address", &lower).await?;
    tab.fill("Relation of the guardian or proxy", "mother")
        .await?;
    tab.press("Enter the record").await?;
    tab.see("This address carries no checksum.").await?;
    tab.look("entry-form-tail").await?;
    tab.fill("Last 6 characters of the wallet address", "zzzzzz")
        .await?;
    tab.press("Enter the record").await?;
    tab.see("These are not the last 6 characters").await?;
    tab.fill(
        "Last 6 characters of the wallet address",
        &lower[lower.len() - 6..],
    )
    .await?;
    tab.press("Enter the record").await?;
    office.handed().await?;
    // Stored and shown with its checksum.
    tab.see(wallet).await?;
    tab.see("mother").await
}

async fn meet_a_duplicate(office: &Office<'_>, wallet: &str) -> Result<()> {
    let tab = office.tab();
    tab.press("New record").await?;
    office.fill_in(PERSON, wallet).await?;
    tab.press("Enter the record").await?;
    tab.see("This person may be here already.").await?;
    tab.see("Awaiting consent").await?;
    tab.look("entry-form-duplicate").await?;
    ensure!(tab.value_of("phone").await? == PERSON.phone);
    tab.press("It is a different record; enter it all the same")
        .await?;
    tab.press("Enter the record").await?;
    office.handed().await?;
    Ok(())
}

async fn search(office: &Office<'_>, wallet: &str) -> Result<()> {
    for words in [PERSON.email, wallet, &wallet.to_lowercase()] {
        look_for(office.tab(), words).await?;
        office.tab().see(PERSON.name).await?;
        ensure!(
            office.tab().count("tbody tr").await? == 2,
            "two records have it"
        );
        let address = office.tab().url().await?;
        ensure!(!address.contains('?'), "{address}");
    }
    office.tab().look("entry-search").await?;
    look_for(office.tab(), "nobody@example.org").await?;
    office.tab().see("No record has this address.").await?;
    look_for(office.tab(), "Ingrid").await?;
    office.tab().text("#field-query-problem").await?;
    Ok(())
}

async fn look_for(tab: &Tab, words: &str) -> Result<()> {
    tab.follow("Search").await?;
    tab.fill("E-mail or wallet address", words).await?;
    tab.follow_on("main button").await
}

async fn sign_out(office: &Office<'_>) -> Result<()> {
    let page = office.tab().url().await?;
    office.tab().press("Sign out").await?;
    office.tab().see("You are signed out.").await?;
    office.tab().open(&page).await?;
    office.tab().see("Password").await?;
    office.tab().dont_see("E-mail or wallet address").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ticked_records_are_approved_at_once() -> Result<()> {
    let site = Site::start(&options()).await?;
    let signed = sign_up(&site, 4).await?;
    let desk = Browser::launch(Screen::Desktop).await?;
    let office = Office::open(&site, &desk).await?;
    let tab = office.tab();
    let left_out = &signed[2];
    tab.press("Consented").await?;
    tab.see("4 shown").await?;
    for one in signed.iter().filter(|one| one.record != left_out.record) {
        tab.press(&format!("Approve {}", one.person.name)).await?;
    }
    tab.look("entry-approve-many").await?;
    tab.press("Approve the ticked records").await?;
    tab.see("3 records approved.").await?;
    for one in signed.iter().filter(|one| one.record != left_out.record) {
        office.wait_until_anchored(&one.record).await?;
    }
    office.show(&left_out.record).await?;
    tab.see("The owner has signed.").await?;
    tab.press("Records").await?;
    tab.see("4 shown").await?;
    tab.look("entry-list").await?;
    tab.behaved()?;
    site.stop().await
}
