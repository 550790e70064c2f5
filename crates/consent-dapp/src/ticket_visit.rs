//! A ticket as it was opened: the way in of an owner who holds no link.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use enrolment::request;
use keyring::Ticket;
use record::ids::{RecordId, RequestId};
use record::time::UnixMillis;
use web_kit::error::Error;

use crate::app::App;
use crate::closed::Closed;
use crate::pass::RequestPass;
use crate::urls::TicketUrls;

/// A ticket that is ours.
pub struct TicketVisit {
    /// The record that it names; there may be none any more.
    pub record: RecordId,
    /// The addresses below it.
    pub urls: TicketUrls,
    /// When this request came.
    pub now: UnixMillis,
    /// Whether a code may be on its way.
    pub takes_code: bool,
    /// The request whose cookie the browser brought, whatever others there are.
    pub held: Option<RequestId>,
}

impl FromRequestParts<App> for TicketVisit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let text = Path::<String>::from_request_parts(parts, app).await;
        let ticket = text
            .ok()
            .and_then(|Path(text)| Ticket::from_url(&text, &app.front));
        match ticket {
            Some(ticket) => find(parts, app, ticket)
                .await
                .map_err(IntoResponse::into_response),
            None => Err(Closed::Unknown.page(app, None).into_response()),
        }
    }
}

async fn find(parts: &Parts, app: &App, ticket: Ticket) -> Result<TicketVisit, Error> {
    let (record, now) = (ticket.record(), app.clock.now());
    let mut connection = app.database.acquire().await?;
    let recent = request::recent(&mut connection, &app.front, record, now).await?;
    let jar = CookieJar::from_headers(&parts.headers);
    let is_held = |id: &RequestId| RequestPass(*id).is_held(&jar, &app.front, now);
    Ok(TicketVisit {
        record,
        urls: TicketUrls::new(ticket, &app.front),
        now,
        takes_code: recent.iter().any(|(_, takes_code)| *takes_code),
        held: recent.iter().map(|(id, _)| *id).find(is_held),
    })
}
