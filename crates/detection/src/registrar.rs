//! Filing what was examined: the newest verdict on each subject, and the incident that a bad one opens.
//!
//! One incident gathers what one act did, and one mail tells of it. Since an act may fall into the middle of a round, an
//! incident gathers until every record was looked at once more; the mail goes out then, or after a minute.

mod telling;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use database::MySqlConnection;
use database::incident_events::{self, IncidentEvent, IncidentEventKind};
use database::incident_findings::{self, NewFinding, seal_found_row};
use database::incidents;
use database::verifications::{self, Source, Subject, Verification};
use record::ids::StaffId;
use record::time::UnixMillis;
use sqlx::Connection;
use tokio::sync::Mutex;

use crate::examiner::{Examined, Examiner};
use crate::found_row;
use crate::obstacle::Hindrance;
use crate::verdict::Verdict;

/// After this time an incident is told by mail, whole or not. A longer pause between two findings parts them.
const GATHERING: Duration = Duration::from_secs(60);

/// Files verdicts. A clone is a handle to the same.
#[derive(Clone)]
pub struct Registrar {
    examiner: Examiner,
    officer: String,
    viewer_url: String,
    began_at: UnixMillis,
    /// Held while a bad verdict is filed, so that the sweep and the buttons open one incident between them.
    gathering: Arc<Mutex<Option<Gathering>>>,
}

/// The incident that this process is filling.
#[derive(Clone, Copy)]
struct Gathering {
    incident: u64,
    opened_at: UnixMillis,
    latest_at: UnixMillis,
}

/// On whose behalf something was examined.
#[derive(Debug, Clone, Copy)]
pub struct Occasion {
    /// Which way led to it.
    pub source: Source,
    /// The sweep's round.
    pub round: Option<u64>,
}

impl Registrar {
    /// Mails go to `officer`; links in them begin with `viewer_url`.
    #[must_use]
    pub fn new(examiner: Examiner, officer: String, viewer_url: &str) -> Self {
        Self {
            began_at: examiner.now(),
            examiner,
            officer,
            viewer_url: viewer_url.trim_end_matches('/').to_owned(),
            gathering: Arc::default(),
        }
    }

    /// Who is told.
    pub(crate) fn officer(&self) -> &str {
        &self.officer
    }

    /// Since when this process has worked.
    pub(crate) fn began_at(&self) -> UnixMillis {
        self.began_at
    }

    /// Who examines.
    #[must_use]
    pub fn examiner(&self) -> &Examiner {
        &self.examiner
    }

    /// Files one result. A bad one is read again first, row before chain: what was in motion is not alarmed about.
    /// Gives back what was filed.
    pub async fn file(&self, first: Examined, occasion: Occasion) -> Result<Examined, Hindrance> {
        if !first.finding.verdict.is_bad() {
            self.file_good(std::slice::from_ref(&first), occasion)
                .await?;
            return Ok(first);
        }
        let again = self.examiner.subject(first.subject).await?;
        let examined = again.unwrap_or(first);
        match examined.finding.verdict.is_bad() {
            true => self.file_bad_or_its_verdict(&examined, occasion).await?,
            false => {
                self.file_good(std::slice::from_ref(&examined), occasion)
                    .await?;
            }
        }
        Ok(examined)
    }

    /// [`Self::file`] for a page. `tell` hears of each as it is filed, and whether it is bad. What the database refuses to
    /// keep about one record does not touch the others; the first such refusal is given back.
    pub(crate) async fn file_page(
        &self,
        page: Vec<Examined>,
        occasion: Occasion,
        mut tell: impl FnMut(bool) + Send,
    ) -> Result<Option<Hindrance>, Hindrance> {
        let is_bad = |one: &Examined| one.finding.verdict.is_bad();
        let (bad, good): (Vec<Examined>, Vec<Examined>) = page.into_iter().partition(is_bad);
        let mut refused = None;
        // Apart only where together does not go: as a rule it does.
        if refusal(self.file_good(&good, occasion).await)?.is_some() {
            for one in good.chunks(1) {
                let refusal = refusal(self.file_good(one, occasion).await)?;
                refused = refused.or(refusal);
            }
        }
        good.iter().for_each(|_| tell(false));
        for examined in bad {
            match self.file(examined, occasion).await {
                Ok(filed) => tell(is_bad(&filed)),
                Err(hindrance) => {
                    let refusal = refusal(Err(hindrance))?;
                    refused = refused.or(refusal);
                    tell(true);
                }
            }
        }
        Ok(refused)
    }

    /// Where the database takes no incident, the verdict at least is not the old one any more.
    async fn file_bad_or_its_verdict(
        &self,
        examined: &Examined,
        occasion: Occasion,
    ) -> Result<(), Hindrance> {
        let Err(hindrance) = self.file_bad(examined, occasion).await else {
            return Ok(());
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

    async fn file_bad(&self, examined: &Examined, occasion: Occasion) -> Result<(), Hindrance> {
        let parts = self.examiner.parts();
        let mut gathering = self.gathering.lock().await;
        let mut connection = parts.pool.acquire().await?;
        let mut transaction = connection.begin().await?;
        if self
            .fresh(&mut transaction, std::slice::from_ref(examined))
            .await?
            .is_empty()
        {
            return Ok(());
        }
        let verification = verification(examined, occasion);
        verifications::upsert(&mut transaction, &parts.keys, &verification).await?;
        let mut filled = *gathering;
        if !self.is_known(&mut transaction, examined).await? {
            let into = self
                .incident_for(&mut transaction, occasion, filled)
                .await?;
            self.add_finding(&mut transaction, examined, into.incident)
                .await?;
            filled = Some(into);
        }
        transaction.commit().await?;
        *gathering = filled;
        Ok(())
    }

    /// The same trouble told before is not told again, unless somebody took its incident away.
    async fn is_known(
        &self,
        connection: &mut MySqlConnection,
        examined: &Examined,
    ) -> Result<bool, Hindrance> {
        let keys = &self.examiner.parts().keys;
        let known = incident_findings::unresolved(connection, keys, examined.subject).await?;
        let same = known.rows.iter().filter(|one| {
            one.verdict == examined.finding.verdict
                && one.fields == examined.finding.fields()
                && one.proof_found == examined.finding.proof_found
        });
        for one in same {
            match incidents::load(connection, keys, one.incident_id).await {
                Ok(Some(_)) => return Ok(true),
                Ok(None) => {}
                Err(error) if error.is_tampering() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(false)
    }

    async fn add_finding(
        &self,
        connection: &mut MySqlConnection,
        examined: &Examined,
        incident: u64,
    ) -> Result<(), Hindrance> {
        let keys = &self.examiner.parts().keys;
        let found_row = examined.evidence.as_ref().map(|evidence| {
            let row = found_row::to_json(evidence);
            seal_found_row(keys, examined.subject, &row, &mut rand::rng())
        });
        let new = NewFinding {
            incident_id: incident,
            subject: examined.subject,
            uid: examined.uid,
            record_id: examined.record_id(),
            verdict: examined.finding.verdict,
            fields: examined.finding.fields(),
            proof_expected: examined.finding.proof_expected,
            proof_found: examined.finding.proof_found,
            found_row,
        };
        incident_findings::insert(connection, keys, new, examined.at).await?;
        let detail = format!(
            "{}: {}",
            subject_words(examined.subject),
            examined.finding.explanation().what
        );
        let kind = IncidentEventKind::FindingAdded;
        self.note(connection, incident, kind, None, Some(&detail))
            .await
    }

    /// Ends what was found about a subject; `how` says why it has an end.
    pub(crate) async fn resolve(
        &self,
        connection: &mut MySqlConnection,
        subject: Subject,
        how: &str,
    ) -> Result<(), Hindrance> {
        let (keys, now) = (&self.examiner.parts().keys, self.examiner.now());
        let ended = incident_findings::resolve(connection, keys, subject, now).await?;
        for finding in ended {
            let detail = format!("{}: {how}", subject_words(subject));
            let (incident, kind) = (finding.incident_id, IncidentEventKind::Resolved);
            self.note(connection, incident, kind, None, Some(&detail))
                .await?;
        }
        Ok(())
    }

    /// The incident that a finding belongs to: the one that is being filled, or one that another process opened within
    /// the last minute and nobody was told of, or a new one.
    async fn incident_for(
        &self,
        connection: &mut MySqlConnection,
        occasion: Occasion,
        filled: Option<Gathering>,
    ) -> Result<Gathering, Hindrance> {
        let (keys, now) = (&self.examiner.parts().keys, self.examiner.now());
        if let Some(incident) = incidents::newest_open(connection, keys).await? {
            let goes_on = filled.is_some_and(|filled| {
                filled.incident == incident.id && now.since(filled.latest_at) < GATHERING
            });
            let is_new = now.since(incident.detected_at) < GATHERING
                && !self.is_told(connection, incident.id).await?;
            if goes_on || is_new {
                return Ok(Gathering {
                    incident: incident.id,
                    opened_at: incident.detected_at,
                    latest_at: now,
                });
            }
        }
        let incident = incidents::open(connection, keys, occasion.source, now).await?;
        let kind = IncidentEventKind::Opened;
        self.note(connection, incident.id, kind, None, None).await?;
        let (number, source) = (incident.id, occasion.source.as_str());
        tracing::error!(incident = number, source, "an incident was opened");
        Ok(Gathering {
            incident: number,
            opened_at: now,
            latest_at: now,
        })
    }

    /// Every record was looked at in a round that began then: what was found before it is whole.
    pub(crate) async fn end_round(&self, begun_at: UnixMillis) -> Result<(), Hindrance> {
        self.gathering
            .lock()
            .await
            .take_if(|gathering| gathering.opened_at <= begun_at);
        self.tell(Some(begun_at)).await
    }

    /// Adds a step to an incident's time line.
    pub async fn note(
        &self,
        connection: &mut MySqlConnection,
        incident: u64,
        kind: IncidentEventKind,
        actor: Option<StaffId>,
        detail: Option<&str>,
    ) -> Result<(), Hindrance> {
        let (keys, now) = (&self.examiner.parts().keys, self.examiner.now());
        let event = IncidentEvent::seal(keys, incident, kind, actor, detail, &mut rand::rng(), now);
        incident_events::append(connection, keys, &event).await?;
        Ok(())
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

fn subject_words(subject: Subject) -> String {
    match subject.as_uid() {
        Some(uid) => format!("record {uid}"),
        None => format!("row {subject}"),
    }
}
