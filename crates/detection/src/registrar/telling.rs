//! Telling the officer: which mail goes out for what, and that none goes out twice.

use database::incident_events::IncidentEventKind;
use database::incident_findings;
use database::incidents::{self, Incident, IncidentState};
use database::verifications::Source;
use database::{MySqlConnection, outbox};
use notification::{EventKey, Found, Mail};
use record::ids::Uid;
use record::time::UnixMillis;
use sqlx::Connection;

use super::{GATHERING, Registrar};
use crate::obstacle::Hindrance;

/// So many UIDs are handed to the mail, which names the first of them.
const FIRST_UIDS: u32 = 50;

impl Registrar {
    pub(super) async fn is_told(
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
        since: UnixMillis,
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

    fn incident_url(&self, incident: u64) -> String {
        format!("{}/incidents/{incident}", self.viewer_url)
    }
}

fn told(incident: u64) -> EventKey {
    EventKey::of("breach_found", &incident.to_be_bytes())
}
