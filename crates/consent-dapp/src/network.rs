//! The chain, as the page and the owner's wallet are told of it.

use record::Address;

/// Where records are anchored.
#[derive(Clone, Debug)]
pub struct Network {
    /// EIP-155.
    pub chain_id: u64,
    /// The contract that signatures are made out to.
    pub relay: Address,
    /// What wallets call it.
    pub name: String,
    /// Its currency's symbol.
    pub currency: String,
    /// An endpoint for wallets that don't know the chain; empty where there is none.
    pub public_rpc: String,
}
