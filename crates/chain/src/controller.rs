//! The controller's account: its key, its standing on the chain, and what it sends.

use std::{path::Path, sync::Arc};

use alloy::{
    consensus::TxEip1559,
    eips::{BlockId, eip2930::AccessList},
    primitives::{Bytes, TxKind, U256, keccak256},
    providers::Provider as _,
    signers::local::PrivateKeySigner,
};
use record::{Address, B256};

use crate::{
    Block, ChainError, ChainReader, ControllerKey, FeeError, Fees, KeyFileError, SendOutcome,
    SignedTransaction, TransactionError, call::MasterDataCall, contracts::ISecurityLayer,
    endpoint::unusable, pins, sending, transaction,
};

/// Enough for either call of this master-data (at most 85,000) and of a dearer later one. What is not used is not paid.
const GAS_LIMIT: u64 = 150_000;
/// A transfer without data.
const TRANSFER_GAS: u64 = 21_000;

/// Signs and sends with the controller's key. Cheap to clone; shows nothing of the key.
#[derive(Clone)]
pub struct Controller {
    reader: ChainReader,
    signer: Arc<PrivateKeySigner>,
    fee_cap: u128,
}

/// What the controller's account may and can do, at a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// It holds the controller role.
    pub is_controller: bool,
    /// The authority has stopped all writing.
    pub paused: bool,
    /// How many of its transactions are in blocks: the next one's nonce.
    pub nonce: u64,
    /// Wei.
    pub balance: u128,
}

/// That a transaction is in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// It did what it should; otherwise it was reverted and did nothing.
    pub succeeded: bool,
    /// The block's number.
    pub block: u64,
    /// The block's hash.
    pub block_hash: B256,
}

impl Controller {
    /// `fee_cap` is the most that a unit of gas may cost, in wei.
    pub fn new(reader: ChainReader, key: ControllerKey, fee_cap: u128) -> Self {
        Self {
            reader,
            signer: key.0,
            fee_cap,
        }
    }

    /// The same with the key of a file.
    pub fn load(reader: ChainReader, key_file: &Path, fee_cap: u128) -> Result<Self, KeyFileError> {
        Ok(Self::new(reader, ControllerKey::load(key_file)?, fee_cap))
    }

    /// The account.
    pub fn address(&self) -> Address {
        self.signer.address()
    }

    /// The reader it looks through.
    pub const fn reader(&self) -> &ChainReader {
        &self.reader
    }

    /// Role, pause, nonce and balance at a block.
    pub async fn standing(&self, at: &Block) -> Result<Standing, ChainError> {
        let storage = self.reader.deployment().storage_layer;
        let endpoint = &self.reader.endpoint;
        let role = keccak256("CONTROLLER_ROLE");
        let holds = ISecurityLayer::hasRoleCall {
            role,
            account: self.address(),
        };
        let balance = async {
            let at = BlockId::number(at.number);
            let balance = endpoint
                .provider()
                .get_balance(self.address())
                .block_id(at)
                .await;
            balance.map_err(unusable)
        };
        let (is_controller, paused, nonce, balance) = tokio::try_join!(
            endpoint.view(storage, holds, at.number),
            endpoint.view(storage, ISecurityLayer::pausedCall {}, at.number),
            self.nonce(at),
            balance,
        )?;
        // An account with more than 2^128 wei is rich enough.
        let balance = u128::try_from(balance).unwrap_or(u128::MAX);
        Ok(Standing {
            is_controller,
            paused,
            nonce,
            balance,
        })
    }

    /// How many of the account's transactions are in blocks up to this one.
    pub async fn nonce(&self, at: &Block) -> Result<u64, ChainError> {
        let at = BlockId::number(at.number);
        let provider = self.reader.endpoint.provider();
        provider
            .get_transaction_count(self.address())
            .block_id(at)
            .await
            .map_err(unusable)
    }

    /// What a transaction should pay now.
    pub async fn fees(&self) -> Result<Result<Fees, FeeError>, ChainError> {
        let provider = self.reader.endpoint.provider();
        let base_fee = pins::base_fee(&self.reader.endpoint).await?;
        let priority = provider
            .get_max_priority_fee_per_gas()
            .await
            .map_err(unusable)?;
        Ok(Fees::suggested(base_fee, priority, self.fee_cap))
    }

    /// What one anchoring may cost at these fees, in wei.
    pub const fn highest_cost(&self, fees: Fees) -> u128 {
        fees.max_fee_per_gas.saturating_mul(GAS_LIMIT as u128)
    }

    /// Signs a call of the master-data that the relay names; sends nothing.
    pub fn sign_call(
        &self,
        master_data: Address,
        nonce: u64,
        call: &MasterDataCall,
        fees: Fees,
    ) -> Result<SignedTransaction, TransactionError> {
        let input = call.abi_encode().into();
        self.sign(nonce, master_data, input, GAS_LIMIT, fees)
    }

    /// Tries a call out at a block, without sending: whether the contracts would take it there.
    pub async fn would_be_taken(
        &self,
        master_data: Address,
        call: &MasterDataCall,
        at: &Block,
    ) -> Result<bool, ChainError> {
        let (endpoint, input) = (&self.reader.endpoint, call.abi_encode());
        let returned = endpoint.call_as(self.address(), master_data, input, at.number);
        Ok(returned.await?.is_some())
    }

    /// Signs a transfer of nothing to ourselves: it uses up a nonce that nobody else will.
    pub fn sign_empty(
        &self,
        nonce: u64,
        fees: Fees,
    ) -> Result<SignedTransaction, TransactionError> {
        self.sign(nonce, self.address(), Bytes::new(), TRANSFER_GAS, fees)
    }

    /// Signs a replacement of a transaction of ours: the same nonce, receiver and content, at fees that nodes take for it.
    pub fn sign_replacement(
        &self,
        raw: &[u8],
        now: Fees,
    ) -> Result<Result<SignedTransaction, FeeError>, TransactionError> {
        let replaced = self.open(raw)?;
        let fees = match transaction::fees(&replaced).replacement(now, self.fee_cap) {
            Ok(fees) => fees,
            Err(error) => return Ok(Err(error)),
        };
        let replacement = TxEip1559 {
            max_fee_per_gas: fees.max_fee_per_gas,
            max_priority_fee_per_gas: fees.max_priority_fee_per_gas,
            ..replaced
        };
        transaction::sign(replacement, &self.signer).map(Ok)
    }

    /// Whether these bytes are a transaction of this key on this chain.
    pub fn check_own(&self, raw: &[u8]) -> Result<(), TransactionError> {
        self.open(raw).map(drop)
    }

    /// Gives a node the bytes of a transaction; harmless to repeat.
    pub async fn send(&self, raw: &[u8]) -> Result<SendOutcome, ChainError> {
        sending::send(&self.reader.endpoint, raw).await
    }

    /// The receipt of a transaction, when it is in a block.
    pub async fn receipt(&self, hash: B256) -> Result<Option<Receipt>, ChainError> {
        let provider = self.reader.endpoint.provider();
        let receipt = provider
            .get_transaction_receipt(hash)
            .await
            .map_err(unusable)?;
        let Some(receipt) = receipt else {
            return Ok(None);
        };
        // Some nodes give receipts of blocks that are not there yet.
        let (Some(block), Some(block_hash)) = (receipt.block_number, receipt.block_hash) else {
            return Ok(None);
        };
        Ok(Some(Receipt {
            succeeded: receipt.status(),
            block,
            block_hash,
        }))
    }

    /// Whether the node has the transaction, in its pool or in a block.
    pub async fn is_known(&self, hash: B256) -> Result<bool, ChainError> {
        let provider = self.reader.endpoint.provider();
        let known = provider
            .get_transaction_by_hash(hash)
            .await
            .map_err(unusable)?;
        Ok(known.is_some())
    }

    fn sign(
        &self,
        nonce: u64,
        to: Address,
        input: Bytes,
        gas_limit: u64,
        fees: Fees,
    ) -> Result<SignedTransaction, TransactionError> {
        let transaction = TxEip1559 {
            chain_id: self.reader.deployment().chain_id,
            nonce,
            gas_limit,
            max_fee_per_gas: fees.max_fee_per_gas,
            max_priority_fee_per_gas: fees.max_priority_fee_per_gas,
            to: TxKind::Call(to),
            value: U256::ZERO,
            access_list: AccessList::default(),
            input,
        };
        transaction::sign(transaction, &self.signer)
    }

    fn open(&self, raw: &[u8]) -> Result<TxEip1559, TransactionError> {
        transaction::open(raw, self.address(), self.reader.deployment().chain_id)
    }
}
