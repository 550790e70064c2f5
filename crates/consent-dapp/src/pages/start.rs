//! `GET /`: whoever comes without a link.

use axum::extract::State;
use axum::response::Response;
use web_kit::error::Result;

use crate::app::App;
use crate::closed::Closed;

/// There is nothing to see without a link.
pub async fn show(State(app): State<App>) -> Result<Response> {
    Closed::Unknown.page(&app, false)
}
