//! The incident that a bad verdict opens or joins, and how what was found ends.

use database::MySqlConnection;
use database::incident_events::{self, IncidentEvent, IncidentEventKind};
use database::incident_findings::{self, Finding, NewFinding, seal_found_row};
use database::incidents::{self, Incident};
use database::sweep_rounds::{self, SweepRound};
use database::verifications::Subject;
use record::ids::StaffId;
use record::time::UnixMillis;
use zeroize::Zeroizing;

use super::{GATHERING, Occasion, Registrar};
use crate::examiner::Examined;
use crate::found_row;
use crate::obstacle::Hindrance;

impl Registrar {
    /// The same trouble told before is not told again, unless somebody took its incident away, or put it back after it had
    /// ended.
    pub(super) async fn is_known(
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
                && self.can_be_of_now(examined.subject, one.found_at)
        });
        for one in same {
            match incidents::load(connection, keys, one.incident_id).await {
                Ok(Some(_)) if self.has_ended(connection, one).await? => {}
                Ok(Some(_)) => return Ok(true),
                Ok(None) => {}
                Err(error) if error.is_tampering() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(false)
    }

    /// Whether the incident's steps say that a finding has ended, which stands as one that has not.
    async fn has_ended(
        &self,
        connection: &mut MySqlConnection,
        finding: &Finding,
    ) -> Result<bool, Hindrance> {
        let keys = &self.examiner.parts().keys;
        let (incident, since) = (finding.incident_id, finding.found_at);
        let ends = incident_events::resolved_since(connection, keys, incident, since).await?;
        let begin = format!("{}: ", subject_words(finding.subject));
        let is_its = |detail: Option<Zeroizing<String>>| {
            detail.is_some_and(|detail| detail.starts_with(&begin))
        };
        Ok(ends
            .iter()
            .any(|step| step.open_detail(keys).is_ok_and(is_its)))
    }

    pub(super) async fn add_finding(
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

    /// The incident that a finding belongs to: the newest open one as long as it is being filled, by whichever process, or
    /// a new one. The caller holds the lock.
    pub(super) async fn incident_for(
        &self,
        connection: &mut MySqlConnection,
        occasion: Occasion,
    ) -> Result<u64, Hindrance> {
        let (keys, now) = (&self.examiner.parts().keys, self.examiner.now());
        if let Some(incident) = self.newest_open(connection).await?
            && self.is_being_filled(connection, &incident).await?
        {
            return Ok(incident.id);
        }
        let incident = incidents::open(connection, keys, occasion.source, now).await?;
        let kind = IncidentEventKind::Opened;
        self.note(connection, incident.id, kind, None, None).await?;
        let (number, source) = (incident.id, occasion.source.as_str());
        tracing::error!(incident = number, source, "an incident was opened");
        Ok(number)
    }

    /// An incident is filled until every record was looked at once more, as long as its findings follow each other within a
    /// minute.
    async fn is_being_filled(
        &self,
        connection: &mut MySqlConnection,
        incident: &Incident,
    ) -> Result<bool, Hindrance> {
        let (keys, now) = (&self.examiner.parts().keys, self.examiner.now());
        let rounds = sweep_rounds::newest(connection, keys).await?;
        let has_all = |round: &SweepRound| {
            round.finished_at.is_some() && round.started_at >= incident.detected_at
        };
        if rounds.iter().any(has_all) {
            return Ok(false);
        }
        let newest = incident_findings::newest_at(connection, keys, incident.id).await?;
        let latest = newest.unwrap_or(incident.detected_at);
        let follows = now.since(latest) < GATHERING;
        // What was told of within its first minute was whole.
        let is_new = now.since(incident.detected_at) < GATHERING;
        Ok(follows && !(is_new && self.is_told(connection, incident).await?))
    }

    /// Every record was looked at in a round that began then: what was found before it is whole.
    pub(crate) async fn end_round(&self, begun_at: UnixMillis) -> Result<(), Hindrance> {
        self.all_seen_since(begun_at);
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

fn subject_words(subject: Subject) -> String {
    match subject.as_uid() {
        Some(uid) => format!("record {uid}"),
        None => format!("row {subject}"),
    }
}
