//! Where somebody chooses their password, by the link that they got by mail. For who is not signed in.

use std::time::Duration;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use database::staff::Staff;
use keyring::LinkSecret;
use secrecy::{ExposeSecret, SecretString};
use sqlx::Connection;
use staffing::{Chosen, StaffingError};
use web_kit::error::{Error, Result};
use web_kit::form::FormState;
use web_kit::page::{Page, html};
use web_kit::password::check_policy;
use web_kit::rate_limit::per_address;
use web_kit::site::Site;

use crate::state::{AppState, Desk};
use crate::urls::route;

/// Passwords sent from one client address.
const BURST: u32 = 20;
const PERIOD: Duration = Duration::from_secs(3);
const LABELS: &[(&str, &str)] = &[
    ("password", "New password"),
    ("password_again", "New password, once more"),
];

/// What it shows.
enum Part {
    /// To choose it.
    Choose {
        name: String,
        login: String,
        form: Box<FormState>,
    },
    /// It is chosen.
    Done { login: String },
    /// The link does nothing.
    Dead,
}

#[derive(Template)]
#[template(path = "welcome.html")]
struct WelcomePage {
    page: Page,
    part: Part,
}

/// The page, and how often a client may send it.
pub fn routes(site: &Site) -> Router<AppState> {
    let limit = per_address(site.trusted_proxies().clone(), BURST, PERIOD);
    Router::new().route(route::WELCOME, get(show).post(submit).layer(limit))
}

/// The form. Nothing is used up by looking: mail scanners open links.
async fn show(
    page: Page,
    State(desk): State<Desk>,
    Path(secret): Path<String>,
) -> Result<Response> {
    match find(&desk, &secret).await? {
        Some((_, account)) => choose(page, &desk, &account, FormState::new()),
        None => dead(page),
    }
}

/// Takes the password.
async fn submit(
    page: Page,
    State(desk): State<Desk>,
    Path(secret): Path<String>,
    mut form: FormState,
) -> Result<Response> {
    let (password, again) = (
        form.take_secret("password"),
        form.take_secret("password_again"),
    );
    let found = find(&desk, &secret).await?;
    let Some((secret, account)) = found else {
        note_late(&desk, &secret).await?;
        return dead(page);
    };
    let login = account.open_login(&desk.keys)?;
    check(&mut form, &login, &password, &again);
    if form.has_problems() {
        return choose(page, &desk, &account, form);
    }
    let hash = desk.sessions.hash(password).await?;
    match take(&desk, &secret, hash).await? {
        Chosen::DeadLink => dead(page),
        Chosen::Done => answer(
            StatusCode::OK,
            page.titled("Your password is set"),
            Part::Done {
                login: login.to_string(),
            },
        ),
    }
}

fn check(form: &mut FormState, login: &str, password: &SecretString, again: &SecretString) {
    if let Err(problem) = check_policy(login, password) {
        form.problem("password", problem.to_string());
    } else if password.expose_secret() != again.expose_secret() {
        form.problem(
            "password_again",
            "This is not the same as above. Please type both once more.",
        );
    }
}

/// The account that chooses its password by this link.
async fn find(desk: &Desk, secret: &str) -> Result<Option<(LinkSecret, Staff)>> {
    let Ok(secret) = LinkSecret::from_url(secret) else {
        return Ok(None);
    };
    let mut connection = desk.pool.acquire().await?;
    let now = desk.clock.now();
    let found = staffing::of_link(&mut connection, &desk.keys, &secret, now).await;
    Ok(ours(found)?.flatten().map(|account| (secret, account)))
}

/// Whoever comes too late is noted.
async fn note_late(desk: &Desk, secret: &str) -> Result<()> {
    let Ok(secret) = LinkSecret::from_url(secret) else {
        return Ok(());
    };
    let mut connection = desk.pool.acquire().await?;
    let now = desk.clock.now();
    ours(staffing::note_late(&mut connection, &desk.keys, &secret, now).await)?;
    Ok(())
}

async fn take(desk: &Desk, secret: &LinkSecret, hash: String) -> Result<Chosen> {
    let mut connection = desk.pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    let (keys, now) = (&desk.keys, desk.clock.now());
    let chosen = staffing::choose(&mut transaction, keys, secret, hash, now).await;
    let chosen = ours(chosen)?.unwrap_or(Chosen::DeadLink);
    transaction.commit().await?;
    Ok(chosen)
}

/// A row that somebody planted or altered opens nothing, and raises the alarm instead of an error page.
fn ours<T>(found: std::result::Result<T, StaffingError>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_tampering() => {
            tracing::error!(%error, "ALARM: a link of a planted or altered account was refused");
            Ok(None)
        }
        Err(error) => Err(Error::from(error)),
    }
}

fn choose(page: Page, desk: &Desk, account: &Staff, form: FormState) -> Result<Response> {
    let status = match form.has_problems() {
        true => StatusCode::UNPROCESSABLE_ENTITY,
        false => StatusCode::OK,
    };
    let part = Part::Choose {
        name: account.open_display_name(&desk.keys)?.to_string(),
        login: account.open_login(&desk.keys)?.to_string(),
        form: Box::new(form),
    };
    answer(status, page.titled("Choose your password"), part)
}

fn dead(page: Page) -> Result<Response> {
    let page = page.titled("This link does not work any more");
    answer(StatusCode::GONE, page, Part::Dead)
}

fn answer(status: StatusCode, page: Page, part: Part) -> Result<Response> {
    Ok((status, html(&WelcomePage { page, part })?).into_response())
}
