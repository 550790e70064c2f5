//! `GET` and `POST /c/{secret}/withdraw`: whoever has just signed takes back what they allowed. Works without JavaScript.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use database::request_way::RequestWay;
use enrolment::Reader;
use enrolment::withdrawal::{Taking, take_back};
use record::consent::Choice;
use web_kit::error::Result;
use web_kit::form::FormState;
use web_kit::page::{Page, html};

use crate::app::App;
use crate::mail;
use crate::receipt::Receipt;
use crate::visit::Visit;

/// Beside the choices, where none is made.
pub const NOTHING_TICKED: &str = "Tick what you take back.";

#[derive(Template)]
#[template(path = "withdraw.html")]
struct WithdrawPage<'a> {
    page: Page,
    app: &'a App,
    action: &'a str,
    choices: &'a [Choice],
    form: &'a FormState,
}

fn choose(app: &App, action: &str, choices: &[Choice], form: &FormState) -> Result<Response> {
    let page = WithdrawPage {
        page: app.page("What do you take back?"),
        app,
        action,
        choices,
        form,
    };
    Ok(html(&page)?.into_response())
}

/// Asks what is taken back.
pub async fn show(State(app): State<App>, visit: Visit) -> Result<Response> {
    let page = Redirect::to(visit.urls.page()).into_response();
    if !visit.has_signed() {
        return Ok(page);
    }
    let choices = Receipt::load(&app, &visit).await?.withdrawable();
    match choices.is_empty() {
        true => Ok(page),
        false => {
            let action = visit.urls.withdraw();
            choose(&app, &action, &choices, &FormState::new())
        }
    }
}

/// Takes it back, and tells owner and desk.
pub async fn submit(State(app): State<App>, visit: Visit, mut form: FormState) -> Result<Response> {
    let page = Redirect::to(visit.urls.page()).into_response();
    if !visit.has_signed() {
        return Ok(page);
    }
    let receipt = Receipt::load(&app, &visit).await?;
    let mut choices = receipt.withdrawable();
    let is_ticked = |choice: &Choice| form.has("purpose", &choice.mark());
    if !choices.iter().any(is_ticked) {
        form.problem("purpose", NOTHING_TICKED);
        let page = choose(&app, &visit.urls.withdraw(), &choices, &form)?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    choices.retain(is_ticked);
    let reader = Reader {
        first_name: notification::first_name(receipt.value("name")),
        email: receipt.value("email").to_owned(),
    };
    let taking = Taking {
        record: visit.link.record_id,
        draft: visit.link.draft,
        choices,
        way: RequestWay::Receipt,
        staff: None,
        reader: Some(&reader),
        letterhead: app.letterhead(),
        now: visit.now,
    };
    let mut transaction = app.database.begin().await?;
    let rng = &mut rand::make_rng::<rand::rngs::StdRng>();
    if let Some(event) = take_back(&mut transaction, &app.front, &taking, rng).await? {
        let (record, now) = (taking.record, visit.now);
        mail::withdrawal_noted(&app, &mut transaction, record, event, now).await?;
    }
    transaction.commit().await?;
    Ok(page)
}
