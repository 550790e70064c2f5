//! Filing what was examined: one by one or a page at a time, good ones together.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use database::MySqlConnection;
use database::incident_findings;
use database::leases;
use database::verifications::{self, Subject, Verification};
use record::time::UnixMillis;
use sqlx::{Connection, MySql, Transaction};

use super::{GATHERING, GATHERING_LOCK, Occasion, Registrar};
use crate::examiner::Examined;
use crate::obstacle::Hindrance;
use crate::verdict::Verdict;

/// So many verdicts of a page that can't be written are tried one by one; the next round tries them again.
const MOST_REFUSALS: u32 = 3;

impl Registrar {
    /// Files one result. A bad one is read again first, row before chain: what was in motion is not alarmed about.
    /// Gives back what was filed.
    pub async fn file(&self, first: Examined, occasion: Occasion) -> Result<Examined, Hindrance> {
        let examined = match first.finding.verdict.is_bad() {
            true => self.second_look(first).await?,
            false => first,
        };
        self.file_looked_at(&examined, occasion).await?;
        Ok(examined)
    }

    async fn second_look(&self, first: Examined) -> Result<Examined, Hindrance> {
        let again = self.examiner.subject(first.subject).await?;
        Ok(again.unwrap_or(first))
    }

    async fn file_looked_at(
        &self,
        examined: &Examined,
        occasion: Occasion,
    ) -> Result<(), Hindrance> {
        match examined.finding.verdict.is_bad() {
            true => self.file_bad_or_its_verdict(examined, occasion).await,
            false => {
                self.file_good(std::slice::from_ref(examined), occasion)
                    .await
            }
        }
    }

    /// [`Self::file`] for a page. `tell` hears of each as it was filed. What the database refuses to keep about one record
    /// does not touch the others; the first such refusal is given back.
    pub(crate) async fn file_page(
        &self,
        page: Vec<Examined>,
        occasion: Occasion,
        mut tell: impl FnMut(&Examined) + Send,
    ) -> Result<Option<Hindrance>, Hindrance> {
        let is_bad = |one: &Examined| one.finding.verdict.is_bad();
        let (bad, good): (Vec<Examined>, Vec<Examined>) = page.into_iter().partition(is_bad);
        let mut refused = None;
        // First what must not wait for a row that somebody holds.
        for first in bad {
            let examined = self.second_look(first).await?;
            tell(&examined);
            let refusal = refusal(self.file_looked_at(&examined, occasion).await)?;
            self.filed.fetch_add(1, Ordering::Relaxed);
            refused = refused.or(refusal);
        }
        // Apart only where together does not go: as a rule it does. Who holds many rows does not have each waited for.
        if refusal(self.file_good(&good, occasion).await)?.is_some() {
            let mut refusals = 0;
            for one in good.chunks(1) {
                let refusal = refusal(self.file_good(one, occasion).await)?;
                self.filed.fetch_add(1, Ordering::Relaxed);
                refusals += u32::from(refusal.is_some());
                refused = refused.or(refusal);
                if refusals == MOST_REFUSALS {
                    break;
                }
            }
        }
        good.iter().for_each(&mut tell);
        Ok(refused)
    }

    /// Where the database takes no incident, the verdict at least is not the old one any more.
    async fn file_bad_or_its_verdict(
        &self,
        examined: &Examined,
        occasion: Occasion,
    ) -> Result<(), Hindrance> {
        let hindrance = match self.file_bad(examined, occasion).await {
            Ok(None) => return Ok(()),
            Ok(Some(refused)) => return Err(refused),
            Err(hindrance) => hindrance,
        };
        if hindrance.concerns_one_thing() {
            let parts = self.examiner.parts();
            let mut connection = parts.pool.acquire().await?;
            let verified = verification(examined, occasion);
            verifications::upsert(&mut connection, &parts.keys, &verified).await?;
        }
        Err(hindrance)
    }

    async fn file_good(&self, page: &[Examined], occasion: Occasion) -> Result<(), Hindrance> {
        const MOST_COLLISIONS: usize = 3;
        self.waiting.note(page);
        // Button, watch and sweep may come to the same records at once.
        for _ in 0..MOST_COLLISIONS {
            match self.file_good_once(page, occasion).await {
                Err(Hindrance::Row(error)) if error.is_collision() => {}
                filed => return filed,
            }
        }
        self.file_good_once(page, occasion).await
    }

    async fn file_good_once(&self, page: &[Examined], occasion: Occasion) -> Result<(), Hindrance> {
        let parts = self.examiner.parts();
        let mut connection = parts.pool.acquire().await?;
        let mut transaction = connection.begin().await?;
        let fresh = self.fresh(&mut transaction, page).await?;
        let verified: Vec<_> = fresh
            .iter()
            .map(|one| verification(one, occasion))
            .collect();
        verifications::upsert_all(&mut transaction, &parts.keys, &verified).await?;
        // Waiting or not to be told: whatever was found before still stands.
        let in_order = fresh
            .iter()
            .filter(|one| matches!(one.finding.verdict, Verdict::Valid | Verdict::Retired));
        // What was found about the row while the chain did not know it is over as well.
        let in_order: Vec<Subject> = in_order
            .flat_map(|one| [Some(one.subject), one.record_id().map(Subject::row)])
            .flatten()
            .collect();
        for subject in incident_findings::unresolved_of(&mut transaction, &in_order).await? {
            self.resolve(&mut transaction, subject, "verified, in order")
                .await?;
        }
        transaction.commit().await?;
        // Not before: to who looked earlier and files now, what was found is not over yet.
        self.remember(fresh);
        Ok(())
    }

    /// Those that nobody has looked at since: an older look must not be written over a newer one. Their verdicts stay
    /// locked until the caller's transaction ends.
    async fn fresh<'a>(
        &self,
        connection: &mut MySqlConnection,
        page: &'a [Examined],
    ) -> Result<Vec<&'a Examined>, Hindrance> {
        let (keys, now) = (&self.examiner.parts().keys, self.examiner.now());
        let subjects: Vec<Subject> = page.iter().map(|one| one.subject).collect();
        let on_file = verifications::lock_all(connection, keys, &subjects).await?;
        let newer: BTreeMap<Subject, UnixMillis> = on_file
            .iter()
            // A clock that was ahead must not hold a verdict in place.
            .filter(|one| one.checked_at <= now)
            .map(|one| (one.subject, one.checked_at))
            .collect();
        let is_fresh = |one: &&Examined| newer.get(&one.subject).is_none_or(|at| *at <= one.at);
        Ok(page.iter().filter(is_fresh).collect())
    }

    /// Gives back what kept the verdict from being written, when the incident was all the same.
    async fn file_bad(
        &self,
        examined: &Examined,
        occasion: Occasion,
    ) -> Result<Option<Hindrance>, Hindrance> {
        let mut locked_out_at = self.gathering.lock().await;
        let mut connection = self.examiner.parts().pool.acquire().await?;
        let mut transaction = self.gather(&mut connection, &mut locked_out_at).await?;
        let filed = self.file_verdict(&mut transaction, examined, occasion);
        let refused = match filed.await {
            Ok(true) => None,
            Ok(false) => return Ok(None),
            Err(hindrance) => refusal(Err(hindrance))?,
        };
        let mut joined = None;
        if !self.is_known(&mut transaction, examined).await? {
            let incident = self.incident_for(&mut transaction, occasion).await?;
            self.add_finding(&mut transaction, examined, incident)
                .await?;
            joined = Some(incident);
        }
        transaction.commit().await?;
        self.remember_incidents(joined);
        self.remember([examined]);
        Ok(refused)
    }

    /// A transaction in which an incident is chosen. Other processes wait here as well: one act is one incident. Where
    /// there is nothing to lock, or somebody else holds it, two incidents are better than none.
    async fn gather<'c>(
        &self,
        connection: &'c mut MySqlConnection,
        locked_out_at: &mut Option<UnixMillis>,
    ) -> Result<Transaction<'c, MySql>, Hindrance> {
        let (name, now) = (GATHERING_LOCK, self.examiner.now());
        if locked_out_at.is_some_and(|at| now.since(at) < GATHERING) {
            return Ok(connection.begin().await?);
        }
        let keys = &self.examiner.parts().keys;
        let room = leases::make_room(connection, keys, name, now).await;
        let room = refusal(room.map_err(Hindrance::from))?;
        let mut transaction = connection.begin().await?;
        if room.is_none() {
            let locked = leases::lock(&mut transaction, name).await;
            *locked_out_at = refusal(locked.map_err(Hindrance::from))?.map(|_| now);
        } else {
            *locked_out_at = Some(now);
        }
        Ok(transaction)
    }

    /// False when somebody has looked at it since.
    async fn file_verdict(
        &self,
        connection: &mut MySqlConnection,
        examined: &Examined,
        occasion: Occasion,
    ) -> Result<bool, Hindrance> {
        let mut savepoint = connection.begin().await?;
        let page = std::slice::from_ref(examined);
        let is_fresh = !self.fresh(&mut savepoint, page).await?.is_empty();
        if is_fresh {
            let verification = verification(examined, occasion);
            let keys = &self.examiner.parts().keys;
            verifications::upsert(&mut savepoint, keys, &verification).await?;
        }
        savepoint.commit().await?;
        Ok(is_fresh)
    }
}

/// What concerns one thing only, taken out of what ends the work.
fn refusal(done: Result<(), Hindrance>) -> Result<Option<Hindrance>, Hindrance> {
    match done {
        Ok(()) => Ok(None),
        Err(hindrance) if hindrance.concerns_one_thing() => {
            tracing::error!(cause = ?hindrance, "the database refuses to keep what was found");
            Ok(Some(hindrance))
        }
        Err(hindrance) => Err(hindrance),
    }
}

fn verification(examined: &Examined, occasion: Occasion) -> Verification {
    Verification {
        subject: examined.subject,
        uid: examined.uid,
        record_id: examined.record_id(),
        verdict: examined.finding.verdict,
        fields: examined.finding.fields(),
        proof_expected: examined.finding.proof_expected,
        proof_found: examined.finding.proof_found,
        source: occasion.source,
        round_id: occasion.round,
        checked_at: examined.at,
    }
}
