//! An account disabled, once somebody has read what that does.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use web_kit::components::Tone;
use web_kit::error::Result;
use web_kit::page::{Page, html};
use web_kit::sign_in::SignedIn;

use super::{Change, MANAGERS, change, load};
use crate::state::Desk;
use crate::urls;

#[derive(Template)]
#[template(path = "staff/disable.html")]
struct DisablePage {
    page: Page,
    address: String,
    name: String,
}

/// Asks.
pub async fn show(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Html<String>> {
    person.require(MANAGERS)?;
    let mut connection = desk.pool.acquire().await?;
    let account = load(&desk, &mut connection, &id).await?;
    html(&DisablePage {
        page: page.titled("Disable this account?"),
        address: urls::account(account.id),
        name: account.open_display_name(&desk.keys)?.to_string(),
    })
}

/// Disables it.
pub async fn submit(
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Response> {
    let account = change(&desk, &person, &id, Change::Disable).await?;
    let text = "The account is disabled, and signed out everywhere.";
    person.leave_notice(Tone::Good, text).await?;
    Ok(Redirect::to(&urls::account(account.id)).into_response())
}
