//! `POST /c/{secret}/code`: the desk code shows who opens the link. Works without JavaScript.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use database::consent_links::{self, ConsentLink, LinkState, MAX_CODE_ATTEMPTS};
use database::record_events::{self, Actor, RecordEventKind};
use database::sealed::open_cell;
use keyring::CellKind;
use subtle::ConstantTimeEq;
use web_kit::form::FormState;

use crate::admission;
use crate::app::App;
use crate::pages::link::identify;
use crate::refusal::Refusal;
use crate::visit::{Open, Visit};

const CODE_DIGITS: usize = 6;
/// Beside what can be no code.
pub const NO_CODE: &str = "The code has six digits. This did not count as a try.";

/// Lets the owner in, or counts a wrong code.
pub async fn submit(State(app): State<App>, Open(visit): Open, form: FormState) -> Response {
    match check(&app, &visit, form.value("code")).await {
        Ok(response) => response,
        // Closed meanwhile: the link's own page tells how.
        Err(Refusal::Closed(_)) => Redirect::to(visit.urls.page()).into_response(),
        Err(other) => other.into_response(),
    }
}

async fn check(app: &App, visit: &Visit, typed: &str) -> Result<Response, Refusal> {
    let Some(digits) = digits(typed) else {
        return again(app, visit, NO_CODE.to_owned());
    };

    let mut transaction = app.database.begin().await?;
    let link = visit.lock_link(app, &mut transaction).await?;
    let key = visit.owner_key()?;
    let code = open_cell(
        &key,
        link.version,
        link.draft,
        CellKind::DeskCode,
        &link.desk_code,
    )?;
    if !bool::from(code.value.ct_eq(digits.as_bytes())) {
        let link = consent_links::count_wrong_code(&mut transaction, &app.front, link.id).await?;
        if link.state == LinkState::Locked {
            let happened = RecordEventKind::LinkLocked;
            record_events::append(
                &mut transaction,
                &app.front,
                link.record_id,
                happened,
                Actor::System,
                visit.now,
            )
            .await?;
        }
        transaction.commit().await?;
        return wrong(app, visit, &link);
    }
    let cookie = admission::admit(app, visit, link, &key, &mut transaction).await?;
    transaction.commit().await?;
    Ok((
        CookieJar::new().add(cookie),
        Redirect::to(visit.urls.page()),
    )
        .into_response())
}

fn wrong(app: &App, visit: &Visit, link: &ConsentLink) -> Result<Response, Refusal> {
    match tries_left(link.code_attempts) {
        None => Ok(Redirect::to(visit.urls.page()).into_response()),
        Some(problem) => again(app, visit, problem),
    }
}

/// What is wrong with a code after so many wrong ones; none when that locks the link.
pub fn tries_left(attempts: u32) -> Option<String> {
    match MAX_CODE_ATTEMPTS.saturating_sub(attempts) {
        0 => None,
        1 => {
            Some("That is not the code. One try is left; after that the link is locked.".to_owned())
        }
        left => Some(format!("That is not the code. {left} tries are left.")),
    }
}

/// A code as people type it; none of what can be no code.
pub fn digits(typed: &str) -> Option<String> {
    let digits: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .collect();
    let is_one = digits.len() == CODE_DIGITS && digits.bytes().all(|b| b.is_ascii_digit());
    is_one.then_some(digits)
}

fn again(app: &App, visit: &Visit, problem: String) -> Result<Response, Refusal> {
    // What was typed is not shown again: it is a secret, or nearly one.
    let mut form = FormState::new();
    form.problem("code", problem);
    let page = identify(app, &visit.urls, &form)?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}
