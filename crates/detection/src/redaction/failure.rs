//! Why values could not be destroyed.

use crate::obstacle::Hindrance;

/// Why nothing was destroyed, and has to be tried again.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Hindered(#[from] Hindrance),
    /// Were the newest version tampered with now, nothing could bring it back.
    #[error("the backup has no whole copy of the version that replaced it")]
    NotBackedUp,
    /// What would stay does not verify.
    #[error("what would stay of the version does not give the chain's word")]
    WouldNotHold,
    /// The receipt of an erasure stands in the transaction that destroys.
    #[error(transparent)]
    Mail(#[from] notification::EnqueueError),
}

impl From<database::RowError> for Failure {
    fn from(error: database::RowError) -> Self {
        Self::Hindered(error.into())
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Hindered(error.into())
    }
}

impl Failure {
    pub const fn has_an_alarm_of_its_own(&self) -> bool {
        matches!(
            self,
            Self::Hindered(Hindrance::Chain(_) | Hindrance::WrongKeys | Hindrance::Forgotten)
        )
    }
}
