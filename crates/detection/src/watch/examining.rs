//! Looking at what was touched, at once.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use binary_log::{Server, Transaction};
use database::guarded_rows::{self, GuardedTable, RowKey, RowState};
use database::operations_alarms::AlarmKind;
use database::verifications::{Source, Subject};
use database::{MySqlConnection, incident_evidence, incident_findings, row_counts};
use futures::{StreamExt, TryStreamExt, stream};
use record::ids::RecordId;
use record::time::UnixMillis;
use zeroize::Zeroizing;

use super::batch::Batch;
use super::piece::{Piece, place};
use super::touched::Touched;
use crate::examiner::{Examined, Sight};
use crate::obstacle::Hindrance;
use crate::registrar::{Occasion, Registrar};

/// So many records are looked at side by side: the pool has connections for others as well.
const AT_ONCE: usize = 4;
/// So many guarded rows are looked at before what was found is told.
const ROWS: usize = 1000;
/// No more evidence is kept with one incident by one process.
const MOST_EVIDENCE: u64 = 10_000;
const WATCH: Occasion = Occasion {
    source: Source::Watch,
    round: None,
};

/// Of whom to ask for texts, and what the columns are called.
pub(super) struct Sources<'s> {
    pub(super) server: &'s Server,
    pub(super) columns: &'s BTreeMap<String, Vec<String>>,
}

impl Registrar {
    /// Guarded rows: whether each is still there, and ours.
    pub(super) async fn look_at_rows(&self, touched: &Touched) -> Result<(), Hindrance> {
        let (examiner, parts) = (self.examiner(), self.examiner().parts());
        let mut connection = parts.pool.acquire().await?;
        for table in &touched.emptied {
            tracing::error!(table, "ALARM: somebody emptied a table");
            examiner
                .raise_alarm(&mut connection, AlarmKind::RowsDeleted)
                .await?;
        }
        for (name, rows) in &touched.rows {
            let Some(table) = guarded_rows::of_name(name) else {
                continue;
            };
            let rows: Vec<_> = rows.iter().collect();
            for some in rows.chunks(ROWS) {
                self.look_at_some(&mut connection, table, some).await?;
            }
        }
        Ok(())
    }

    /// Guarded rows of one table, and whether the newest change took them out.
    async fn look_at_some(
        &self,
        connection: &mut MySqlConnection,
        table: GuardedTable,
        rows: &[(&RowKey, &bool)],
    ) -> Result<(), Hindrance> {
        let (examiner, keys) = (self.examiner(), &self.examiner().parts().keys);
        let asked: Vec<_> = rows.iter().map(|(key, _)| (*key).clone()).collect();
        let states = guarded_rows::look(connection, keys, table, &asked).await?;
        let (mut planted, mut deleted) = (Vec::new(), 0);
        for (state, (key, is_out)) in states.into_iter().zip(rows) {
            match state {
                RowState::Gone if **is_out && is_missed(connection, table, key).await? => {
                    deleted += 1;
                }
                // The verdict on the record tells it.
                RowState::Planted(row) if table.name != "records" => planted.push(row.row),
                _ => {}
            }
        }
        let table = table.name;
        if deleted > 0 {
            tracing::error!(table, deleted, "ALARM: somebody deleted rows");
            let kind = AlarmKind::RowsDeleted;
            examiner.raise_alarm(connection, kind).await?;
        }
        if let Some(row) = planted.first() {
            let written = planted.len();
            tracing::error!(
                table,
                row,
                written,
                "ALARM: somebody wrote rows behind our back"
            );
            let kind = AlarmKind::RowTampered;
            examiner.raise_alarm(connection, kind).await?;
        }
        Ok(())
    }

    /// Some of the records: each is examined and filed, and what the log tells of the bad ones is kept.
    pub(super) async fn look_at_records(
        &self,
        asked: Vec<(Subject, RecordId)>,
        batch: &Batch,
        sources: Sources<'_>,
    ) -> Result<(), Hindrance> {
        let (page, records) = self.examined(asked).await?;
        let mut bad: Vec<Subject> = Vec::new();
        let note_bad =
            |one: &Examined| bad.extend(one.finding.verdict.is_bad().then_some(one.subject));
        self.file_found(page, note_bad).await?;
        let mut texts = Texts::default();
        for subject in bad {
            for record in records.get(&subject).into_iter().flatten() {
                let transactions = batch.touched.records.get(record).into_iter().flatten();
                for transaction in transactions.filter_map(|index| batch.kept.get(*index)) {
                    let texts = texts.of(transaction, sources.server).await;
                    let mut piece = Piece::of(transaction, *record, texts, sources.columns);
                    piece.rows_left_out = batch.touched.cut.contains(record);
                    self.keep(subject, *record, transaction, &piece).await?;
                }
            }
        }
        Ok(())
    }

    /// All subjects that are asked for, each once, and through which records.
    async fn examined(
        &self,
        asked: Vec<(Subject, RecordId)>,
    ) -> Result<(Vec<Examined>, BTreeMap<Subject, Vec<RecordId>>), Hindrance> {
        let sight = self.examiner().sight().await?;
        let looks = asked.into_iter().map(|asked| self.look(asked, sight));
        let found: Vec<_> = stream::iter(looks)
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let (mut page, mut records) = (BTreeMap::new(), BTreeMap::<Subject, Vec<RecordId>>::new());
        for (examined, record) in found.into_iter().flatten() {
            records.entry(examined.subject).or_default().push(record);
            page.insert(examined.subject, examined);
        }
        records.values_mut().for_each(|ids| {
            ids.sort_unstable();
            ids.dedup();
        });
        Ok((page.into_values().collect(), records))
    }

    async fn look(
        &self,
        (subject, record): (Subject, RecordId),
        sight: Sight,
    ) -> Result<Option<(Examined, RecordId)>, Hindrance> {
        let mut examined = self.look_at(subject, sight).await?;
        if examined.is_none() && subject.as_uid().is_none() {
            // Its row is gone by now, and what was deleted before or after it is told all the same.
            if let Some(uid) = unless_refused(self.examiner().anchored_as(record).await)? {
                examined = self.look_at(Subject::uid(uid), sight).await?;
            }
        }
        Ok(examined.map(|examined| (examined, record)))
    }

    /// Nothing where the database refuses this one: the others are looked at all the same.
    pub(super) async fn look_at(
        &self,
        subject: Subject,
        sight: Sight,
    ) -> Result<Option<Examined>, Hindrance> {
        unless_refused(self.examiner().subject_seen(subject, sight).await)
    }

    /// Files what the watch has found.
    pub(super) async fn file_found(
        &self,
        page: Vec<Examined>,
        tell: impl FnMut(&Examined) + Send,
    ) -> Result<(), Hindrance> {
        if let Some(refused) = self.file_page(page, WATCH, tell).await? {
            tracing::error!(cause = ?refused, "the database refuses what the watch has to keep");
        }
        Ok(())
    }

    async fn keep(
        &self,
        subject: Subject,
        record: RecordId,
        transaction: &Transaction,
        piece: &Piece,
    ) -> Result<(), Hindrance> {
        let parts = self.examiner().parts();
        let mut connection = parts.pool.acquire().await?;
        let findings = incident_findings::unresolved(&mut connection, &parts.keys, subject).await?;
        let Some(finding) = findings.rows.first() else {
            return Ok(());
        };
        let incident_id = finding.incident_id;
        if !self.has_room_for_evidence(incident_id) {
            return Ok(());
        }
        let Ok(content) = piece.to_json() else {
            return Ok(());
        };
        let new = incident_evidence::NewEvidence {
            incident_id,
            subject,
            record_id: record,
            source: &place(transaction),
            happened_at: UnixMillis::from_seconds(transaction.at),
            content: incident_evidence::seal(
                &parts.keys,
                incident_id,
                subject,
                &content,
                &mut rand::rng(),
            ),
        };
        incident_evidence::insert(&mut connection, &parts.keys, new).await?;
        Ok(())
    }
}

impl Registrar {
    /// What this process keeps is counted: rows that somebody plants take no place of it.
    fn has_room_for_evidence(&self, incident: u64) -> bool {
        const INCIDENTS: usize = 100;
        let mut kept = self.evidence.lock().unwrap_or_else(PoisonError::into_inner);
        let of_incident = kept.entry(incident).or_default();
        *of_incident += 1;
        let has_room = *of_incident <= MOST_EVIDENCE;
        if kept.len() > INCIDENTS {
            kept.pop_first();
        }
        has_room
    }
}

/// Nothing where the database refuses this one thing.
fn unless_refused<V>(read: Result<Option<V>, Hindrance>) -> Result<Option<V>, Hindrance> {
    match read {
        Err(hindrance) if hindrance.concerns_one_thing() => {
            tracing::error!(cause = ?hindrance, "the database refuses a record to the watch");
            Ok(None)
        }
        read => read,
    }
}

/// Whether a row that is gone ought to be there. A record that was anchored is told by its verdict, and a planted one, which
/// is told by its verdict as long as it stands, is no loss.
async fn is_missed(
    connection: &mut MySqlConnection,
    table: GuardedTable,
    key: &RowKey,
) -> Result<bool, Hindrance> {
    let RowKey::Bytes(id) = key else {
        return Ok(table.is_kept_whole);
    };
    match id.first_chunk() {
        Some(id) if table.name == "records" => {
            let id = RecordId::from_bytes(*id);
            Ok(row_counts::is_record_gone(connection, id).await?)
        }
        _ => Ok(table.is_kept_whole),
    }
}

/// The statements behind rows, asked for once for each transaction.
#[derive(Default)]
struct Texts {
    known: BTreeMap<String, Vec<Zeroizing<String>>>,
}

impl Texts {
    async fn of(&mut self, transaction: &Transaction, server: &Server) -> &[Zeroizing<String>] {
        let place = place(transaction);
        if !self.known.contains_key(&place) {
            let texts = match transaction.texts.is_empty() {
                false => transaction.texts.clone(),
                true => server
                    .texts(&transaction.place)
                    .await
                    .unwrap_or_else(|error| {
                        tracing::warn!(%error, "the log gives no statement");
                        Vec::new()
                    }),
            };
            self.known.insert(place.clone(), texts);
        }
        self.known
            .get(&place)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }
}
