//! The JSON that a door takes, read with refusals that a script understands.

use axum::Json;
use axum::extract::{FromRequest, Request};
use record::Address;
use serde::de::DeserializeOwned;

use crate::refusal::Refusal;

/// A JSON body of this shape.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let body = Json::from_request(request, state).await;
        body.map(|Json(body)| Self(body))
            .map_err(|_| Refusal::Malformed("it is not the JSON that is taken here"))
    }
}

/// An account as a wallet writes it.
pub fn account(text: &str) -> Result<Address, Refusal> {
    text.parse()
        .map_err(|_| Refusal::Malformed("the account is not an address"))
}
