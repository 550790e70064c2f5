//! `POST /c/{secret}/wallet`: the answer to a challenge. Only the registered wallet lets its owner in.

use axum::Json;
use axum::extract::State;
use axum_extra::extract::CookieJar;
use record::Address;
use record::ids::LinkId;
use record::time::UnixMillis;
use serde::{Deserialize, Serialize};

use crate::admission;
use crate::app::App;
use crate::body::{Body, account};
use crate::challenge::{Challenge, personal_digest};
use crate::details::Details;
use crate::refusal::Refusal;
use crate::signer::{Given, NotSigned};
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

/// The wallet that signed the challenge of this link and browser. Whether it is the registered one is still to be seen.
pub async fn signer(
    app: &App,
    jar: &CookieJar,
    (link, now): (LinkId, UnixMillis),
    answered: &Answered,
) -> Result<Address, Refusal> {
    let account = account(&answered.account)?;
    let given = Given::read(&answered.signature)?;
    let challenge = Challenge::from_cookie(jar, now).ok_or(Refusal::ChallengeExpired)?;
    let message = challenge.message(&app.front, link, account, app.asker());
    // Asked of whatever account it claims to be: by who is asked nobody learns which one is registered.
    let signed = given.by(app, account, personal_digest(&message)).await?;
    signed.map_err(|why| refused(&why, account))?;
    Ok(account)
}

/// Lets the owner in if the registered wallet signed.
pub async fn submit(
    State(app): State<App>,
    Open(visit): Open,
    jar: CookieJar,
    Body(answered): Body<Answered>,
) -> Result<(CookieJar, Json<Next>), Refusal> {
    let signer = signer(&app, &jar, (visit.link.id, visit.now), &answered).await?;
    let mut transaction = app.database.begin().await?;
    let link = visit.lock_link(&app, &mut transaction).await?;
    let key = visit.owner_key()?;
    let details = Details::load(&app, &link, &key, &mut transaction).await?;
    if signer != details.wallet() {
        return Err(Refusal::NotRegistered { signer });
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

/// Says nothing of the registered wallet.
const fn refused(why: &NotSigned, account: Address) -> Refusal {
    match why {
        NotSigned::ByAnother(_) => Refusal::NotRegistered { signer: account },
        NotSigned::NotAccepted(_) => Refusal::NotAccepted { wallet: account },
        NotSigned::NoContract => Refusal::NoContract { wallet: account },
        NotSigned::NotAsked => Refusal::ContractWallet,
    }
}
