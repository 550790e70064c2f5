//! What is out of reach is an operations alarm, never a breach; and a breach found meanwhile is told once, afterwards.

use std::time::Duration;

use anyhow::{Result, ensure};
use database::operations_alarms::{self, AlarmKind};
use database::outbox::{self, Mail, MailState, NewMail};
use devstack::{Site, wait_until};
use journeys::steps::{Officer, connect, enrol, front_keys, options, sign_in, staff};
use journeys::{Browser, Screen, Tab};
use record::ids::MailId;
use record::time::Clock;
use sqlx::Connection;

const LIMIT: Duration = Duration::from_secs(60);
const OFFICER: &str = "officer@nordhaven.example";

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_stops_makes_no_incident() -> Result<()> {
    let mut site = Site::start(&options()).await?;
    enrol(&site, 3).await?;
    let browser = Browser::launch(Screen::Desktop).await?;
    {
        let officer = Officer::open(&site, &browser).await?;
        ensure!(
            officer.verify(1).await? == "Valid",
            "before the chain stops"
        );
    }
    let watching = Browser::launch(Screen::Desktop).await?;
    let open_grid = open_grid(&site, &watching).await?;
    open_grid.see("No breach found").await?;
    site.chain.stop().await?;
    it_calls_nothing_valid(&open_grid).await?;
    {
        let browser = Browser::launch(Screen::Desktop).await?;
        let officer = Officer::open(&site, &browser).await?;
        officer
            .tab()
            .see("Nothing can be verified right now. The chain does not answer.")
            .await?;
        officer.grid().await?;
        officer.tab().see("Unverifiable").await?;
        officer.tab().dont_see("Altered").await?;
        officer.tab().picture("viewer-chain-stopped").await?;
    }
    site.chain.resume().await?;
    let browser = Browser::launch(Screen::Desktop).await?;
    let officer = Officer::open(&site, &browser).await?;
    wait_until("the banner to go", LIMIT, || async {
        officer.grid().await?;
        let banner = officer
            .tab()
            .words()
            .await?
            .contains("Nothing can be verified");
        Ok((!banner).then_some(()))
    })
    .await?;
    for uid in 1..=3 {
        ensure!(
            officer.verify(uid).await? == "Valid",
            "record {uid} after the chain is back"
        );
    }
    ensure!(incidents(&site).await? == 0, "an outage opened an incident");
    open_grid.see("No breach found").await?;
    drop(officer);
    site.stop().await
}

/// A tab with the grid, which outlives what is stopped.
async fn open_grid(site: &Site, browser: &Browser) -> Result<Tab> {
    let officer = staff(site, "data_protection_officer", "watcher").await?;
    let tab = browser.tab().await?;
    sign_in(&tab, site.viewer.url(), &officer).await?;
    tab.open(site.viewer.page("records")?.as_str()).await?;
    tab.find("#grid").await?;
    Ok(tab)
}

/// Nobody has reloaded it.
async fn it_calls_nothing_valid(tab: &Tab) -> Result<()> {
    tab.see("Nothing can be verified right now. The chain does not answer.")
        .await?;
    tab.see("Not verified now").await?;
    tab.see("Valid before").await?;
    tab.dont_see("No breach found").await?;
    let good = tab.count("main .badge.good").await?;
    ensure!(good == 0, "{good} green badges");
    tab.look("viewer-chain-stopped-open").await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_page_says_when_it_is_no_longer_up_to_date() -> Result<()> {
    let mut site = Site::start(&options()).await?;
    enrol(&site, 2).await?;
    let browser = Browser::launch(Screen::Desktop).await?;
    let tab = open_grid(&site, &browser).await?;
    stays_where_the_reader_is(&tab).await?;
    let page = tab.url().await?;
    site.viewer.stop().await?;
    tab.see("This page shows how things stood at").await?;
    tab.see("There is no connection to Sealwatch").await?;
    tab.look("viewer-offline").await?;
    site.viewer.resume().await?;
    wait_until("the note to go", LIMIT, || async {
        let gone = tab.run::<bool>("!seen('This page shows how things stood at')");
        Ok(gone.await?.then_some(()))
    })
    .await?;
    tab.forget_cookies().await?;
    tab.see("Your session is over.").await?;
    tab.look("viewer-session-over").await?;
    tab.follow("Sign in again").await?;
    tab.see("Password").await?;
    ensure!(tab.url().await? == page, "it does not lead back");
    site.stop().await
}

/// Focus and place outlive the renewal of the grid, also on a button without a name of its own.
async fn stays_where_the_reader_is(tab: &Tab) -> Result<()> {
    tab.find("#grid td .copy").await?;
    tab.run::<bool>(
        "document.body.style.minHeight = '300vh', scrollTo(0, 400),
         document.querySelector('#grid tbody tr:last-child .copy').focus({ preventScroll: true }),
         window.before = document.activeElement.getBoundingClientRect().top,
         document.getElementById('grid').seen = true",
    )
    .await?;
    wait_until("the grid to be renewed", LIMIT, || async {
        let renewed = tab.run::<bool>("!document.getElementById('grid').seen");
        Ok(renewed.await?.then_some(()))
    })
    .await?;
    let kept = "document.activeElement.matches('#grid tbody tr:last-child .copy')";
    ensure!(tab.run::<bool>(kept).await?, "the focus is lost");
    // A line more or less above the grid moves it; a page that jumps goes by hundreds.
    let moved = "document.activeElement.getBoundingClientRect().top - window.before";
    let moved: f64 = tab.run(moved).await?;
    ensure!(moved.abs() < 60.0, "what was read moved by {moved}");
    tab.run::<bool>("document.body.style.minHeight = '', true")
        .await?;
    Ok(())
}

/// Given up by the mail server's answer, as the worker would write it down.
#[tokio::test(flavor = "multi_thread")]
async fn undelivered_mail_is_told_until_somebody_has_seen_to_it() -> Result<()> {
    let site = Site::start(&options()).await?;
    give_up_a_mail(&site).await?;
    let browser = Browser::launch(Screen::Desktop).await?;
    let officer = Officer::open(&site, &browser).await?;
    let tab = officer.tab();
    tab.see("A mail could not be delivered to its reader")
        .await?;
    tab.follow("Mail").await?;
    tab.see("Consent link, to a data owner").await?;
    tab.see("The mail server refused it (550).").await?;
    tab.look("viewer-mail").await?;
    tab.follow("Seen to").await?;
    tab.see("All mail went out, or is on its way.").await?;
    wait_until("the banner to go", LIMIT, || async {
        officer.grid().await?;
        let words = tab.words().await?;
        Ok((!words.contains("could not be delivered")).then_some(()))
    })
    .await?;
    drop(officer);
    site.stop().await
}

async fn give_up_a_mail(site: &Site) -> Result<()> {
    let keys = front_keys(site)?;
    let (mut rng, now) = (rand::rng(), Clock::system().now());
    let new = NewMail {
        id: MailId::random(&mut rng),
        event_key: [1; 32],
        kind: "consent_link",
        recipient: "nobody@nordhaven.example",
        payload: b"{}",
    };
    let mail = Mail {
        state: MailState::GivenUp,
        recipient: None,
        payload: None,
        attempts: 1,
        problem: Some("refused_550".to_owned()),
        ..Mail::seal(&keys, &new, &mut rng, now)
    };
    let mut connection = connect(site).await?;
    outbox::enqueue(&mut connection, &keys, &mail).await?;
    let undelivered = AlarmKind::MailUndelivered;
    operations_alarms::raise(&mut connection, undelivered, now).await?;
    connection.close().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breach_found_while_mail_is_down_is_told_once_afterwards() -> Result<()> {
    let mut options = options();
    options.own_inbox = true;
    let mut site = Site::start(&options).await?;
    enrol(&site, 3).await?;
    site.inbox.stop().await?;
    let mut connection = connect(&site).await?;
    sqlx::query(
        "UPDATE record_versions SET email = REVERSE(email) WHERE record_id = (SELECT id FROM records WHERE uid = 2)",
    )
    .execute(&mut connection)
    .await?;
    wait_until("the incident", LIMIT, || async {
        Ok((incidents(&site).await? == 1).then_some(()))
    })
    .await?;
    wait_until("a try to send the mail", LIMIT, || async {
        let mut connection = connect(&site).await?;
        let tried: Option<i64> = sqlx::query_scalar(
            "SELECT CAST(attempts AS SIGNED) FROM outbox WHERE kind = 'breach_found' AND state = 'waiting' AND attempts > 0",
        )
        .fetch_optional(&mut connection)
        .await?;
        connection.close().await?;
        Ok(tried.map(drop))
    })
    .await?;
    site.inbox.resume().await?;
    let told = |mail: &devstack::Mail| mail.is_to(OFFICER) && mail.text.contains("UIDs: 2");
    site.inbox.wait_for(Duration::from_secs(180), told).await?;
    // Long enough for a second one to come, were there one.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let mails = site.inbox.messages_to(OFFICER).await?;
    ensure!(
        mails.iter().filter(|mail| told(mail)).count() == 1,
        "one breach, one mail: {}",
        mails.len()
    );
    let browser = Browser::launch(Screen::Desktop).await?;
    let officer = Officer::open(&site, &browser).await?;
    ensure!(officer.verify(1).await? == "Valid", "the neighbour below");
    ensure!(officer.verify(2).await? == "Altered", "the record at fault");
    ensure!(officer.verify(3).await? == "Valid", "the neighbour above");
    drop(officer);
    site.stop().await
}

async fn incidents(site: &Site) -> Result<i64> {
    let mut connection = connect(site).await?;
    let count = sqlx::query_scalar("SELECT COUNT(*) FROM incidents")
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    Ok(count)
}
