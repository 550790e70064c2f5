//! One JSON-RPC endpoint, with timeouts, whose failures are told without its address.

use std::time::Duration;

use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    network::{Ethereum, TransactionBuilder as _},
    primitives::{Address, Bytes},
    providers::{Provider as _, RootProvider},
    rpc::{client::RpcClient, json_rpc::RpcError, types::TransactionRequest},
    sol_types::SolCall,
    transports::{
        TransportError, TransportErrorKind,
        http::{Http, reqwest},
    },
};
use url::Url;

use crate::{Block, ChainError, Outage};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// The longest answer is a page of records: well under a second on a busy node.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// A JSON-RPC endpoint.
#[derive(Clone)]
pub(crate) struct Endpoint {
    provider: RootProvider<Ethereum>,
}

impl Endpoint {
    pub(crate) fn new(url: &Url) -> Result<Self, ChainError> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            .build()
            .map_err(|_| ChainError::Unreachable {
                cause: Outage::NoConnection,
            })?;
        let transport = Http::with_client(http, url.clone());
        let local = transport.guess_local();
        Ok(Self {
            provider: RootProvider::new(RpcClient::new(transport, local)),
        })
    }

    pub(crate) const fn provider(&self) -> &RootProvider<Ethereum> {
        &self.provider
    }

    /// The newest block, or the one of a number; nothing when the chain has none there.
    pub(crate) async fn block(
        &self,
        number: BlockNumberOrTag,
    ) -> Result<Option<Block>, ChainError> {
        let block = self
            .provider
            .get_block_by_number(number)
            .await
            .map_err(unusable)?;
        Ok(block.map(|block| Block {
            number: block.header.number,
            hash: block.header.hash,
            timestamp: block.header.timestamp,
        }))
    }

    /// The bytes that a contract's function returns at a block, asked by nobody in particular.
    pub(crate) async fn call(
        &self,
        to: Address,
        input: Vec<u8>,
        at: u64,
    ) -> Result<Bytes, TransportError> {
        self.call_as(None, to, input, at).await
    }

    /// The same as if `from` had sent it.
    pub(crate) async fn call_as(
        &self,
        from: Option<Address>,
        to: Address,
        input: Vec<u8>,
        at: u64,
    ) -> Result<Bytes, TransportError> {
        let mut request = TransactionRequest::default().with_to(to).with_input(input);
        request.from = from;
        self.provider.call(request).block(BlockId::number(at)).await
    }

    /// What a contract's view function returns at a block.
    pub(crate) async fn view<C: SolCall>(
        &self,
        to: Address,
        call: C,
        at: u64,
    ) -> Result<C::Return, ChainError> {
        let malformed = ChainError::Malformed { what: C::SIGNATURE };
        match self.call(to, call.abi_encode(), at).await {
            Ok(answer) => C::abi_decode_returns(&answer).map_err(|_| malformed),
            Err(error) if is_revert(&error) => Err(malformed),
            Err(error) => Err(unusable(error)),
        }
    }
}

/// Whether the contract itself refused, which no other endpoint would change.
pub(crate) fn is_revert(error: &TransportError) -> bool {
    // Code 3 is what nodes agreed on (execution-apis); some give the data only.
    error
        .as_error_resp()
        .is_some_and(|answer| answer.code == 3 || answer.as_revert_data().is_some())
}

/// An error of the transport, without the texts that may name the endpoint.
#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
pub(crate) fn unusable(error: TransportError) -> ChainError {
    let cause = match &error {
        RpcError::ErrorResp(answer) => {
            // A node's own words stay in the log of who asks for debugging: they tell of calls, never of persons.
            tracing::debug!(code = answer.code, message = %answer.message, "the node refused");
            Outage::Refused(answer.code)
        }
        RpcError::NullResp => return ChainError::Malformed { what: "null" },
        RpcError::DeserError { .. } => {
            return ChainError::Malformed {
                what: "not the JSON asked for",
            };
        }
        RpcError::Transport(kind) => outage(kind),
        _ => Outage::NoAnswer,
    };
    ChainError::Unreachable { cause }
}

fn outage(kind: &TransportErrorKind) -> Outage {
    match kind {
        TransportErrorKind::HttpError(error)
        | TransportErrorKind::HttpErrorWithRetryAfter { error, .. } => Outage::Status(error.status),
        TransportErrorKind::Custom(error) | TransportErrorKind::NonRetryable(error) => {
            match error.downcast_ref::<reqwest::Error>() {
                Some(error) if error.is_timeout() => Outage::TimedOut,
                Some(_) => Outage::NoConnection,
                None => Outage::NoAnswer,
            }
        }
        _ => Outage::NoAnswer,
    }
}
