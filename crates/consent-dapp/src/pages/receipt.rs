//! `GET /c/{secret}/receipt` and `/receipt.json`: for whoever signed through this link, for an hour.

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_DISPOSITION;
use axum::response::{IntoResponse, Redirect, Response};
use record::time::UnixMillis;
use web_kit::components::Moment;
use web_kit::error::Result;
use web_kit::page::{Page, html};

use crate::app::App;
use crate::details::{Detail, shown};
use crate::receipt::Receipt;
use crate::urls::LinkUrls;
use crate::visit::Visit;

const FILE: &str = "attachment; filename=\"consent-receipt.json\"";

#[derive(Template)]
#[template(path = "receipt.html")]
struct ReceiptPage<'a> {
    page: Page,
    app: &'a App,
    link: &'a LinkUrls,
    receipt: &'a Receipt,
    details: Vec<Detail<'a>>,
    received_at: Moment,
    issued_at: Moment,
    expires_at: Moment,
}

/// To print.
pub async fn show(State(app): State<App>, visit: Visit) -> Result<Response> {
    if !visit.has_signed() {
        return Ok(Redirect::to(visit.urls.page()).into_response());
    }
    let receipt = Receipt::load(&app, &visit).await?;
    let message = &receipt.message;
    let page = ReceiptPage {
        page: app.page("Consent receipt"),
        app: &app,
        link: &visit.urls,
        details: shown(
            message
                .fields
                .iter()
                .map(|field| (field.name.as_str(), field.value.as_str())),
        ),
        received_at: Moment::new(UnixMillis(receipt.received_at)),
        issued_at: Moment::new(UnixMillis::from_seconds(message.issued_at)),
        expires_at: Moment::new(UnixMillis::from_seconds(message.expires_at)),
        receipt: &receipt,
    };
    Ok(html(&page)?.into_response())
}

/// To keep.
pub async fn download(State(app): State<App>, visit: Visit) -> Result<Response> {
    if !visit.has_signed() {
        return Ok(Redirect::to(visit.urls.page()).into_response());
    }
    let receipt = Receipt::load(&app, &visit).await?;
    Ok(([(CONTENT_DISPOSITION, FILE)], Json(receipt)).into_response())
}
