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

/// What the insider did and nobody has put right, and what the viewer says of it.
fn findings(told: &Told) -> String {
    let people = told.people;
    let signed =
        format!("{people} people signed their own details, and the chain holds a proof of each.");
    let lines: String = deeds(told)
        .iter()
        .map(|(deed, verdict)| format!("  {deed:<54}{verdict}\n"))
        .collect();
    if lines.is_empty() {
        return format!(
            "{signed} An insider's SQL was at six of the rows;\nall of that is put right.\n"
        );
    }
    let (then, found) = match told.again {
        false => (
            "Then an insider's SQL",
            "breach-viewer found each and calls it by that name; the data-protection officer has mail.",
        ),
        true => (
            "Of what an insider's SQL did, this still stands:\nit",
            "breach-viewer calls each by that name.",
        ),
    };
    format!("{signed} {then}\n\n{lines}\n{found}\n")
}

fn deeds(told: &Told) -> Vec<(String, &'static str)> {
    let Breaches {
        altered,
        deleted,
        swapped: [one, other],
        rolled_back,
        forged,
    } = &told.breaches;
    let stands = |record: &dyn ToString| told.standing.contains(&record.to_string());
    let mut deeds = Vec::new();
    if stands(altered) {
        let deed = format!("changed the e-mail address of record {altered}");
        deeds.push((deed, "altered"));
    }
    if stands(deleted) {
        deeds.push((format!("deleted record {deleted}"), "missing"));
    }
    match (stands(one), stands(other)) {
        (true, true) => {
            let deed = format!("exchanged the phone numbers of records {one} and {other}");
            deeds.push((deed, "swapped"));
        }
        (false, false) => {}
        (one_stands, _) => {
            let left = if one_stands { one } else { other };
            let deed = format!("put another one's phone number into record {left}");
            deeds.push((deed, "swapped"));
        }
    }
    if stands(rolled_back) {
        let deed = format!("put an old address back into record {rolled_back}");
        deeds.push((deed, "rolled back"));
    }
    if stands(forged) {
        let deed = "inserted a record that nobody signed".to_owned();
        deeds.push((deed, "forged"));
    }
    deeds
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

#[cfg(test)]
mod tests {
    use super::*;

    fn told(again: bool, standing: &[&str]) -> String {
        let breaches = Breaches {
            altered: 12,
            deleted: 24,
            swapped: [13, 23],
            rolled_back: 2,
            forged: "0a".repeat(16),
        };
        findings(&Told {
            breaches,
            standing: standing.iter().map(|record| (*record).to_owned()).collect(),
            people: 24,
            again,
        })
    }

    #[test]
    fn what_was_put_right_is_not_listed_again() {
        let forged = "0a".repeat(16);
        let all = told(false, &["12", "24", "13", "23", "2", &forged]);
        assert_eq!(all.lines().filter(|line| line.starts_with("  ")).count(), 5);
        let some = told(true, &["24", "23", &forged]);
        let lines: Vec<_> = some.lines().filter(|line| line.starts_with("  ")).collect();
        assert_eq!(lines.len(), 3, "{some}");
        assert!(lines[0].contains("deleted record 24"), "{some}");
        assert!(lines[1].contains("into record 23"), "{some}");
        assert!(some.contains("still stands"), "{some}");
        let none = told(true, &[]);
        assert!(none.contains("all of that is put right"), "{none}");
    }
}
