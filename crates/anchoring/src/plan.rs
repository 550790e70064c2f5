//! A plan in flight, as its job's row holds it, with all transactions signed for it.

use std::collections::BTreeSet;

use chain::{SignedTransaction, TransactionError};
use database::{
    MySqlConnection,
    anchoring_jobs::AnchoringJob,
    anchoring_transactions::{self, AnchoringTransaction},
};
use record::{
    Address, B256,
    ids::{Uid, Version},
};

use crate::{
    line::Waiting,
    work::{RoundError, Work},
};

/// Nonce, UID, timestamp and proof (of a retirement its evidence), committed together, with the transactions that carry them.
pub(crate) struct Plan {
    pub job: AnchoringJob,
    pub nonce: u64,
    pub uid: Uid,
    pub timestamp: u64,
    pub proof: B256,
    /// Oldest first; never empty.
    pub transactions: Vec<AnchoringTransaction>,
}

impl Plan {
    /// The transaction with the highest fee.
    pub fn newest(&self) -> &AnchoringTransaction {
        self.transactions
            .last()
            .expect("a plan is committed with its first transaction")
    }

    /// Its place in the line.
    pub fn waiting(&self) -> Waiting {
        let first = self.job.version == Some(Version::FIRST);
        Waiting {
            nonce: self.nonce,
            new_uid: first.then_some(self.uid),
        }
    }
}

impl Work {
    /// The plan of a job in flight; none when its rows are not whole, which only somebody else brings about.
    pub async fn plan_of(&self, job: AnchoringJob) -> Result<Option<Plan>, RoundError> {
        let (Some(nonce), Some(uid), Some(timestamp), Some(proof)) =
            (job.nonce, job.uid, job.chain_timestamp, job.proof)
        else {
            return Ok(None);
        };
        let mut connection = self.parts.pool.acquire().await?;
        let all = anchoring_transactions::of_job(&mut connection, self.keys(), job.id).await?;
        // Earlier plans of the same job had other nonces, or the same under another key.
        let newest = all
            .rows
            .iter()
            .find(|one| Some(one.hash) == job.transaction_hash);
        let Some(newest) = newest else {
            tracing::error!(job = job.id, "the transactions of a job in flight are gone");
            return Ok(None);
        };
        let planned = slot(newest)?;
        let mut transactions = Vec::with_capacity(1);
        for transaction in all.rows {
            if slot(&transaction)? == planned {
                transactions.push(transaction);
            }
        }
        Ok(Some(Plan {
            job,
            nonce,
            uid,
            timestamp,
            proof,
            transactions,
        }))
    }
}

/// How many plans a job has had.
pub(crate) async fn plans_made(
    work: &Work,
    connection: &mut MySqlConnection,
    job: u64,
) -> Result<u32, RoundError> {
    let all = anchoring_transactions::of_job(connection, work.keys(), job).await?;
    let slots = all.rows.iter().map(slot);
    let slots = slots.collect::<Result<BTreeSet<_>, _>>()?;
    Ok(u32::try_from(slots.len()).unwrap_or(u32::MAX))
}

/// What a plan takes on the chain, and shares with no other: a nonce of the account that signed. Another key begins at nonces of its own.
fn slot(transaction: &AnchoringTransaction) -> Result<(Address, u64), TransactionError> {
    let sender = SignedTransaction::sender_of(&transaction.raw)?;
    Ok((sender, transaction.nonce))
}
