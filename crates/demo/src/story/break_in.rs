//! Somebody with the database in hand and no key; and how the viewer finds what they did.

use std::collections::BTreeSet;

use anyhow::{Context, Result};

use super::discovery::{self, Officer};
use super::kept::{Breaches, Deed};
use super::{MISTYPED, Story};
use crate::insider::Insider;
use crate::screen::Steps;

impl Story<'_> {
    pub(super) async fn break_in(&mut self, steps: &Steps) -> Result<Breaches> {
        let insider = Insider::new(self.site);
        let breaches = match self.kept.planned.clone() {
            Some(breaches) => breaches,
            None => self.plan(&insider).await?,
        };
        for deed in Deed::ALL {
            if !self.kept.done.contains(&deed) {
                steps.now(told(deed, &breaches));
                self.commit(&insider, deed, &breaches).await?;
                self.kept.done.push(deed);
                self.kept.save()?;
            }
            steps.done();
        }
        Ok(breaches)
    }

    /// Chooses each time somebody else; nobody who comes first, so that record 1 stays as it is.
    async fn plan(&mut self, insider: &Insider) -> Result<Breaches> {
        let last = self.kept.enrolled.len() - 1;
        let uid = async |index: usize| insider.uid_of(&self.kept.enrolled[index].record).await;
        let breaches = Breaches {
            altered: uid(last / 2).await?,
            deleted: uid(last).await?,
            swapped: [uid(last / 2 + 1).await?, uid(last - 1).await?],
            rolled_back: uid(MISTYPED).await?,
            forged: hex::encode(rand::random::<[u8; 16]>()),
        };
        self.kept.planned = Some(breaches.clone());
        self.kept.save()?;
        Ok(breaches)
    }

    async fn commit(&self, insider: &Insider, deed: Deed, breaches: &Breaches) -> Result<()> {
        match deed {
            Deed::Alter => insider.alter_email(breaches.altered).await,
            Deed::Delete => insider.delete(breaches.deleted).await,
            Deed::Swap => insider.swap_phones(breaches.swapped).await,
            Deed::RollBack => {
                let backup = self.kept.backup.as_deref().context("the backup")?;
                insider.roll_back(breaches.rolled_back, backup).await
            }
            Deed::Forge => {
                let like = insider.uid_of(&self.kept.enrolled[0].record).await?;
                insider.forge(&breaches.forged, like).await
            }
        }
    }

    /// What nobody has put right since: the viewer still calls it what it called it then.
    pub(super) async fn standing(&self, breaches: &Breaches) -> Result<BTreeSet<String>> {
        let officer = Officer::sign_in(self.site.viewer.url(), &self.sign_ins.officer).await?;
        let mut standing = BTreeSet::new();
        for (verdict, records) in verdicts(breaches) {
            for record in records {
                if officer.sees_verdict(verdict, &record).await? {
                    standing.insert(record);
                }
            }
        }
        Ok(standing)
    }

    pub(super) async fn discover(&mut self, breaches: &Breaches, steps: &Steps) -> Result<()> {
        steps.now("breach-viewer compares every record with the chain".to_owned());
        let officer = Officer::sign_in(self.site.viewer.url(), &self.sign_ins.officer).await?;
        for (verdict, records) in verdicts(breaches) {
            for record in records {
                officer.wait_for_verdict(verdict, &record).await?;
            }
            steps.done();
        }
        let officer = &self.sign_ins.officer.display_name;
        steps.now(format!("{officer}, the data-protection officer, gets mail"));
        for uid in breaches.uids() {
            discovery::wait_for_mail_about(&self.site.inbox, uid).await?;
        }
        discovery::wait_for_mail_about_a_forgery(&self.site.inbox).await?;
        steps.done();
        self.kept.found = true;
        self.kept.save()
    }
}

/// What the insider does, while it is done.
fn told(deed: Deed, breaches: &Breaches) -> String {
    let [one, other] = breaches.swapped;
    match deed {
        Deed::Alter => format!(
            "An insider's SQL changes the e-mail address of record {}",
            breaches.altered
        ),
        Deed::Delete => format!("An insider's SQL deletes record {}", breaches.deleted),
        Deed::Swap => {
            format!("An insider's SQL exchanges the phone numbers of records {one} and {other}")
        }
        Deed::RollBack => format!(
            "An insider's SQL puts an old address back into record {}, from a backup",
            breaches.rolled_back
        ),
        Deed::Forge => "An insider's SQL inserts a record that nobody signed".to_owned(),
    }
}

/// What the viewer says of each, in the order of the deeds: the verdict, and the records as addresses name them.
fn verdicts(breaches: &Breaches) -> [(&'static str, Vec<String>); 5] {
    [
        ("altered", vec![breaches.altered.to_string()]),
        ("missing", vec![breaches.deleted.to_string()]),
        (
            "swapped",
            breaches.swapped.iter().map(u64::to_string).collect(),
        ),
        ("rolled_back", vec![breaches.rolled_back.to_string()]),
        ("forged", vec![breaches.forged.clone()]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_deed_is_told_and_has_a_verdict_of_its_own() {
        let breaches = Breaches {
            altered: 12,
            deleted: 24,
            swapped: [13, 23],
            rolled_back: 2,
            forged: "0a".repeat(16),
        };
        let told = Deed::ALL.map(|deed| told(deed, &breaches));
        for (text, numbers) in told.iter().zip(["12", "24", "13 and 23", "2,", "nobody"]) {
            assert!(text.contains(numbers), "{text}");
        }
        let verdicts = verdicts(&breaches);
        assert_eq!(
            verdicts.each_ref().map(|(verdict, _)| *verdict),
            ["altered", "missing", "swapped", "rolled_back", "forged"]
        );
        let records: usize = verdicts.iter().map(|(_, records)| records.len()).sum();
        assert_eq!(records, breaches.uids().len() + 1);
    }
}
