//! Mails that did not reach their reader and will not by themselves: somebody has to look at them.

use keyring::FrontKeys;
use rand::CryptoRng;
use record::ids::MailId;
use record::time::UnixMillis;
use sqlx::Connection;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use super::{Mail, MailState, TABLE, refuse, write};
use crate::column::Columns;
use crate::error::{Checked, RowError};
use crate::transaction::finish;

/// Whether a mail was given up or put off and nobody has seen to it.
pub async fn any_undelivered(connection: &mut MySqlConnection) -> Result<bool, RowError> {
    let any: i64 = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM outbox
                        WHERE state = 'given_up' OR (state = 'waiting' AND problem LIKE 'put\\_off\\_%'))",
    )
    .fetch_one(connection)
    .await?;
    Ok(any != 0)
}

/// Whether a mail has been due since before then and is neither sent nor tried again; whatever holds its row is not waited for.
pub async fn any_overdue(
    connection: &mut MySqlConnection,
    then: UnixMillis,
) -> Result<bool, RowError> {
    let any: i64 = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM outbox WHERE state = 'waiting' AND next_attempt_at < ?)",
    )
    .bind(then.0)
    .fetch_one(connection)
    .await?;
    Ok(any != 0)
}

/// The mails that were given up or put off, newest first, at most `limit`. Planted rows are marked as refused.
pub async fn undelivered(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    limit: u32,
) -> Result<Checked<Mail>, RowError> {
    let rows = sqlx::query(
        "SELECT * FROM outbox
         WHERE state = 'given_up' OR (state = 'waiting' AND problem LIKE 'put\\_off\\_%')
         ORDER BY created_at DESC, id DESC LIMIT ?",
    )
    .bind(limit)
    .fetch_all(&mut *connection)
    .await?;
    let mut results = Vec::with_capacity(rows.len());
    for row in &rows {
        let result = Mail::read(row, keys);
        if result.as_ref().is_err_and(RowError::is_tampering) {
            refuse(connection, row).await?;
        }
        results.push(result);
    }
    Checked::sort(results)
}

/// Somebody has seen to a mail that was given up. [`RowError::Changed`] when it is not given up, or not any more.
pub async fn mark_seen(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    id: MailId,
) -> Result<(), RowError> {
    let mut transaction = connection.begin().await?;
    let outcome = async {
        let mut mail = sqlx::query("SELECT * FROM outbox WHERE id = ? FOR UPDATE")
            .bind(id.as_bytes().as_slice())
            .fetch_optional(&mut *transaction)
            .await?
            .map(|row| Mail::read(&row, keys))
            .transpose()?
            .filter(|mail| mail.state == MailState::GivenUp)
            .ok_or_else(|| RowError::changed(TABLE, id))?;
        mail.state = MailState::Seen;
        write(&mut transaction, keys, &mail).await
    }
    .await;
    finish(transaction, outcome).await
}

/// Gives waiting mails of these kinds a new address, where theirs is another, and makes them due; tells how many.
pub async fn readdress(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    kinds: &[&str],
    recipient: &str,
    rng: &mut (impl CryptoRng + Send),
    now: UnixMillis,
) -> Result<usize, RowError> {
    let mut transaction = connection.begin().await?;
    let outcome = async {
        let rows =
            sqlx::query("SELECT * FROM outbox WHERE state = 'waiting' ORDER BY id FOR UPDATE")
                .fetch_all(&mut *transaction)
                .await?;
        let waiting = Checked::sort(rows.iter().map(|row| Mail::read(row, keys)))?.rows;
        let mut changed = 0;
        for mut mail in waiting {
            let is_other = |mail: &Mail| match mail.open_recipient(keys) {
                Ok(Some(now)) => now.as_str() != recipient,
                _ => false,
            };
            if kinds.contains(&mail.kind.as_str()) && is_other(&mail) {
                mail.address(keys, recipient, rng);
                mail.next_attempt_at = now;
                write(&mut transaction, keys, &mail).await?;
                changed += 1;
            }
        }
        Ok(changed)
    }
    .await;
    finish(transaction, outcome).await
}

/// The mail of an event is not to go out any more: address and content are wiped, in the caller's transaction. False
/// when none waits. Neither is read for that: who may withdraw a mail need not be able to read any.
pub async fn withdraw(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    event_key: &[u8; 32],
) -> Result<bool, RowError> {
    let done = sqlx::query(
        "UPDATE outbox SET recipient = NULL, payload = NULL, state = 'withdrawn' WHERE event_key = ? AND state = 'waiting'",
    )
    .bind(event_key.as_slice())
    .execute(&mut *connection)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    let row = sqlx::query(
        "SELECT id, event_key, kind, state, attempts, next_attempt_at, created_at, sent_at, problem
         FROM outbox WHERE event_key = ?",
    )
    .bind(event_key.as_slice())
    .fetch_one(&mut *connection)
    .await?;
    let mail = read_wiped(&row)?;
    sqlx::query("UPDATE outbox SET mac = ? WHERE event_key = ?")
        .bind(mail.mac(keys).finish())
        .bind(event_key.as_slice())
        .execute(connection)
        .await?;
    Ok(true)
}

/// A row that holds no address and no content any more.
fn read_wiped(row: &MySqlRow) -> Result<Mail, RowError> {
    let columns = Columns::of(TABLE, row);
    Ok(Mail {
        id: columns.get("id")?,
        event_key: columns.get("event_key")?,
        kind: columns.get("kind")?,
        recipient: None,
        payload: None,
        state: columns.get("state")?,
        attempts: columns.get("attempts")?,
        next_attempt_at: columns.get("next_attempt_at")?,
        created_at: columns.get("created_at")?,
        sent_at: columns.get("sent_at")?,
        problem: columns.get("problem")?,
    })
}
