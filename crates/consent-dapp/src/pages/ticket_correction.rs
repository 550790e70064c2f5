//! `GET` and `POST /w/{ticket}/correction`: an owner who was let in by a code wants something corrected. Works without JavaScript.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use enrolment::request;
use record::entry::clean_note;
use web_kit::error::{Error, Result};
use web_kit::form::FormState;

use crate::app::App;
use crate::mail;
use crate::pages::correction::draw;
use crate::ticket_visit::TicketVisit;

const ONCE: &str = "The desk has a note of yours already: this one was not sent. Wait for the answer, or ask for a new code and send it \
                    then.";

/// Asks what is wrong.
pub async fn show(State(app): State<App>, visit: TicketVisit) -> Result<Response> {
    match visit.held {
        Some(_) => form_of(&app, &visit, &FormState::new()),
        None => Ok(Redirect::to(visit.urls.page()).into_response()),
    }
}

/// Takes the note, which entry-app puts into the record, and tells the desk.
pub async fn submit(
    State(app): State<App>,
    visit: TicketVisit,
    mut form: FormState,
) -> Result<Response> {
    let Some(note) = form.check("note", clean_note) else {
        return refuse(&app, &visit, &form);
    };
    let (front, now) = (&app.front, visit.now);
    let mut transaction = app.database.begin().await?;
    let opened = match visit.held {
        Some(id) => request::open(&mut transaction, front, id, now)
            .await?
            .map(|_| id),
        None => None,
    };
    let Some(id) = opened else {
        // What the owner wrote must not be lost with it.
        return Err(Error::unidentified(
            "It has been an hour. Open the address from your mail in another tab and ask for a new code; then come back to this \
             page and send it again.",
        ));
    };
    let rng = &mut rand::make_rng::<rand::rngs::StdRng>();
    let Some(wish) = request::wish(&mut transaction, front, id, &note, now, rng).await? else {
        form.problem("note", ONCE);
        return refuse(&app, &visit, &form);
    };
    mail::correction_asked(&app, &mut transaction, (visit.record, wish), now).await?;
    transaction.commit().await?;
    Ok(Redirect::to(visit.urls.page()).into_response())
}

fn refuse(app: &App, visit: &TicketVisit, form: &FormState) -> Result<Response> {
    let page = form_of(app, visit, form)?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

fn form_of(app: &App, visit: &TicketVisit, form: &FormState) -> Result<Response> {
    let urls = (visit.urls.correction(), visit.urls.page());
    Ok(draw(app, (&urls.0, urls.1), form)?.into_response())
}
