//! `POST /c/{secret}/challenge`: what a wallet is to sign instead of the desk code.

use axum::Json;
use axum::extract::State;
use axum_extra::extract::CookieJar;
use record::ids::LinkId;
use record::time::UnixMillis;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::body::{Body, account};
use crate::challenge::Challenge;
use crate::refusal::Refusal;
use crate::urls::LinkUrls;
use crate::visit::Open;

/// The account that the wallet offers.
#[derive(Deserialize)]
pub struct Asked {
    account: String,
}

/// The text to sign by `personal_sign`.
#[derive(Serialize)]
pub struct Answer {
    message: String,
}

/// Makes a challenge for this link, this browser and this account. Tells nothing about the registered one.
pub async fn ask(
    State(app): State<App>,
    Open(visit): Open,
    Body(asked): Body<Asked>,
) -> Result<(CookieJar, Json<Answer>), Refusal> {
    make(&app, (visit.link.id, &visit.urls), visit.now, &asked)
}

/// The same for whatever link.
pub fn make(
    app: &App,
    (link, urls): (LinkId, &LinkUrls),
    now: UnixMillis,
    asked: &Asked,
) -> Result<(CookieJar, Json<Answer>), Refusal> {
    let account = account(&asked.account)?;
    let challenge = Challenge::new(now, &mut rand::rng());
    let message = challenge.message(&app.front, link, account, app.asker());
    let cookie = challenge.cookie(urls, app.is_secure());
    Ok((CookieJar::new().add(cookie), Json(Answer { message })))
}
