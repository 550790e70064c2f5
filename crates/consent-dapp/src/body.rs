//! The JSON that a door takes, and what a script signs, read with refusals that a script understands.

use axum::Json;
use axum::extract::{FromRequest, Request};
use record::Address;
use record::signature::{EcdsaSignature, SignatureError};
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

/// A plain account's signature in any form that wallets give.
pub fn signature(text: &str) -> Result<EcdsaSignature, Refusal> {
    let bytes = text
        .strip_prefix("0x")
        .and_then(|digits| hex::decode(digits).ok());
    let bytes = bytes.ok_or(Refusal::Malformed("the signature is not hexadecimal"))?;
    EcdsaSignature::normalise(&bytes).map_err(|error| match error {
        // Contract wallets give longer ones, or none at all.
        SignatureError::Length => Refusal::ContractWallet,
        _ => Refusal::Malformed("the signature is out of range"),
    })
}
