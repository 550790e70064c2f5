//! What the terminal shows once everything runs.

use anyhow::Result;
use devstack::{Accounts, Site};

use crate::insider;
use crate::screen::Screen;
use crate::sign_ins::SignIns;
use crate::story::Told;

/// A wallet that nobody in the story has.
const SPARE_WALLET: &str = "owner-25";

pub(crate) fn say(screen: &Screen, site: &Site, sign_ins: &SignIns, told: &Told) -> Result<()> {
    let (clerk, officer) = (&sign_ins.clerk, &sign_ins.officer);
    let beginning = if told.again {
        "The demo continues."
    } else {
        "The story is told, and everything keeps running."
    };
    screen.say(&format!(
        "\n{beginning}\n\n  \
         entry-app      {entry}   {clerk_login} / {clerk_password}\n  \
         breach-viewer  {viewer}   {officer_login} / {officer_password}\n  \
         mail inbox     {inbox}\n  \
         consent-dapp   {consent}   (opened by the links in the mails)\n",
        entry = site.entry.url(),
        clerk_login = clerk.login,
        clerk_password = clerk.password,
        viewer = site.viewer.url(),
        officer_login = officer.login,
        officer_password = officer.password,
        inbox = site.inbox.web_url(),
        consent = site.consent.url(),
    ));
    screen.say(&format!(
        "{people} people signed their own details, and the chain holds a proof of each. Then an insider's SQL\n\
         changed the e-mail address of record {altered} and deleted record {deleted}. breach-viewer found both;\n\
         the data-protection officer has mail.\n",
        people = told.people,
        altered = told.breaches.altered,
        deleted = told.breaches.deleted,
    ));
    // One that the insider left alone.
    let intact = (1..)
        .find(|uid| ![told.breaches.altered, told.breaches.deleted].contains(uid))
        .unwrap_or(1);
    screen.say(&format!("Try next:\n\n{}", ideas(site, intact)?));
    screen.say("Ctrl-C stops everything; `make demo` continues, `make clean-demo` starts over.");
    Ok(())
}

fn ideas(site: &Site, intact: u64) -> Result<String> {
    let accounts = Accounts::load()?;
    Ok(format!(
        "  1. Open an incident in breach-viewer, read what was found, and restore the record.\n\n  \
         2. Be the insider yourself, and watch record {intact} turn red:\n\n     {command}\n\n  \
         3. Enter yourself in entry-app with the wallet {wallet},\n     \
         open the link in the inbox with the code that entry-app shows, and sign with the wallet named\n     \
         \"Demo wallet\". Then approve yourself in entry-app, and watch breach-viewer say valid.\n",
        command = insider::command_to_alter(site, intact),
        wallet = accounts.named(SPARE_WALLET)?.address,
    ))
}
