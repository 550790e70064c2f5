//! `GET` and `POST /w/{ticket}/restrict`: an owner who was let in by a code wants the use of their record restricted (GDPR Art. 18). Works
//! without JavaScript.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use enrolment::request;
use enrolment::restriction::{Ground, Wanted};
use record::entry::clean_note;
use web_kit::error::{Error, Result};
use web_kit::form::FormState;
use web_kit::page::{Page, html};

use crate::app::App;
use crate::mail;
use crate::restriction_view::GROUNDS;
use crate::ticket_visit::TicketVisit;
use crate::urls::TicketUrls;

const NO_GROUND: &str = "Choose why.";
const OVER: &str = "It has been an hour. Open the address from your mail in another tab and ask for a new code; then come back to this page and send \
                    it again.";
pub const MOMENT: &str =
    "What you asked for before is just being noted. Send this again in a moment.";

#[derive(Template)]
#[template(path = "ticket_restrict.html")]
struct RestrictPage<'a> {
    page: Page,
    app: &'a App,
    urls: &'a TicketUrls,
    form: &'a FormState,
}

/// What it means, and the grounds.
pub async fn show(State(app): State<App>, visit: TicketVisit) -> Result<Response> {
    match visit.held {
        Some(_) => draw(&app, &visit, &FormState::new()),
        None => Ok(Redirect::to(visit.urls.page()).into_response()),
    }
}

/// Takes it; entry-app files it.
pub async fn submit(
    State(app): State<App>,
    visit: TicketVisit,
    mut form: FormState,
) -> Result<Response> {
    let ground = Ground::of(form.value("ground"));
    if ground.is_none() {
        form.problem("ground", NO_GROUND);
    }
    let wanted = ground.map(Wanted::Restriction);
    if wish(&app, &visit, &mut form, wanted).await? {
        return Ok(Redirect::to(visit.urls.page()).into_response());
    }
    let page = draw(&app, &visit, &form)?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// Takes what the owner wants, with their words, and tells the desk; false with what is wrong beside the form's fields.
pub async fn wish(
    app: &App,
    visit: &TicketVisit,
    form: &mut FormState,
    wanted: Option<Wanted>,
) -> Result<bool> {
    let note = match form.value("note").trim().is_empty() {
        true => None,
        false => form.check("note", clean_note),
    };
    let Some(wanted) = wanted.filter(|_| !form.has_problems()) else {
        return Ok(false);
    };
    let (front, now) = (&app.front, visit.now);
    let mut transaction = app.database.begin().await?;
    let open = match visit.held {
        Some(id) => request::open(&mut transaction, front, id, now)
            .await?
            .map(|_| id),
        None => None,
    };
    // What the owner wrote must not be lost with it.
    let id = open.ok_or_else(|| Error::unidentified(OVER))?;
    let rng = &mut rand::make_rng::<rand::rngs::StdRng>();
    let wish = (wanted, note);
    if !request::wish_restriction(&mut transaction, front, id, wish, now, rng).await? {
        form.headline(MOMENT);
        return Ok(false);
    }
    mail::restriction_asked(app, &mut transaction, (visit.record, id), now).await?;
    transaction.commit().await?;
    Ok(true)
}

fn draw(app: &App, visit: &TicketVisit, form: &FormState) -> Result<Response> {
    let page = RestrictPage {
        page: app.page("Have the use of your details restricted"),
        app,
        urls: &visit.urls,
        form,
    };
    Ok(html(&page)?.into_response())
}
