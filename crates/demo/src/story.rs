//! The story: people are entered, sign, are approved and anchored; then an insider alters, deletes,
//! swaps, rolls back and forges, and the viewer finds each. Each step is kept, so that a story that
//! was interrupted goes on where it stopped.

mod break_in;
mod discovery;
mod kept;

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result};
use devstack::{Accounts, Site, wait_until};

use self::kept::{Deed, Enrolled, Kept};
use crate::doors::{Clerk, Owner, PEOPLE, Person, consent_link};
use crate::insider::Insider;
use crate::screen::{Screen, Steps};
use crate::sign_ins::SignIns;

pub(crate) use self::kept::Breaches;

const ANCHORING_LIMIT: Duration = Duration::from_secs(180);
/// As many as a clerk would tick on one page.
const APPROVED_AT_ONCE: usize = 8;
/// Whose postal address is mistyped at first, and put right before they sign: the second in the list.
const MISTYPED: usize = 1;
const MISTYPED_ADDRESS: &str = "Quay Road 81, 1182 Nordhaven";

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
        if let (true, Some(breaches)) = (self.kept.found, self.kept.planned.clone()) {
            return Ok(Told {
                standing: self.standing(&breaches).await?,
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
        self.discover(&breaches, &steps).await?;
        steps.finish();
        Ok(Told {
            standing: breaches.records(),
            breaches,
            people: self.kept.enrolled.len(),
            again: false,
        })
    }

    /// Entered, signed, anchored; each deed and its discovery; the mail about them.
    fn steps(&self) -> u64 {
        (self.people.len() * 3 + Deed::ALL.len() * 2 + 1) as u64
    }

    async fn sign_in(&self) -> Result<Clerk> {
        let clerk = &self.sign_ins.clerk;
        Clerk::sign_in(self.site.entry.url(), &clerk.login, &clerk.password).await
    }

    async fn enter(&mut self, clerk: &Clerk, steps: &Steps) -> Result<()> {
        for (index, person) in self.people.iter().enumerate() {
            let wallet = self.accounts.named(&wallet_name(index))?.address.clone();
            if index >= self.kept.enrolled.len() {
                steps.now(format!(
                    "{} enters {}",
                    self.sign_ins.clerk.display_name, person.name
                ));
                let (record, right) = match index {
                    MISTYPED => (mistype(clerk, person, &wallet).await?, false),
                    _ => (clerk.enter(person, &wallet).await?, true),
                };
                self.kept.enrolled.push(Enrolled {
                    record,
                    right,
                    signed: false,
                });
                self.kept.save()?;
            }
            if !self.kept.enrolled[index].right {
                self.put_right(clerk, index, &wallet, steps).await?;
            }
            steps.done();
        }
        Ok(())
    }

    /// The clerk notices a mistake before the owner signs. An insider has kept a backup from before.
    async fn put_right(
        &mut self,
        clerk: &Clerk,
        index: usize,
        wallet: &str,
        steps: &Steps,
    ) -> Result<()> {
        let (person, record) = (&self.people[index], &self.kept.enrolled[index].record);
        if self.kept.backup.is_none() {
            let backup = Insider::new(self.site).keep_address(record).await?;
            self.kept.backup = Some(backup);
            self.kept.save()?;
        }
        let record = &self.kept.enrolled[index].record;
        steps.now(format!(
            "{} corrects the address of {}",
            self.sign_ins.clerk.display_name, person.name
        ));
        clerk.edit(record, person, wallet).await?;
        self.kept.enrolled[index].right = true;
        self.kept.save()
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
}

/// What the farewell needs to know.
pub(crate) struct Told {
    pub(crate) breaches: Breaches,
    /// The records at which the insider was and that are still as they left them, as addresses name them.
    pub(crate) standing: BTreeSet<String>,
    pub(crate) people: usize,
    /// Whether it was told on an earlier day.
    pub(crate) again: bool,
}

/// Nobody gets a link to what is wrong.
async fn mistype(clerk: &Clerk, person: &Person, wallet: &str) -> Result<String> {
    let mistyped = Person {
        address: MISTYPED_ADDRESS,
        ..*person
    };
    clerk.enter_at_the_desk(&mistyped, wallet).await
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
