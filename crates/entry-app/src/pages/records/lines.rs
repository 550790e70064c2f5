//! A record as a line of a list.

use database::records::RecordState;
use database::records_view::ListedRecord;
use enrolment::restriction::Limits;
use keyring::ApplicationKeys;
use record::ids::{RecordId, Uid};
use record::time::UnixMillis;
use sqlx::MySqlConnection;
use web_kit::components::Tone;
use web_kit::error::Result;
use zeroize::Zeroizing;

use super::{explain, state_view};
use crate::state::Desk;
use crate::urls;

/// What a line shows. A row that is not ours says so and offers nothing.
pub struct Line {
    pub id: RecordId,
    pub address: String,
    pub uid: Option<Uid>,
    pub name: Zeroizing<String>,
    /// None when the row or its values were tampered with.
    pub state: Option<RecordState>,
    pub label: &'static str,
    pub tone: Tone,
    /// What restricts it, beside its state: then its name is not shown.
    pub mark: Option<&'static str>,
    pub entered_at: Option<UnixMillis>,
}

impl Line {
    /// Those of a list.
    pub async fn all(
        desk: &Desk,
        connection: &mut MySqlConnection,
        listed: &[ListedRecord],
    ) -> Result<Vec<Self>> {
        let ours = listed
            .iter()
            .filter_map(|row| Some((row.record.as_ref()?, row.owner_key.as_ref())));
        let ours: Vec<_> = ours.collect();
        let basis = |purpose: &_| desk.profile.basis(purpose);
        let limits = Limits::of_many(connection, &desk.keys, &ours, &basis)
            .await
            .map_err(explain)?;
        let line = |row: &ListedRecord| {
            let mark = limits.get(&row.id).and_then(Limits::mark);
            Self::new(row, mark, &desk.keys)
        };
        Ok(listed.iter().map(line).collect())
    }

    fn new(listed: &ListedRecord, mark: Option<&'static str>, keys: &ApplicationKeys) -> Self {
        let record = listed.record.as_ref();
        let name = listed.open_name(keys);
        let is_empty = record.is_some_and(|record| record.state.is_empty());
        // The row itself may be ours and its values not.
        let state = record
            .map(|record| record.state)
            .filter(|_| is_empty || name.is_some());
        let gone = if is_empty {
            "(destroyed)"
        } else {
            "(does not open)"
        };
        let mark = mark.filter(|_| state.is_some() && !is_empty);
        let name = match mark {
            Some(_) => None,
            None => name,
        };
        let gone = mark.map_or(gone, |_| "(restricted)");
        Self {
            id: listed.id,
            address: urls::record(listed.id),
            uid: record.and_then(|record| record.uid),
            name: name.unwrap_or_else(|| Zeroizing::new(gone.to_owned())),
            state,
            label: match record.filter(|_| state.is_some()) {
                Some(record) => state_view::label_of(record),
                None => "Tampered with",
            },
            tone: state.map_or(Tone::Bad, state_view::tone),
            mark,
            entered_at: record.map(|record| record.created_at),
        }
    }

    /// Whether the owner has signed and staff have not approved.
    pub fn can_be_approved(&self) -> bool {
        self.state == Some(RecordState::Consented)
    }
}
