//! What several mails tell goes out as one.

use keyring::FrontKeys;
use record::ids::MailId;
use sqlx::Connection;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use zeroize::Zeroizing;

use super::claim::locked_claim;
use super::{Mail, MailState, write};
use crate::error::RowError;
use crate::transaction::finish;

/// So many are looked at for one mail; what is more goes out with the next.
const AT_ONCE: u32 = 500;

/// What a mail tells, with what others told.
pub struct Gathered {
    /// The content of the one mail.
    pub payload: Zeroizing<Vec<u8>>,
    /// The others, which are not to be sent any more.
    pub others: Vec<MailId>,
}

/// Has a claimed mail tell what others of its kind tell, of those that wait and that nobody tried to send. `fold` gets them and
/// says which; all or nothing of it is done. [`RowError::Changed`] when the claim ran out and somebody else has it.
pub async fn gather(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    claimed: &Mail,
    fold: impl FnOnce(&[Mail]) -> Option<Gathered>,
) -> Result<Mail, RowError> {
    let mut transaction = connection.begin().await?;
    let outcome = async {
        let mut mail = locked_claim(&mut transaction, keys, claimed).await?;
        // Whoever holds one of them is about to send it, or has not written it yet.
        let rows = sqlx::query(
            "SELECT * FROM outbox WHERE state = 'waiting' AND kind = ? AND attempts = 0
             ORDER BY next_attempt_at LIMIT ? FOR UPDATE SKIP LOCKED",
        )
        .bind(&mail.kind)
        .bind(AT_ONCE)
        .fetch_all(&mut *transaction)
        .await?;
        let waiting = of_ours(&rows, keys)?;
        let Some(gathered) = fold(&waiting) else {
            return Ok(mail);
        };
        mail.fill(keys, &gathered.payload, &mut rand::rng());
        write(&mut transaction, keys, &mail).await?;
        let is_told = |other: &Mail| gathered.others.contains(&other.id);
        for mut other in waiting.into_iter().filter(is_told) {
            other.state = MailState::Withdrawn;
            other.wipe();
            write(&mut transaction, keys, &other).await?;
        }
        Ok(mail)
    }
    .await;
    finish(transaction, outcome).await
}

/// Planted ones are refused, and told of, once they are due.
fn of_ours(rows: &[MySqlRow], keys: &FrontKeys) -> Result<Vec<Mail>, RowError> {
    let mut ours = Vec::with_capacity(rows.len());
    for row in rows {
        match Mail::read(row, keys) {
            Ok(mail) => ours.push(mail),
            Err(error) if error.is_tampering() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(ours)
}
