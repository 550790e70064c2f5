//! A new link for an account: its password and its sessions end.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use database::staff::Staff;
use record::entry::clean_email;
use sqlx::Connection;
use web_kit::components::Tone;
use web_kit::error::Result;
use web_kit::form::FormState;
use web_kit::page::{Page, html};
use web_kit::sign_in::{KeptForm, SignedIn};

use super::{MANAGERS, explain, load, unless_refused};
use crate::state::Desk;
use crate::urls;

const LABELS: &[(&str, &str)] = &[("email", "E-mail")];

#[derive(Template)]
#[template(path = "staff/reset.html")]
struct ResetPage {
    page: Page,
    address: String,
    name: String,
    has_password: bool,
    form: FormState,
}

impl ResetPage {
    fn new(page: Page, desk: &Desk, account: &Staff, form: FormState) -> Result<Self> {
        Ok(Self {
            page: page.titled("Send a new link?"),
            address: urls::account(account.id),
            name: account.open_display_name(&desk.keys)?.to_string(),
            has_password: account.has_password(),
            form,
        })
    }
}

/// Asks, with the address that is known.
pub async fn show(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    KeptForm(mut form): KeptForm,
) -> Result<Html<String>> {
    person.require(MANAGERS)?;
    let mut connection = desk.pool.acquire().await?;
    let account = load(&desk, &mut connection, &id).await?;
    if !form.is_restored()
        && let Some(email) = account.open_email(&desk.keys)?
    {
        form.set("email", email.as_str());
    }
    html(&ResetPage::new(page, &desk, &account, form)?)
}

/// Sends it.
pub async fn submit(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    mut form: FormState,
) -> Result<Response> {
    person.require(MANAGERS)?;
    let mut connection = desk.pool.acquire().await?;
    let account = load(&desk, &mut connection, &id).await?;
    let Some(email) = form.check("email", clean_email) else {
        let page = ResetPage::new(page, &desk, &account, form)?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)?).into_response());
    };
    let (management, rng) = (desk.management(&person), &mut crate::state::rng());
    let mut transaction = connection.begin().await?;
    let to = (account.id, email.as_str());
    let outcome = staffing::reset(&mut transaction, &management, to, rng)
        .await
        .map_err(explain)?;
    transaction.commit().await?;
    drop(connection);
    unless_refused(outcome)?;
    let text =
        "A new link is on its way by e-mail. The password of before does not count any more.";
    person.leave_notice(Tone::Good, text).await?;
    Ok(Redirect::to(&urls::account(account.id)).into_response())
}
