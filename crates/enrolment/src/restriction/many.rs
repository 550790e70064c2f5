//! The limits of a page of records, by as many queries as for one.

use std::collections::BTreeMap;

use database::consents::{self, Consent};
use database::records::{Record, RecordState};
use database::sealed::{KeptMessage, open_message};
use database::{restriction_steps, withdrawals};
use keyring::{ApplicationKeys, WrappedOwnerKey};
use record::consent::{Basis, Purpose};
use record::ids::RecordId;
use sqlx::MySqlConnection;

use super::cause::Told;
use super::limits::Limits;
use super::requests::Requests;
use crate::EnrolmentError;
use crate::withdrawal::TakenBack;

impl Limits {
    /// Of records as a list has them, each with its owner's key. Histories are not read: what they alone would tell is told by the
    /// record's page, and by the viewer's alarm.
    ///
    /// # Errors
    /// When the database can't be reached.
    pub async fn of_many(
        connection: &mut MySqlConnection,
        keys: &ApplicationKeys,
        records: &[(&Record, Option<&WrappedOwnerKey>)],
        basis: &(dyn Fn(&Purpose) -> Basis + Sync),
    ) -> Result<BTreeMap<RecordId, Self>, EnrolmentError> {
        let front = keys.front();
        let ids: Vec<_> = records.iter().map(|(record, _)| record.id).collect();
        let versions: Vec<_> = records
            .iter()
            .map(|(one, _)| (one.id, one.version))
            .collect();
        let mut steps = restriction_steps::of_records(connection, &front, &ids).await?;
        let mut taken = withdrawals::of_records(connection, &front, &ids).await?;
        let consents = consents::of_versions(connection, &versions).await?;
        let mut all = BTreeMap::new();
        for (record, key) in records {
            let id = record.id;
            let consent = consents.get(&id);
            if consent.is_none() && record.has_correction_under_way() {
                let history = database::Checked::default();
                let limits = match Self::load(connection, keys, record, &history, basis).await {
                    Err(error) if error.is_tampering() => {
                        Self::of_requests(connection, &front, id, &history).await
                    }
                    limits => limits,
                };
                all.insert(id, limits?);
                continue;
            }
            let signed = consent.filter(|_| record.state != RecordState::Erasing);
            let signed = signed.filter(|one| one.is_ours(&front) && one.draft == record.draft);
            let purposes = signed.and_then(|one| purposes(keys, *key, one));
            let taken = taken.remove(&id).unwrap_or_default();
            let draft = consent.map_or(record.draft, |consent| consent.draft);
            let taken = TakenBack::of(taken, &front, draft);
            let requests = Requests::of(steps.remove(&id).unwrap_or_default(), &front);
            let told = Told::default();
            let limits = Self::of(purposes.as_deref(), &taken, requests, told, basis);
            all.insert(id, limits);
        }
        Ok(all)
    }
}

fn purposes(
    keys: &ApplicationKeys,
    key: Option<&WrappedOwnerKey>,
    consent: &Consent,
) -> Option<Vec<Purpose>> {
    let key = keys.unwrap_owner_key(key?).ok()?;
    open_message(&key, consent)
        .ok()
        .map(KeptMessage::into_purposes)
}
