//! Refusal of requests that another site made the browser send (CSRF).
//!
//! By headers instead of tokens: every browser of today says in `Sec-Fetch-Site` (and older ones in `Origin`) where an
//! unsafe request comes from, and no page can forge either. There is nothing to put into forms, so that no form can miss
//! it, and nothing that expires while someone fills one in. tower-http lets requests without both headers pass, for the
//! sake of programs; we refuse them, since an old browser must not be the way in: programs send
//! `Origin: <the app's own address>`.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::ORIGIN;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use tower_http::csrf::{CsrfLayer, ProtectionError};
use url::Url;

use crate::error::Error;

const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// Wraps all routes of `router`, unknown addresses included.
pub(crate) fn refuse_foreign(router: Router, public_url: &Url) -> Router {
    let layer = CsrfLayer::new()
        .add_trusted_origin(public_url.origin().ascii_serialization())
        .unwrap_or_default()
        .with_rejection_response(|_: ProtectionError| -> Response<Body> {
            refusal("It came from another site's page. Open this site yourself and try again.")
        });
    router.layer(layer).layer(from_fn(refuse_unspoken))
}

async fn refuse_unspoken(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let spoken = headers.contains_key(SEC_FETCH_SITE) || headers.contains_key(ORIGIN);
    if request.method().is_safe() || spoken {
        next.run(request).await
    } else {
        refusal(
            "Your browser does not say which page it came from. Please update it, or use another one.",
        )
    }
}

fn refusal(text: &'static str) -> Response {
    let mut response = Error::bad_request(text).into_response();
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
}
