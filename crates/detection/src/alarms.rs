//! Operations alarms: why nothing can be told right now. Each stands in a table, in a banner, and, when it lasts, in a
//! mail to the officer.

use std::time::Duration;

use database::operations_alarms;
use sqlx::Connection;

use crate::obstacle::{self, Hindrance, alarm_of};
use crate::registrar::Registrar;
use crate::verdict::Obstacle;

/// An alarm that stands this long is told by mail.
const LASTING: Duration = Duration::from_secs(5 * 60);

impl Registrar {
    /// Notes what keeps us from telling anything; mails it when it lasts.
    pub async fn raise(&self, obstacle: Obstacle) -> Result<(), Hindrance> {
        let (parts, now) = (self.examiner().parts(), self.examiner().now());
        let kind = alarm_of(obstacle);
        let mut connection = parts.pool.acquire().await?;
        let mut transaction = connection.begin().await?;
        operations_alarms::raise(&mut transaction, kind, now).await?;
        let alarms = operations_alarms::all(&mut transaction).await?;
        if let Some(alarm) = alarms.into_iter().find(|alarm| alarm.kind == kind)
            && now.since(alarm.since) >= LASTING
            && operations_alarms::mark_mailed(&mut transaction, kind, now).await?
        {
            self.tell_alarm(&mut transaction, obstacle::words(obstacle), alarm.since)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Everything answers as it should: the alarms of this crate end.
    pub async fn all_clear(&self) -> Result<(), Hindrance> {
        let mut connection = self.examiner().parts().pool.acquire().await?;
        for obstacle in obstacle::ALL {
            if operations_alarms::clear(&mut connection, alarm_of(obstacle)).await? {
                tracing::info!(alarm = alarm_of(obstacle).as_str(), "an alarm has ended");
            }
        }
        Ok(())
    }
}
