//! Signed transactions as bytes: made, and made again at a higher fee with the same content.

use alloy::{
    consensus::{SignableTransaction as _, Signed, TxEip1559, TxEnvelope},
    eips::eip2718::{Decodable2718 as _, Encodable2718 as _},
    network::TxSignerSync as _,
    primitives::{Address, B256},
    signers::local::PrivateKeySigner,
};

use crate::Fees;

/// A transaction that a node takes as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedTransaction {
    /// Its hash.
    pub hash: B256,
    /// The sender's nonce in it.
    pub nonce: u64,
    /// What is sent.
    pub raw: Vec<u8>,
}

impl SignedTransaction {
    /// The account that signed these bytes, ours or another.
    pub fn sender_of(raw: &[u8]) -> Result<Address, TransactionError> {
        signer(&decode(raw)?)
    }
}

/// Bytes that are not a transaction of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransactionError {
    /// Not an EIP-1559 transaction.
    #[error("the stored transaction is malformed")]
    Malformed,
    /// Signed by another key, or for another chain.
    #[error("the stored transaction is of another key or chain")]
    Foreign,
    /// The key could not sign.
    #[error("the transaction can not be signed")]
    Unsigned,
}

pub(crate) fn sign(
    mut transaction: TxEip1559,
    signer: &PrivateKeySigner,
) -> Result<SignedTransaction, TransactionError> {
    let signature = signer
        .sign_transaction_sync(&mut transaction)
        .map_err(|_| TransactionError::Unsigned)?;
    let nonce = transaction.nonce;
    let envelope = TxEnvelope::from(transaction.into_signed(signature));
    Ok(SignedTransaction {
        hash: *envelope.tx_hash(),
        nonce,
        raw: envelope.encoded_2718(),
    })
}

/// A stored transaction, if it is of this sender and chain.
pub(crate) fn open(
    raw: &[u8],
    sender: Address,
    chain_id: u64,
) -> Result<TxEip1559, TransactionError> {
    let signed = decode(raw)?;
    if signer(&signed)? != sender || signed.tx().chain_id != chain_id {
        return Err(TransactionError::Foreign);
    }
    Ok(signed.strip_signature())
}

fn decode(raw: &[u8]) -> Result<Signed<TxEip1559>, TransactionError> {
    match TxEnvelope::decode_2718_exact(raw) {
        Ok(TxEnvelope::Eip1559(signed)) => Ok(signed),
        _ => Err(TransactionError::Malformed),
    }
}

fn signer(signed: &Signed<TxEip1559>) -> Result<Address, TransactionError> {
    signed
        .signature()
        .recover_address_from_prehash(&signed.signature_hash())
        .map_err(|_| TransactionError::Foreign)
}

pub(crate) const fn fees(transaction: &TxEip1559) -> Fees {
    Fees {
        max_fee_per_gas: transaction.max_fee_per_gas,
        max_priority_fee_per_gas: transaction.max_priority_fee_per_gas,
    }
}
