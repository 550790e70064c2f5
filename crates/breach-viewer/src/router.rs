//! All doors: a table of contents.

use axum::Router;
use axum::routing::{get, post};
use web_kit::sign_in::{Sessions, staff_only};

use crate::pages::{incidents, mail, records, start};
use crate::state::AppState;
use crate::urls::route;

/// Every page is for officers.
pub fn routes(state: AppState, sessions: &Sessions) -> Router {
    let pages = Router::new()
        .route(route::START, get(start::show::show))
        .route(route::EVENTS, get(start::events::stream))
        .route(route::RECORDS, get(records::list::show))
        .route(
            route::SEARCH,
            get(records::search::show).post(records::search::find),
        )
        .route(route::VERIFY_ALL, post(records::verify_all::submit))
        .route(route::RECORD, get(records::show::show))
        .route(route::VERIFY, post(records::verify::submit))
        .route(route::REVEAL, post(records::reveal::submit))
        .route(
            route::RESTORE,
            get(records::restore::show).post(records::restore::submit),
        )
        .route(route::INCIDENTS, get(incidents::list::show))
        .route(
            route::INCIDENT,
            get(incidents::show::show).post(incidents::step::submit),
        )
        .route(route::EVIDENCE, post(incidents::evidence::submit))
        .route(route::MAIL, get(mail::list::show))
        .route(route::MAIL_SEEN, post(mail::seen::submit));
    let site = state.site.clone();
    staff_only(&site, sessions, pages).with_state(state)
}
