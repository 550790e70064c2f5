//! Verified restore: a copy (the backup's, or rows that the binary log held) goes back only if its own recomputed proof
//! equals the chain's.

mod displaced;
mod from_log;
mod plan;
mod write_back;

use database::incident_events::IncidentEventKind;
use database::incident_findings;
use database::verifications::{Source, Subject};
use database::{MySqlPool, RowError};
use record::ids::{StaffId, Uid};
use sqlx::Connection;

pub use self::plan::{Copy, Plan};
use crate::examiner::Examined;
use crate::obstacle::Hindrance;
use crate::registrar::{Occasion, Registrar};

/// The databases that a restore reads from and writes to, through the account that exists for it.
pub struct RestoreParts {
    /// The main database.
    pub main: MySqlPool,
    /// The backup of records.
    pub backup: MySqlPool,
    /// The backup of owner keys.
    pub keys: MySqlPool,
}

/// Restores records.
pub struct Restorer {
    registrar: Registrar,
    parts: RestoreParts,
}

/// Why nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The record is as signed.
    #[error("the record is in order")]
    InOrder,
    /// The plan does not allow it (any more).
    #[error("the backup does not match the chain")]
    Refused,
    /// Nothing could be read or written.
    #[error(transparent)]
    Hindered(#[from] Hindrance),
}

impl From<RowError> for RestoreError {
    fn from(error: RowError) -> Self {
        Self::Hindered(error.into())
    }
}

impl From<sqlx::Error> for RestoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Hindered(error.into())
    }
}

impl Restorer {
    /// Of these parts.
    #[must_use]
    pub fn new(registrar: Registrar, parts: RestoreParts) -> Self {
        Self { registrar, parts }
    }

    /// Restores a record, if the backup still matches, and verifies it again; none where that is not possible right now. The
    /// row as found stays with the incident.
    pub async fn restore(&self, uid: Uid, by: StaffId) -> Result<Option<Examined>, RestoreError> {
        // Whatever is about to be written over is kept first.
        let stands = self.verify(Subject::uid(uid)).await?;
        let plan = self.plan_for(uid, stands.as_ref()).await?;
        let incidents = self.incidents_about(uid).await?;
        let copy = match plan {
            Plan::Matches(copy) => copy,
            Plan::InOrder => return Err(RestoreError::InOrder),
            _ => {
                self.note_refusal(uid, by, &incidents).await?;
                return Err(RestoreError::Refused);
            }
        };
        let displaced = self.write_back(uid, &copy, by, &incidents).await?;
        tracing::info!(uid = uid.get(), "a record was restored");
        // It is written back, whatever becomes of this; the sweep comes by.
        let verified = self.verify_all(displaced, uid).await;
        Ok(verified.unwrap_or_else(|hindrance| {
            tracing::warn!(cause = ?hindrance, "what was restored could not be verified yet");
            None
        }))
    }

    /// The others, and the record itself.
    async fn verify_all(
        &self,
        others: Vec<Subject>,
        uid: Uid,
    ) -> Result<Option<Examined>, Hindrance> {
        for other in others {
            self.verify(other).await?;
        }
        self.verify(Subject::uid(uid)).await
    }

    async fn verify(&self, subject: Subject) -> Result<Option<Examined>, Hindrance> {
        let examined = self.registrar.examiner().subject(subject).await?;
        match examined {
            Some(examined) => self.registrar.file(examined, BY_HAND).await.map(Some),
            None => Ok(None),
        }
    }

    /// The incidents that are not over for this record.
    async fn incidents_about(&self, uid: Uid) -> Result<Vec<u64>, Hindrance> {
        let parts = self.registrar.examiner().parts();
        let mut connection = parts.pool.acquire().await?;
        let open =
            incident_findings::unresolved(&mut connection, &parts.keys, Subject::uid(uid)).await?;
        let mut incidents: Vec<u64> = open.rows.iter().map(|one| one.incident_id).collect();
        incidents.dedup();
        Ok(incidents)
    }

    async fn note_refusal(
        &self,
        uid: Uid,
        by: StaffId,
        incidents: &[u64],
    ) -> Result<(), Hindrance> {
        let parts = self.registrar.examiner().parts();
        let mut connection = parts.pool.acquire().await?;
        let mut transaction = connection.begin().await?;
        let kind = IncidentEventKind::RestoreRefused;
        for incident in incidents {
            let detail = format!("record {uid}");
            self.registrar
                .note(&mut transaction, *incident, kind, Some(by), Some(&detail))
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

const BY_HAND: Occasion = Occasion {
    source: Source::Button,
    round: None,
};
