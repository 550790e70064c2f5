//! `POST /c/{secret}/wallet`: the answer to a challenge. Only the registered wallet lets its owner in.

use axum::Json;
use axum::extract::State;
use axum_extra::extract::CookieJar;
use serde::{Deserialize, Serialize};

use crate::admission;
use crate::app::App;
use crate::body::{Body, account, signature};
use crate::challenge::{Challenge, personal_digest};
use crate::details::Details;
use crate::refusal::Refusal;
use crate::visit::Open;

/// Who signed the challenge, and the signature.
#[derive(Deserialize)]
pub struct Answered {
    account: String,
    signature: String,
}

/// Where the page goes on.
#[derive(Serialize)]
pub struct Next {
    /// The link, which now shows more.
    pub next: String,
}

/// Lets the owner in if the registered wallet signed.
pub async fn submit(
    State(app): State<App>,
    Open(visit): Open,
    jar: CookieJar,
    Body(answered): Body<Answered>,
) -> Result<(CookieJar, Json<Next>), Refusal> {
    let account = account(&answered.account)?;
    let signature = signature(&answered.signature)?;
    let challenge = Challenge::from_cookie(&jar, visit.now).ok_or(Refusal::ChallengeExpired)?;
    let message = challenge.message(&app.front, visit.link.id, account, app.asker());
    let signer = signature
        .recover(&personal_digest(&message))
        .map_err(|_| Refusal::ContractWallet)?;

    let mut transaction = app.database.begin().await?;
    let link = visit.lock_link(&app, &mut transaction).await?;
    let key = visit.owner_key()?;
    let details = Details::load(&app, &link, &key, &mut transaction).await?;
    if signer != account || signer != details.wallet() {
        return Err(Refusal::NotRegistered { signer: account });
    }
    let cookie = admission::admit(&app, &visit, link, &key, &mut transaction).await?;
    transaction.commit().await?;
    Ok((
        CookieJar::new().add(cookie),
        Json(Next {
            next: visit.urls.page().to_owned(),
        }),
    ))
}
