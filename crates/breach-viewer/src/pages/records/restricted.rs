//! What restricts a record (docs/RESTRICTION.md).

use std::collections::BTreeMap;

use database::record_events;
use database::records;
use database::records_view::ViewedRecord;
use enrolment::EnrolmentError;
use enrolment::restriction::Limits;
use record::ids::RecordId;
use sqlx::MySqlConnection;
use web_kit::error::{Error, Result};

use crate::state::Watchtower;

/// Those of a page of the grid; of rows that are not ours there are none.
pub async fn of_page(
    tower: &Watchtower,
    connection: &mut MySqlConnection,
    viewed: &[ViewedRecord],
) -> Result<BTreeMap<RecordId, Limits>> {
    let rows = viewed.iter().filter_map(|one| one.row.as_ref());
    let ours = rows.filter_map(|row| Some((row.record.as_ref()?, row.owner_key.as_ref())));
    let ours: Vec<_> = ours.collect();
    let basis = |purpose: &_| tower.profile.basis(purpose);
    let limits = Limits::of_many(connection, &tower.keys, &ours, &basis).await;
    match limits {
        // A table that somebody took away must not keep anybody from seeing that.
        Err(error) if is_refusal(&error) => {
            let ids = ours.iter().map(|(record, _)| record.id);
            Ok(ids.map(|id| (id, Limits::unknown())).collect())
        }
        limits => limits.map_err(explain),
    }
}

/// Those of one record, its history read as well. Where its own row is not ours, what its owner asked for holds all the same.
pub async fn of_one(
    tower: &Watchtower,
    connection: &mut MySqlConnection,
    id: RecordId,
) -> Result<Limits> {
    match load(tower, connection, id).await {
        Err(error) if is_refusal(&error) => Ok(Limits::unknown()),
        limits => limits.map_err(explain),
    }
}

async fn load(
    tower: &Watchtower,
    connection: &mut MySqlConnection,
    id: RecordId,
) -> std::result::Result<Limits, EnrolmentError> {
    let front = tower.keys.front();
    let history = record_events::of_record(connection, &front, id).await?;
    let basis = |purpose: &_| tower.profile.basis(purpose);
    let limits = match records::load(connection, &front, id).await {
        Ok(Some(record)) => Limits::load(connection, &tower.keys, &record, &history, &basis).await,
        Ok(None) => return Limits::of_requests(connection, &front, id, &history).await,
        Err(error) => Err(error.into()),
    };
    match limits {
        Err(error) if error.is_tampering() => {
            Limits::of_requests(connection, &front, id, &history).await
        }
        limits => limits,
    }
}

fn is_refusal(error: &EnrolmentError) -> bool {
    matches!(error, EnrolmentError::Row(error) if error.is_refusal())
}

fn explain(error: EnrolmentError) -> Error {
    match error {
        EnrolmentError::Row(error) => error.into(),
        other => Error::internal(other),
    }
}
