//! The grid: every record with its verdict.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use database::records_view::verdict_map::{self, UidRange};
use database::sweep_rounds::{self, SweepRound};
use database::verifications::{Subject, VerdictKind};
use database::{records_view, sweep_parts};
use record::ids::Uid;
use serde::Deserialize;
use sqlx::MySqlConnection;
use web_kit::components::{Badge, Copyable, Moment, Pager, Progress};
use web_kit::error::{Error, Result};
use web_kit::page::{Page, html};
use web_kit::query::Query;

use super::line::Line;
use crate::pages::verdict_view;
use crate::state::{VerifyAll, Watchtower};
use crate::urls;

const PER_PAGE: u32 = 50;
const NEWEST_UNVERIFIED: u32 = 10;

/// Which part of the grid.
#[derive(Deserialize)]
pub struct Part {
    verdict: Option<String>,
    after: Option<String>,
    /// Only UIDs from here …
    first: Option<Uid>,
    /// … to here.
    last: Option<Uid>,
}

/// Which part of the grid, once understood.
#[derive(Clone, Copy)]
struct Wanted {
    uids: Option<UidRange>,
    verdict: Option<VerdictKind>,
    after: Option<Subject>,
}

struct Tab {
    label: &'static str,
    address: String,
    count: u64,
    is_current: bool,
}

#[derive(Template)]
#[template(path = "records/list.html")]
struct ListPage {
    page: Page,
    tabs: Vec<Tab>,
    lines: Vec<Line>,
    pager: Pager,
    /// The newest round of the sweep.
    round: Option<SweepRound>,
    verify_all: VerifyAll,
    bad: u64,
    /// Of the newest round that has ended: its MAC holds, which nobody checks of all the verdicts that are counted.
    was_bad: u64,
    total: u64,
    /// While nothing can be verified, what is on file is only what was found last.
    is_hindered: bool,
    /// Only these are shown.
    uids: Option<UidRange>,
}

impl ListPage {
    fn is_running(&self) -> bool {
        matches!(self.verify_all, VerifyAll::Running(_))
    }
}

/// The page.
pub async fn show(
    page: Page,
    State(tower): State<Watchtower>,
    Query(part): Query<Part>,
) -> Result<Html<String>> {
    let wanted = Wanted::of(&part)?;
    let mut connection = tower.pool.acquire().await?;
    let counts = records_view::verdict_counts(&mut connection, &tower.keys).await?;
    let (lines, pager) = find(&tower, &mut connection, wanted).await?;
    let shown = match wanted.uids {
        None => None,
        Some(uids) => Some(of_range(&tower, &mut connection, uids).await?),
    };
    let rounds = sweep_rounds::newest(&mut connection, &tower.keys).await;
    let rounds = rounds.unwrap_or_default();
    let finished = rounds.iter().find(|round| round.finished_at.is_some());
    let round = match rounds.first().cloned() {
        Some(round) if round.finished_at.is_none() => Some(SweepRound {
            checked: sweep_parts::progress(&mut connection, &round).await?,
            ..round
        }),
        round => round,
    };
    let is_hindered = tower.is_hindered();
    let bad = counts.iter().filter(|(verdict, _)| verdict.is_bad());
    html(&ListPage {
        page: page.titled("Records"),
        tabs: tabs(shown.as_ref().unwrap_or(&counts), wanted, is_hindered),
        lines,
        pager,
        was_bad: finished.map_or(0, |round| round.bad),
        round,
        verify_all: tower.verify_all.borrow().clone(),
        bad: bad.map(|(_, count)| count).sum(),
        total: counts.values().sum(),
        is_hindered,
        uids: wanted.uids,
    })
}

impl Wanted {
    fn of(part: &Part) -> Result<Self> {
        let verdict = part.verdict.as_deref().map(str::parse::<VerdictKind>);
        let after = part.after.as_deref().map(super::parse_subject);
        let uids = match (part.first, part.last) {
            (None, None) => None,
            (Some(first), Some(last)) => Some(UidRange::new(first, last).ok_or(Error::NotFound)?),
            _ => return Err(Error::NotFound),
        };
        Ok(Self {
            uids,
            verdict: verdict.transpose().map_err(|_| Error::NotFound)?,
            after: after.transpose()?,
        })
    }

    /// Where it begins: the subjects below this one.
    fn below(&self) -> Option<Subject> {
        let above = |uids: UidRange| Subject::uid(uids.last.next().unwrap_or(uids.last));
        self.after.or_else(|| self.uids.map(above))
    }

    /// Whether the grid from its very beginning is wanted.
    fn is_whole(&self) -> bool {
        self.uids.is_none() && self.verdict.is_none() && self.after.is_none()
    }

    fn holds(&self, subject: Subject) -> bool {
        self.uids
            .is_none_or(|uids| subject.as_uid().is_some_and(|uid| uids.holds(uid)))
    }

    /// The same part behind another subject.
    fn address(&self, after: Option<Subject>) -> String {
        match self.uids {
            None => urls::records(self.verdict, after),
            Some(uids) => urls::records_of(uids, self.verdict, after),
        }
    }
}

async fn of_range(
    tower: &Watchtower,
    connection: &mut MySqlConnection,
    uids: UidRange,
) -> Result<BTreeMap<VerdictKind, u64>> {
    let ranges = verdict_map::of_ranges(connection, &tower.keys, uids, uids.count()).await?;
    let counts = ranges.into_iter().next().map(|range| range.counts);
    Ok(counts.unwrap_or_default())
}

async fn find(
    tower: &Watchtower,
    connection: &mut MySqlConnection,
    wanted: Wanted,
) -> Result<(Vec<Line>, Pager)> {
    let only: Vec<VerdictKind> = wanted.verdict.into_iter().collect();
    let below = wanted.below();
    let found = records_view::verified(connection, &tower.keys, &only, below, PER_PAGE).await?;
    let mut shown = Vec::new();
    if wanted.is_whole() {
        let (keys, most) = (&tower.keys, NEWEST_UNVERIFIED);
        shown = records_view::not_yet_verified(connection, keys, most).await?;
    }
    // The grid goes down: what follows the first one outside of the range is outside as well.
    let within = found.rows.into_iter();
    shown.extend(within.take_while(|viewed| wanted.holds(viewed.subject)));
    let lines = Line::all(tower, connection, &shown).await?;
    let previous = match wanted.after {
        Some(after) => {
            let keys = &tower.keys;
            let before = records_view::verified_before(connection, keys, &only, after, PER_PAGE);
            let before = before.await?.filter(|before| wanted.holds(*before));
            Some(wanted.address(before))
        }
        None => None,
    };
    let next = found.next.filter(|next| wanted.holds(*next));
    let pager = Pager {
        label: "Records",
        previous,
        next: next.map(|next| wanted.address(Some(next))),
        shown: format!("{} shown, newest first", lines.len()),
    };
    Ok((lines, pager))
}

/// One for each verdict in use. While nothing can be verified, none of them says that a record is valid now.
fn tabs(counts: &BTreeMap<VerdictKind, u64>, wanted: Wanted, is_hindered: bool) -> Vec<Tab> {
    let current = wanted.verdict;
    let tab = |label, verdict: Option<VerdictKind>, count| Tab {
        label,
        address: Wanted { verdict, ..wanted }.address(None),
        count,
        is_current: verdict == current,
    };
    let used = verdict_view::ALL.into_iter().filter_map(|verdict| {
        let label = match verdict {
            VerdictKind::Valid if is_hindered => "Valid before",
            _ => verdict_view::label(verdict),
        };
        let count = counts.get(&verdict).copied().unwrap_or_default();
        (count > 0 || current == Some(verdict)).then(|| tab(label, Some(verdict), count))
    });
    std::iter::once(tab("All", None, counts.values().sum()))
        .chain(used)
        .collect()
}
