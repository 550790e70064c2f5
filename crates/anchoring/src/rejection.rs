//! Why a job is rejected: what is stored is not what the owner signed.

use record::consent::TermsProblem;

/// Why nothing may be anchored for a job. The code stands in the job's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The record, its version or its key is gone.
    RowMissing,
    /// A cell is missing, moved, or sealed by another key; the row of the record or of its consent does not carry our MAC; or a
    /// column holds what we never write.
    RowUnreadable,
    /// The record is not in the state `approved`.
    NotApproved,
    /// No signature is stored.
    ConsentMissing,
    /// The message is for another record or version, or follows another proof.
    ConsentMismatch,
    /// The signature is not the wallet's over these details.
    ConsentInvalid,
    /// The chain's time lies outside the time that the owner agreed to.
    ConsentExpired,
    /// The message's nonce is not the one that its row is filed under.
    NonceReused,
    /// The job has had more plans than its row tells: somebody put an older row back.
    RolledBack,
    /// The record was retired on the chain.
    Retired,
    /// The wallet is not the one that signed the version before, and the authority has not ordered that.
    WalletChanged,
    /// Nobody who may has signed for the erasure.
    NotRequested,
}

impl Rejection {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::RowMissing,
        Self::RowUnreadable,
        Self::NotApproved,
        Self::ConsentMissing,
        Self::ConsentMismatch,
        Self::ConsentInvalid,
        Self::ConsentExpired,
        Self::NonceReused,
        Self::RolledBack,
        Self::Retired,
        Self::WalletChanged,
        Self::NotRequested,
    ];

    /// As it stands in `anchoring_jobs.problem`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::RowMissing => "row_missing",
            Self::RowUnreadable => "row_unreadable",
            Self::NotApproved => "not_approved",
            Self::ConsentMissing => "consent_missing",
            Self::ConsentMismatch => "consent_mismatch",
            Self::ConsentInvalid => "consent_invalid",
            Self::ConsentExpired => "consent_expired",
            Self::NonceReused => "nonce_reused",
            Self::RolledBack => "rolled_back",
            Self::Retired => "retired",
            Self::WalletChanged => "wallet_changed",
            Self::NotRequested => "not_requested",
        }
    }

    /// From a job's row.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|rejection| rejection.code() == code)
    }

    /// In words for staff.
    pub const fn text(self) -> &'static str {
        match self {
            Self::RowMissing => "Part of the record is missing.",
            Self::RowUnreadable => "Part of the record was altered behind our back.",
            Self::NotApproved => "The record was not approved any more when its turn came.",
            Self::ConsentMissing => "The owner's signature is missing.",
            Self::ConsentMismatch => "The owner signed for another record or version.",
            Self::ConsentInvalid => "The details are not those that the owner signed.",
            Self::ConsentExpired => "The time in which the owner agreed to the entry has passed.",
            Self::NonceReused => "The owner's signature was moved here from another record.",
            Self::RolledBack => "The job was put back to an older state behind our back.",
            Self::Retired => "The record was retired.",
            Self::WalletChanged => {
                "The wallet is not the one that signed the version before, and no order of the authority holds that lets it."
            }
            Self::NotRequested => "Nobody who may has signed for the erasure.",
        }
    }
}

impl From<TermsProblem> for Rejection {
    fn from(problem: TermsProblem) -> Self {
        match problem {
            TermsProblem::Version | TermsProblem::Uid | TermsProblem::PreviousProof => {
                Self::ConsentMismatch
            }
            TermsProblem::Time => Self::ConsentExpired,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_back() {
        for rejection in Rejection::ALL {
            assert_eq!(Rejection::from_code(rejection.code()), Some(rejection));
        }
        assert_eq!(Rejection::from_code("reverted"), None);
    }
}
