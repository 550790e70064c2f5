//! `POST /c/{secret}/demo-wallet`: what the demo wallet's page script asks. Mounted only where the demo wallet is on.

use axum::Json;
use axum::extract::State;

use crate::app::App;
use crate::body::Body;
use crate::demo_wallet::{Answer, Asked};
use crate::details::Details;
use crate::refusal::Refusal;
use crate::visit::Open;

/// Answers for the wallet registered for this link, where the node holds its key.
pub async fn answer(
    State(app): State<App>,
    Open(visit): Open,
    Body(asked): Body<Asked>,
) -> Result<Json<Answer>, Refusal> {
    let wallet = app
        .demo_wallet
        .as_ref()
        .ok_or(web_kit::error::Error::NotFound)?;
    let key = visit.owner_key()?;
    let details =
        Details::load(&app, &visit.link, &key, &mut *app.database.acquire().await?).await?;
    Ok(Json(wallet.answer(details.wallet(), &asked).await?))
}
