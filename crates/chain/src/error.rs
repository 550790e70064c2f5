//! Why the chain gave no answer that can be used. The texts are fit for a page: none carries what a node said.

use std::fmt;

use record::ids::Uid;

/// No usable answer. Never a breach: what can not be read can not be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// No endpoint, no answer, or one that is no answer.
    #[error("the chain is out of reach: {cause}")]
    Unreachable {
        /// What was seen of it.
        cause: Outage,
    },
    /// The endpoint serves another chain, or our contracts are not on it.
    #[error("this is not the pinned chain: {what} differs")]
    WrongChain {
        /// Which pin does not hold.
        what: Pin,
    },
    /// The chain ends before a block that was final earlier (or that the deployment names).
    #[error("the chain is behind: block {seen} was seen, it ends at {head}")]
    Behind {
        /// The block that should be there, at depth.
        seen: u64,
        /// Where the chain ends.
        head: u64,
    },
    /// The newest master-data and the storage layer tell different things of a record. The storage layer is right; somebody has to look.
    #[error("master-data and storage layer disagree about record {uid}")]
    Disagreement {
        /// The first record at fault.
        uid: Uid,
    },
    /// Two independent endpoints tell different things: one of them lies, or is broken.
    #[error("the two endpoints disagree about {what}")]
    EndpointsDisagree {
        /// What they were asked for.
        what: &'static str,
    },
    /// An answer that does not follow the contracts' rules.
    #[error("the chain's answer makes no sense: {what}")]
    Malformed {
        /// Which one.
        what: &'static str,
    },
}

/// How an endpoint failed, without its address: that may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// Nobody listens there.
    NoConnection,
    /// No answer in time.
    TimedOut,
    /// An HTTP status that is not success.
    Status(u16),
    /// The node answered with a JSON-RPC error of this code.
    Refused(i64),
    /// The answer was no JSON-RPC.
    NoAnswer,
}

/// A pin that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pin {
    /// The chain's id.
    ChainId,
    /// The code of the storage layer.
    StorageCode,
    /// The relay has no code, or belongs to another storage layer.
    Relay,
    /// The block of the deployment.
    DeploymentBlock,
    /// A block that was final earlier.
    History,
}

impl fmt::Display for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoConnection => f.write_str("no connection"),
            Self::TimedOut => f.write_str("no answer in time"),
            Self::Status(status) => write!(f, "HTTP status {status}"),
            Self::Refused(code) => write!(f, "the node refused (code {code})"),
            Self::NoAnswer => f.write_str("an answer that is none"),
        }
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ChainId => "its id",
            Self::StorageCode => "the storage layer's code",
            Self::Relay => "the relay",
            Self::DeploymentBlock => "the block of the deployment",
            Self::History => "a block that was final",
        })
    }
}

impl ChainError {
    /// A short name for tables and metrics.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "chain_unreachable",
            Self::WrongChain { .. } => "wrong_chain",
            Self::Behind { .. } => "chain_behind",
            Self::Disagreement { .. } => "chain_disagreement",
            Self::EndpointsDisagree { .. } => "endpoints_disagree",
            Self::Malformed { .. } => "chain_malformed",
        }
    }
}
