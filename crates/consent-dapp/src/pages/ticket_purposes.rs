//! `POST /w/{ticket}/purposes`: what an owner who was let in by a code takes back. Works without JavaScript.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use enrolment::withdrawal;
use web_kit::error::Result;
use web_kit::form::FormState;

use crate::app::App;
use crate::mail;
use crate::pages::ticket::opened;
use crate::pages::withdraw::NOTHING_TICKED;
use crate::ticket_visit::TicketVisit;

/// Takes it back, and tells owner and desk.
pub async fn submit(
    State(app): State<App>,
    visit: TicketVisit,
    mut form: FormState,
) -> Result<Response> {
    let page = Redirect::to(visit.urls.page()).into_response();
    let Some(id) = visit.held else {
        return Ok(page);
    };
    if form.all("purpose").is_empty() {
        form.problem("purpose", NOTHING_TICKED);
        let again = opened(&app, &visit, id, &form).await?;
        return Ok(again.map_or(page, |again| {
            (StatusCode::UNPROCESSABLE_ENTITY, again).into_response()
        }));
    }
    let (front, now) = (&app.front, visit.now);
    let mut transaction = app.database.begin().await?;
    let taken = withdrawal::take_back_by_request(
        &mut transaction,
        front,
        (visit.record, id),
        app.letterhead(),
        form.all("purpose"),
        now,
        &mut rand::make_rng::<rand::rngs::StdRng>(),
    )
    .await?;
    if let Some(event) = taken {
        mail::withdrawal_noted(&app, &mut transaction, visit.record, event, now).await?;
    }
    transaction.commit().await?;
    Ok(page)
}
