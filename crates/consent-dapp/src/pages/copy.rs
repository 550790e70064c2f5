//! `GET /a/{secret}` and `/copy.json`: everything that is held about its owner, to read and to take along. Works without JavaScript.

use askama::Template;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Redirect, Response};
use enrolment::access::{FILE_NAME, Section};
use web_kit::components::Moment;
use web_kit::error::Result;
use web_kit::form::FormState;
use web_kit::page::{Page, html};

use crate::app::App;
use crate::copy_visit::CopyVisit;
use crate::pages::link::{Asks, identify_for};
use crate::refusal::Refusal;
use crate::urls::LinkUrls;

#[derive(Template)]
#[template(path = "copy.html")]
struct CopyPage<'a> {
    page: Page,
    app: &'a App,
    link: &'a LinkUrls,
    sections: Vec<Section>,
    made_at: Moment,
    expires_at: Moment,
}

/// Asks who is there, or shows the copy.
pub async fn show(State(app): State<App>, visit: CopyVisit) -> Result<Response> {
    if !visit.is_held {
        return Ok(identify(&app, &visit, &FormState::new())?.into_response());
    }
    match draw(&app, &visit) {
        Ok(page) => Ok(page),
        Err(Refusal::Fault(fault)) => Err(fault),
        Err(other) => Ok(other.into_response()),
    }
}

/// Asks who is there: nothing personal stands on this page.
pub fn identify(app: &App, visit: &CopyVisit, form: &FormState) -> Result<Html<String>> {
    identify_for(app, &visit.urls, Asks::ToHandOver, form)
}

fn draw(app: &App, visit: &CopyVisit) -> std::result::Result<Response, Refusal> {
    let disclosure = visit.disclosure()?;
    let page = CopyPage {
        page: app.page("Everything held about you"),
        app,
        link: &visit.urls,
        sections: disclosure.sections(),
        made_at: Moment::new(disclosure.made_at),
        expires_at: Moment::new(visit.copy.expires_at),
    };
    Ok(html(&page)?.into_response())
}

/// To take along.
pub async fn download(visit: CopyVisit) -> std::result::Result<Response, Refusal> {
    if !visit.is_held {
        return Ok(Redirect::to(visit.urls.page()).into_response());
    }
    let file = format!("attachment; filename=\"{FILE_NAME}\"");
    let headers = [
        (CONTENT_TYPE, "application/json".to_owned()),
        (CONTENT_DISPOSITION, file),
    ];
    Ok((headers, visit.json()?.to_vec()).into_response())
}
