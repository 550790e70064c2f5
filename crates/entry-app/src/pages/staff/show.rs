//! One account: how it stands, what can be done with it, and its history.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Html;
use database::staff::Staff;
use database::staff_events;
use record::time::UnixMillis;
use web_kit::components::{Badge, Moment, Tone};
use web_kit::error::Result;
use web_kit::page::{Page, html};
use web_kit::sign_in::{SignedIn, role_name};

use super::history_view::{Step, Steps};
use super::standing::standing;
use super::{MANAGERS, load, may_change};
use crate::pages::records::staff_names::StaffNames;
use crate::state::Desk;
use crate::urls;

const STEPS: u32 = 50;

#[derive(Template)]
#[template(path = "staff/show.html")]
struct AccountPage {
    page: Page,
    address: String,
    login: String,
    email: Option<String>,
    role: &'static str,
    tone: Tone,
    label: &'static str,
    link_expires_at: Option<UnixMillis>,
    created_at: UnixMillis,
    is_enabled: bool,
    has_password: bool,
    can_change: bool,
    is_oneself: bool,
    steps: Steps,
}

/// The page.
pub async fn show(
    page: Page,
    State(desk): State<Desk>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Html<String>> {
    person.require(MANAGERS)?;
    let mut connection = desk.pool.acquire().await?;
    let account = load(&desk, &mut connection, &id).await?;
    let names = StaffNames::load(&desk, &mut connection).await?;
    let found = staff_events::of_staff(&mut connection, &desk.keys, account.id, STEPS).await?;
    let steps = Steps {
        steps: found
            .rows
            .iter()
            .map(|event| Step::of(event, &names))
            .collect(),
        tampered: found.tampered.len(),
    };
    html(&AccountPage::new(page, &desk, &person, &account, steps)?)
}

impl AccountPage {
    fn new(
        page: Page,
        desk: &Desk,
        person: &SignedIn,
        account: &Staff,
        steps: Steps,
    ) -> Result<Self> {
        let now = desk.clock.now();
        let (tone, label) = standing(account, now);
        let name = account.open_display_name(&desk.keys)?;
        let link = account.link_expires_at;
        Ok(Self {
            page: page.titled(name.as_str()),
            address: urls::account(account.id),
            login: account.open_login(&desk.keys)?.to_string(),
            email: account
                .open_email(&desk.keys)?
                .map(|email| email.to_string()),
            role: role_name(account.role),
            tone,
            label,
            link_expires_at: link.filter(|_| account.has_open_link(now)),
            created_at: account.created_at,
            is_enabled: account.is_enabled(),
            has_password: account.has_password(),
            can_change: may_change(person, account),
            is_oneself: account.id == person.staff_id(),
            steps,
        })
    }
}
