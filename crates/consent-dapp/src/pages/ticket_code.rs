//! `POST /w/{ticket}/code`: the code that came by mail shows who it is. Works without JavaScript.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use enrolment::request;
use web_kit::error::Result;
use web_kit::form::FormState;

use crate::app::App;
use crate::pages::ticket::ask_code;
use crate::pass::RequestPass;
use crate::ticket_visit::TicketVisit;

const NO_CODE: &str = "The code has ten letters and digits, as 7KQ4M-2XHFP. Copy it from the mail.";
const WRONG: &str = "That is not the code, or its hour is over. Copy it from the newest mail.";

/// Lets the owner in. Nobody guesses a code, so that wrong ones shut nobody out.
pub async fn submit(
    State(app): State<App>,
    visit: TicketVisit,
    form: FormState,
) -> Result<Response> {
    let Some(code) = request::clean_code(form.value("code")) else {
        return again(&app, &visit, NO_CODE);
    };
    let (front, now) = (&app.front, visit.now);
    let mut connection = app.database.acquire().await?;
    let admitted = request::admit(&mut connection, front, visit.record, &code, now).await?;
    let Some(request) = admitted else {
        return again(&app, &visit, WRONG);
    };
    let cookie = RequestPass(request).cookie(front, now, &visit.urls, app.is_secure());
    let page = Redirect::to(visit.urls.page());
    Ok((CookieJar::new().add(cookie), page).into_response())
}

fn again(app: &App, visit: &TicketVisit, problem: &str) -> Result<Response> {
    // What was typed is not shown again: it is a secret, or nearly one.
    let mut form = FormState::new();
    form.problem("code", problem);
    let page = ask_code(app, visit, &form)?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}
