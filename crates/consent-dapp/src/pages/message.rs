//! `POST /c/{secret}/message`: what the wallet is to sign, for these ticks.

use alloy_primitives::B256;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::admission::{read_offer, read_predecessor};
use crate::app::App;
use crate::body::Body;
use crate::details::Details;
use crate::refusal::Refusal;
use crate::visit::Identified;

/// The ids of the ticked purposes.
#[derive(Deserialize)]
pub struct Asked {
    granted: Vec<String>,
}

/// The message for `eth_signTypedData_v4`, and the digest by our own reckoning.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    typed_data: Value,
    digest: B256,
}

/// Builds the message from the sealed row, the offer and the ticks. Nothing is stored.
pub async fn build(
    State(app): State<App>,
    Identified(visit): Identified,
    Body(asked): Body<Asked>,
) -> Result<Json<Answer>, Refusal> {
    let key = visit.owner_key()?;
    let offer = read_offer(&visit.link, &key)?.ok_or(Refusal::IdentifyAgain)?;
    if offer.has_expired(visit.now) {
        return Err(Refusal::IdentifyAgain);
    }
    let ticks = offer.ticks(&asked.granted)?;
    let details =
        Details::load(&app, &visit.link, &key, &mut *app.database.acquire().await?).await?;
    let follows = read_predecessor(&visit.link, &key)?;
    let message = offer.message(&details, &ticks, follows.as_ref());
    let (chain_id, relay) = (app.network.chain_id, app.network.relay);
    Ok(Json(Answer {
        typed_data: message.typed_data(chain_id, relay),
        digest: message.digest(chain_id, relay),
    }))
}
