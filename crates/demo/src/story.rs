//! The story: people are entered, sign, are approved and anchored; then an insider changes one
//! record and deletes another, and the viewer finds both. Each step is kept, so that a story that
//! was interrupted goes on where it stopped.

mod discovery;
mod kept;

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result};
use devstack::{Accounts, Site, wait_until};

use self::discovery::Officer;
use self::kept::{Enrolled, Kept};
use crate::doors::{Clerk, Owner, PEOPLE, Person, consent_link};
use crate::insider::Insider;
use crate::screen::{Screen, Steps};
use crate::sign_ins::SignIns;

pub(crate) use self::kept::Breaches;

const ANCHORING_LIMIT: Duration = Duration::from_secs(180);
/// As many as a clerk would tick on one page.
const APPROVED_AT_ONCE: usize = 8;

/// Everybody and everything that takes part.
pub(crate) struct Story<'a> {
    site: &'a Site,
    sign_ins: &'a SignIns,
    accounts: Accounts,
    people: &'static [Person],
    kept: Kept,
}

impl<'a> Story<'a> {
    /// The story as far as it was told.
    pub(crate) fn load(site: &'a Site, sign_ins: &'a SignIns, people: u8) -> Result<Self> {
        let people = PEOPLE
            .get(..usize::from(people))
            .context("too many people")?;
        let kept = Kept::load(site.dir())?;
        Ok(Self {
            site,
            sign_ins,
            accounts: Accounts::load()?,
            people,
            kept,
        })
    }

    /// Plays what is left of it.
    pub(crate) async fn play(mut self, screen: &Screen) -> Result<Told> {
        if let Some(breaches) = self.kept.found {
            return Ok(Told {
                breaches,
                people: self.kept.enrolled.len(),
                again: true,
            });
        }
        screen.say(&format!(
            "\n{} people hand their details to Nordhaven Clinic.",
            self.people.len()
        ));
        let steps = screen.begin(self.steps(), 0);
        let clerk = self.sign_in().await?;
        self.enter(&clerk, &steps).await?;
        self.sign(&steps).await?;
        self.approve(&clerk, &steps).await.context("anchoring")?;
        let breaches = self.break_in(&steps).await?;
        self.discover(breaches, &steps).await?;
        steps.finish();
        Ok(Told {
            breaches,
            people: self.kept.enrolled.len(),
            again: false,
        })
    }

    /// Entered, signed, anchored; two deeds; two discoveries and the mail about them.
    fn steps(&self) -> u64 {
        self.people.len() as u64 * 3 + 5
    }

    async fn sign_in(&self) -> Result<Clerk> {
        let clerk = &self.sign_ins.clerk;
        Clerk::sign_in(self.site.entry.url(), &clerk.login, &clerk.password).await
    }

    async fn enter(&mut self, clerk: &Clerk, steps: &Steps) -> Result<()> {
        for (index, person) in self.people.iter().enumerate() {
            if index >= self.kept.enrolled.len() {
                steps.now(format!(
                    "{} enters {}",
                    self.sign_ins.clerk.display_name, person.name
                ));
                let wallet = &self.accounts.named(&wallet_name(index))?.address;
                let record = clerk.enter(person, wallet).await?;
                self.kept.enrolled.push(Enrolled {
                    record,
                    signed: false,
                });
                self.kept.save()?;
            }
            steps.done();
        }
        Ok(())
    }

    /// Each opens the link from their own mail, in a browser of their own.
    async fn sign(&mut self, steps: &Steps) -> Result<()> {
        for (index, person) in self.people.iter().enumerate() {
            if !self.kept.enrolled[index].signed {
                steps.now(format!(
                    "{} reads the mail and signs with their own wallet",
                    person.name
                ));
                let link = consent_link(self.site, person.email)
                    .await
                    .with_context(|| format!("the consent link of {}", person.name))?;
                let owner = Owner::named(&self.accounts, &wallet_name(index))?;
                owner
                    .sign(&link, person.grants)
                    .await
                    .with_context(|| format!("{} signs", person.name))?;
                self.kept.enrolled[index].signed = true;
                self.kept.save()?;
            }
            steps.done();
        }
        Ok(())
    }

    async fn approve(&self, clerk: &Clerk, steps: &Steps) -> Result<()> {
        let records: Vec<&str> = self
            .kept
            .enrolled
            .iter()
            .map(|enrolled| enrolled.record.as_str())
            .collect();
        if self.kept.planned.is_some() {
            // The insider was at work: not all are in the list any more.
            records.iter().for_each(|_| steps.done());
            return Ok(());
        }
        let mut anchored = clerk.anchored().await?;
        let waiting: Vec<&str> = records
            .iter()
            .copied()
            .filter(|record| !anchored.contains(*record))
            .collect();
        steps.now(format!(
            "{} approves them; their proofs are written to the chain",
            self.sign_ins.clerk.display_name
        ));
        for batch in waiting.chunks(APPROVED_AT_ONCE) {
            clerk.approve(batch).await?;
        }
        count(&records, &anchored, steps, &BTreeSet::new());
        while !records.iter().all(|record| anchored.contains(*record)) {
            let before = anchored.clone();
            anchored = wait_until(
                "the next record to be anchored",
                ANCHORING_LIMIT,
                || async {
                    let now = clerk.anchored().await?;
                    Ok((now.len() > before.len()).then_some(now))
                },
            )
            .await?;
            count(&records, &anchored, steps, &before);
        }
        Ok(())
    }

    /// Somebody with the database in hand, and no key.
    async fn break_in(&mut self, steps: &Steps) -> Result<Breaches> {
        let insider = Insider::new(self.site);
        let breaches = match self.kept.planned {
            Some(breaches) => breaches,
            None => self.plan(&insider).await?,
        };
        if !self.kept.altered {
            steps.now(format!(
                "An insider's SQL changes the e-mail address of record {}",
                breaches.altered
            ));
            insider.alter_email(breaches.altered).await?;
            self.kept.altered = true;
            self.kept.save()?;
        }
        steps.done();
        if !self.kept.deleted {
            steps.now(format!(
                "An insider's SQL deletes record {}",
                breaches.deleted
            ));
            insider.delete(breaches.deleted).await?;
            self.kept.deleted = true;
            self.kept.save()?;
        }
        steps.done();
        Ok(breaches)
    }

    async fn plan(&mut self, insider: &Insider) -> Result<Breaches> {
        let third = self.kept.enrolled.len() / 3;
        let breaches = Breaches {
            altered: insider.uid_of(&self.kept.enrolled[third].record).await?,
            deleted: insider
                .uid_of(&self.kept.enrolled[2 * third].record)
                .await?,
        };
        self.kept.planned = Some(breaches);
        self.kept.save()?;
        Ok(breaches)
    }

    async fn discover(&mut self, breaches: Breaches, steps: &Steps) -> Result<()> {
        steps.now("breach-viewer compares every record with the chain".to_owned());
        let officer = Officer::sign_in(self.site.viewer.url(), &self.sign_ins.officer).await?;
        officer
            .wait_for_verdict("altered", breaches.altered)
            .await?;
        steps.done();
        officer
            .wait_for_verdict("missing", breaches.deleted)
            .await?;
        steps.done();
        let officer = &self.sign_ins.officer.display_name;
        steps.now(format!("{officer}, the data-protection officer, gets mail"));
        for uid in [breaches.altered, breaches.deleted] {
            discovery::wait_for_mail_about(&self.site.inbox, uid).await?;
        }
        steps.done();
        self.kept.found = Some(breaches);
        self.kept.save()
    }
}

/// What the farewell needs to know.
pub(crate) struct Told {
    pub(crate) breaches: Breaches,
    pub(crate) people: usize,
    /// Whether it was told on an earlier day.
    pub(crate) again: bool,
}

fn wallet_name(index: usize) -> String {
    format!("owner-{:02}", index + 1)
}

/// One step for each of our records that is newly anchored.
fn count(records: &[&str], anchored: &BTreeSet<String>, steps: &Steps, before: &BTreeSet<String>) {
    let new = records
        .iter()
        .filter(|record| anchored.contains(**record) && !before.contains(**record));
    new.for_each(|_| steps.done());
}
