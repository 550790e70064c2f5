//! What was done with accounts, and what was refused to whom; sign-ins alone are left to the pages of the accounts.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use database::staff_events;
use serde::Deserialize;
use web_kit::components::Pager;
use web_kit::error::Result;
use web_kit::page::{Page, html};
use web_kit::query::Query;
use web_kit::sign_in::SignedIn;

use super::MANAGERS;
use super::history_view::{Step, Steps};
use crate::pages::records::staff_names::StaffNames;
use crate::state::Desk;
use crate::urls::{self, route};

const AT_ONCE: u32 = 50;

/// Where the page begins, as the address says.
#[derive(Deserialize)]
pub struct Asked {
    before: Option<u64>,
}

#[derive(Template)]
#[template(path = "staff/history.html")]
struct HistoryPage {
    page: Page,
    steps: Steps,
    pager: Pager,
}

/// The page.
pub async fn show(
    page: Page,
    State(desk): State<Desk>,
    person: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Html<String>> {
    person.require(MANAGERS)?;
    let mut connection = desk.pool.acquire().await?;
    let before = asked.before.unwrap_or(u64::MAX);
    let found = staff_events::before(&mut connection, &desk.keys, before, AT_ONCE).await?;
    let names = StaffNames::load(&desk, &mut connection).await?;
    let is_full = found.rows.len() + found.tampered.len() >= AT_ONCE as usize;
    let last = found.rows.last().map(|(number, _)| *number);
    let steps: Vec<Step> = found
        .rows
        .iter()
        .map(|(_, event)| Step::of(event, &names))
        .collect();
    let pager = Pager {
        label: "the history",
        previous: asked.before.map(|_| route::STAFF_HISTORY.to_owned()),
        next: last.filter(|_| is_full).map(urls::staff_history),
        shown: format!("{} shown", steps.len()),
    };
    html(&HistoryPage {
        page: page.titled("History of accounts"),
        steps: Steps {
            steps,
            tampered: found.tampered.len(),
        },
        pager,
    })
}
