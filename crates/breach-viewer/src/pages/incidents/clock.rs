//! The 72 hours of GDPR Art. 33(1), or what the controller has set, from awareness.

use std::time::Duration;

use database::incidents::{Incident, IncidentState};
use record::time::UnixMillis;
use web_kit::components::Tone;

const HOUR: u64 = 3600;

/// What the clock shows.
pub struct Clock {
    pub text: String,
    pub tone: Tone,
    pub due_at: UnixMillis,
}

impl Clock {
    /// Of an incident that the authority must be told of within this time, now.
    pub fn of(incident: &Incident, within: Duration, now: UnixMillis) -> Self {
        let (due_at, hours) = (incident.aware_at.plus(within), within.as_secs() / HOUR);
        if incident.state == IncidentState::Closed {
            return Self {
                text: "closed".to_owned(),
                tone: Tone::Neutral,
                due_at,
            };
        }
        if now >= due_at {
            let over = now.since(due_at).as_secs() / HOUR;
            return Self {
                text: format!("{over} h past the {hours} hours"),
                tone: Tone::Bad,
                due_at,
            };
        }
        let left = due_at.since(now).as_secs();
        let tone = if left < 24 * HOUR {
            Tone::Bad
        } else {
            Tone::Warning
        };
        Self {
            text: format!(
                "{} h {:02} min left of {hours} h",
                left / HOUR,
                left % HOUR / 60
            ),
            tone,
            due_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use database::verifications::Source;

    use super::*;

    #[test]
    fn seventy_two_hours_run_from_awareness() {
        let incident = Incident {
            id: 1,
            state: IncidentState::Open,
            source: Source::Sweep,
            detected_at: UnixMillis(0),
            aware_at: UnixMillis::from_seconds(HOUR),
            closed_at: None,
        };
        let within = Duration::from_secs(72 * HOUR);
        let at = |hours| {
            let now = UnixMillis::from_seconds(hours * HOUR);
            Clock::of(&incident, within, now).text
        };
        assert_eq!(at(1), "72 h 00 min left of 72 h");
        assert_eq!(at(72), "1 h 00 min left of 72 h");
        assert_eq!(at(75), "2 h past the 72 hours");
    }
}
