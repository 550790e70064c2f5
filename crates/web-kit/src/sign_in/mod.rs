//! Signing in: staff accounts, sessions, and forms that survive a session's end.
//!
//! Sessions are rows that carry a MAC; the cookie holds 256 random bits and the row their hash. The cookie is
//! `SameSite=Lax`: with `Strict`, whoever opens a link from one of our mails would land signed out. That costs nothing
//! here, since no GET changes what is stored of anybody (a page that is opened is written down as seen, and a link that is shown
//! once has been shown), and every other request must come from our own pages ([`crate::security`]).
//!
//! An app wraps its pages once, with [`staff_only`]; handlers take [`SignedIn`].

mod cookie;
mod flash;
mod gate;
mod kept_form;
mod page;
mod sessions;
mod signed_in;

use axum::Router;

use crate::site::Site;

pub use database::sessions::App;
pub use database::staff::Role;
pub use kept_form::KeptForm;
pub use sessions::{SessionParts, Sessions};
pub use signed_in::{SignedIn, role_name};

/// Puts sign-in before `pages` and adds `/sign-in` and `/sign-out`. Whoever is not signed in gets the sign-in page in
/// place of the page asked for, and that page afterwards.
pub fn staff_only<S: Clone + Send + Sync + 'static>(
    site: &Site,
    sessions: &Sessions,
    pages: Router<S>,
) -> Router<S> {
    gate::close(site, sessions, pages).merge(page::routes(site, sessions))
}
