//! What a plan is made from: the record's rows, and its place on the chain.

use database::{
    MySqlConnection, RowError,
    anchoring_jobs::AnchoringJob,
    consents::{self, Consent},
    owner_keys,
    record_versions::{self, RecordVersion},
    records::{self, Record, RecordState},
    sealed::SealedVersion,
};
use keyring::{OwnerKey, WrappedOwnerKey};
use record::{
    Address, B256,
    ids::{RecordId, Uid, Version},
};

use crate::{
    Rejection,
    consent::Statement,
    line::End,
    plan::plans_made,
    round::Sight,
    work::{RoundError, Work},
};

/// Where on the chain a version goes.
pub(crate) struct Place {
    pub uid: Uid,
    pub version: Version,
    pub timestamp: u64,
    /// The proofs that its owner may name as the one before.
    pub previous_proofs: Vec<B256>,
}

/// The cells of a version, with the key that opens them.
pub(crate) struct Cells {
    pub sealed: SealedVersion,
    pub wrapped: WrappedOwnerKey,
    pub key: OwnerKey,
}

impl Work {
    /// The record, locked, with what its owner signed, and the wallet that signed the version before.
    pub async fn read_statement(
        &self,
        connection: &mut MySqlConnection,
        job: &AnchoringJob,
    ) -> Result<Result<(Record, Statement, Option<Address>), Rejection>, RoundError> {
        let record = match self.record_of(connection, job).await? {
            Ok(record) => record,
            Err(rejection) => return Ok(Err(rejection)),
        };
        if record.state != RecordState::Approved || Some(record.version) != job.version {
            return Ok(Err(Rejection::NotApproved));
        }
        let cells = match self.sealed(connection, record.id, record.version).await? {
            Ok(cells) => cells,
            Err(rejection) => return Ok(Err(rejection)),
        };
        let statement = match Statement::open(&cells.sealed, &cells.key, &self.front) {
            Ok(statement) => statement,
            Err(rejection) => return Ok(Err(rejection)),
        };
        let before = wallet_before(connection, &record, &cells.key).await?;
        Ok(Ok((record, statement, before)))
    }

    /// The record of a job, locked.
    pub async fn record_of(
        &self,
        connection: &mut MySqlConnection,
        job: &AnchoringJob,
    ) -> Result<Result<Record, Rejection>, RoundError> {
        if plans_made(self, connection, job.id).await? != job.attempts {
            return Ok(Err(Rejection::RolledBack));
        }
        match records::lock(connection, &self.front, job.record_id).await {
            Ok(record) => Ok(record.ok_or(Rejection::RowMissing)),
            Err(error) if error.is_tampering() => Ok(Err(Rejection::RowUnreadable)),
            Err(error) => Err(error.into()),
        }
    }

    /// A version's cells with the key that opens them.
    pub async fn sealed(
        &self,
        connection: &mut MySqlConnection,
        record: RecordId,
        version: Version,
    ) -> Result<Result<Cells, Rejection>, RowError> {
        let (values, wrapped, consent) = match load(connection, record, version).await {
            Ok(rows) => rows,
            // One row that can't be read must not end the round of all others.
            Err(error) if error.is_tampering() => return Ok(Err(Rejection::RowUnreadable)),
            Err(error) => return Err(error),
        };
        let (Some(values), Some(wrapped)) = (values, wrapped) else {
            return Ok(Err(Rejection::RowMissing));
        };
        let Ok(key) = self.keys().unwrap_owner_key(&wrapped) else {
            return Ok(Err(Rejection::RowUnreadable));
        };
        let sealed = SealedVersion { values, consent };
        Ok(Ok(Cells {
            sealed,
            wrapped,
            key,
        }))
    }

    /// A first version goes to the end of the line, a further one behind the one that the chain holds.
    pub async fn place(
        &self,
        sight: &Sight,
        end: &End,
        record: &Record,
    ) -> Result<Result<Place, Rejection>, RoundError> {
        let (version, timestamp) = (record.version, sight.head.timestamp);
        if version == Version::FIRST {
            let previous_proofs = Vec::new();
            return Ok(Ok(Place {
                uid: end.uid,
                version,
                timestamp,
                previous_proofs,
            }));
        }
        let Some(uid) = record.uid else {
            return Ok(Err(Rejection::ConsentMismatch));
        };
        let Some(known) = self.reader().record(uid, &sight.head).await? else {
            return Ok(Err(Rejection::ConsentMismatch));
        };
        if known.retired.is_some() {
            return Ok(Err(Rejection::Retired));
        }
        if known.newest().version.next() != Some(version) {
            return Ok(Err(Rejection::ConsentMismatch));
        }
        let previous_proofs = known.previous_proofs(version);
        let timestamp = timestamp.max(known.timestamp.saturating_add(1));
        Ok(Ok(Place {
            uid,
            version,
            timestamp,
            previous_proofs,
        }))
    }
}

/// The wallet that signed the version before: where that is another one, this version would be anchored as one that its owner has no
/// part in. What of that version can't be read is not for us to judge.
async fn wallet_before(
    connection: &mut MySqlConnection,
    record: &Record,
    key: &OwnerKey,
) -> Result<Option<Address>, RoundError> {
    let (id, version) = (record.id, record.version);
    if version == Version::FIRST {
        return Ok(None);
    }
    let before = record_versions::newest_anchored_below(connection, id, version).await?;
    let before = before.and_then(|row| row.open(key).ok());
    Ok(before.map(|before| before.wallet))
}

/// What stands in the tables of one version.
type Rows = (
    Option<RecordVersion>,
    Option<WrappedOwnerKey>,
    Option<Consent>,
);

async fn load(
    connection: &mut MySqlConnection,
    record: RecordId,
    version: Version,
) -> Result<Rows, RowError> {
    let values = record_versions::load(connection, record, version).await?;
    let wrapped = owner_keys::of_record(connection, record).await?;
    let consent = consents::load(connection, record, version).await?;
    Ok((values, wrapped, consent))
}
