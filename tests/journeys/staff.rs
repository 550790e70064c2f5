//! Somebody begins to work here, by a mailed link, and is signed out when they leave; all of it on a phone, and by day and night.

use anyhow::{Context, Result};
use devstack::{Mail, Site};
use journeys::steps::{mailed, options, sign_in, staff};
use journeys::{Browser, Screen, Tab};

const NEWCOMER: &str = "nora@riverside.example";
const PASSWORD: &str = "seven green lanterns";

#[tokio::test(flavor = "multi_thread")]
async fn somebody_is_invited_begins_to_work_and_leaves() -> Result<()> {
    let site = Site::start(&options()).await?;
    let (office, street) = (
        Browser::launch(Screen::Phone).await?,
        Browser::launch(Screen::Phone).await?,
    );
    let (desk, nora) = (office.tab().await?, street.tab().await?);
    let manager = staff(&site, "controller_manager", "manager").await?;
    sign_in(&desk, site.entry.url(), &manager).await?;
    desk.follow("Staff").await?;
    desk.look("staff-list").await?;
    invite(&desk).await?;
    begin(&site, &nora).await?;

    desk.follow("Disable…").await?;
    desk.look("staff-disable").await?;
    desk.follow("Disable the account").await?;
    desk.see("signed out everywhere").await?;
    nora.open(site.entry.page("records")?.as_str()).await?;
    nora.see("Sign in").await?;
    desk.open(site.entry.page("staff/history")?.as_str())
        .await?;
    desk.see("disabled the account of Nora Quist.").await?;
    desk.look("staff-history").await?;
    for tab in [&desk, &nora] {
        tab.behaved()?;
        tab.stayed_at_home()?;
    }
    site.stop().await
}

async fn invite(desk: &Tab) -> Result<()> {
    desk.follow("Invite somebody").await?;
    desk.follow("Send the invitation").await?;
    desk.see("Choose a role.").await?;
    desk.look("staff-invite-empty").await?;
    desk.fill("Name", "Nora Quist").await?;
    desk.fill("E-mail", NEWCOMER).await?;
    desk.fill("Login", "nora.q").await?;
    desk.press("Clerk").await?;
    desk.prefer_dark(true).await?;
    desk.look("staff-invite").await?;
    desk.follow("Send the invitation").await?;
    desk.see("Link sent").await?;
    desk.look("staff-account").await
}

async fn begin(site: &Site, nora: &Tab) -> Result<()> {
    let mail = mailed(site, NEWCOMER, "Choose my password").await?;
    nora.open(&link_of(&mail)?).await?;
    nora.see("Good day Nora Quist.").await?;
    nora.look("staff-welcome").await?;
    nora.fill("New password", PASSWORD).await?;
    nora.fill("New password, once more", PASSWORD).await?;
    nora.follow("Set the password").await?;
    nora.see("Your password is set").await?;
    nora.look("staff-welcome-done").await?;
    nora.follow("Sign in").await?;
    nora.fill("Login", "nora.q").await?;
    nora.fill("Password", PASSWORD).await?;
    nora.follow("Sign in").await?;
    nora.see("Records").await?;
    nora.dont_see("Staff").await
}

fn link_of(mail: &Mail) -> Result<String> {
    let mut words = mail.text.split_whitespace();
    let link = words.find(|word| word.contains("/welcome/"));
    Ok(link.context("the mail holds a link")?.to_owned())
}
