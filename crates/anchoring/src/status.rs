//! What pages show of the anchoring job.

use chain::ChainError;
use record::time::UnixMillis;

/// How anchoring stands, as this process sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnchoringStatus {
    /// Whether this process does the work; another one may.
    pub leading: bool,
    /// Jobs without a plan.
    pub queued: u64,
    /// Jobs with a plan that is not final.
    pub in_flight: u64,
    /// Jobs that were rejected and that nobody has looked after yet.
    pub rejected: u64,
    /// What our account held when the chain was last looked at, in wei.
    pub balance: Option<u128>,
    /// What keeps the work from going on. Nothing is lost meanwhile.
    pub problem: Option<Problem>,
    /// When this was true.
    pub checked_at: Option<UnixMillis>,
}

/// What keeps the work from going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// No endpoint, or no answer from it.
    ChainOutOfReach,
    /// The endpoint serves another chain.
    WrongChain,
    /// The chain is behind what was seen of it.
    ChainBehind,
    /// The chain's answers can not be right.
    ChainMakesNoSense,
    /// The authority has not appointed our account, or has removed it.
    NotController,
    /// The authority has stopped all writing.
    Paused,
    /// The account can not pay.
    NoFunds,
    /// The chain asks for more than the highest fee allowed.
    FeesAboveCap,
    /// A transaction was reverted or the account used by somebody else; what is in flight runs its course first.
    OutOfOrder,
    /// The contract would refuse the next proof.
    ContractRefuses,
    /// Transactions of another key are in flight: the key was changed too early.
    OtherKeyInFlight,
    /// The node refuses our transactions.
    NodeRefuses,
    /// The main database is out of reach.
    DatabaseOutOfReach,
    /// A backup database is out of reach: anchored records wait for their copies.
    BackupOutOfReach,
    /// A row was planted or altered. It is passed over.
    RowTampered,
    /// The node can not tell what a contract wallet answered at the block of its signature. Its record is passed over.
    WalletUnchecked,
}

impl Problem {
    /// Every one.
    pub const ALL: [Self; 16] = [
        Self::ChainOutOfReach,
        Self::WrongChain,
        Self::ChainBehind,
        Self::ChainMakesNoSense,
        Self::NotController,
        Self::Paused,
        Self::NoFunds,
        Self::FeesAboveCap,
        Self::OutOfOrder,
        Self::ContractRefuses,
        Self::OtherKeyInFlight,
        Self::NodeRefuses,
        Self::DatabaseOutOfReach,
        Self::BackupOutOfReach,
        Self::RowTampered,
        Self::WalletUnchecked,
    ];

    /// In words for staff.
    pub const fn text(self) -> &'static str {
        match self {
            Self::ChainOutOfReach => {
                "The chain is out of reach. Anchoring goes on by itself once it is back."
            }
            Self::WrongChain => "The endpoint serves another chain than the pinned one.",
            Self::ChainBehind => "The chain is behind what was seen of it.",
            Self::ChainMakesNoSense => "The chain gives answers that can not be right.",
            Self::NotController => {
                "Our account does not hold the controller role: the authority has to appoint it."
            }
            Self::Paused => "The authority has paused all writing.",
            Self::NoFunds => {
                "Our account can not pay for transactions: the authority has to fund it."
            }
            Self::FeesAboveCap => {
                "The chain asks for higher fees than are allowed. Anchoring goes on once they fall."
            }
            Self::OutOfOrder => {
                "A transaction failed or the account was used elsewhere. What is under way ends first."
            }
            Self::ContractRefuses => "The contract would refuse the next proof.",
            Self::OtherKeyInFlight => "Transactions of another controller key are still under way.",
            Self::NodeRefuses => "The node refuses our transactions.",
            Self::DatabaseOutOfReach => "The database is out of reach.",
            Self::BackupOutOfReach => {
                "A backup database is out of reach: anchored records wait for their copies."
            }
            Self::RowTampered => "A row was planted or altered. It is passed over.",
            Self::WalletUnchecked => {
                "The node can not tell what a contract wallet answered when its owner signed: it keeps no state that old, or lags behind. The record waits."
            }
        }
    }

    /// A short name for logs and metrics.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ChainOutOfReach => "chain_out_of_reach",
            Self::WrongChain => "wrong_chain",
            Self::ChainBehind => "chain_behind",
            Self::ChainMakesNoSense => "chain_makes_no_sense",
            Self::NotController => "not_controller",
            Self::Paused => "paused",
            Self::NoFunds => "no_funds",
            Self::FeesAboveCap => "fees_above_cap",
            Self::OutOfOrder => "out_of_order",
            Self::ContractRefuses => "contract_refuses",
            Self::OtherKeyInFlight => "other_key_in_flight",
            Self::NodeRefuses => "node_refuses",
            Self::DatabaseOutOfReach => "database_out_of_reach",
            Self::BackupOutOfReach => "backup_out_of_reach",
            Self::RowTampered => "row_tampered",
            Self::WalletUnchecked => "wallet_unchecked",
        }
    }
}

impl From<&ChainError> for Problem {
    fn from(error: &ChainError) -> Self {
        match error {
            ChainError::Unreachable { .. } => Self::ChainOutOfReach,
            ChainError::WrongChain { .. } => Self::WrongChain,
            ChainError::Behind { .. } => Self::ChainBehind,
            ChainError::Disagreement { .. }
            | ChainError::EndpointsDisagree { .. }
            | ChainError::Malformed { .. } => Self::ChainMakesNoSense,
        }
    }
}
