//! Lists and counts over what several rounds, buttons and the watch have said: each must tell the same of every UID.

use std::collections::BTreeMap;

use database::records_view;
use database::records_view::verdict_map::{self, UidRange};
use database::sweep_parts::{self, PART, SweepPart};
use database::sweep_rounds::{self, SweepRound};
use database::verifications::{self, Subject, VerdictCounts, VerdictKind};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use record::ids::Uid;
use record::time::UnixMillis;

use crate::stage::{MINUTE, NOW, Stage};
use crate::verdicts::{round, verdict};

const UIDS: u64 = 2 * PART + 10;
/// Above what any round covers.
const BEYOND: u64 = UIDS + 5;

fn uid(number: u64) -> Uid {
    Uid::new(number).unwrap()
}

/// What is on file: two rounds, of which the second is not finished everywhere, and rows of whoever.
#[derive(Debug, Clone)]
struct OnFile {
    first: BTreeMap<u64, VerdictKind>,
    second: BTreeMap<u64, VerdictKind>,
    /// How many UIDs the first round knew.
    known: u64,
    /// Which parts of the second are finished.
    finished: [bool; 3],
    rows: BTreeMap<u64, Row>,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    verdict: VerdictKind,
    /// Of the first or the second round, or of none.
    round: Option<usize>,
    minute: u32,
}

/// When the rounds begin, in minutes; a part is finished half a minute later.
const BEGUN: [u32; 2] = [10, 20];

impl OnFile {
    fn any() -> impl Strategy<Value = Self> {
        let verdict = || prop::sample::select(VerdictKind::ALL);
        let exceptions = || {
            // In some places, or everywhere in one part.
            let some = prop::collection::btree_map(1..=UIDS, verdict(), 0..60);
            let whole = (verdict(), prop::option::of(0..3_u64));
            (some, whole).prop_map(|(mut some, (verdict, part))| {
                let part = part.map(|part| part * PART + 1);
                let uids = part.map(|first| first..=UIDS.min(first + PART - 1));
                some.extend(uids.into_iter().flatten().map(|uid| (uid, verdict)));
                some.retain(|_, verdict| *verdict != VerdictKind::Valid);
                some
            })
        };
        let row = (verdict(), prop::option::of(0..2_usize), 5..25_u32);
        let row = row.prop_map(|(verdict, round, minute)| Row {
            verdict,
            round,
            minute,
        });
        (
            (exceptions(), exceptions()),
            prop::sample::select(vec![1, 9, PART, 2 * PART + 3, UIDS]),
            any::<[bool; 3]>(),
            prop::collection::btree_map(1..=BEYOND, row, 0..40),
        )
            .prop_map(|((first, second), known, finished, rows)| Self {
                first,
                second,
                known,
                finished,
                rows,
            })
    }

    /// The verdict that stands, told one UID at a time.
    fn verdict(&self, uid: u64) -> Option<VerdictKind> {
        let part = usize::try_from((uid - 1) / PART).unwrap();
        let row = self.rows.get(&uid);
        let (round, told) = match self.finished.get(part) {
            Some(true) if uid <= UIDS => (1, &self.second),
            _ if uid <= self.known => (0, &self.first),
            _ => return row.map(|row| row.verdict),
        };
        let told = told.get(&uid).copied().unwrap_or(VerdictKind::Valid);
        let is_newer = |row: &&Row| row.minute >= BEGUN[round] && row.round != Some(round);
        Some(row.filter(is_newer).map_or(told, |row| row.verdict))
    }

    fn all(&self) -> BTreeMap<u64, VerdictKind> {
        let stands = |uid| Some((uid, self.verdict(uid)?));
        (1..=BEYOND).filter_map(stands).collect()
    }

    async fn write(&self, stage: &Stage) {
        for table in ["sweep_rounds", "sweep_parts", "verifications"] {
            stage.sql(&format!("DELETE FROM {table}")).await;
        }
        let first = begin(stage, self.known, BEGUN[0]).await;
        finish(stage, &first, &self.first, |_| true).await;
        let second = begin(stage, UIDS, BEGUN[1]).await;
        finish(stage, &second, &self.second, |part| self.finished[part]).await;
        let rows = self.rows.iter().map(|(number, row)| {
            let mut one = verdict(Subject::uid(uid(*number)), None, row.verdict);
            one.round_id = row.round.map(|round| [first.id, second.id][round]);
            one.checked_at = NOW.plus(row.minute * MINUTE);
            one
        });
        let rows: Vec<_> = rows.collect();
        let mut connection = stage.connection().await;
        verifications::upsert_all(&mut connection, &stage.keys, &rows)
            .await
            .unwrap();
    }
}

async fn begin(stage: &Stage, last_uid: u64, minute: u32) -> SweepRound {
    let mut connection = stage.connection().await;
    let begun = SweepRound {
        started_at: NOW.plus(minute * MINUTE),
        ..round(last_uid)
    };
    sweep_rounds::start(&mut connection, &stage.keys, &begun)
        .await
        .unwrap()
}

/// Some of the parts, with their exceptions.
async fn finish(
    stage: &Stage,
    round: &SweepRound,
    exceptions: &BTreeMap<u64, VerdictKind>,
    is_done: impl Fn(usize) -> bool,
) {
    let parts = SweepPart::all_of(round).into_iter().enumerate();
    let parts = parts.map(|(turn, mut part)| {
        part.started_at = Some(round.started_at);
        let is_of_uids = part.uids.is_some();
        let (first, last) = part.uids.unwrap_or((uid(1), uid(1)));
        if is_of_uids && is_done(turn) {
            part.finished_at = Some(round.started_at.plus(MINUTE / 2));
            part.checked = last.get() - first.get() + 1;
            for (number, verdict) in exceptions.range(first.get()..=last.get()) {
                part.exceptions.set(Subject::uid(uid(*number)), *verdict);
            }
        }
        part
    });
    let parts: Vec<SweepPart> = parts.collect();
    let mut connection = stage.connection().await;
    sweep_parts::put(&mut connection, &stage.keys, round, &parts)
        .await
        .unwrap();
}

/// The UIDs of all pages, newest first.
async fn listed(stage: &Stage, verdicts: &[VerdictKind], limit: u32) -> Vec<u64> {
    let mut connection = stage.connection().await;
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page =
            records_view::verified(&mut connection, &stage.keys, verdicts, after, limit).await;
        let page = page.unwrap();
        all.extend(page.rows.iter().filter_map(|line| line.subject.as_uid()));
        let Some(next) = page.next else {
            return all.into_iter().map(Uid::get).collect();
        };
        after = Some(next);
    }
}

fn counted(verdicts: impl Iterator<Item = VerdictKind>) -> VerdictCounts {
    let mut counts = VerdictCounts::new();
    for verdict in verdicts {
        *counts.entry(verdict).or_default() += 1;
    }
    counts
}

#[test]
fn lists_counts_and_map_tell_the_same_of_every_uid() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let stage = runtime.block_on(Stage::new());
    let config = Config {
        cases: 24,
        failure_persistence: None,
        max_shrink_iters: 30,
        ..Config::default()
    };
    let tested = TestRunner::new(config).run(&OnFile::any(), |on_file| {
        runtime.block_on(async {
            on_file.write(&stage).await;
            let all = on_file.all();
            let mut connection = stage.connection().await;
            let counts = records_view::verdict_counts(&mut connection, &stage.keys).await;
            prop_assert_eq!(counts.unwrap(), counted(all.values().copied()));
            let whole = UidRange::new(uid(1), uid(BEYOND)).unwrap();
            let ranges = verdict_map::of_ranges(&mut connection, &stage.keys, whole, 1500).await;
            for range in ranges.unwrap() {
                let (first, last) = (range.uids.first.get(), range.uids.last.get());
                let here = all.range(first..=last).map(|(_, verdict)| *verdict);
                prop_assert_eq!(range.counts, counted(here), "{} to {}", first, last);
            }
            for verdict in VerdictKind::ALL {
                let expected = all.iter().rev().filter(|(_, one)| *one == verdict);
                let expected: Vec<u64> = expected.map(|(uid, _)| *uid).collect();
                prop_assert_eq!(&listed(&stage, &[*verdict], 3000).await, &expected);
                before_the_last_page(&stage, *verdict, &expected).await?;
            }
            let expected: Vec<u64> = all.keys().rev().copied().collect();
            prop_assert_eq!(listed(&stage, &[], 3000).await, expected);
            Ok(())
        })
    });
    tested.unwrap();
    // Before the runtime that its connections belong to.
    drop(stage);
}

/// Pages of three: from behind the sixth, the page before is behind the third.
async fn before_the_last_page(
    stage: &Stage,
    verdict: VerdictKind,
    expected: &[u64],
) -> Result<(), TestCaseError> {
    let (Some(third), Some(sixth)) = (expected.get(2), expected.get(5)) else {
        return Ok(());
    };
    let mut connection = stage.connection().await;
    let after = Subject::uid(uid(*sixth));
    let before =
        records_view::verified_before(&mut connection, &stage.keys, &[verdict], after, 3).await;
    prop_assert_eq!(before.unwrap(), Some(Subject::uid(uid(*third))));
    Ok(())
}

#[tokio::test]
async fn exceptions_that_somebody_wrote_make_nothing_valid() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let keys = &stage.keys;
    let begun = begin(&stage, 10, BEGUN[0]).await;
    let bad = [(3, VerdictKind::Altered), (5, VerdictKind::Missing)];
    finish(&stage, &begun, &bad.into(), |_| true).await;
    stage.sql("UPDATE sweep_parts SET exceptions = ''").await;
    for number in 1..=10 {
        let standing = records_view::standing(&mut connection, keys, uid(number)).await;
        assert_eq!(standing.unwrap().verification, None, "nobody can tell");
    }
    assert!(listed(&stage, &[VerdictKind::Valid], 9).await.is_empty());
    let counts = records_view::verdict_counts(&mut connection, keys).await;
    let counts = counts.unwrap();
    assert_eq!(
        counts.get(&VerdictKind::Altered),
        Some(&1),
        "how many there were is told by what the MAC holds for"
    );
    // The numbers themselves.
    stage.sql("UPDATE sweep_parts SET verdicts = ''").await;
    let counts = records_view::verdict_counts(&mut connection, keys).await;
    assert!(counts.unwrap().is_empty());
}

#[tokio::test]
async fn of_older_rounds_the_worst_of_their_time_are_kept() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let keys = &stage.keys;
    let mut newest = 0;
    // A round a second for four minutes, one of which found something.
    for second in 0..240 {
        let mut one = begin(&stage, 1, 0).await;
        let at = UnixMillis(NOW.0 + second * 1000);
        (one.finished_at, one.bad) = (Some(at), u64::from(second == 47));
        one.verdicts = [(VerdictKind::Altered, one.bad)].into();
        one.verdicts.retain(|_, count| *count > 0);
        sweep_rounds::put(&mut connection, keys, &one)
            .await
            .unwrap();
        newest = one.id;
    }
    let now = NOW.plus(10 * MINUTE);
    sweep_rounds::thin_out(&mut connection, newest, now)
        .await
        .unwrap();
    let kept = sweep_rounds::ended(&mut connection, keys).await.unwrap();
    assert_eq!(kept[0].id, newest);
    assert!((100..106).contains(&kept.len()), "{}", kept.len());
    let bad: Vec<_> = kept.iter().filter(|one| one.bad > 0).collect();
    assert_eq!(bad.len(), 1, "what was found outlives its minute");
    assert_eq!(bad[0].verdicts, [(VerdictKind::Altered, 1)].into());
}
