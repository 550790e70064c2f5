//! The start page, left open: walked by keyboard alone, told of a breach as it happens, of a lost connection, and read
//! without scripts.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use devstack::{Site, TcpProxy, wait_until};
use journeys::attacker::{Insider, record_of};
use journeys::steps::{enrol, options, sign_in, staff};
use journeys::{Browser, Key, Screen, Tab};
use serde::Deserialize;

const LIMIT: Duration = Duration::from_secs(60);
const ALL_WELL: &str = "All 3 records are exactly what their owners signed.";
const BREACH: &str = "1 of 3 records is not what its owner signed.";
/// More stops than that, and nobody walks a page by keyboard.
const MOST_STOPS: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn an_open_start_page_can_be_relied_on() -> Result<()> {
    let mut site = Site::start(&options()).await?;
    enrol(&site, 3).await?;
    let (desk, phone) = (
        Browser::launch(Screen::Desktop).await?,
        Browser::launch(Screen::Phone).await?,
    );
    let (at_desk, on_phone) = (
        open(&site, &desk, "at-desk").await?,
        open(&site, &phone, "on-the-road").await?,
    );
    for (tab, name) in [(&at_desk, "desktop"), (&on_phone, "phone")] {
        tab.see(ALL_WELL).await?;
        tab.look(&format!("start-{name}-all-well")).await?;
        is_walked_by_keyboard(tab).await?;
    }
    for tab in [&at_desk, &on_phone] {
        listen(tab).await?;
    }
    insider_acts(&site).await?;
    for (tab, name) in [(&at_desk, "desktop"), (&on_phone, "phone")] {
        tells_of_the_breach(tab).await?;
        for (dark, light) in [(true, "dark"), (false, "light")] {
            tab.prefer_dark(dark).await?;
            tab.look(&format!("start-{name}-breach-{light}")).await?;
        }
        tab.behaved()?;
    }
    notices_a_silent_server(&site, &desk).await?;
    notices_a_lost_server(&mut site, &at_desk).await?;
    needs_no_scripts(&site, &at_desk).await?;
    site.stop().await
}

/// Signed in, and at the start page.
async fn open(site: &Site, browser: &Browser, login: &str) -> Result<Tab> {
    let officer = staff(site, "data_protection_officer", login).await?;
    let tab = browser.tab().await?;
    sign_in(&tab, site.viewer.url(), &officer).await?;
    tab.find("#overview").await?;
    Ok(tab)
}

/// What has the focus, as a person sees it.
#[derive(Debug, Deserialize)]
struct Focus {
    id: String,
    name: String,
    is_marked: bool,
    is_in_view: bool,
    is_cell: bool,
}

const FOCUS: &str = "(() => { const it = document.activeElement, style = getComputedStyle(it), box = it.getBoundingClientRect(); \
    return { id: it.id, name: plain(it.getAttribute('aria-label') || it.innerText), \
             is_marked: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2, \
             is_in_view: box.width > 0 && box.bottom > 0 && box.top < innerHeight, is_cell: it.matches('.map a') }; })()";

/// From stop to stop; each has a name, is seen, and shows that it has the focus.
async fn next_stop(tab: &Tab) -> Result<Focus> {
    tab.press_key(Key::Tab).await?;
    let stop: Focus = tab.run(FOCUS).await?;
    ensure!(
        stop.is_marked && stop.is_in_view && !stop.name.is_empty(),
        "a stop that nobody sees: {stop:?}"
    );
    Ok(stop)
}

async fn is_walked_by_keyboard(tab: &Tab) -> Result<()> {
    tab.run::<bool>("document.activeElement.blur(), scrollTo(0, 0), true")
        .await?;
    let first = next_stop(tab).await?;
    ensure!(first.name == "Skip to content", "the first: {first:?}");
    tab.press_key(Key::Enter).await?;
    tab.find("main:focus").await?;
    let mut stops = Vec::new();
    while stops.len() < MOST_STOPS && !stops.iter().any(|id| id == "skip-map") {
        stops.push(next_stop(tab).await?.id);
    }
    for expected in ["all-incidents", "over-hour", "over-year", "skip-map"] {
        ensure!(
            stops.iter().any(|id| id == expected),
            "{expected}: {stops:?}"
        );
    }
    ensure!(
        next_stop(tab).await?.is_cell,
        "the map follows its way past"
    );
    tab.run::<bool>("document.getElementById('skip-map').focus(), true")
        .await?;
    tab.press_key(Key::Enter).await?;
    tab.find("#map-end:focus").await?;
    // What is unfolded and chosen by keyboard.
    tab.run::<bool>("document.querySelector('#history-table summary').focus(), true")
        .await?;
    tab.press_key(Key::Enter).await?;
    tab.find("#history-table[open] table").await?;
    tab.run::<bool>("document.getElementById('over-month').focus(), true")
        .await?;
    tab.press_key(Key::Enter).await?;
    tab.find("#over-month[aria-current]").await?;
    tab.see(ALL_WELL).await
}

/// Notes what is read out from now on, and whether the page is loaded anew.
async fn listen(tab: &Tab) -> Result<()> {
    tab.run::<bool>(
        "(() => { window.stays = true; window.readOut = []; const spoken = document.getElementById('announcer'); \
         new MutationObserver(() => readOut.push(plain(spoken.textContent))) \
             .observe(spoken, { childList: true, characterData: true, subtree: true }); return true; })()",
    )
    .await?;
    Ok(())
}

/// Alters a record, and plants an account.
async fn insider_acts(site: &Site) -> Result<()> {
    let record = record_of(2);
    let alter =
        format!("UPDATE record_versions SET email = REVERSE(email) WHERE record_id = {record}");
    let plant = "INSERT INTO staff SELECT RANDOM_BYTES(16), RANDOM_BYTES(32), login, display_name, password_hash, role, \
                 disabled_at, created_at, mac, NULL, NULL, NULL, NULL, 0 FROM staff LIMIT 1";
    Insider::at(site).await?.run(&[&alter, plant]).await
}

async fn tells_of_the_breach(tab: &Tab) -> Result<()> {
    tab.see(BREACH).await?;
    tab.find("#map a[aria-label='UID 2: 1 altered']").await?;
    for valid in [1, 3] {
        let cell = format!("#map a.good[aria-label='UID {valid}: 1 valid']");
        tab.find(&cell).await.context("a neighbour")?;
    }
    tab.find("#open-incidents a[href='/incidents/1']").await?;
    tab.find("#alarms .things").await?;
    tab.find("#history .lane.bad").await?;
    ensure!(
        tab.run::<bool>("window.stays === true").await?,
        "the page was loaded anew"
    );
    let read_out: Vec<String> = tab.run("window.readOut").await?;
    let told = read_out.iter().filter(|text| text.contains(BREACH)).count();
    ensure!(told == 1, "it is read out once: {read_out:?}");
    Ok(())
}

/// Connections that stay and say nothing more: nothing breaks, and nothing comes.
async fn notices_a_silent_server(site: &Site, browser: &Browser) -> Result<()> {
    let port = site.viewer.url().port().context("a port")?;
    let proxy = TcpProxy::start(port).await?;
    let mut url = site.viewer.url().clone();
    url.set_port(Some(proxy.port()))
        .map_err(|()| anyhow::anyhow!("no port"))?;
    let tab = browser.tab().await?;
    tab.open(url.as_str()).await?;
    tab.see(BREACH).await?;
    proxy.hang();
    tab.see("There is no connection to Sealwatch").await?;
    proxy.heal();
    is_fresh_again(&tab).await
}

async fn notices_a_lost_server(site: &mut Site, tab: &Tab) -> Result<()> {
    site.viewer.stop().await?;
    tab.see("This page shows how things stood at").await?;
    tab.see("There is no connection to Sealwatch").await?;
    let grey = "document.body.hasAttribute('data-outdated')";
    ensure!(tab.run::<bool>(grey).await?, "it still looks fresh");
    tab.look("start-desktop-no-connection").await?;
    site.viewer.resume().await?;
    is_fresh_again(tab).await?;
    ensure!(
        tab.run::<bool>("window.stays === true").await?,
        "the page was loaded anew"
    );
    Ok(())
}

async fn is_fresh_again(tab: &Tab) -> Result<()> {
    wait_until("the note to go", LIMIT, || async {
        let gone = tab.run::<bool>("!seen('This page shows how things stood at')");
        Ok(gone.await?.then_some(()))
    })
    .await
}

/// What the server sends is whole.
async fn needs_no_scripts(site: &Site, tab: &Tab) -> Result<()> {
    tab.allow_scripts(false).await?;
    tab.open(site.viewer.url().as_str()).await?;
    tab.see(BREACH).await?;
    for part in [
        "#map a[aria-label='UID 2: 1 altered']",
        "#open-incidents a[href='/incidents/1']",
        "#alarms .things",
        "#history .lane.bad svg[role=img]",
    ] {
        tab.find(part).await?;
    }
    tab.follow("A year").await?;
    tab.find("#over-year[aria-current]").await?;
    tab.look("start-without-scripts").await?;
    tab.allow_scripts(true).await
}
