//! Filing what was examined: the newest verdict on each subject, and the incident that a bad one opens.
//!
//! One incident gathers what was found within the same minute, and one mail tells of it: at the end of the round that
//! found it, or when the minute is over.

use std::time::Duration;

use database::incident_events::{self, IncidentEvent, IncidentEventKind};
use database::incident_findings::{self, NewFinding, seal_found_row};
use database::incidents::{self, Incident, IncidentState};
use database::verifications::{self, Source, Verification};
use database::{MySqlConnection, outbox};
use notification::{EventKey, Found, Mail};
use record::ids::{StaffId, Uid};
use sqlx::Connection;

use crate::examiner::{Examined, Examiner};
use crate::found_row;
use crate::obstacle::Hindrance;
use crate::verdict::Verdict;

/// What is found within this time of an incident's opening belongs to it.
const GATHERING: Duration = Duration::from_secs(60);

/// Files verdicts. A clone is a handle to the same.
#[derive(Clone)]
pub struct Registrar {
    examiner: Examiner,
    officer: String,
    viewer_url: String,
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
            examiner,
            officer,
            viewer_url: viewer_url.trim_end_matches('/').to_owned(),
        }
    }

    /// Who examines.
    #[must_use]
    pub fn examiner(&self) -> &Examiner {
        &self.examiner
    }

    /// Files one result. A bad one is read again first, row before chain: what was in motion is not alarmed about.
    /// Gives back what was filed.
    pub async fn file(&self, first: Examined, occasion: Occasion) -> Result<Examined, Hindrance> {
        let examined = match first.finding.verdict.is_bad() {
            true => self.examiner.subject(first.subject).await?.unwrap_or(first),
            false => first,
        };
        let parts = self.examiner.parts();
        let mut connection = parts.pool.acquire().await?;
        let mut transaction = connection.begin().await?;
        let verification = verification(&examined, occasion);
        verifications::upsert(&mut transaction, &parts.keys, &verification).await?;
        match examined.finding.verdict {
            verdict if verdict.is_bad() => {
                self.note_bad(&mut transaction, &examined, occasion).await?
            }
            Verdict::Valid | Verdict::Retired => {
                self.note_good(&mut transaction, &examined).await?
            }
            // Waiting or not to be told: whatever was found before still stands.
            _ => {}
        }
        transaction.commit().await?;
        Ok(examined)
    }

    /// The same trouble told before is not told again.
    async fn note_bad(
        &self,
        connection: &mut MySqlConnection,
        examined: &Examined,
        occasion: Occasion,
    ) -> Result<(), Hindrance> {
        let keys = &self.examiner.parts().keys;
        let known = incident_findings::unresolved(connection, keys, examined.subject).await?;
        let same = known.rows.iter().any(|one| {
            one.verdict == examined.finding.verdict
                && one.fields == examined.finding.fields()
                && one.proof_found == examined.finding.proof_found
        });
        if same {
            return Ok(());
        }
        let incident = self.gathering(connection, occasion).await?;
        let found_row = examined.evidence.as_ref().map(|evidence| {
            let row = found_row::to_json(evidence);
            seal_found_row(keys, examined.subject, &row, &mut rand::rng())
        });
        let new = NewFinding {
            incident_id: incident.id,
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
            subject_words(examined),
            examined.finding.explanation().what
        );
        self.note(
            connection,
            incident.id,
            IncidentEventKind::FindingAdded,
            None,
            Some(&detail),
        )
        .await
    }

    async fn note_good(
        &self,
        connection: &mut MySqlConnection,
        examined: &Examined,
    ) -> Result<(), Hindrance> {
        let keys = &self.examiner.parts().keys;
        let ended =
            incident_findings::resolve(connection, keys, examined.subject, examined.at).await?;
        for finding in ended {
            let detail = format!(
                "{}: verified, {}",
                subject_words(examined),
                examined.finding.verdict
            );
            self.note(
                connection,
                finding.incident_id,
                IncidentEventKind::Resolved,
                None,
                Some(&detail),
            )
            .await?;
        }
        Ok(())
    }

    /// The incident opened within the last minute and not told of yet, or a new one.
    async fn gathering(
        &self,
        connection: &mut MySqlConnection,
        occasion: Occasion,
    ) -> Result<Incident, Hindrance> {
        let (keys, now) = (&self.examiner.parts().keys, self.examiner.now());
        if let Some(incident) = incidents::newest_open(connection, keys).await?
            && now.since(incident.detected_at) < GATHERING
            && !self.is_told(connection, incident.id).await?
        {
            return Ok(incident);
        }
        let incident = incidents::open(connection, keys, occasion.source, now).await?;
        self.note(
            connection,
            incident.id,
            IncidentEventKind::Opened,
            None,
            None,
        )
        .await?;
        tracing::error!(
            incident = incident.id,
            source = occasion.source.as_str(),
            "an incident was opened"
        );
        Ok(incident)
    }

    async fn is_told(
        &self,
        connection: &mut MySqlConnection,
        incident: u64,
    ) -> Result<bool, Hindrance> {
        let front = self.examiner.parts().keys.front();
        match outbox::by_event_key(connection, &front, told(incident).as_bytes()).await {
            Ok(mail) => Ok(mail.is_some()),
            // A planted mail keeps nobody from being told: the next incident has a mail of its own.
            Err(error) if error.is_tampering() => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// Puts into the outbox the mails of incidents that are not told of yet: all of them at the end of a round, else
    /// those whose minute is over.
    pub async fn tell(&self, end_of_round: bool) -> Result<(), Hindrance> {
        const NEWEST: u32 = 20;
        let (parts, now) = (self.examiner.parts(), self.examiner.now());
        let mut connection = parts.pool.acquire().await?;
        let newest = incidents::list(&mut connection, &parts.keys, u64::MAX, NEWEST).await?;
        for incident in newest.rows {
            let due = end_of_round || now.since(incident.detected_at) >= GATHERING;
            let by_hand = incident.source == Source::Hand;
            if due
                && !by_hand
                && incident.state == IncidentState::Open
                && !self.is_told(&mut connection, incident.id).await?
            {
                let mut transaction = connection.begin().await?;
                self.enqueue(&mut transaction, &incident).await?;
                transaction.commit().await?;
            }
        }
        Ok(())
    }

    async fn enqueue(
        &self,
        connection: &mut MySqlConnection,
        incident: &Incident,
    ) -> Result<(), Hindrance> {
        let parts = self.examiner.parts();
        let found = incident_findings::counts(connection, incident.id).await?;
        let mail = Mail::BreachFound {
            incident: incident.id,
            detected_at: incident.detected_at,
            found: found
                .into_iter()
                .map(|(verdict, count)| Found {
                    verdict: verdict.to_string(),
                    count,
                })
                .collect(),
            uids: incident_findings::first_uids(connection, incident.id, FIRST_UIDS).await?,
            url: self.incident_url(incident.id),
        };
        let now = self.examiner.now();
        let front = parts.keys.front();
        if notification::enqueue(
            connection,
            &front,
            now,
            told(incident.id),
            &self.officer,
            &mail,
        )
        .await?
        {
            self.note(
                connection,
                incident.id,
                IncidentEventKind::Mailed,
                None,
                None,
            )
            .await?;
        }
        Ok(())
    }

    /// Puts the mail of a restore into the outbox.
    pub(crate) async fn tell_restored(
        &self,
        connection: &mut MySqlConnection,
        incident: u64,
        uid: Uid,
    ) -> Result<(), Hindrance> {
        let (parts, now) = (self.examiner.parts(), self.examiner.now());
        let mail = Mail::Restored {
            incident,
            restored_at: now,
            uids: vec![uid],
            count: 1,
            url: self.incident_url(incident),
        };
        let subject = [
            incident.to_be_bytes(),
            uid.get().to_be_bytes(),
            now.0.to_be_bytes(),
        ]
        .concat();
        let event = EventKey::of("restored", &subject);
        notification::enqueue(
            connection,
            &parts.keys.front(),
            now,
            event,
            &self.officer,
            &mail,
        )
        .await?;
        Ok(())
    }

    /// Puts the mail of an alarm that lasts into the outbox.
    pub(crate) async fn tell_alarm(
        &self,
        connection: &mut MySqlConnection,
        what: &str,
        since: record::time::UnixMillis,
    ) -> Result<(), Hindrance> {
        let (parts, now) = (self.examiner.parts(), self.examiner.now());
        let mail = Mail::OperationsAlarm {
            what: what.to_owned(),
            since,
            url: self.viewer_url.clone(),
        };
        let event = EventKey::of("operations_alarm", format!("{what}{}", since.0).as_bytes());
        notification::enqueue(
            connection,
            &parts.keys.front(),
            now,
            event,
            &self.officer,
            &mail,
        )
        .await?;
        Ok(())
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

    fn incident_url(&self, incident: u64) -> String {
        format!("{}/incidents/{incident}", self.viewer_url)
    }
}

/// So many UIDs are handed to the mail, which names the first of them.
const FIRST_UIDS: u32 = 50;

fn told(incident: u64) -> EventKey {
    EventKey::of("breach_found", &incident.to_be_bytes())
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

fn subject_words(examined: &Examined) -> String {
    match examined.uid {
        Some(uid) => format!("record {uid}"),
        None => format!("row {}", examined.subject),
    }
}
