//! Asking contract wallets whether a signature is theirs (ERC-1271), each at its own block. docs/CONTRACT_WALLETS.md argues how.

use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    network::TransactionBuilder as _,
    primitives::{Bytes, TxKind, U256},
    providers::Provider as _,
    rpc::{
        client::{BatchRequest, Waiter},
        json_rpc::RpcRecv,
        types::{Block, TransactionRequest},
    },
    sol_types::SolCall as _,
    transports::TransportError,
};
use futures::{StreamExt as _, TryStreamExt as _};
use record::{Address, B256};

use crate::{
    ChainError, ChainReader, Outage,
    contracts::IERC1271,
    endpoint::{Provider, unusable},
};

/// What a wallet may spend on its answer. One that checks the passkeys of several owners spends some hundred thousand.
const WALLET_GAS: u32 = 3_000_000;
/// The same with what it costs to put the longest signature before it. A fixed number: the answer must be the same for ever.
const CALL_GAS: u64 = 4_500_000;
/// So many questions go into one request.
const AT_ONCE: usize = 16;
/// So many requests are under way at a time.
const CONCURRENT: usize = 4;
/// Of the code that asks, without the question.
const CODE_LENGTH: u8 = 63;

/// What is asked of a contract wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletQuestion {
    /// The wallet.
    pub wallet: Address,
    /// What was signed.
    pub digest: B256,
    /// The signature as it was given.
    pub signature: Vec<u8>,
    /// The block to ask at.
    pub at: u64,
}

/// What it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WalletAnswer {
    /// It calls the signature valid, at a block of this time.
    Accepts {
        /// Unix seconds.
        block_time: u64,
    },
    /// It does not, or there is no contract, or it does not come to an answer.
    Refuses,
    /// The node can't tell: it keeps no state of that block.
    NotTold,
}

impl ChainReader {
    /// What contract wallets answer, in the order of the questions. With two endpoints both have to tell the same.
    pub async fn ask_wallets(
        &self,
        questions: &[WalletQuestion],
    ) -> Result<Vec<WalletAnswer>, ChainError> {
        let one = told(self.endpoint.provider(), questions);
        let Some(second) = self.endpoint.second() else {
            return one.await;
        };
        let (one, other) = tokio::try_join!(one, told(second, questions))?;
        Ok(one.into_iter().zip(other).map(agreed).collect())
    }

    /// Whether there is a contract, or what a plain account has its calls delegated to (EIP-7702), at a block.
    pub async fn has_code(&self, account: Address, at: u64) -> Result<bool, ChainError> {
        Ok(!self.endpoint.code(account, at).await?.is_empty())
    }
}

/// Nodes of different make may run a contract differently, if it looks at what a call leaves open: one such wallet must not keep
/// anybody from looking at all other records.
fn agreed((one, other): (WalletAnswer, WalletAnswer)) -> WalletAnswer {
    match one == other {
        true => one,
        false => WalletAnswer::NotTold,
    }
}

/// What one endpoint tells, by as few requests as there need be: each wallet is asked at a block of its own, so that no contract could
/// gather the questions.
async fn told(
    node: &Provider,
    questions: &[WalletQuestion],
) -> Result<Vec<WalletAnswer>, ChainError> {
    let mut requests = Vec::new();
    for some in questions.chunks(AT_ONCE) {
        requests.push(batch(node, some));
    }
    let answers: Vec<Vec<WalletAnswer>> = futures::stream::iter(requests)
        .buffered(CONCURRENT)
        .try_collect()
        .await?;
    Ok(answers.concat())
}

async fn batch(
    node: &Provider,
    questions: &[WalletQuestion],
) -> Result<Vec<WalletAnswer>, ChainError> {
    let mut batch = BatchRequest::new(node.client());
    let mut waiting: Vec<(Waiter<Option<Block>>, Waiter<Bytes>)> = Vec::new();
    for question in questions {
        let number = BlockNumberOrTag::Number(question.at);
        let block = batch.add_call("eth_getBlockByNumber", &(number, false));
        let call = batch.add_call("eth_call", &(asking(question), BlockId::from(number)));
        waiting.push((block.map_err(unusable)?, call.map_err(unusable)?));
    }
    if let Err(error) = batch.send().await {
        return known(Err::<(), _>(error)).map(|_| vec![WalletAnswer::NotTold; questions.len()]);
    }
    let mut answers = Vec::with_capacity(waiting.len());
    for (block, call) in waiting {
        answers.push(
            match (answer(block).await?.flatten(), answer(call).await?) {
                (Some(block), Some(said)) => match word(&said) {
                    Some(U256::ONE) => WalletAnswer::Accepts {
                        block_time: block.header.timestamp,
                    },
                    Some(U256::ZERO) => WalletAnswer::Refuses,
                    _ => WalletAnswer::NotTold,
                },
                _ => WalletAnswer::NotTold,
            },
        );
    }
    Ok(answers)
}

fn word(said: &Bytes) -> Option<U256> {
    let word: [u8; 32] = said.as_ref().try_into().ok()?;
    Some(U256::from_be_bytes(word))
}

async fn answer<T: RpcRecv>(waiting: Waiter<T>) -> Result<Option<T>, ChainError> {
    known(waiting.await)
}

/// None where a node that is there does not answer this.
fn known<T>(told: Result<T, TransportError>) -> Result<Option<T>, ChainError> {
    match told.map_err(unusable) {
        Ok(answer) => Ok(Some(answer)),
        Err(
            ChainError::Unreachable {
                cause: Outage::Refused(_),
            }
            | ChainError::Malformed { .. },
        ) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A call that gives one word: 1 if the wallet calls the signature valid, else 0. It is code that is run and stored nowhere, with the
/// question behind it. The wallet spends at most [`WALLET_GAS`] in it, of its answer one word is looked at, and whatever it does the
/// call comes to its end: an error can only be the node's.
fn asking(question: &WalletQuestion) -> TransactionRequest {
    let mut call = TransactionRequest::default()
        .with_input(asking_code(question))
        .with_gas_limit(CALL_GAS);
    call.to = Some(TxKind::Create);
    call
}

fn asking_code(question: &WalletQuestion) -> Vec<u8> {
    let asked = IERC1271::isValidSignatureCall {
        hash: question.digest,
        signature: Bytes::copy_from_slice(&question.signature),
    }
    .abi_encode();
    let length = u16::try_from(asked.len())
        .expect("at most MAX_CONTRACT_SIGNATURE")
        .to_be_bytes();
    let gas = &WALLET_GAS.to_be_bytes()[1..];
    #[rustfmt::skip]
    let code: [&[u8]; 13] = [
        // memory[0..length] = what stands behind this code
        &[0x61], &length, &[0x60, CODE_LENGTH, 0x5f, 0x39],
        // staticcall(gas, wallet, 0, length, 0, 32): did it succeed?
        &[0x60, 32, 0x5f, 0x61], &length, &[0x5f, 0x73], question.wallet.as_slice(), &[0x62], gas, &[0xfa],
        // And is its answer a word at least?
        &[0x3d, 0x60, 31, 0x10, 0x16],
        // And is that word the magic value of ERC-1271 with zeros behind it?
        &[0x5f, 0x51, 0x63, 0x16, 0x26, 0xba, 0x7e, 0x60, 224, 0x1b, 0x14, 0x16],
        // return(0, 32) of that
        &[0x5f, 0x52, 0x60, 32, 0x5f, 0xf3],
    ];
    [code.concat(), asked].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_endpoints_have_to_say_the_same() {
        let (yes, no) = (
            WalletAnswer::Accepts { block_time: 7 },
            WalletAnswer::Refuses,
        );
        assert_eq!(agreed((yes, yes)), yes);
        assert_eq!(agreed((no, no)), no);
        let other_time = WalletAnswer::Accepts { block_time: 8 };
        for told in [(yes, no), (no, yes), (yes, other_time)] {
            assert_eq!(agreed(told), WalletAnswer::NotTold);
        }
        for one in [yes, no] {
            assert_eq!(agreed((one, WalletAnswer::NotTold)), WalletAnswer::NotTold);
            assert_eq!(agreed((WalletAnswer::NotTold, one)), WalletAnswer::NotTold);
        }
    }
}
