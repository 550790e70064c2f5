//! Telling the officer: which mail goes out for what, and that none goes out twice.

mod restored;
mod told;

use database::MySqlConnection;
use database::incident_events::{self, IncidentEventKind};
use database::incident_findings;
use database::incidents::Incident;
use database::operations_alarms::AlarmKind;
use database::outbox::{self, MailState};
use notification::{EventKey, Found, Mail};
use record::time::UnixMillis;
use sqlx::Connection;

use self::told::{Place, Told};
use super::{GATHERING, Registrar};
use crate::alarm_memory::Standing;
use crate::alarms::{LASTING, OVERDUE, is_due};
use crate::obstacle::{Hindrance, hinders_verification, is_no_breach, words};

/// So many findings are counted for a mail, which says "up to" where there are more.
const COUNTED: u32 = 200_000;
/// So often the mail about an incident is written anew when somebody has changed it in the outbox.
const MOST_ATTEMPTS: u64 = 8;

impl Registrar {
    pub(super) async fn is_told(
        &self,
        connection: &mut MySqlConnection,
        incident: &Incident,
    ) -> Result<bool, Hindrance> {
        let told = Told::incident(incident);
        let place = self.place(connection, &told).await?;
        Ok(!matches!(place, Place::Free(_)))
    }

    /// Where a mail stands in the outbox. A row that somebody else put there, or changed, keeps nobody from being told: the
    /// mail goes out under another key, at first at once and then every hour.
    async fn place(
        &self,
        connection: &mut MySqlConnection,
        told: &Told,
    ) -> Result<Place, Hindrance> {
        let (keys, now) = (&self.examiner.parts().keys, self.examiner.now());
        let hours = now.since(told.since).as_secs() / 3600;
        for attempt in 0..MOST_ATTEMPTS.saturating_add(hours) {
            let key = told.key(keys, attempt);
            match outbox::by_event_key(connection, &keys.front(), key.as_bytes()).await {
                Ok(None) => return Ok(Place::Free(key)),
                Ok(Some(mail)) => return Ok(Place::Taken(Box::new(mail))),
                Err(error) if error.is_tampering() => {
                    let kind = AlarmKind::RowTampered;
                    self.examiner.raise_alarm(connection, kind).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Place::Spoilt)
    }

    /// Whether an incident or an alarm should have been told by mail for minutes, and the outbox holds nothing of ours about
    /// it, or what nobody has tried to send.
    pub(crate) async fn owes_mail(
        &self,
        connection: &mut MySqlConnection,
        standing: &[Standing],
    ) -> Result<bool, Hindrance> {
        let alarms = standing.iter().filter(|alarm| is_due(alarm));
        let mut owed = Vec::new();
        for one in alarms {
            let told = Told::alarm(one.kind, one.since);
            let place = self.place(connection, &told).await?;
            owed.push((told, place));
        }
        for incident in self.open_incidents(connection).await? {
            owed.extend(self.mails_about(connection, &incident).await?);
        }
        let now = self.examiner.now();
        let is_late = |told: &Told| now.since(told.since) >= LASTING + OVERDUE;
        let is_on_its_way = |place: &Place| match place {
            Place::Taken(mail) => mail.attempts > 0 || mail.state != MailState::Waiting,
            Place::Free(_) | Place::Spoilt => false,
        };
        Ok(owed
            .iter()
            .any(|(told, place)| is_late(told) && !is_on_its_way(place)))
    }

    /// What the officer should hear of an incident, and where it stands: that there is one; once that was told, what has been
    /// found since.
    async fn mails_about(
        &self,
        connection: &mut MySqlConnection,
        incident: &Incident,
    ) -> Result<Vec<(Told, Place)>, Hindrance> {
        let first = Told::incident(incident);
        let place = self.place(connection, &first).await?;
        let is_free = matches!(place, Place::Free(_));
        let is_past = is_free && self.is_told_and_over(connection, incident).await?;
        let mut mails = Vec::new();
        if !is_past {
            mails.push((first, place));
        }
        if (is_past || !is_free)
            && let Some(more) = self.more_about(connection, incident).await?
        {
            let place = self.place(connection, &more).await?;
            mails.push((more, place));
        }
        Ok(mails)
    }

    /// Whether an incident was told, by its steps, and all that was found in it has ended. Somebody took its mail out of the
    /// outbox, then, which is an alarm of its own. While something is open it is told again: the step says that the mail was
    /// written, and not that it was sent.
    async fn is_told_and_over(
        &self,
        connection: &mut MySqlConnection,
        incident: &Incident,
    ) -> Result<bool, Hindrance> {
        let (keys, id) = (&self.examiner.parts().keys, incident.id);
        let kind = IncidentEventKind::Mailed;
        let mailed = incident_events::newest(connection, keys, id, kind).await?;
        Ok(mailed.is_some() && !incident_findings::may_be_open(connection, keys, id).await?)
    }

    async fn more_about(
        &self,
        connection: &mut MySqlConnection,
        incident: &Incident,
    ) -> Result<Option<Told>, Hindrance> {
        let (keys, id) = (&self.examiner.parts().keys, incident.id);
        let kind = IncidentEventKind::FindingAdded;
        let found = incident_events::newest(connection, keys, id, kind).await?;
        let kind = IncidentEventKind::Mailed;
        let mailed = incident_events::newest(connection, keys, id, kind).await?;
        Ok(match (found, mailed) {
            (Some(found), Some(mailed)) if found.at > mailed.at => {
                Some(Told::more(incident, found.at, mailed.at))
            }
            (Some(found), None) => Some(Told::more(incident, found.at, found.at)),
            _ => None,
        })
    }

    /// Puts into the outbox the mails of what is found and not told of yet, as soon as it is whole, because a round over all
    /// records has ended that began after it, or a minute old.
    pub async fn tell(&self, round_begun_at: Option<UnixMillis>) -> Result<(), Hindrance> {
        let (parts, now) = (self.examiner.parts(), self.examiner.now());
        let mut connection = parts.pool.acquire().await?;
        for incident in self.open_incidents(&mut connection).await? {
            for (told, place) in self.mails_about(&mut connection, &incident).await? {
                let Place::Free(key) = place else { continue };
                let is_whole = round_begun_at.is_some_and(|begun_at| told.since <= begun_at);
                // What is of times to come was found while our clock was ahead.
                let is_late = now < told.since || now.since(told.since) >= GATHERING;
                if is_whole || is_late {
                    let mut transaction = connection.begin().await?;
                    self.enqueue(&mut transaction, &incident, &told, key)
                        .await?;
                    transaction.commit().await?;
                }
            }
        }
        Ok(())
    }

    async fn enqueue(
        &self,
        connection: &mut MySqlConnection,
        incident: &Incident,
        told: &Told,
        key: EventKey,
    ) -> Result<(), Hindrance> {
        let parts = self.examiner.parts();
        let tally = incident_findings::tally(connection, &parts.keys, incident.id, COUNTED).await?;
        let found = tally.verdicts.iter().map(|(verdict, count)| Found {
            verdict: verdict.to_string(),
            count: *count,
        });
        let mail = Mail::BreachFound {
            incident: incident.id,
            detected_at: incident.detected_at,
            again: told.kind == Told::MORE,
            at_most: tally.is_at_most,
            found: found.collect(),
            uids: tally.uids.iter().copied().collect(),
            url: self.incident_url(incident.id),
        };
        let now = self.examiner.now();
        let front = parts.keys.front();
        if notification::enqueue(connection, &front, now, key, &self.officer, &mail).await? {
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

    /// Puts the mail of an alarm into the outbox, once; and another one where more of it was noticed since.
    pub(crate) async fn tell_alarm(
        &self,
        connection: &mut MySqlConnection,
        alarm: &Standing,
    ) -> Result<(), Hindrance> {
        let (kind, since) = (alarm.kind, alarm.since);
        let mail = self.alarm_mail(kind, since, false);
        self.send_once(connection, &Told::alarm(kind, since), &mail)
            .await?;
        let Some(hour) = alarm.hour_with_more(self.examiner.now()) else {
            return Ok(());
        };
        let mail = self.alarm_mail(kind, since, true);
        let again = Told::alarm_again(kind, since, hour);
        self.send_once(connection, &again, &mail).await
    }

    async fn send_once(
        &self,
        connection: &mut MySqlConnection,
        told: &Told,
        mail: &Mail,
    ) -> Result<(), Hindrance> {
        let Place::Free(event) = self.place(connection, told).await? else {
            return Ok(());
        };
        let (keys, now) = (self.examiner.parts().keys.front(), self.examiner.now());
        notification::enqueue(connection, &keys, now, event, &self.officer, mail).await?;
        Ok(())
    }

    /// The mail of an alarm; `more` of which was noticed since the mail before.
    pub(crate) fn alarm_mail(&self, kind: AlarmKind, since: UnixMillis, more: bool) -> Mail {
        Mail::OperationsAlarm {
            what: words(kind).to_owned(),
            hinders: hinders_verification(kind),
            may_be_meant: !is_no_breach(kind),
            since,
            more,
            url: self.viewer_url.clone(),
        }
    }

    pub(super) fn incident_url(&self, incident: u64) -> String {
        format!("{}/incidents/{incident}", self.viewer_url)
    }
}
