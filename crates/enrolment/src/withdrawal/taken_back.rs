//! What was taken back of a consent.

use std::collections::{BTreeMap, BTreeSet};

use database::Checked;
use database::withdrawals::{self, Withdrawal};
use keyring::FrontKeys;
use record::consent::Choice;
use record::ids::{Draft, RecordId};
use record::time::UnixMillis;
use sqlx::MySqlConnection;

use crate::EnrolmentError;

/// The purposes that were taken back, each with when.
#[derive(Debug, Default, Clone)]
pub struct TakenBack {
    since: BTreeMap<Choice, UnixMillis>,
    /// How many withdrawals of ours there are, a row that stands twice counted once.
    pub rows: usize,
    /// Of how many somebody else changed the row, or wrote it: what these took back nobody can tell.
    pub tampered: usize,
}

impl TakenBack {
    /// Of what was signed by this draft: an answer that came later is not touched.
    ///
    /// # Errors
    /// When the database can't be reached.
    pub async fn load(
        connection: &mut MySqlConnection,
        front: &FrontKeys,
        record: RecordId,
        draft: Draft,
    ) -> Result<Self, EnrolmentError> {
        let found = withdrawals::of_record(connection, front, record).await?;
        Ok(Self::of(found, front, draft))
    }

    /// From the withdrawals of a record.
    pub(crate) fn of(found: Checked<Withdrawal>, front: &FrontKeys, draft: Draft) -> Self {
        let mut taken = Self {
            // No two have the same seal.
            rows: found
                .rows
                .iter()
                .map(|row| &row.choices)
                .collect::<BTreeSet<_>>()
                .len(),
            tampered: found.tampered.len(),
            ..Self::default()
        };
        for withdrawal in found.rows.iter().filter(|row| row.draft >= draft) {
            let opened = withdrawal.open(front).ok();
            let choices = opened.and_then(|json| serde_json::from_slice::<Vec<Choice>>(&json).ok());
            let Some(choices) = choices else {
                taken.tampered += 1;
                continue;
            };
            for choice in choices {
                taken.since.entry(choice).or_insert(withdrawal.at);
            }
        }
        taken
    }

    /// Since when this is taken back; none where it is not.
    #[must_use]
    pub fn since(&self, choice: &Choice) -> Option<UnixMillis> {
        self.since.get(choice).copied()
    }
}
