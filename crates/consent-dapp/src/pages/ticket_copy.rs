//! `POST /w/{ticket}/copy`: an owner who was let in by a code wants a copy of everything. Works without JavaScript.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use enrolment::request;
use web_kit::error::Result;

use crate::app::App;
use crate::ticket_visit::TicketVisit;

/// Notes it; entry-app makes the copy and mails the link. The page before says how things stand, also when the hour is over.
pub async fn submit(State(app): State<App>, visit: TicketVisit) -> Result<Response> {
    if let Some(id) = visit.held {
        let (front, now) = (&app.front, visit.now);
        let rng = &mut rand::make_rng::<rand::rngs::StdRng>();
        let mut transaction = app.database.begin().await?;
        request::wish_copy(&mut transaction, front, id, now, rng).await?;
        transaction.commit().await?;
    }
    Ok(Redirect::to(visit.urls.page()).into_response())
}
