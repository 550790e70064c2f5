//! The grid: every record with its verdict.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use database::sweep_rounds::{self, SweepRound};
use database::verifications::{Subject, VerdictKind};
use database::{records_view, sweep_parts};
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
    let verdict = part.verdict.as_deref().map(str::parse::<VerdictKind>);
    let verdict = verdict.transpose().map_err(|_| Error::NotFound)?;
    let after = part.after.as_deref().map(super::parse_subject);
    let after = after.transpose()?;
    let mut connection = tower.pool.acquire().await?;
    let counts = records_view::verdict_counts(&mut connection, &tower.keys).await?;
    let (lines, pager) = find(&tower, &mut connection, verdict, after).await?;
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
    let is_hindered = tower.is_hindered(&mut connection).await?;
    let bad = counts.iter().filter(|(verdict, _)| verdict.is_bad());
    html(&ListPage {
        page: page.titled("Records"),
        tabs: tabs(&counts, verdict, is_hindered),
        lines,
        pager,
        was_bad: finished.map_or(0, |round| round.bad),
        round,
        verify_all: tower.verify_all.borrow().clone(),
        bad: bad.map(|(_, count)| count).sum(),
        total: counts.values().sum(),
        is_hindered,
    })
}

async fn find(
    tower: &Watchtower,
    connection: &mut MySqlConnection,
    verdict: Option<VerdictKind>,
    after: Option<Subject>,
) -> Result<(Vec<Line>, Pager)> {
    let only: Vec<VerdictKind> = verdict.into_iter().collect();
    let found = records_view::verified(connection, &tower.keys, &only, after, PER_PAGE).await?;
    let mut lines = Vec::with_capacity(found.rows.len());
    if verdict.is_none() && after.is_none() {
        let (keys, most) = (&tower.keys, NEWEST_UNVERIFIED);
        let new = records_view::not_yet_verified(connection, keys, most).await?;
        for viewed in &new {
            lines.push(Line::new(tower, connection, viewed).await?);
        }
    }
    for viewed in &found.rows {
        lines.push(Line::new(tower, connection, viewed).await?);
    }
    let previous = match after {
        Some(after) => {
            let keys = &tower.keys;
            let before = records_view::verified_before(connection, keys, &only, after, PER_PAGE);
            Some(urls::records(verdict, before.await?))
        }
        None => None,
    };
    let pager = Pager {
        label: "Records",
        previous,
        next: found.next.map(|next| urls::records(verdict, Some(next))),
        shown: format!("{} shown, newest first", lines.len()),
    };
    Ok((lines, pager))
}

/// One for each verdict in use. While nothing can be verified, none of them says that a record is valid now.
fn tabs(
    counts: &BTreeMap<VerdictKind, u64>,
    current: Option<VerdictKind>,
    is_hindered: bool,
) -> Vec<Tab> {
    let tab = |label, of: Option<VerdictKind>, count| Tab {
        label,
        address: urls::records(of, None),
        count,
        is_current: of == current,
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
