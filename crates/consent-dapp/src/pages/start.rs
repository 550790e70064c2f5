//! `GET /`: whoever comes without a link reads what this is.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use web_kit::error::Result;
use web_kit::page::{Page, html};

use crate::app::App;

#[derive(Template)]
#[template(path = "start.html")]
struct StartPage<'a> {
    page: Page,
    app: &'a App,
}

/// The same for everybody: without a link nobody is anybody here.
pub async fn show(State(app): State<App>) -> Result<Html<String>> {
    html(&StartPage {
        page: app.page("Read and sign your own record"),
        app: &app,
    })
}
