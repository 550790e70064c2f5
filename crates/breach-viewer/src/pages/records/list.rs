//! The grid: every record with its verdict.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use database::records_view;
use database::sweep_rounds::{self, SweepRound};
use database::verifications::{self, VerdictKind};
use serde::Deserialize;
use web_kit::components::{Badge, Copyable, Moment, Pager, Progress};
use web_kit::error::{Error, Result};
use web_kit::page::{Page, html};

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
    total: u64,
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
    let verdict = part
        .verdict
        .as_deref()
        .map(str::parse::<VerdictKind>)
        .transpose();
    let verdict = verdict.map_err(|_| Error::NotFound)?;
    let after = part
        .after
        .as_deref()
        .map(super::parse_subject)
        .transpose()?;
    let mut connection = tower.pool.acquire().await?;
    let counts = verifications::counts(&mut connection).await?;
    let only: Vec<VerdictKind> = verdict.into_iter().collect();
    let found =
        records_view::verified(&mut connection, &tower.keys, &only, after, PER_PAGE).await?;
    let mut lines = Vec::with_capacity(found.rows.len());
    for viewed in &found.rows {
        lines.push(Line::new(&tower, &mut connection, viewed).await?);
    }
    if verdict.is_none() && after.is_none() {
        let front = tower.keys.front();
        let new =
            records_view::not_yet_verified(&mut connection, &front, NEWEST_UNVERIFIED).await?;
        for viewed in new.iter().rev() {
            lines.insert(0, Line::new(&tower, &mut connection, viewed).await?);
        }
    }
    html(&ListPage {
        page: page.titled("Records"),
        tabs: tabs(&counts, verdict),
        pager: Pager {
            label: "Records",
            previous: after.is_some().then(|| urls::records(verdict, None)),
            next: found.next.map(|next| urls::records(verdict, Some(next))),
            shown: format!("{} shown, newest first", lines.len()),
        },
        lines,
        round: sweep_rounds::latest(&mut connection, &tower.keys)
            .await
            .ok()
            .flatten(),
        verify_all: tower.verify_all.borrow().clone(),
        bad: counts
            .iter()
            .filter(|(verdict, _)| verdict.is_bad())
            .map(|(_, count)| count)
            .sum(),
        total: counts.values().sum(),
    })
}

fn tabs(counts: &BTreeMap<VerdictKind, u64>, current: Option<VerdictKind>) -> Vec<Tab> {
    let tab = |label, of: Option<VerdictKind>, count| Tab {
        label,
        address: urls::records(of, None),
        count,
        is_current: of == current,
    };
    let used = verdict_view::ALL.into_iter().filter_map(|verdict| {
        let count = counts.get(&verdict).copied().unwrap_or_default();
        (count > 0 || current == Some(verdict))
            .then(|| tab(verdict_view::label(verdict), Some(verdict), count))
    });
    std::iter::once(tab("All", None, counts.values().sum()))
        .chain(used)
        .collect()
}
