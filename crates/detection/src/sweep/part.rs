//! One part: its rows streamed in the order of the UIDs, most of them known, the others examined in full.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use database::evidence::{self, Evidence, RowsOfUid};
use database::incident_findings;
use database::sweep_parts::SweepPart;
use database::verifications::{self, Subject};
use futures::StreamExt as _;
use record::ids::Uid;
use record::time::UnixMillis;
use tokio::sync::Mutex;

use super::memory::Print;
use super::progress::Progress;
use super::round::Round;
use super::worker::Worker;
use crate::examiner::{Examined, Sight};
use crate::obstacle::Hindrance;
use crate::pace::Pace;
use crate::verdict::Verdict;

/// So many records are held at once to be examined.
const BATCH: usize = 256;
/// No server thinks longer than this about the next row.
const ROW_LIMIT: Duration = Duration::from_secs(60);
/// Or rows of so many bytes: who fills them with more than ever belongs there must not fill our memory.
const MOST_BYTES: u64 = 8 * 1024 * 1024;

/// A page of UIDs under examination.
struct Page<'a> {
    round: &'a Round,
    sight: &'a Sight,
    part: Uid,
    /// When its rows began to be read.
    at: UnixMillis,
    /// UIDs with a verdict or a finding on file: whatever comes out has to be written down.
    on_file: BTreeSet<Uid>,
    /// What is to be examined in full, and the prints of its rows.
    wanted: Vec<Uid>,
    rows: Vec<Evidence>,
    bytes: u64,
    prints: BTreeMap<Uid, Print>,
}

impl Worker {
    pub(super) async fn uids(
        &mut self,
        round: &Round,
        mut part: SweepPart,
        (first, last): (Uid, Uid),
        sight: &Sight,
        pace: &Mutex<Pace>,
        progress: &Progress,
    ) -> Result<(), Hindrance> {
        let examiner = round.registrar().examiner();
        let sample = (last.get() - first.get() + 1).min(64);
        examiner.compare_contracts(first, sample, sight).await?;
        if let Some(memory) = &mut self.memory {
            memory.begin(first, last);
        }
        let mut from = Some(first);
        while let Some(begin) = from.filter(|from| *from <= last) {
            let length = u64::from(pace.lock().await.turn().await);
            let end = Uid::new(begin.get().saturating_add(length - 1));
            let end = end.map_or(last, |end| end.min(last));
            let looked_at = end.get() - begin.get() + 1;
            pace.lock().await.took(looked_at);
            self.page(round, &mut part, (begin, end), sight).await?;
            part.checked += looked_at;
            progress.count(looked_at);
            if !round.keep(&mut part).await? {
                return Ok(());
            }
            from = end.next();
        }
        round.hand_in(part).await
    }

    /// Reads a page and examines what is not known of it. What is known needs nothing more.
    async fn page(
        &mut self,
        round: &Round,
        part: &mut SweepPart,
        (first, last): (Uid, Uid),
        sight: &Sight,
    ) -> Result<(), Hindrance> {
        let parts = round.registrar().examiner().parts();
        let mut connection = parts.pool.acquire().await?;
        let mut on_file = BTreeSet::new();
        on_file.extend(verifications::on_file(&mut connection, first, last).await?);
        on_file.extend(incident_findings::unresolved_between(&mut connection, first, last).await?);
        let mut page = Page {
            round,
            sight,
            part: part.uids.map_or(first, |(first, _)| first),
            at: round.registrar().examiner().now(),
            on_file,
            wanted: Vec::new(),
            rows: Vec::new(),
            bytes: 0,
            prints: BTreeMap::new(),
        };
        let mut next = first.get();
        {
            let mut stream = evidence::raw(&mut connection, first, last);
            while let Some(rows) = soon(stream.next()).await? {
                let rows = match rows {
                    Ok(rows) => rows,
                    Err(error) if error.is_tampering() => break,
                    Err(error) => return Err(error.into()),
                };
                // UIDs that no row claims.
                page.wanted
                    .extend((next..rows.uid.get()).filter_map(Uid::new));
                next = rows.uid.get().saturating_add(1);
                self.look_at(&mut page, &rows)?;
                if page.wanted.len() >= BATCH || page.bytes >= MOST_BYTES {
                    self.examine(&mut page, part).await?;
                }
            }
        }
        if let Some(rest) = Uid::new(next).filter(|rest| *rest <= last) {
            // UIDs without a row; or columns that somebody made unreadable: whatever can be told is told.
            let rows = evidence::range(&mut connection, rest, last).await?;
            page.rows.extend(rows);
            page.wanted.extend((next..=last.get()).filter_map(Uid::new));
        }
        drop(connection);
        self.examine(&mut page, part).await
    }

    /// Sorts a UID's rows into those that are known and those to be examined.
    fn look_at(&mut self, page: &mut Page<'_>, rows: &RowsOfUid) -> Result<(), Hindrance> {
        let uid = rows.uid;
        if let Some(memory) = &mut self.memory {
            let print = memory.print(rows)?;
            let is_known = memory.knows(page.part, uid, &print);
            if is_known && !memory.is_due(page.part, uid) && !page.on_file.contains(&uid) {
                return Ok(());
            }
            page.prints.insert(uid, print);
        }
        let evidence = rows.evidence()?;
        if evidence.len() > 1 {
            // More than one row claims it: all of them are told in every round.
            page.prints.insert(uid, Print::default());
        }
        page.wanted.push(uid);
        page.bytes += rows.bytes()?;
        page.rows.extend(evidence);
        Ok(())
    }

    /// Examines what has gathered, files what is not valid, and remembers what is.
    async fn examine(
        &mut self,
        page: &mut Page<'_>,
        part: &mut SweepPart,
    ) -> Result<(), Hindrance> {
        let wanted = std::mem::take(&mut page.wanted);
        let rows = std::mem::take(&mut page.rows);
        page.bytes = 0;
        if wanted.is_empty() {
            return Ok(());
        }
        let examiner = page.round.registrar().examiner();
        let examined = examiner.these(&wanted, rows, page.sight, page.at).await?;
        page.round.registrar().waiting.note(&examined);
        let valid = |one: &Examined| one.finding.verdict == Verdict::Valid;
        // What has values that are to be destroyed is come across again.
        let is_settled = |one: &&Examined| !one.in_flight && !one.has_replaced_values();
        let settled = examined.iter().filter(|one| valid(one)).filter(is_settled);
        self.remember(page, settled);
        let (quiet, told): (Vec<Examined>, Vec<Examined>) = {
            let rows_on_file = rows_on_file(page.round, &examined).await?;
            let is_quiet = |one: &Examined| {
                let row = one.record_id().map(Subject::row);
                let on_file = one.uid.is_none_or(|uid| page.on_file.contains(&uid));
                valid(one) && !on_file && !row.is_some_and(|row| rows_on_file.contains(&row))
            };
            examined.into_iter().partition(is_quiet)
        };
        let subjects: Vec<Subject> = quiet.iter().map(|one| one.subject).collect();
        page.round.registrar().forget_bad(&subjects);
        page.round.file(told, part).await
    }

    fn remember<'e>(&mut self, page: &mut Page<'_>, valid: impl Iterator<Item = &'e Examined>) {
        let Some(memory) = &mut self.memory else {
            return;
        };
        let mut prints = std::mem::take(&mut page.prints);
        for uid in valid.filter_map(|one| one.uid) {
            if let Some(print) = prints.remove(&uid) {
                memory.set(page.part, uid, Some(print), &page.sight.block);
            }
        }
        for uid in prints.into_keys() {
            memory.set(page.part, uid, None, &page.sight.block);
        }
    }
}

/// The next row, if it comes in time: a connection that was lost without a word would keep the sweep waiting for ever.
async fn soon<R>(next: impl Future<Output = R>) -> Result<R, Hindrance> {
    let late = |_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
    let row = tokio::time::timeout(ROW_LIMIT, next).await.map_err(late)?;
    Ok(row)
}

/// Of the records behind valid verdicts, those that something is on file about from before the chain knew them.
async fn rows_on_file(
    round: &Round,
    examined: &[Examined],
) -> Result<BTreeSet<Subject>, Hindrance> {
    let records = examined.iter().filter_map(Examined::record_id);
    let subjects: Vec<Subject> = records.map(Subject::row).collect();
    let pool = &round.registrar().examiner().parts().pool;
    let mut connection = pool.acquire().await?;
    let mut on_file = BTreeSet::new();
    on_file.extend(verifications::on_file_of(&mut connection, &subjects).await?);
    on_file.extend(incident_findings::unresolved_of(&mut connection, &subjects).await?);
    Ok(on_file)
}
