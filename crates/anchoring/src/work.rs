//! What the work is done with, and the fence around what it writes.

use chain::{ChainError, ChainReader, Controller, TransactionError};
use database::{
    MySqlConnection, MySqlPool, RowError,
    anchoring_jobs::{self, AnchoringJob},
    leases::{self, Lease},
    record_events::{self, Actor, RecordEventKind},
};
use keyring::{ApplicationKeys, FrontKeys};
use record::{
    ids::RecordId,
    time::{Clock, UnixMillis},
};
use sqlx::{MySql, Transaction};

use crate::AnchoringSettings;

/// The piece of work that one process does at a time.
const LEASE: &str = "anchoring";

/// The state that a server tells when it ended one of two transactions that waited for each other.
const DEADLOCK: &str = "40001";

/// What an [`crate::Anchorer`] is made of.
pub struct AnchoringParts {
    /// The main database.
    pub pool: MySqlPool,
    /// The backup of records, through the account that can only insert.
    pub backup: MySqlPool,
    /// The backup of owner keys.
    pub key_backup: MySqlPool,
    /// The application keys.
    pub keys: ApplicationKeys,
    /// The controller's account on the chain.
    pub controller: Controller,
    /// Tells the time.
    pub clock: Clock,
    /// How the work is paced.
    pub settings: AnchoringSettings,
}

/// Why a round ended before its time. Nothing is lost: the next one starts from the tables.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RoundError {
    /// The chain gave no usable answer.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A row could not be read or written.
    #[error(transparent)]
    Row(#[from] RowError),
    /// Another process leads now.
    #[error("another process holds the lease")]
    LostLease,
    /// A stored transaction is not one of ours.
    #[error(transparent)]
    Transaction(#[from] TransactionError),
}

impl RoundError {
    /// Somebody else held a row or was faster with it: no fault of the database, and over with the next round.
    pub fn is_collision(&self) -> bool {
        match self {
            Self::Row(RowError::Changed { .. }) => true,
            Self::Row(RowError::Sql(error)) => error
                .as_database_error()
                .and_then(|error| error.code())
                .is_some_and(|code| code == DEADLOCK),
            _ => false,
        }
    }
}

impl From<sqlx::Error> for RoundError {
    fn from(error: sqlx::Error) -> Self {
        Self::Row(RowError::Sql(error))
    }
}

/// The parts, with who we are.
pub(crate) struct Work {
    pub parts: AnchoringParts,
    pub front: FrontKeys,
    holder: [u8; 16],
}

impl Work {
    pub fn new(parts: AnchoringParts) -> Self {
        let front = parts.keys.front();
        Self {
            parts,
            front,
            holder: rand::random(),
        }
    }

    pub fn reader(&self) -> &ChainReader {
        self.parts.controller.reader()
    }

    pub fn keys(&self) -> &ApplicationKeys {
        &self.parts.keys
    }

    pub fn now(&self) -> UnixMillis {
        self.parts.clock.now()
    }

    /// Takes or prolongs the lease; false when another process holds it.
    pub async fn lead(&self) -> Result<bool, RoundError> {
        let mut connection = self.parts.pool.acquire().await?;
        let length = self.parts.settings.lease;
        let lease = leases::acquire(
            &mut connection,
            self.keys(),
            LEASE,
            &self.holder,
            length,
            self.now(),
        );
        Ok(lease.await?.is_some())
    }

    /// Gives the lease back, so that the next leader need not wait for its end.
    pub async fn step_down(&self) -> Result<(), RoundError> {
        let mut connection = self.parts.pool.acquire().await?;
        leases::release(&mut connection, &self.lease()).await?;
        Ok(())
    }

    /// A transaction that commits only while we lead: the lease's row is locked, checked and prolonged in it.
    pub async fn begin(&self) -> Result<Transaction<'static, MySql>, RoundError> {
        let mut transaction = self.parts.pool.begin().await?;
        let (lease, length) = (self.lease(), self.parts.settings.lease);
        let renewed =
            leases::renew(&mut transaction, self.keys(), &lease, length, self.now()).await?;
        renewed.map(|_| transaction).ok_or(RoundError::LostLease)
    }

    /// Locks a job that must still be as we read it.
    pub async fn lock_unchanged(
        &self,
        connection: &mut MySqlConnection,
        job: &AnchoringJob,
    ) -> Result<AnchoringJob, RoundError> {
        let locked = anchoring_jobs::lock(connection, self.keys(), job.id).await?;
        // Only the holder of the lease changes a job that is on its way; staff touch none but rejected ones.
        locked.filter(|locked| locked == job).ok_or_else(|| {
            let row = job.id.to_string();
            RoundError::Row(RowError::Changed {
                table: "anchoring_jobs",
                row,
            })
        })
    }

    /// Adds to a record's history.
    pub async fn tell(
        &self,
        connection: &mut MySqlConnection,
        record: RecordId,
        kind: RecordEventKind,
    ) -> Result<(), RoundError> {
        let now = self.now();
        record_events::append(connection, &self.front, record, kind, Actor::System, now).await?;
        Ok(())
    }

    fn lease(&self) -> Lease {
        Lease {
            name: LEASE.to_owned(),
            holder: self.holder,
            expires_at: UnixMillis(0),
        }
    }
}
