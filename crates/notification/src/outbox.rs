//! The worker that empties the outbox.

use std::time::Duration;

use database::operations_alarms::{self, AlarmKind};
use database::outbox::{self, Mail as Row};
use database::{MySqlConnection, MySqlPool, RowError};
use keyring::{ApplicationKeys, FrontKeys, SealedError};
use record::time::Clock;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::backoff::delay;
use crate::gathering::gathered;
use crate::letter::Letter;
use crate::mail::{LinkMail, Mail, OFFICERS_KINDS};
use crate::mailer::{Failure, Fate, Mailer, Stamp};
use crate::undelivered::settle_alarm;

/// How patient the worker is.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Before the second attempt; each further wait is twice as long.
    pub first_delay: Duration,
    /// The longest wait between two attempts; also the wait of an officer's mail that was refused for good.
    pub longest_delay: Duration,
    /// After so many attempts a mail is given up, unless it is an officer's.
    pub attempts: u32,
    /// How often to look for mail that is due.
    pub poll: Duration,
    /// How long one attempt may take.
    pub attempt_limit: Duration,
    /// For how long a claimed mail is nobody else's; longer than an attempt.
    pub hold: Duration,
}

impl Default for Policy {
    /// Looks every second, and tries for about four days.
    fn default() -> Self {
        Self {
            first_delay: Duration::from_secs(5),
            longest_delay: Duration::from_secs(3600),
            attempts: 105,
            poll: Duration::from_secs(1),
            attempt_limit: Duration::from_secs(60),
            hold: Duration::from_secs(180),
        }
    }
}

/// From this attempt on the mail server's trouble is an alarm: it is no mere hiccup.
const ALARMING_ATTEMPTS: u32 = 3;

/// So often it is looked whether the alarm about undelivered mail stands rightly.
const SETTLE_EVERY: Duration = Duration::from_secs(60);

/// Outcomes are worth some patience: a lost one sends its mail again.
const OUTCOME_TRIES: u32 = 5;

/// Sends what stands in the outbox. Several may run at once, in several processes.
pub struct Outbox {
    pool: MySqlPool,
    keys: ApplicationKeys,
    front: FrontKeys,
    mailer: Mailer,
    clock: Clock,
    policy: Policy,
}

/// What one look at the outbox came to.
enum Look {
    /// There may be more.
    Busy,
    /// Nothing is due, or nothing can be sent.
    Wait,
}

impl Outbox {
    /// A worker with the default [`Policy`].
    #[must_use]
    pub fn new(pool: MySqlPool, keys: ApplicationKeys, mailer: Mailer, clock: Clock) -> Self {
        Self {
            pool,
            front: keys.front(),
            keys,
            mailer,
            clock,
            policy: Policy::default(),
        }
    }

    /// The same worker with another policy.
    #[must_use]
    pub fn with_policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// Sends mail until `shutdown`; a mail in flight is finished first.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut settled_at = None;
        while !shutdown.is_cancelled() {
            self.settle(&mut settled_at).await;
            let pause = match self.look().await {
                Ok(Look::Busy) => continue,
                Ok(Look::Wait) => self.policy.poll,
                Err(error) => {
                    tracing::error!(cause = ?error, "the outbox can't be worked on");
                    self.policy.poll * 5
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = sleep(pause) => {}
            }
        }
    }

    /// An alarm that somebody took away is raised again.
    async fn settle(&self, settled_at: &mut Option<Instant>) {
        if settled_at.is_some_and(|at| at.elapsed() < SETTLE_EVERY) {
            return;
        }
        *settled_at = Some(Instant::now());
        let settled = async {
            let mut connection = self.pool.acquire().await?;
            settle_alarm(&mut connection, self.clock.now()).await
        };
        if let Err(error) = settled.await {
            tracing::warn!(cause = ?error, "it could not be seen whether mail is undelivered");
        }
    }

    /// Claims one mail and sees it through. No connection is held while the mail server is talked to.
    async fn look(&self) -> Result<Look, RowError> {
        let mut connection = self.pool.acquire().await?;
        let (hold, now) = (self.policy.hold, self.clock.now());
        let claimed = outbox::claim_due(&mut connection, &self.front, 1, hold, now).await?;
        if !claimed.tampered.is_empty() {
            tracing::error!(rows = ?claimed.tampered, "a mail that is not ours was found in the outbox and not sent");
            operations_alarms::raise(&mut connection, AlarmKind::RowTampered, now).await?;
            return Ok(Look::Busy);
        }
        let Some(claimed) = claimed.rows.first() else {
            return Ok(Look::Wait);
        };
        let row = gathered(&mut connection, &self.front, claimed).await?;
        drop(connection);
        self.see_through(&row).await
    }

    async fn see_through(&self, row: &Row) -> Result<Look, RowError> {
        let attempt = timeout(self.policy.attempt_limit, self.attempt(row)).await;
        let outcome = attempt.unwrap_or_else(|_| Err(Failure::timed_out()));
        for _ in 1..OUTCOME_TRIES {
            match self.write(row, &outcome).await {
                // The claim ran out, or the row is gone: nothing of ours is left to write.
                Ok(()) | Err(RowError::Changed { .. }) => return Ok(look_after(&outcome)),
                Err(error) => {
                    tracing::warn!(mail = %row.id, cause = ?error, "a mail's outcome could not be written");
                    sleep(self.policy.poll).await;
                }
            }
        }
        self.write(row, &outcome).await?;
        Ok(look_after(&outcome))
    }

    async fn attempt(&self, row: &Row) -> Result<(), Failure> {
        let (recipient, payload) = match LinkMail::is_kind(&row.kind) {
            true => (
                row.open_link_recipient(&self.keys),
                row.open_link_payload(&self.keys),
            ),
            false => (
                row.open_recipient(&self.front),
                row.open_payload(&self.front),
            ),
        };
        let (recipient, payload) = (there(recipient)?, there(payload)?);
        let letter = letter(&row.kind, &payload)?;
        let stamp = Stamp {
            event_key: &row.event_key,
            created_at: row.created_at,
        };
        self.mailer.send(&stamp, &recipient, &letter).await
    }

    async fn write(&self, row: &Row, outcome: &Result<(), Failure>) -> Result<(), RowError> {
        let mut connection = self.pool.acquire().await?;
        match outcome {
            Ok(()) => self.write_sent(&mut connection, row).await,
            Err(failure) if failure.fate == Fate::Never || row.attempts >= self.policy.attempts => {
                self.write_undeliverable(&mut connection, row, &failure.problem)
                    .await
            }
            Err(failure) => self.write_failed(&mut connection, row, failure).await,
        }
    }

    async fn write_sent(
        &self,
        connection: &mut MySqlConnection,
        row: &Row,
    ) -> Result<(), RowError> {
        let (id, kind, attempts, now) = (row.id, &row.kind, row.attempts, self.clock.now());
        outbox::mark_sent(connection, &self.front, row, now).await?;
        tracing::info!(mail = %id, kind, attempts, "mail sent");
        operations_alarms::clear(connection, AlarmKind::MailFailing).await?;
        match row.is_put_off() {
            true => settle_alarm(connection, now).await,
            false => Ok(()),
        }
    }

    /// An officer's mail is never given up: it is tried at long intervals, and the alarm stands meanwhile.
    async fn write_undeliverable(
        &self,
        connection: &mut MySqlConnection,
        row: &Row,
        problem: &str,
    ) -> Result<(), RowError> {
        let (id, kind, attempts, now) = (row.id, &row.kind, row.attempts, self.clock.now());
        if OFFICERS_KINDS.contains(&kind.as_str()) {
            let next = now.plus(self.policy.longest_delay);
            outbox::put_off(connection, &self.front, row, problem, next).await?;
            tracing::error!(mail = %id, kind, attempts, problem, "an officer's mail is refused");
        } else {
            outbox::give_up(connection, &self.front, row, problem).await?;
            tracing::error!(mail = %id, kind, attempts, problem, "mail given up");
        }
        operations_alarms::raise(connection, AlarmKind::MailUndelivered, now).await
    }

    async fn write_failed(
        &self,
        connection: &mut MySqlConnection,
        row: &Row,
        failure: &Failure,
    ) -> Result<(), RowError> {
        let (id, kind, attempts, now) = (row.id, &row.kind, row.attempts, self.clock.now());
        let (wait, problem) = (self.wait_after(attempts), &failure.problem);
        let next = now.plus(wait);
        match row.is_put_off() {
            // Until it is sent, it stays one that was refused.
            true => outbox::put_off(connection, &self.front, row, problem, next).await?,
            false => outbox::retry_at(connection, &self.front, row, problem, next).await?,
        }
        tracing::warn!(mail = %id, kind, attempts, problem, ?wait, "mail not sent yet");
        if failure.fate == Fate::ServerTrouble && attempts >= ALARMING_ATTEMPTS {
            operations_alarms::raise(connection, AlarmKind::MailFailing, now).await?;
        }
        Ok(())
    }

    fn wait_after(&self, attempts: u32) -> Duration {
        let Policy {
            first_delay,
            longest_delay,
            ..
        } = self.policy;
        delay(attempts, first_delay, longest_delay, &mut rand::rng())
    }
}

/// What a key sealed that was destroyed since is unreadable, too.
fn there<T>(opened: Result<Option<T>, SealedError>) -> Result<T, Failure> {
    let opened = opened.map_err(|_| Failure::never("unreadable"))?;
    opened.ok_or_else(|| Failure::never("wiped"))
}

fn letter(kind: &str, payload: &[u8]) -> Result<Letter, Failure> {
    let letter = match LinkMail::is_kind(kind) {
        true => serde_json::from_slice(payload).map(|mail: LinkMail| mail.letter()),
        false => serde_json::from_slice(payload).map(|mail: Mail| mail.letter()),
    };
    letter.map_err(|_| Failure::never("unknown_kind"))
}

fn look_after(outcome: &Result<(), Failure>) -> Look {
    match outcome {
        // The next mail would fare no better.
        Err(failure) if failure.fate == Fate::ServerTrouble => Look::Wait,
        _ => Look::Busy,
    }
}
