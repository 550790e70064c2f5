//! What a node says to a transaction. Each is an answer, not an error: whether it was mined, receipts tell.

use alloy::{providers::Provider as _, rpc::json_rpc::RpcError};

use crate::{
    ChainError,
    endpoint::{Endpoint, unusable},
};

/// A node's answer to a raw transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// It is in the node's pool now.
    Accepted,
    /// It was there before.
    AlreadyKnown,
    /// The nonce is used up: by this very transaction, a replacement, or a foreign one.
    NonceUsed,
    /// The node wants more: than the transaction that it would replace, or than it pays in all.
    FeeTooLow,
    /// The account can not pay for it.
    NoFunds,
    /// Refused for another reason, by the code of the JSON-RPC error.
    Refused(i64),
}

/// What nodes write; compared in lower case. From geth, reth, erigon, nethermind, besu and anvil.
const ANSWERS: [(SendOutcome, &[&str]); 4] = [
    (
        SendOutcome::AlreadyKnown,
        &[
            "already known",
            "already imported",
            "already exists",
            "alreadyknown",
            "known transaction",
        ],
    ),
    (
        SendOutcome::NonceUsed,
        &["nonce too low", "nonce is too low", "oldnonce", "old nonce"],
    ),
    (
        SendOutcome::FeeTooLow,
        &[
            "underpriced",
            "less than block base fee",
            "feetoolow",
            "fee too low",
            "gas price too low",
        ],
    ),
    (
        SendOutcome::NoFunds,
        &[
            "insufficient funds",
            "insufficientfunds",
            "upfront cost exceeds",
        ],
    ),
];

pub(crate) async fn send(endpoint: &Endpoint, raw: &[u8]) -> Result<SendOutcome, ChainError> {
    match endpoint.provider().send_raw_transaction(raw).await {
        Ok(_) => Ok(SendOutcome::Accepted),
        Err(RpcError::ErrorResp(answer)) => Ok(outcome(answer.code, &answer.message)),
        Err(error) => Err(unusable(error)),
    }
}

fn outcome(code: i64, message: &str) -> SendOutcome {
    let message = message.to_lowercase();
    let known = ANSWERS
        .iter()
        .find(|(_, texts)| texts.iter().any(|text| message.contains(text)));
    known.map_or(SendOutcome::Refused(code), |(outcome, _)| *outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart_by_what_nodes_write() {
        for (message, expected) in [
            ("already known", SendOutcome::AlreadyKnown),
            ("transaction already imported", SendOutcome::AlreadyKnown),
            (
                "nonce too low: next nonce 5, tx nonce 4",
                SendOutcome::NonceUsed,
            ),
            (
                "replacement transaction underpriced",
                SendOutcome::FeeTooLow,
            ),
            (
                "max fee per gas less than block base fee",
                SendOutcome::FeeTooLow,
            ),
            (
                "Insufficient funds for gas * price + value",
                SendOutcome::NoFunds,
            ),
            ("exceeds block gas limit", SendOutcome::Refused(-32000)),
        ] {
            assert_eq!(outcome(-32000, message), expected, "{message}");
        }
    }
}
