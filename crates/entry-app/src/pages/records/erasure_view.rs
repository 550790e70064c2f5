//! How the erasure of a record stands, on the record's page and in the list of them.

use database::erasures::{Erasure, ErasureState};
use database::request_way::RequestWay;
use enrolment::retention::Why;
use keyring::ApplicationKeys;
use record::time::UnixMillis;
use web_kit::components::Tone;
use zeroize::Zeroizing;

use super::how_asked::{identity_in_words, way_in_words};

/// What is shown of it.
pub struct ErasureView {
    pub tone: Tone,
    pub label: &'static str,
    pub is_open: bool,
    /// Whether nobody asked: its time was over.
    pub is_released: bool,
    pub asked_at: UnixMillis,
    pub due_at: UnixMillis,
    pub way: &'static str,
    pub identity: Option<&'static str>,
    pub decided_at: Option<UnixMillis>,
    pub destroyed_at: Option<UnixMillis>,
    /// Since when nothing permitted to keep it, where nobody asked.
    pub due_since: Option<UnixMillis>,
    /// Why it was refused, or released though nobody asked; on the record's page alone.
    pub reason: Option<Zeroizing<String>>,
}

impl ErasureView {
    pub fn of(erasure: &Erasure, now: UnixMillis) -> Self {
        let (label, tone) = match erasure.state {
            ErasureState::Open if now > erasure.due_at => ("Answer overdue", Tone::Bad),
            ErasureState::Open => ("Erasure asked", Tone::Warning),
            ErasureState::Refused => ("Not erased", Tone::Neutral),
            ErasureState::Granted => ("Being erased", Tone::Waiting),
            ErasureState::Destroyed => ("Erased", Tone::Good),
        };
        Self {
            tone,
            label,
            is_open: erasure.state == ErasureState::Open,
            is_released: erasure.way == RequestWay::Retention,
            asked_at: erasure.asked_at,
            due_at: erasure.due_at,
            way: way_in_words(erasure.way),
            identity: erasure.identity.map(identity_in_words),
            decided_at: erasure.decided_at,
            destroyed_at: erasure.destroyed_at,
            due_since: None,
            reason: None,
        }
    }

    /// With why staff decided as they did, where that is written down and opens.
    pub fn with_reason(self, erasure: &Erasure, keys: &ApplicationKeys) -> Self {
        let Some(content) = erasure.open(keys).ok().flatten() else {
            return self;
        };
        if erasure.state == ErasureState::Refused {
            let reason = String::from_utf8(content.to_vec()).ok();
            return Self {
                reason: reason.map(Zeroizing::new),
                ..self
            };
        }
        match Why::from_content(&content) {
            Some(why) => Self {
                due_since: Some(why.due_since),
                reason: Some(Zeroizing::new(why.reason)),
                ..self
            },
            None => self,
        }
    }
}
