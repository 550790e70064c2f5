//! All accounts: who works here, as what, and since when nobody has seen them.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use database::staff::{self, Staff};
use database::staff_events;
use record::ids::StaffId;
use record::time::UnixMillis;
use web_kit::components::{Badge, Moment, Tone};
use web_kit::error::Result;
use web_kit::page::{Page, html};
use web_kit::sign_in::{SignedIn, role_name};

use super::MANAGERS;
use super::standing::standing;
use crate::state::Desk;
use crate::urls;

struct Line {
    name: String,
    login: String,
    role: &'static str,
    address: String,
    tone: Tone,
    label: &'static str,
    last_sign_in: Option<UnixMillis>,
    is_oneself: bool,
}

#[derive(Template)]
#[template(path = "staff/list.html")]
struct ListPage {
    page: Page,
    lines: Vec<Line>,
    tampered: usize,
}

/// The page.
pub async fn show(page: Page, State(desk): State<Desk>, person: SignedIn) -> Result<Html<String>> {
    person.require(MANAGERS)?;
    let mut connection = desk.pool.acquire().await?;
    let found = staff::all(&mut connection, &desk.keys).await?;
    let seen = staff_events::last_sign_ins(&mut connection, &desk.keys).await?;
    let lines = found
        .rows
        .iter()
        .map(|account| Line::of(&desk, &person, account, &seen));
    html(&ListPage {
        page: page.titled("Staff"),
        lines: lines.collect::<Result<_>>()?,
        tampered: found.tampered.len(),
    })
}

impl Line {
    fn of(
        desk: &Desk,
        person: &SignedIn,
        account: &Staff,
        seen: &BTreeMap<StaffId, UnixMillis>,
    ) -> Result<Self> {
        let (tone, label) = standing(account, desk.clock.now());
        Ok(Self {
            name: account.open_display_name(&desk.keys)?.to_string(),
            login: account.open_login(&desk.keys)?.to_string(),
            role: role_name(account.role),
            address: urls::account(account.id),
            tone,
            label,
            last_sign_in: seen.get(&account.id).copied(),
            is_oneself: account.id == person.staff_id(),
        })
    }
}
