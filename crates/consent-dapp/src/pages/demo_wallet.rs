//! `POST /c/{secret}/demo-wallet`, `/a/{secret}/demo-wallet` and `/w/{ticket}/demo-wallet`: what the demo wallet's page script asks. Mounted only where the demo wallet is on.

use axum::Json;
use axum::extract::State;
use web_kit::error::Error;

use crate::app::App;
use crate::body::Body;
use crate::copy_visit::CopyVisit;
use crate::demo_wallet::{Answer, Asked};
use crate::details::Details;
use crate::pages::ticket_erase;
use crate::refusal::Refusal;
use crate::ticket_visit::TicketVisit;
use crate::visit::Open;

/// Answers for the wallet registered for this link, where the node holds its key.
pub async fn answer(
    State(app): State<App>,
    Open(visit): Open,
    Body(asked): Body<Asked>,
) -> Result<Json<Answer>, Refusal> {
    let wallet = app.demo_wallet.as_ref().ok_or(Error::NotFound)?;
    let key = visit.owner_key()?;
    let details =
        Details::load(&app, &visit.link, &key, &mut *app.database.acquire().await?).await?;
    Ok(Json(wallet.answer(details.wallet(), &asked).await?))
}

/// The same for the wallet that opens a copy of everything.
pub async fn answer_copy(
    State(app): State<App>,
    visit: CopyVisit,
    Body(asked): Body<Asked>,
) -> Result<Json<Answer>, Refusal> {
    let wallet = app.demo_wallet.as_ref().ok_or(Error::NotFound)?;
    let registered = visit.disclosure()?.wallet().ok_or(Error::NotFound)?;
    Ok(Json(wallet.answer(registered, &asked).await?))
}

/// The same for the owner who was let in by a code.
pub async fn answer_ticket(
    State(app): State<App>,
    visit: TicketVisit,
    Body(asked): Body<Asked>,
) -> Result<Json<Answer>, Refusal> {
    let wallet = app.demo_wallet.as_ref().ok_or(Error::NotFound)?;
    let (_, offer) = ticket_erase::offered(&app, &visit).await?;
    let registered = offer.wallet.ok_or(Error::NotFound)?;
    Ok(Json(wallet.answer(registered, &asked).await?))
}
