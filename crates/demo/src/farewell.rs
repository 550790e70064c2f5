//! What the terminal shows once everything runs.

use anyhow::Result;
use devstack::{Accounts, Site};

use crate::insider;
use crate::screen::Screen;
use crate::sign_ins::SignIns;
use crate::story::{Breaches, Told};

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
    screen.say(&findings(told));
    // One that the insider left alone.
    let intact = (1..)
        .find(|uid| !told.breaches.uids().contains(uid))
        .unwrap_or(1);
    screen.say(&format!("Try next:\n\n{}", ideas(site, intact)?));
    screen.say("Ctrl-C stops everything; `make demo` continues, `make clean-demo` starts over.");
    Ok(())
}

/// What the insider did, and what the viewer says of it.
fn findings(told: &Told) -> String {
    let Breaches {
        altered,
        deleted,
        swapped: [one, other],
        rolled_back,
        forged: _,
    } = &told.breaches;
    let lines = [
        (
            format!("changed the e-mail address of record {altered}"),
            "altered",
        ),
        (format!("deleted record {deleted}"), "missing"),
        (
            format!("exchanged the phone numbers of records {one} and {other}"),
            "swapped",
        ),
        (
            format!("put an old address back into record {rolled_back}"),
            "rolled back",
        ),
        ("inserted a record that nobody signed".to_owned(), "forged"),
    ];
    let lines = lines.map(|(deed, verdict)| format!("  {deed:<54}{verdict}\n"));
    format!(
        "{people} people signed their own details, and the chain holds a proof of each. Then an insider's SQL\n\n\
         {lines}\nbreach-viewer found each and calls it by that name; the data-protection officer has mail.\n",
        people = told.people,
        lines = lines.concat(),
    )
}

fn ideas(site: &Site, intact: u64) -> Result<String> {
    let accounts = Accounts::load()?;
    Ok(format!(
        "  1. Read breach-viewer's start page, open the incident, read what was found, and restore a record.\n\n  \
         2. Be the insider yourself, and watch record {intact} turn red:\n\n     {command}\n\n  \
         3. Enter yourself in entry-app with the wallet {wallet},\n     \
         open the link in the inbox with the code that entry-app shows, and sign with the wallet named\n     \
         \"Demo wallet\". Then approve yourself in entry-app, and watch breach-viewer say valid.\n",
        command = insider::command_to_alter(site, intact),
        wallet = accounts.named(SPARE_WALLET)?.address,
    ))
}
