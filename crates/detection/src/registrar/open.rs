//! The incidents that are open. Somebody may plant rows of others above ours, or below.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use database::MySqlConnection;
use database::incidents::{self, Incident, IncidentState};
use database::verifications::Source;

use super::Registrar;
use crate::obstacle::Hindrance;

/// So many are told of at once: the newest, the oldest, and those that this process has filled.
const MOST: usize = 20;

impl Registrar {
    /// What was found here belongs to them.
    pub(super) fn remember_incidents(&self, ids: impl IntoIterator<Item = u64>) {
        let mut filled = self.filled.lock().unwrap_or_else(PoisonError::into_inner);
        filled.extend(ids);
        while filled.len() > MOST {
            filled.pop_first();
        }
    }

    /// The newest that is open.
    pub(super) async fn newest_open(
        &self,
        connection: &mut MySqlConnection,
    ) -> Result<Option<Incident>, Hindrance> {
        let keys = &self.examiner.parts().keys;
        let mut open = BTreeMap::new();
        let newest = incidents::newest_open(connection, keys).await?;
        open.extend(newest.map(|incident| (incident.id, incident)));
        self.add_filled_here(connection, &mut open).await?;
        Ok(open.into_values().next_back())
    }

    /// Those that are the software's to tell of. What joins one later joins the newest of all.
    pub(super) async fn open_incidents(
        &self,
        connection: &mut MySqlConnection,
    ) -> Result<Vec<Incident>, Hindrance> {
        let keys = &self.examiner.parts().keys;
        let most = u32::try_from(MOST).unwrap_or(u32::MAX);
        let newest = incidents::open_ones(connection, keys, most).await?;
        let oldest = incidents::oldest_not_closed(connection, keys, most).await?;
        let found = newest.rows.into_iter().chain(oldest.rows);
        let mut open: BTreeMap<u64, Incident> = found
            .filter(|incident| incident.state == IncidentState::Open)
            .map(|incident| (incident.id, incident))
            .collect();
        self.add_filled_here(connection, &mut open).await?;
        open.retain(|_, incident| incident.source != Source::Hand);
        Ok(open.into_values().collect())
    }

    async fn add_filled_here(
        &self,
        connection: &mut MySqlConnection,
        open: &mut BTreeMap<u64, Incident>,
    ) -> Result<(), Hindrance> {
        let filled = self
            .filled
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        for id in filled {
            if open.contains_key(&id) {
                continue;
            }
            match incidents::load(connection, &self.examiner.parts().keys, id).await {
                Ok(Some(incident)) if incident.state == IncidentState::Open => {
                    open.insert(id, incident);
                }
                Ok(Some(_)) => self.forget_incident(id),
                // Somebody may put it back.
                Ok(None) => {}
                Err(error) if error.is_tampering() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn forget_incident(&self, id: u64) {
        let mut filled = self.filled.lock().unwrap_or_else(PoisonError::into_inner);
        filled.remove(&id);
    }
}
