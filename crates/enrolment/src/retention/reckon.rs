//! Keeping the days: a page of records after the other, for ever. A row that was reckoned from what still stands is left alone, so that an
//! interruption costs nothing, and a round over records that have not changed opens none.

use database::records::{self, RecordState};
use database::retentions::{self, Reckoned, Retention};
use database::{MySqlConnection, MySqlPool, RowError};
use keyring::ApplicationKeys;
use record::ids::RecordId;

use super::rules::Rules;
use super::term::Term;
use crate::EnrolmentError;

/// So many rows are looked at at once.
const LOOKED_AT: u32 = 2_000;
/// So many of them are reckoned anew at once: each is opened.
const AT_ONCE: usize = 200;

/// What a look came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Looked {
    /// Where the next one begins; none where it begins anew.
    pub last: Option<RecordId>,
    /// How many were reckoned anew.
    pub reckoned: usize,
    /// Of how many the row is not ours, or their record's: these are left as they are.
    pub planted: usize,
}

/// Looks at the records behind `after`, and reckons anew those whose day may be another one by now.
///
/// # Errors
/// When the database does not do its part.
pub async fn reckon(
    pool: &MySqlPool,
    keys: &ApplicationKeys,
    rules: &Rules<'_>,
    after: Option<RecordId>,
) -> Result<Looked, EnrolmentError> {
    let mut connection = pool.acquire().await.map_err(RowError::from)?;
    let page = retentions::page(&mut connection, keys, after, LOOKED_AT).await?;
    drop(connection);
    let mut looked = Looked::default();
    for one in &page {
        if looked.reckoned + looked.planted >= AT_ONCE {
            return Ok(looked);
        }
        looked.last = Some(one.id);
        let basis = rules.basis_of(one);
        if one.is_planted {
            looked.planted += 1;
        } else if one.basis != Some(basis) {
            match reckon_one(pool, keys, rules, one, basis).await {
                Ok(()) => looked.reckoned += 1,
                Err(error) if error.is_tampering() => looked.planted += 1,
                Err(error) => return Err(error),
            }
        }
    }
    if page.len() < LOOKED_AT as usize {
        looked.last = None;
    }
    Ok(looked)
}

async fn reckon_one(
    pool: &MySqlPool,
    keys: &ApplicationKeys,
    rules: &Rules<'_>,
    one: &Reckoned,
    basis: [u8; 32],
) -> Result<(), EnrolmentError> {
    let mut transaction = pool.begin().await.map_err(RowError::from)?;
    store(&mut transaction, keys, rules, one.id, basis).await?;
    transaction.commit().await.map_err(RowError::from)?;
    Ok(())
}

async fn store(
    transaction: &mut MySqlConnection,
    keys: &ApplicationKeys,
    rules: &Rules<'_>,
    id: RecordId,
    basis: [u8; 32],
) -> Result<(), EnrolmentError> {
    let record = records::lock(transaction, &keys.front(), id).await?;
    let is_kept = |record: &records::Record| record.state != RecordState::Erasing;
    let Some(record) = record.filter(is_kept) else {
        return Ok(());
    };
    let term = Term::load(transaction, keys, &record, rules).await?;
    let standing = retentions::load(transaction, keys, id).await?;
    let retention = Retention {
        record_id: id,
        due_at: term.due_at(),
        basis,
        prolongations: standing.and_then(|row| row.prolongations),
    };
    retentions::store(transaction, keys, &retention).await?;
    Ok(())
}
