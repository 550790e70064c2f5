//! A disabled account enabled again.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use web_kit::components::Tone;
use web_kit::error::Result;
use web_kit::sign_in::SignedIn;

use super::{Change, change};
use crate::state::Desk;
use crate::urls;

/// Enables it.
pub async fn submit(
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Response> {
    let account = change(&desk, &person, &id, Change::Enable).await?;
    let text = match account.has_password() {
        true => "The account is enabled, with the password that it had.",
        false => "The account is enabled. It has no password: send a new link.",
    };
    person.leave_notice(Tone::Good, text).await?;
    Ok(Redirect::to(&urls::account(account.id)).into_response())
}
