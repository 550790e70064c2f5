//! All doors: a table of contents.

use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};
use web_kit::sign_in::{Sessions, staff_only};

use crate::pages::records::{
    access, access_hand, approve, approve_many, ask_again, drop_correction, edit, enter, erase,
    erasure, keep, link, list, object, progress, rectify, refuse_correction, restrict, restriction,
    revoke, search, show, use_ground, wallet_change, wallet_change_begin, wallet_change_confirm,
    wallet_change_order, withdraw, withdraw_restriction,
};
use crate::pages::{erasures, restrictions, retention, staff, wallet_changes, welcome};
use crate::state::AppState;
use crate::urls::route;

/// Every page is for staff, but the one where somebody chooses their password.
pub fn routes(state: AppState, sessions: &Sessions) -> Router {
    let pages = Router::new()
        .route(route::START, get(|| async { Redirect::to(route::RECORDS) }))
        .route(route::RECORDS, get(list::show))
        .route(route::SEARCH, get(search::show).post(search::find))
        .route(route::NEW, get(enter::show).post(enter::submit))
        .route(route::APPROVE_MANY, post(approve_many::submit))
        .route(route::RECORD, get(show::show))
        .route(route::PROGRESS, get(progress::show))
        .route(route::EDIT, get(edit::show).post(edit::submit))
        .route(route::RECTIFY, get(rectify::show).post(rectify::submit))
        .route(
            route::DROP_CORRECTION,
            get(drop_correction::show).post(drop_correction::submit),
        )
        .route(
            route::REFUSE_CORRECTION,
            get(refuse_correction::show).post(refuse_correction::submit),
        )
        .route(route::WITHDRAW, get(withdraw::show).post(withdraw::submit))
        .route(
            route::ASK_AGAIN,
            get(ask_again::show).post(ask_again::submit),
        )
        .route(route::ERASE, get(erase::show).post(erase::submit))
        .route(route::ERASURE, get(erasure::show))
        // A page that shows the form again is under the form's address.
        .route(
            route::GRANT_ERASURE,
            get(erasure::show).post(erasure::grant),
        )
        .route(
            route::REFUSE_ERASURE,
            get(erasure::show).post(erasure::refuse),
        )
        .route(route::ERASE_AGAIN, post(erasure::again))
        .route(route::ERASURES, get(erasures::show))
        .route(route::WALLET_CHANGES, get(wallet_changes::show))
        .route(
            route::WALLET_CHANGE,
            get(wallet_change::show).post(wallet_change::ask),
        )
        .route(
            route::CONFIRM_WALLET_CHANGE,
            get(wallet_change::show).post(wallet_change_confirm::submit),
        )
        .route(
            route::ORDER_WALLET_CHANGE,
            get(wallet_change::show).post(wallet_change_order::submit),
        )
        .route(
            route::BEGIN_WALLET_CHANGE,
            get(wallet_change::show).post(wallet_change_begin::submit),
        )
        .route(
            route::GIVE_UP_WALLET_CHANGE,
            post(wallet_change_begin::give_up),
        )
        .route(route::KEEP, get(keep::show).post(keep::submit))
        .route(route::RETENTION, get(retention::list::show))
        .route(
            route::RELEASE,
            get(retention::release::show).post(retention::release::submit),
        )
        .route(route::USE, get(show::show).post(use_ground::submit))
        .route(route::RESTRICT, get(restrict::show).post(restrict::submit))
        .route(route::OBJECT, get(object::show).post(object::submit))
        .route(route::RESTRICTION, get(restriction::show))
        .route(
            route::GRANT_RESTRICTION,
            get(restriction::show).post(restriction::grant),
        )
        .route(
            route::REFUSE_RESTRICTION,
            get(restriction::show).post(restriction::refuse),
        )
        .route(
            route::END_RESTRICTION,
            get(restriction::show).post(restriction::announce),
        )
        .route(
            route::LIFT_RESTRICTION,
            get(restriction::show).post(restriction::lift),
        )
        .route(
            route::WITHDRAW_RESTRICTION,
            get(restriction::show).post(withdraw_restriction::submit),
        )
        .route(route::RESTRICTIONS, get(restrictions::show))
        .route(route::ACCESS, get(access::show).post(access::submit))
        // Whoever had to sign in anew comes back to the page that leads there.
        .route(
            route::ACCESS_IDENTITY,
            get(access::show).post(access_hand::identify),
        )
        .route(
            route::ACCESS_COPY,
            get(access::show).post(access_hand::show),
        )
        .route(
            route::ACCESS_FILE,
            get(access::show).post(access_hand::download),
        )
        .route(route::ACCESS_REVOKE, post(access_hand::revoke))
        .route(route::LINK, post(link::submit))
        .route(route::REVOKE, post(revoke::submit))
        .route(route::APPROVE, post(approve::submit))
        .merge(accounts());
    let site = state.site.clone();
    staff_only(&site, sessions, pages)
        .merge(welcome::routes(&site))
        .with_state(state)
}

/// Of staff, for who manages them.
fn accounts() -> Router<AppState> {
    Router::new()
        .route(route::STAFF, get(staff::list::show))
        .route(route::STAFF_HISTORY, get(staff::history::show))
        .route(
            route::INVITE,
            get(staff::invite::show).post(staff::invite::submit),
        )
        .route(route::ACCOUNT, get(staff::show::show))
        .route(
            route::DISABLE,
            get(staff::disable::show).post(staff::disable::submit),
        )
        .route(route::ENABLE, post(staff::enable::submit))
        .route(
            route::RESET,
            get(staff::reset::show).post(staff::reset::submit),
        )
}
