//! What a node says to a transaction. Each is an answer, not an error: whether it was mined, receipts tell.

use alloy::{providers::Provider as _, rpc::json_rpc::RpcError};

use crate::{
    ChainError, Controller, TransactionError,
    endpoint::{Endpoint, unusable},
    pins, transaction,
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

impl Controller {
    /// Whether the chain asks for more now than this transaction of ours offers.
    pub async fn is_outbid(
        &self,
        raw: &[u8],
    ) -> Result<Result<bool, TransactionError>, ChainError> {
        let reader = self.reader();
        let chain_id = reader.deployment().chain_id;
        let offered = match transaction::open(raw, self.address(), chain_id) {
            Ok(transaction) => transaction::fees(&transaction),
            Err(error) => return Ok(Err(error)),
        };
        let base_fee = pins::base_fee(&reader.endpoint).await?;
        let provider = reader.endpoint.provider();
        let priority = provider.get_max_priority_fee_per_gas().await;
        let priority = priority.map_err(unusable)?;
        Ok(Ok(offered.max_priority_fee_per_gas < priority
            || offered.max_fee_per_gas
                < base_fee.saturating_add(priority)))
    }
}

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
