//! What waits in a session for the next page: sealed, shown once.

use keyring::ApplicationKeys;
use serde::{Deserialize, Serialize};

use crate::components::Tone;

const CONTEXT: &str = "sessions.flash";

/// One thing that waits.
#[derive(Clone, Serialize, Deserialize)]
pub(super) enum Flash {
    /// A note for whatever page comes next.
    Notice {
        /// How it went.
        tone: Tone,
        /// What happened.
        text: String,
    },
    /// A form that its page shows filled in again.
    Form {
        /// The page.
        path: String,
        /// Urlencoded.
        body: String,
    },
    /// Something for one page alone: a consent link that is shown once.
    HandOver {
        /// The page.
        path: String,
        /// JSON of what that page takes.
        value: String,
    },
}

impl Flash {
    /// Bound to its session: moved to another row, it does not open. It may hold a link's secret, or a form with somebody's
    /// details: logs and dumps must not keep it for longer than the key.
    pub(super) fn seal(
        &self,
        keys: &ApplicationKeys,
        session: &[u8; 32],
    ) -> Result<Vec<u8>, serde_json::Error> {
        let json = serde_json::to_vec(self)?;
        Ok(keys.seal_passing(CONTEXT, session, &json, &mut rand::rng()))
    }

    /// Nothing when it does not open: its key may have been destroyed since.
    pub(super) fn open(keys: &ApplicationKeys, session: &[u8; 32], sealed: &[u8]) -> Option<Self> {
        let json = keys.open_passing(CONTEXT, session, sealed).ok()?;
        serde_json::from_slice(&json).ok()
    }
}
