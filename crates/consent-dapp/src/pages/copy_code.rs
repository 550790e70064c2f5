//! `POST /a/{secret}/code`: the code from the desk shows who opens a copy of everything. Works without JavaScript.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use database::access_copies::{self, AccessCopy, CopyState};
use database::record_events::{self, Actor, RecordEventKind};
use database::sealed::open_cell;
use enrolment::access;
use keyring::CellKind;
use sqlx::MySqlConnection;
use subtle::ConstantTimeEq;
use web_kit::form::FormState;

use crate::app::App;
use crate::copy_visit::CopyVisit;
use crate::pages::code::{NO_CODE, digits, tries_left};
use crate::pages::copy::identify;
use crate::pass::CopyPass;
use crate::refusal::Refusal;

const NOT_GIVEN: &str =
    "No code was given to anybody for this copy yet. Ask for it where your details were entered.";

/// Lets the owner in, or counts a wrong code.
pub async fn submit(State(app): State<App>, visit: CopyVisit, form: FormState) -> Response {
    match check(&app, &visit, form.value("code")).await {
        Ok(response) => response,
        // Closed meanwhile: the link's own page tells how.
        Err(Refusal::Closed(_)) => Redirect::to(visit.urls.page()).into_response(),
        Err(other) => other.into_response(),
    }
}

async fn check(app: &App, visit: &CopyVisit, typed: &str) -> Result<Response, Refusal> {
    let Some(digits) = digits(typed) else {
        return again(app, visit, NO_CODE.to_owned());
    };
    let mut transaction = app.database.begin().await?;
    let copy = visit.hold(app, &mut transaction).await?;
    // Before staff know the owner they give no code to anybody: whoever types one guesses.
    if !copy.is_known_at_the_desk() {
        return again(app, visit, NOT_GIVEN.to_owned());
    }
    let (key, kind) = (visit.owner_key()?, CellKind::DeskCode);
    let code = open_cell(&key, copy.version, copy.draft, kind, &copy.desk_code)?;
    let page = Redirect::to(visit.urls.page());
    if !bool::from(code.value.ct_eq(digits.as_bytes())) {
        let left = count(app, visit, &mut transaction, copy).await?;
        transaction.commit().await?;
        return match left {
            Some(problem) => again(app, visit, problem),
            None => Ok(page.into_response()),
        };
    }
    let (id, front, now) = (copy.id, &app.front, visit.now);
    access::admitted(&mut transaction, front, copy, false, now).await?;
    transaction.commit().await?;
    let cookie = CopyPass(id).cookie(front, now, &visit.urls, app.is_secure());
    Ok((CookieJar::new().add(cookie), page).into_response())
}

/// Counts a wrong code; tells what is left, and nothing when that was the last.
async fn count(
    app: &App,
    visit: &CopyVisit,
    transaction: &mut MySqlConnection,
    mut copy: AccessCopy,
) -> Result<Option<String>, Refusal> {
    let front = &app.front;
    copy.count_wrong_code();
    access_copies::update(transaction, front, &copy).await?;
    if copy.state == CopyState::Locked {
        let (what, who) = (RecordEventKind::CopyLocked, Actor::System);
        record_events::append(transaction, front, copy.record_id, what, who, visit.now).await?;
    }
    Ok(tries_left(copy.code_attempts))
}

fn again(app: &App, visit: &CopyVisit, problem: String) -> Result<Response, Refusal> {
    // What was typed is not shown again: it is a secret, or nearly one.
    let mut form = FormState::new();
    form.problem("code", problem);
    let page = identify(app, visit, &form)?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}
