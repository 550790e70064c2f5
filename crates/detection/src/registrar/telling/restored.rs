//! The mail about what was restored.

use database::MySqlConnection;
use database::incident_events::{self, IncidentEventKind};
use notification::{EventKey, Mail};
use record::ids::Uid;
use record::time::UnixMillis;

use crate::obstacle::Hindrance;
use crate::registrar::{GATHERING, Registrar};

impl Registrar {
    /// Puts the mail of a restore into the outbox. Each restore has its own, in its own transaction; whatever of an incident
    /// waits when one of them is due goes out with it.
    pub(crate) async fn tell_restored(
        &self,
        connection: &mut MySqlConnection,
        incident: u64,
        uid: Uid,
    ) -> Result<(), Hindrance> {
        let (parts, now) = (self.examiner.parts(), self.examiner.now());
        let due = self.due(incident, now).await?;
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
        let (front, when) = (parts.keys.front(), (now, due));
        notification::enqueue_for(connection, &front, when, event, &self.officer, &mail).await?;
        Ok(())
    }

    /// The first restore is told at once, what follows a minute later and together. A mail may still go out for as long after the
    /// step before as it waits itself: after twice that time there was none for a minute.
    async fn due(&self, incident: u64, now: UnixMillis) -> Result<UnixMillis, Hindrance> {
        let parts = self.examiner.parts();
        let mut connection = parts.pool.acquire().await?;
        let (keys, kind) = (&parts.keys, IncidentEventKind::Restored);
        let before = incident_events::newest(&mut connection, keys, incident, kind).await?;
        let follows = before.is_some_and(|step| now.since(step.at) < 2 * GATHERING);
        Ok(match follows {
            true => now.plus(GATHERING),
            false => now,
        })
    }
}
