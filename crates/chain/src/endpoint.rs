//! One JSON-RPC endpoint, with timeouts, whose failures are told without its address.

use std::time::Duration;

use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    network::{Ethereum, TransactionBuilder as _},
    primitives::{Address, Bytes},
    providers::{Provider as _, RootProvider},
    rpc::{
        client::RpcClient,
        json_rpc::RpcError,
        types::{Filter, Log, TransactionRequest},
    },
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

/// A JSON-RPC endpoint and, where two are asked, a second and independent one: what is read counts only when both say the same.
#[derive(Clone)]
pub(crate) struct Endpoint {
    provider: Provider,
    second: Option<Provider>,
}

pub(crate) type Provider = RootProvider<Ethereum>;

impl Endpoint {
    pub(crate) fn new(url: &Url, second: Option<&Url>) -> Result<Self, ChainError> {
        Ok(Self {
            provider: provider(url)?,
            second: second.map(provider).transpose()?,
        })
    }

    /// The first endpoint alone: what is sent goes there, and what is asked of it is not evidence.
    pub(crate) const fn provider(&self) -> &Provider {
        &self.provider
    }

    /// The second and independent one.
    pub(crate) const fn second(&self) -> Option<&Provider> {
        self.second.as_ref()
    }

    /// The answer on which all endpoints agree.
    async fn agreed<T, F>(
        &self,
        what: &'static str,
        ask: impl Fn(Provider) -> F,
    ) -> Result<T, ChainError>
    where
        T: PartialEq,
        F: Future<Output = Result<T, ChainError>>,
    {
        let Some(second) = &self.second else {
            return ask(self.provider.clone()).await;
        };
        let (one, other) = tokio::try_join!(ask(self.provider.clone()), ask(second.clone()))?;
        (one == other)
            .then_some(one)
            .ok_or(ChainError::EndpointsDisagree { what })
    }

    pub(crate) async fn chain_id(&self) -> Result<u64, ChainError> {
        let ask = async |node: Provider| node.get_chain_id().await.map_err(unusable);
        self.agreed("the chain's id", ask).await
    }

    /// The newest block of the endpoint that is behind. They need not agree on it: newest blocks are often replaced. What is
    /// read is read at a final one.
    pub(crate) async fn head(&self) -> Result<Block, ChainError> {
        let newest = newest_of(&self.provider).await?;
        let Some(second) = &self.second else {
            return Ok(newest);
        };
        let other = newest_of(second).await?;
        Ok(if other.number < newest.number {
            other
        } else {
            newest
        })
    }

    /// The block of a number; nothing when the chain has none there.
    pub(crate) async fn block(&self, number: u64) -> Result<Option<Block>, ChainError> {
        let number = BlockNumberOrTag::Number(number);
        let ask = async |node: Provider| block_of(&node, number).await;
        self.agreed("a block", ask).await
    }

    pub(crate) async fn code(&self, of: Address, at: u64) -> Result<Bytes, ChainError> {
        let ask = async |node: Provider| {
            let code = node.get_code_at(of).block_id(BlockId::number(at)).await;
            code.map_err(unusable)
        };
        self.agreed("a contract's code", ask).await
    }

    pub(crate) async fn logs(&self, filter: &Filter) -> Result<Vec<Log>, ChainError> {
        let ask = async |node: Provider| {
            let logs = node.get_logs(filter).await.map_err(unusable)?;
            Ok(logs.into_iter().map(as_all_tell_it).collect())
        };
        self.agreed("events", ask).await
    }

    /// The bytes that a contract's function returns at a block, asked by nobody in particular; nothing when it reverts.
    pub(crate) async fn call(
        &self,
        to: Address,
        input: Vec<u8>,
        at: u64,
    ) -> Result<Option<Bytes>, ChainError> {
        let request = TransactionRequest::default().with_to(to).with_input(input);
        let ask = async |node: Provider| called(&node, request.clone(), at).await;
        self.agreed("what a contract returns", ask).await
    }

    /// The same as if `from` had sent it, asked of the first endpoint alone: what is only tried out is not evidence.
    pub(crate) async fn call_as(
        &self,
        from: Address,
        to: Address,
        input: Vec<u8>,
        at: u64,
    ) -> Result<Option<Bytes>, ChainError> {
        let mut request = TransactionRequest::default().with_to(to).with_input(input);
        request.from = Some(from);
        called(&self.provider, request, at).await
    }

    /// What a contract's view function returns at a block.
    pub(crate) async fn view<C: SolCall>(
        &self,
        to: Address,
        call: C,
        at: u64,
    ) -> Result<C::Return, ChainError> {
        let malformed = ChainError::Malformed { what: C::SIGNATURE };
        match self.call(to, call.abi_encode(), at).await? {
            Some(answer) => C::abi_decode_returns(&answer).map_err(|_| malformed),
            None => Err(malformed),
        }
    }
}

fn provider(url: &Url) -> Result<Provider, ChainError> {
    let http = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(ANSWER_TIMEOUT)
        .build()
        .map_err(|_| ChainError::Unreachable {
            cause: Outage::NoConnection,
        })?;
    let transport = Http::with_client(http, url.clone());
    let local = transport.guess_local();
    Ok(RootProvider::new(RpcClient::new(transport, local)))
}

async fn newest_of(node: &Provider) -> Result<Block, ChainError> {
    let newest = block_of(node, BlockNumberOrTag::Latest).await?;
    newest.ok_or(ChainError::Malformed {
        what: "no newest block",
    })
}

async fn block_of(node: &Provider, number: BlockNumberOrTag) -> Result<Option<Block>, ChainError> {
    let block = node.get_block_by_number(number).await.map_err(unusable)?;
    Ok(block.map(|block| Block {
        number: block.header.number,
        hash: block.header.hash,
        timestamp: block.header.timestamp,
    }))
}

async fn called(
    node: &Provider,
    request: TransactionRequest,
    at: u64,
) -> Result<Option<Bytes>, ChainError> {
    match node.call(request).block(BlockId::number(at)).await {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if is_revert(&error) => Ok(None),
        Err(error) => Err(unusable(error)),
    }
}

/// Some nodes add the block's time to a log, others don't.
fn as_all_tell_it(log: Log) -> Log {
    Log {
        block_timestamp: None,
        ..log
    }
}

/// Whether the contract itself refused, which no other endpoint would change.
fn is_revert(error: &TransportError) -> bool {
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
