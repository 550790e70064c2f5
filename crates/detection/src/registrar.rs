//! Filing what was examined: the newest verdict on each subject, and the incident that a bad one opens.
//!
//! One incident gathers what one act did, and one mail tells of it. Since an act may fall into the middle of a round, an
//! incident gathers until every record was looked at once more; the mail goes out then, or after a minute.

mod filing;
mod incident;
mod telling;

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use database::verifications::Source;
use record::ids::RecordId;
use record::time::UnixMillis;
use tokio::sync::Mutex;

use crate::examiner::{Examined, Examiner};

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
    /// The records whose newest verdict is bad: what is wrong with their rows is told by an incident.
    in_incidents: Arc<RwLock<HashSet<RecordId>>>,
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
            in_incidents: Arc::default(),
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

    /// Whether an incident tells of this record's row.
    pub(crate) fn is_in_incident(&self, record: RecordId) -> bool {
        let known = self.in_incidents.read();
        known
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&record)
    }

    fn remember(&self, page: &[Examined]) {
        let known = self.in_incidents.write();
        let mut known = known.unwrap_or_else(PoisonError::into_inner);
        for one in page {
            match one.record_id() {
                Some(record) if one.finding.verdict.is_bad() => {
                    known.insert(record);
                }
                Some(record) => {
                    known.remove(&record);
                }
                None => {}
            }
        }
    }
}
