//! `POST /a/{secret}/challenge` and `/wallet`: the registered wallet shows who opens a copy of everything.

use axum::Json;
use axum::extract::State;
use axum_extra::extract::CookieJar;
use enrolment::access;

use crate::app::App;
use crate::body::Body;
use crate::copy_visit::CopyVisit;
use crate::pages::challenge::{self, Answer, Asked};
use crate::pages::wallet::{Answered, Next, signer};
use crate::pass::CopyPass;
use crate::refusal::Refusal;

/// Makes a challenge for this link, this browser and this account. Tells nothing about the registered one.
pub async fn ask(
    State(app): State<App>,
    visit: CopyVisit,
    Body(asked): Body<Asked>,
) -> Result<(CookieJar, Json<Answer>), Refusal> {
    challenge::make(&app, (visit.copy.id, &visit.urls), visit.now, &asked)
}

/// Lets the owner in if the registered wallet signed.
pub async fn submit(
    State(app): State<App>,
    visit: CopyVisit,
    jar: CookieJar,
    Body(answered): Body<Answered>,
) -> Result<(CookieJar, Json<Next>), Refusal> {
    let signer = signer(&app, &jar, (visit.copy.id, visit.now), &answered).await?;
    let mut transaction = app.database.begin().await?;
    let copy = visit.hold(&app, &mut transaction).await?;
    if visit.disclosure()?.wallet() != Some(signer) {
        return Err(Refusal::NotRegistered { signer });
    }
    let (id, front, now) = (copy.id, &app.front, visit.now);
    access::admitted(&mut transaction, front, copy, true, now).await?;
    transaction.commit().await?;
    let cookie = CopyPass(id).cookie(front, now, &visit.urls, app.is_secure());
    let next = visit.urls.page().to_owned();
    Ok((CookieJar::new().add(cookie), Json(Next { next })))
}
