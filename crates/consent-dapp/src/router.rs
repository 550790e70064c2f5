//! All doors: a table of contents.

use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use web_kit::rate_limit::per_address;
use web_kit::settings::TrustedProxies;

use crate::app::App;
use crate::pages::{
    challenge, code, copy, copy_code, copy_wallet, correction, decline, demo_wallet, link, message,
    receipt, sign, start, ticket, ticket_code, ticket_copy, ticket_correction, ticket_erase,
    ticket_object, ticket_purposes, ticket_restrict, ticket_unrestrict, wallet, withdraw,
};
use crate::tampering;
use crate::urls::route;

/// An office full of owners shares an address; a guesser is stopped by the link itself.
const BURST: u32 = 60;
const PERIOD: Duration = Duration::from_millis(500);

/// The doors of the app, the demo wallet's only where it is on.
pub fn routes(app: App, proxies: TrustedProxies) -> Router {
    let mut router = Router::new()
        .route("/", get(start::show))
        .route(route::PAGE, get(link::show))
        .route(route::CODE, post(code::submit))
        .route(route::CHALLENGE, post(challenge::ask))
        .route(route::WALLET, post(wallet::submit))
        .route(route::MESSAGE, post(message::build))
        .route(route::SIGN, post(sign::submit))
        .route(
            route::CORRECTION,
            get(correction::show).post(correction::submit),
        )
        .route(route::DECLINE, get(decline::show).post(decline::submit))
        .route(route::RECEIPT, get(receipt::show))
        .route(route::RECEIPT_JSON, get(receipt::download))
        .route(route::WITHDRAW, get(withdraw::show).post(withdraw::submit))
        .route(route::TICKET, get(ticket::show).post(ticket::ask))
        .route(route::TICKET_CODE, post(ticket_code::submit))
        .route(route::TICKET_PURPOSES, post(ticket_purposes::submit))
        .route(
            route::TICKET_CORRECTION,
            get(ticket_correction::show).post(ticket_correction::submit),
        )
        .route(
            route::TICKET_ERASE,
            get(ticket_erase::show).post(ticket_erase::submit),
        )
        .route(route::TICKET_ERASE_MESSAGE, post(ticket_erase::message))
        .route(route::TICKET_ERASE_SIGN, post(ticket_erase::sign))
        .route(
            route::TICKET_RESTRICT,
            get(ticket_restrict::show).post(ticket_restrict::submit),
        )
        .route(
            route::TICKET_UNRESTRICT,
            get(ticket_unrestrict::show).post(ticket_unrestrict::submit),
        )
        .route(
            route::TICKET_OBJECT,
            get(ticket_object::show).post(ticket_object::submit),
        )
        .route(route::TICKET_COPY, post(ticket_copy::submit))
        .route(route::COPY, get(copy::show))
        .route(route::COPY_CODE, post(copy_code::submit))
        .route(route::COPY_CHALLENGE, post(copy_wallet::ask))
        .route(route::COPY_WALLET, post(copy_wallet::submit))
        .route(route::COPY_FILE, get(copy::download))
        .layer(per_address(proxies, BURST, PERIOD));
    if app.has_demo_wallet() {
        // Outside the limit: a wallet of its own machine is asked several times for one signature.
        router = router
            .route(route::DEMO_WALLET, post(demo_wallet::answer))
            .route(route::TICKET_DEMO_WALLET, post(demo_wallet::answer_ticket))
            .route(route::COPY_DEMO_WALLET, post(demo_wallet::answer_copy));
    }
    let closing = from_fn_with_state(app.clone(), tampering::close);
    router.layer(closing).with_state(app)
}
