//! The rows before, as the binary log held them, as another source of a restore. They are trusted for nothing: each step
//! back is judged against the chain like a copy of the backup.

use std::collections::{BTreeMap, BTreeSet};

use chain::OnChainRecord;
use database::consents::{self, Consent};
use database::record_backups::Backup;
use database::record_versions::{self, RecordVersion};
use database::records::Head;
use database::verifications::Subject;
use database::{MySqlConnection, RowError, evidence, incident_evidence};
use keyring::{FrontKeys, WrappedOwnerKey};
use record::ids::{RecordId, Uid};

use self::row::Columns;
use super::Restorer;
use super::plan::{Copy, Seen};
use crate::obstacle::Hindrance;
use crate::watch::{Piece, PieceChange};

mod row;

/// So many transactions are taken back at most.
const MOST_STEPS: u32 = 200;

/// The rows of one record at some time.
#[derive(Default)]
struct Rows {
    head: Option<Head>,
    versions: BTreeMap<u64, RecordVersion>,
    consents: BTreeMap<u64, Consent>,
    key: Option<WrappedOwnerKey>,
}

impl Restorer {
    /// Takes back what was done to the record, transaction by transaction, until its rows give the chain's word.
    pub(super) async fn log_copy(&self, uid: Uid, chain: &Seen) -> Result<Option<Copy>, Hindrance> {
        let parts = self.registrar.examiner().parts();
        let mut connection = parts.pool.acquire().await?;
        let records = incident_evidence::records_of(&mut connection, Subject::uid(uid)).await?;
        for record in records {
            let mut rows = Rows::as_they_stand(&mut connection, record, &chain.record).await?;
            let stored = self.keys_of(record).await?;
            for piece in self.pieces(record).await? {
                let changes = piece.changes.iter().rev();
                changes.for_each(|change| rows.take_back(change));
                let copies = rows.copies(&parts.keys.front());
                for key in rows.key.iter().chain(&stored) {
                    if let Some(copy) = self.whole(chain, &copies, key.clone()).await? {
                        return Ok(Some(Copy {
                            is_from_log: true,
                            ..copy
                        }));
                    }
                }
            }
        }
        Ok(None)
    }

    /// What the log told of a record, newest first, each transaction once.
    async fn pieces(&self, record: RecordId) -> Result<Vec<Piece>, Hindrance> {
        let parts = self.registrar.examiner().parts();
        let mut connection = parts.pool.acquire().await?;
        let kept =
            incident_evidence::of_record(&mut connection, &parts.keys, record, MOST_STEPS).await?;
        let mut seen = BTreeSet::new();
        let once = kept
            .rows
            .into_iter()
            .filter(|one| seen.insert(one.source_key));
        let opened = once.filter_map(|one| one.open(&parts.keys).ok());
        Ok(opened
            .filter_map(|content| Piece::from_json(&content).ok())
            .collect())
    }
}

impl Rows {
    /// Each part by itself: any of them may be gone.
    async fn as_they_stand(
        connection: &mut MySqlConnection,
        record: RecordId,
        chain: &OnChainRecord,
    ) -> Result<Self, RowError> {
        let stands = evidence::by_record(connection, record).await?;
        let mut rows = Self {
            head: stands.and_then(|stands| stands.head),
            ..Self::default()
        };
        for version in chain.versions.iter().map(|version| version.version) {
            let number = u64::from(version.get());
            let values = record_versions::load(connection, record, version).await;
            rows.versions
                .extend(read(values)?.map(|values| (number, values)));
            let consent = consents::load(connection, record, version).await;
            rows.consents
                .extend(read(consent)?.map(|consent| (number, consent)));
        }
        Ok(rows)
    }

    fn take_back(&mut self, change: &PieceChange) {
        let before = change.before.as_ref().map(Columns);
        let after = change.after.as_ref().map(Columns);
        let number = |row: &Option<Columns<'_>>| row.as_ref().and_then(|row| row.number("version"));
        match change.table.as_str() {
            "records" => self.head = before.and_then(|row| row.head()),
            "owner_keys" => self.key = before.and_then(|row| row.key()),
            "record_versions" => {
                number(&after).map(|version| self.versions.remove(&version));
                let put_back = before.as_ref().and_then(Columns::version);
                self.versions.extend(number(&before).zip(put_back));
            }
            "consents" => {
                number(&after).map(|version| self.consents.remove(&version));
                let put_back = before.as_ref().and_then(Columns::consent);
                self.consents.extend(number(&before).zip(put_back));
            }
            _ => {}
        }
    }

    /// As the backup would have them. No proof covers the head: under one that somebody else wrote nothing goes back, or
    /// our MAC would make it ours.
    fn copies(&self, front: &FrontKeys) -> Vec<Backup> {
        let Some(head) = self.head.as_ref().filter(|head| head.is_ours(front)) else {
            return Vec::new();
        };
        let record = &head.record;
        let whole = self.versions.iter().filter_map(|(number, values)| {
            Some(Backup {
                record: record.clone(),
                values: values.clone(),
                consent: self.consents.get(number)?.clone(),
            })
        });
        whole.collect()
    }
}

/// A row that can't be read is none: what stood there before is what counts.
fn read<T>(row: Result<Option<T>, RowError>) -> Result<Option<T>, RowError> {
    match row {
        Err(error) if error.is_tampering() => Ok(None),
        row => row,
    }
}
