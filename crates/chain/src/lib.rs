//! The chain, as Sealwatch reads and writes it. No database, no personal data.
//!
//! [`ChainReader`] answers what stands on the chain at a final block, and only while the chain is the pinned one. [`Controller`]
//! signs and sends `addRecordProof` with the controller's key. `docs/ANCHORING.md` tells how the two are used together.

mod authority;
mod block;
mod call;
mod contracts;
mod controller;
mod deployment;
mod endpoint;
mod error;
mod events;
mod fees;
mod key_file;
mod pins;
mod reader;
mod records;
mod sending;
mod stored;
mod transaction;
mod wallets;

pub use block::{Block, SeenBlock};
pub use call::MasterDataCall;
pub use controller::{Controller, Receipt, Standing};
pub use deployment::{Deployment, DeploymentError};
pub use error::{ChainError, Outage, Pin};
pub use fees::{FeeError, Fees};
pub use key_file::{ControllerKey, KeyFileError};
pub use reader::{Anchored, ChainReader};
pub use records::{MAX_PAGE, OnChainRecord, OnChainVersion, Retirement, RetirementReason};
pub use sending::SendOutcome;
pub use transaction::{SignedTransaction, TransactionError};
pub use wallets::{WalletAnswer, WalletQuestion};
