//! Telling the desk of what is due to be erased, and of what becomes so: gathered, and one mail a day at most.

use std::time::Duration;

use database::records_view::due_count;
use database::{MySqlConnection, outbox};
use keyring::FrontKeys;
use notification::{EventKey, Mail};
use record::time::UnixMillis;

use crate::EnrolmentError;

const DAY: Duration = Duration::from_hours(24);
/// What stays so is told of again after so many days.
const AGAIN: u32 = 7;

/// Whom to tell, and of what.
pub struct Warning<'a> {
    /// The desk's address.
    pub desk: &'a str,
    /// The page that lists it all.
    pub url: &'a str,
    /// How many days ahead.
    pub days: u32,
    /// When.
    pub now: UnixMillis,
}

/// Puts the day's mail into the outbox, where something became due, or came within the days, since the last one; or, once a week, where
/// anything is. Whether it did.
///
/// # Errors
/// When the database can't be reached.
pub async fn warn(
    transaction: &mut MySqlConnection,
    front: &FrontKeys,
    warning: &Warning<'_>,
) -> Result<bool, EnrolmentError> {
    let now = warning.now;
    let today = event_of(now);
    if outbox::by_event_key(transaction, front, today.as_bytes())
        .await?
        .is_some()
    {
        return Ok(false);
    }
    let ahead = DAY * warning.days;
    // What is due this very moment is due.
    let next = UnixMillis(now.0.saturating_add(1));
    let due = due_count(transaction, Some((UnixMillis(0), next))).await?;
    let soon = due_count(transaction, Some((next, next.plus(ahead)))).await?;
    let is_news = match last_told(transaction, front, now).await? {
        None => due > 0 || soon > 0,
        Some(last) => {
            let came_near = (last.plus(ahead).max(next), next.plus(ahead));
            due_count(transaction, Some((last, next))).await? > 0
                || due_count(transaction, Some(came_near)).await? > 0
        }
    };
    if !is_news {
        return Ok(false);
    }
    let mail = Mail::RetentionDue {
        due,
        soon,
        days: warning.days,
        url: warning.url.to_owned(),
    };
    let told = notification::enqueue(transaction, front, now, today, warning.desk, &mail).await?;
    Ok(told)
}

/// When the newest mail of the last week was written.
async fn last_told(
    connection: &mut MySqlConnection,
    front: &FrontKeys,
    now: UnixMillis,
) -> Result<Option<UnixMillis>, EnrolmentError> {
    for days in 1..AGAIN {
        let event = event_of(now.minus(DAY * days));
        let mail = outbox::by_event_key(connection, front, event.as_bytes()).await?;
        if let Some(mail) = mail {
            return Ok(Some(mail.created_at));
        }
    }
    Ok(None)
}

/// One a day, in UTC.
fn event_of(now: UnixMillis) -> EventKey {
    let day = now.as_seconds() / DAY.as_secs();
    EventKey::of("retention_due", &day.to_be_bytes())
}
