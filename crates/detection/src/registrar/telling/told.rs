//! What a mail to the officer is about, and where it stands.

use database::incidents::Incident;
use database::operations_alarms::AlarmKind;
use database::outbox;
use keyring::ApplicationKeys;
use notification::EventKey;
use record::time::UnixMillis;

/// Where a mail stands in the outbox.
pub(super) enum Place {
    /// Nowhere yet; it is to be put there under this key.
    Free(EventKey),
    /// There, and it is ours.
    Taken(Box<outbox::Mail>),
    /// Under each key that we may use for now stands what is not ours.
    Spoilt,
}

/// What a mail is about. Nobody without our keys can tell its key beforehand, and put a row of their own in its place.
pub(super) struct Told {
    pub(super) kind: &'static str,
    event: Vec<u8>,
    pub(super) since: UnixMillis,
}

impl Told {
    pub(super) const MORE: &str = "more_found";

    pub(super) fn incident(incident: &Incident) -> Self {
        Self {
            kind: "breach_found",
            event: incident.id.to_be_bytes().to_vec(),
            since: incident.detected_at,
        }
    }

    /// What has been found until then, after the last mail about the incident.
    pub(super) fn more(incident: &Incident, until: UnixMillis, since: UnixMillis) -> Self {
        Self {
            kind: Self::MORE,
            event: [incident.id.to_be_bytes(), until.0.to_be_bytes()].concat(),
            since,
        }
    }

    pub(super) fn alarm(kind: AlarmKind, since: UnixMillis) -> Self {
        Self {
            kind: "operations_alarm",
            event: [kind.as_str().as_bytes(), &since.0.to_be_bytes()].concat(),
            since,
        }
    }

    /// What more was noticed in this hour of it.
    pub(super) fn alarm_again(kind: AlarmKind, since: UnixMillis, hour: u64) -> Self {
        let first = Self::alarm(kind, since);
        Self {
            event: [&first.event[..], &hour.to_be_bytes()].concat(),
            ..first
        }
    }

    pub(super) fn key(&self, keys: &ApplicationKeys, attempt: u64) -> EventKey {
        let event = [&self.event[..], &attempt.to_be_bytes()].concat();
        EventKey::of(self.kind, &keys.index().blind("outbox.event_key", &event))
    }
}
