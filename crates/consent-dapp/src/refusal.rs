//! What a JSON door answers instead of doing what it was asked.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use record::Address;
use serde_json::json;
use web_kit::error::Error;

use crate::closed::Closed;
use crate::offer::NotAChoice;

/// Why a JSON door refuses. The names are in `docs/CONSENT.md`.
#[derive(Debug)]
pub enum Refusal {
    /// The hour is over, or the draft changed.
    IdentifyAgain,
    /// The challenge is too old, or another browser asked for it.
    ChallengeExpired,
    /// The challenge was signed by another wallet than the registered one, which is not named.
    NotRegistered {
        /// Who signed.
        signer: Address,
    },
    /// The consent was signed by another wallet.
    WrongWallet {
        /// Who signed.
        signer: Address,
        /// Who should have.
        registered: Address,
    },
    /// Details or offer are not those the owner saw.
    ChangedMeanwhile,
    /// Not the signature of a plain account, and contract wallets can't be asked here.
    ContractWallet,
    /// The signature of a contract wallet, where none is taken: under a request to be erased.
    ContractErasure,
    /// A contract wallet does not call the signature its own.
    NotAccepted {
        /// The wallet that was asked.
        wallet: Address,
    },
    /// Not the signature of a plain account, and there is no contract at its address.
    NoContract {
        /// The address.
        wallet: Address,
    },
    /// The chain can't be asked about a contract wallet right now.
    TryAgain,
    /// The request can't be read; says what of it.
    Malformed(&'static str),
    /// The link lets nobody in.
    Closed(Closed),
    /// Our own fault, or that of a part we depend on.
    Fault(Error),
}

impl Refusal {
    const fn status_and_name(&self) -> (StatusCode, &'static str) {
        match self {
            Self::IdentifyAgain => (StatusCode::UNAUTHORIZED, "identify_again"),
            Self::ChallengeExpired => (StatusCode::UNAUTHORIZED, "challenge_expired"),
            Self::NotRegistered { .. } => (StatusCode::FORBIDDEN, "not_registered"),
            Self::WrongWallet { .. } => (StatusCode::FORBIDDEN, "wrong_wallet"),
            Self::ChangedMeanwhile => (StatusCode::CONFLICT, "changed_meanwhile"),
            Self::ContractWallet | Self::ContractErasure => {
                (StatusCode::UNPROCESSABLE_ENTITY, "contract_wallet")
            }
            Self::NotAccepted { .. } => (StatusCode::FORBIDDEN, "not_accepted"),
            Self::NoContract { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "no_contract"),
            Self::TryAgain => (StatusCode::SERVICE_UNAVAILABLE, "try_again"),
            Self::Malformed(_) => (StatusCode::UNPROCESSABLE_ENTITY, "malformed"),
            Self::Closed(Closed::Unknown) => (StatusCode::NOT_FOUND, "link_unknown"),
            Self::Closed(_) => (StatusCode::GONE, "link_closed"),
            Self::Fault(_) => (StatusCode::INTERNAL_SERVER_ERROR, "server_failed"),
        }
    }

    fn message(&self) -> String {
        match self {
            Self::IdentifyAgain => "For your safety we ask again who you are. Reload this page.".into(),
            Self::ChallengeExpired => "That took too long. Press the button and sign again.".into(),
            Self::NotRegistered { signer } => format!(
                "The wallet {signer} is not the one registered for this link. Choose another account in your wallet, or use the code from the desk."
            ),
            Self::WrongWallet { signer, registered } => format!(
                "This was signed by {signer}, but the record is registered for {registered}. Choose that account in your wallet and sign again. Nothing was stored."
            ),
            Self::ChangedMeanwhile => {
                "What you signed is not what is stored now. Reload this page, read it again, and sign again. Nothing was stored.".into()
            }
            Self::ContractWallet => {
                "This is not the signature of a plain account. Smart and multi-signature wallets can’t sign here: ask the organisation to register a plain account. Nothing was stored.".into()
            }
            Self::ContractErasure => {
                "A contract wallet can’t sign this request. Ask for it below, without the wallet: the people at the desk then make sure that it is you. Nothing was stored.".into()
            }
            Self::NotAccepted { wallet } => format!(
                "The wallet {wallet} is a contract, and it did not accept this signature. If several owners have to sign, or something has to be approved on the chain first, see to that; then reload this page and sign again. Nothing was stored."
            ),
            Self::NoContract { wallet } => format!(
                "This is not the signature of a plain account, and there is no contract at {wallet} on this chain. A new smart wallet comes onto the chain with its first transaction: make one, then sign again. Nothing was stored."
            ),
            Self::TryAgain => {
                "We ask the chain whether your wallet’s contract accepts this signature, and the chain does not answer right now. Nothing is lost: try again in a minute.".into()
            }
            Self::Malformed(what) => format!("This request can’t be used: {what}. Reload this page and try again."),
            Self::Closed(closed) => format!("{}. {}", closed.title(), closed.what()),
            Self::Fault(_) => String::new(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        // The layers around us log the cause and tell no more than the page of an error does.
        if let Self::Fault(error) = self {
            return error.into_response();
        }
        let (status, name) = self.status_and_name();
        (
            status,
            Json(json!({ "problem": name, "message": self.message() })),
        )
            .into_response()
    }
}

impl<E> From<E> for Refusal
where
    Error: From<E>,
{
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

impl From<NotAChoice> for Refusal {
    fn from(_: NotAChoice) -> Self {
        Self::Malformed("a ticked purpose is not a choice")
    }
}

impl From<Closed> for Refusal {
    fn from(closed: Closed) -> Self {
        Self::Closed(closed)
    }
}
