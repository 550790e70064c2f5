//! A mail is claimed, tried, and its outcome written down: one worker at a time has it.

use std::time::Duration;

use keyring::FrontKeys;
use record::time::UnixMillis;
use sqlx::Connection;
use sqlx::mysql::MySqlConnection;

use super::{Mail, MailState, TABLE, refuse, write};
use crate::error::{Checked, RowError};
use crate::transaction::finish;

/// Stands before the problem of a mail that is tried again although it was refused for good.
const PUT_OFF: &str = "put_off_";

impl Mail {
    /// Whether it was refused for good, and is tried again all the same.
    #[must_use]
    pub fn is_put_off(&self) -> bool {
        let problem = self.problem.as_deref();
        self.state == MailState::Waiting
            && problem.is_some_and(|problem| problem.starts_with(PUT_OFF))
    }
}

/// Claims mails that are due, at most `limit`: nobody else gets them within `hold`. Each comes back with `attempts`
/// counted up; end it with [`mark_sent`], [`retry_at`] or [`give_up`], or it is due again after `hold`. Planted rows are
/// marked as refused and told in `tampered`, once.
pub async fn claim_due(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    limit: u32,
    hold: Duration,
    now: UnixMillis,
) -> Result<Checked<Mail>, RowError> {
    let mut transaction = connection.begin().await?;
    let rows = sqlx::query(
        "SELECT * FROM outbox WHERE state = 'waiting' AND next_attempt_at <= ?
         ORDER BY next_attempt_at LIMIT ? FOR UPDATE SKIP LOCKED",
    )
    .bind(now.0)
    .bind(limit)
    .fetch_all(&mut *transaction)
    .await?;
    let mut results = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut result = Mail::read(row, keys);
        match &mut result {
            Ok(mail) => {
                mail.attempts = mail.attempts.saturating_add(1);
                mail.next_attempt_at = now.plus(hold);
                write(&mut transaction, keys, mail).await?;
            }
            Err(error) if error.is_tampering() => refuse(&mut transaction, row).await?,
            Err(_) => {}
        }
        results.push(result);
    }
    let claimed = Checked::sort(results)?;
    transaction.commit().await?;
    Ok(claimed)
}

/// The mail server took it: address and content are wiped.
/// [`RowError::Changed`] when the claim ran out and somebody else has it.
pub async fn mark_sent(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    mail: &Mail,
    now: UnixMillis,
) -> Result<(), RowError> {
    end_claim(connection, keys, mail, |mail| {
        mail.state = MailState::Sent;
        mail.sent_at = Some(now);
        mail.problem = None;
        mail.wipe();
    })
    .await
}

/// It did not go out; it is due again at `next`.
/// [`RowError::Changed`] when the claim ran out and somebody else has it.
pub async fn retry_at(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    mail: &Mail,
    problem: &str,
    next: UnixMillis,
) -> Result<(), RowError> {
    end_claim(connection, keys, mail, |mail| {
        mail.next_attempt_at = next;
        mail.problem = Some(problem.to_owned());
    })
    .await
}

/// It will never go out: address and content are wiped.
/// [`RowError::Changed`] when the claim ran out and somebody else has it.
pub async fn give_up(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    mail: &Mail,
    problem: &str,
) -> Result<(), RowError> {
    end_claim(connection, keys, mail, |mail| {
        mail.state = MailState::GivenUp;
        mail.problem = Some(problem.to_owned());
        mail.wipe();
    })
    .await
}

/// It was refused for good, but its reader has to hear of it: it is due again at `next`.
/// [`RowError::Changed`] when the claim ran out and somebody else has it.
pub async fn put_off(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    mail: &Mail,
    problem: &str,
    next: UnixMillis,
) -> Result<(), RowError> {
    end_claim(connection, keys, mail, |mail| {
        mail.next_attempt_at = next;
        mail.problem = Some(format!("{PUT_OFF}{problem}"));
    })
    .await
}

async fn end_claim(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    claimed: &Mail,
    edit: impl FnOnce(&mut Mail),
) -> Result<(), RowError> {
    let mut transaction = connection.begin().await?;
    let outcome = async {
        let mut mail = locked_claim(&mut transaction, keys, claimed).await?;
        edit(&mut mail);
        write(&mut transaction, keys, &mail).await
    }
    .await;
    finish(transaction, outcome).await
}

/// A claimed mail as it stands, locked.
pub(super) async fn locked_claim(
    transaction: &mut MySqlConnection,
    keys: &FrontKeys,
    claimed: &Mail,
) -> Result<Mail, RowError> {
    sqlx::query("SELECT * FROM outbox WHERE id = ? FOR UPDATE")
        .bind(claimed.id.as_bytes().as_slice())
        .fetch_optional(transaction)
        .await?
        .map(|row| Mail::read(&row, keys))
        .transpose()?
        // Each claim counts up: another count is another's claim.
        .filter(|mail| mail.state == MailState::Waiting && mail.attempts == claimed.attempts)
        .ok_or_else(|| RowError::changed(TABLE, claimed.id))
}
