//! What the viewer and the inbox tell of a breach.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use devstack::{Mail, Site, wait_until};
use serde::Deserialize;

use crate::steps::Officer;

const OFFICER: &str = "officer@nordhaven.example";
/// A round of the sweep, and a mail's way.
const LIMIT: Duration = Duration::from_secs(30);
/// Long enough for two rounds and the outbox.
const QUIET: Duration = Duration::from_secs(4);

/// The grid, read from the page.
const LINES: &str = "[...document.querySelectorAll('#grid tbody tr')].map((line) => { \
    const cell = (name) => line.querySelector(`[data-label=\"${name}\"]`); \
    return { record: plain(cell('UID').innerText), state: plain(cell('State').innerText), \
             verdict: plain(cell('Verdict').querySelector('.badge').innerText), \
             fields: plain(cell('Verdict').querySelector('.parts')?.innerText) }; })";

/// What an incident's page lists.
const FINDINGS: &str = "[...document.querySelectorAll('#findings tbody tr')].map((line) => { \
    const cell = (name) => plain(line.querySelector(`[data-label=\"${name}\"]`).innerText); \
    return { record: cell('Record').replace('Record ', ''), verdict: cell('Verdict'), fields: cell('Fields'), \
             expected: cell('Proof expected'), found: cell('Proof found'), now: cell('Now') }; })";

/// A line of the grid.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Line {
    /// The UID, or `no UID`.
    pub record: String,
    /// Where the record is on its way.
    pub state: String,
    /// The badge.
    pub verdict: String,
    /// The parts at fault.
    pub fields: String,
}

/// A line of an incident's page.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Found {
    /// The UID, or `Row 429f943d… unknown to the chain`.
    pub record: String,
    /// The badge.
    pub verdict: String,
    /// The parts at fault.
    pub fields: String,
    /// The proof expected.
    pub expected: String,
    /// The proof found.
    pub found: String,
    /// Open, restorable, or resolved.
    pub now: String,
}

impl Found {
    /// What the grid calls it.
    fn subject(&self) -> &str {
        match self.record.ends_with(UNKNOWN) || self.record.ends_with(NOT_ANCHORED) {
            true => NO_UID,
            false => &self.record,
        }
    }
}

/// One incident, as the officer learns of it.
#[derive(Debug, Clone)]
pub struct Incident {
    /// Its number.
    pub number: u64,
    /// The mail about it.
    pub mail: Mail,
    /// What its page lists.
    pub findings: Vec<Found>,
}

/// A record at fault: its UID or `no UID`, the verdict, the parts.
pub type Fault<'a> = (&'a str, &'a str, &'a str);

/// The officer's eyes. Every mail about an incident is to be taken note of by [`Self::next_incident`].
pub struct Lookout<'a> {
    site: &'a Site,
    officer: &'a Officer<'a>,
    known: BTreeSet<String>,
}

impl<'a> Lookout<'a> {
    /// Begins to look out.
    #[must_use]
    pub fn new(site: &'a Site, officer: &'a Officer<'a>) -> Self {
        Self {
            site,
            officer,
            known: BTreeSet::new(),
        }
    }

    /// Waits for the mail of an incident that was not known yet, and opens the page that it leads to.
    ///
    /// # Errors
    /// When no mail comes.
    pub async fn next_incident(&mut self) -> Result<Incident> {
        let new = |mail: &Mail| is_breach(mail) && !self.known.contains(&mail.id);
        let mail = self.site.inbox.wait_for(LIMIT, new).await;
        let mail = mail.context("a mail about an incident")?;
        self.known.insert(mail.id.clone());
        let address = mail
            .text
            .split_whitespace()
            .find(|word| word.contains("/incidents/"));
        let address = address.context("a link in the mail")?;
        let number = address.rsplit('/').next().context("a number")?.parse()?;
        self.officer.tab().open(address).await?;
        self.officer.tab().see("What was found").await?;
        Ok(Incident {
            number,
            findings: self.officer.tab().run(FINDINGS).await?,
            mail,
        })
    }

    /// [`Self::next_incident`], which must be about exactly these faults.
    ///
    /// # Errors
    /// When it is about others.
    pub async fn incident_about(&mut self, faults: &[Fault<'_>]) -> Result<Incident> {
        let incident = self.next_incident().await?;
        let found = incident.findings.iter();
        let found = sorted(found.map(|one| (one.subject(), &one.verdict, &one.fields)));
        let expected = sorted(faults.iter().copied());
        ensure!(
            found == expected,
            "incident {} is about {found:#?} instead of {expected:#?}",
            incident.number
        );
        Ok(incident)
    }

    /// Waits until the grid shows exactly these faults and every other record as valid.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn grid_shows(&self, faults: &[Fault<'_>]) -> Result<Vec<Line>> {
        let expected = sorted(
            faults
                .iter()
                .map(|(record, verdict, fields)| (record, verdict, fields)),
        );
        self.officer.grid().await?;
        wait_until("the grid to show what is wrong", LIMIT, || async {
            let lines = self.lines().await?;
            let bad = lines.iter().filter(|line| line.verdict != "Valid");
            let bad = sorted(bad.map(|line| (&line.record, &line.verdict, &line.fields)));
            ensure!(
                bad == expected,
                "the grid shows {bad:#?} instead of {expected:#?}"
            );
            Ok(Some(lines))
        })
        .await
    }

    /// The lines of the grid that is open.
    ///
    /// # Errors
    /// When another page is open.
    pub async fn lines(&self) -> Result<Vec<Line>> {
        self.officer.tab().run(LINES).await
    }

    /// Looks on for a while: no mail and no incident but those known.
    ///
    /// # Errors
    /// When there are more.
    pub async fn nothing_more(&self) -> Result<()> {
        tokio::time::sleep(QUIET).await;
        let mails = self.site.inbox.messages_to(OFFICER).await?;
        let mails: Vec<&Mail> = mails.iter().filter(|mail| is_breach(mail)).collect();
        ensure!(
            mails.len() == self.known.len(),
            "{} mails about incidents instead of {}: {:#?}",
            mails.len(),
            self.known.len(),
            mails.iter().map(|mail| &mail.text).collect::<Vec<_>>()
        );
        let page = self.site.viewer.page("incidents")?;
        self.officer.tab().open(page.as_str()).await?;
        self.officer
            .tab()
            .see("Each gathers what was found together")
            .await?;
        let incidents = self.officer.tab().count("tbody tr").await?;
        ensure!(
            incidents == self.known.len(),
            "{incidents} incidents instead of {}",
            self.known.len()
        );
        Ok(())
    }

    /// Waits for a mail to the officer that says these words.
    ///
    /// # Errors
    /// When none comes.
    pub async fn mail_that_says(&self, words: &str) -> Result<Mail> {
        let said = |mail: &Mail| {
            mail.is_to(OFFICER) && (mail.subject.contains(words) || mail.text.contains(words))
        };
        let mail = self.site.inbox.wait_for(LIMIT, said).await;
        mail.with_context(|| format!("a mail to the officer that says {words}"))
    }
}

/// How the grid calls a row without a UID.
pub const NO_UID: &str = "no UID";
/// How an incident's page ends the name of such a row, which begins with its id.
const UNKNOWN: &str = "unknown to the chain";
/// The same where it is one of ours on its way.
const NOT_ANCHORED: &str = "not anchored yet";

fn is_breach(mail: &Mail) -> bool {
    mail.is_to(OFFICER)
        && mail.subject.starts_with("Incident ")
        && mail.subject.contains("not as signed")
}

fn sorted<A: AsRef<str>, B: AsRef<str>, C: AsRef<str>>(
    faults: impl Iterator<Item = (A, B, C)>,
) -> Vec<(String, String, String)> {
    let owned = |(record, verdict, fields): (A, B, C)| {
        (
            record.as_ref().to_owned(),
            verdict.as_ref().to_owned(),
            fields.as_ref().to_owned(),
        )
    };
    let mut faults: Vec<_> = faults.map(owned).collect();
    faults.sort();
    faults
}
