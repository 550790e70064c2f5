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
    let digits: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .collect();
    if digits.len() != CODE_DIGITS || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return again(
            app,
            visit,
            "The code has six digits. This did not count as a try.".into(),
        );
    }

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
    match MAX_CODE_ATTEMPTS.saturating_sub(link.code_attempts) {
        0 => Ok(Redirect::to(visit.urls.page()).into_response()),
        1 => again(
            app,
            visit,
            "That is not the code. One try is left; after that the link is locked.".into(),
        ),
        left => again(
            app,
            visit,
            format!("That is not the code. {left} tries are left."),
        ),
    }
}

fn again(app: &App, visit: &Visit, problem: String) -> Result<Response, Refusal> {
    // What was typed is not shown again: it is a secret, or nearly one.
    let mut form = FormState::new();
    form.problem("code", problem);
    let page = identify(app, &visit.urls, &form)?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}
