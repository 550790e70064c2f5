//! Starting, finding and ending sessions.

use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, HeaderValue};
use database::sessions::{self, App, Session};
use database::staff::{self, Role, Staff};
use database::staff_events::{self, By, StaffEvent, StaffEventKind};
use database::{MySqlPool, RowError, sign_in_attempts};
use keyring::ApplicationKeys;
use record::time::{Clock, UnixMillis};
use secrecy::SecretString;

use super::cookie::{SessionCookie, SessionId};
use super::signed_in::SignedIn;
use crate::error::{Error, Result};
use crate::lifetime::Lifetime;
use crate::password::PasswordChecker;
use crate::settings::Environment;

/// A session unused for so long is over.
const IDLE: Duration = Duration::from_secs(30 * 60);
/// However busy, a session is over after a long working day.
const ABSOLUTE: Duration = Duration::from_secs(12 * 60 * 60);
/// Failed sign-ins of one account within a window, before it has to wait.
const FAILURES_MAX: u32 = 10;
const FAILURES_WINDOW: Duration = Duration::from_secs(15 * 60);
/// Ended sessions stay for a day: they still tell whose half-filled form comes back.
const KEEP_ENDED: Duration = Duration::from_secs(24 * 60 * 60);
const TIDY_EVERY: Duration = Duration::from_secs(60 * 60);
/// Set by kit.js when a page refreshes a part of itself: nobody is at work, so the session goes on ageing, and what
/// waits for the person stays for the next page that they open.
const BY_ITSELF: &str = "sealwatch-by-itself";
/// A stream of events is opened by a page as well; a browser lets it send no header of ours.
const EVENTS: &[u8] = b"text/event-stream";

fn is_by_itself(headers: &HeaderMap) -> bool {
    let accepts_events = |accept: &HeaderValue| accept.as_bytes().starts_with(EVENTS);
    headers.contains_key(BY_ITSELF) || headers.get(ACCEPT).is_some_and(accepts_events)
}

/// What sessions are made of.
pub struct SessionParts {
    /// The app whose sessions these are.
    pub app: App,
    /// Who may sign in to it.
    pub permitted: &'static [Role],
    /// Decides on the cookie.
    pub environment: Environment,
    /// The main database.
    pub pool: MySqlPool,
    /// They seal what waits in a session and sign its row.
    pub keys: ApplicationKeys,
    /// Decides what has expired.
    pub clock: Clock,
}

/// The sessions of one app. A clone is a handle to the same.
#[derive(Clone)]
pub struct Sessions(Arc<Inner>);

struct Inner {
    parts: SessionParts,
    passwords: PasswordChecker,
}

/// How an attempt to sign in went.
pub(super) enum Attempt {
    In(SessionId, Box<Staff>),
    /// Login or password is wrong; which one is not told.
    Refused,
    /// Right, but this app is not for that role.
    OtherApp,
    /// Failed too often of late.
    Wait,
}

impl Sessions {
    /// Of these parts.
    pub fn new(parts: SessionParts) -> Self {
        let passwords = PasswordChecker::new();
        Self(Arc::new(Inner { parts, passwords }))
    }

    /// Clears ended sessions and attempts once an hour. For [`Lifetime::spawn`].
    pub async fn tidy(self, lifetime: Lifetime) {
        while !lifetime.is_ending() {
            if let Err(error) = self.tidy_once().await {
                tracing::warn!(?error, "ended sessions could not be cleared");
            }
            tokio::select! {
                () = lifetime.ended() => {}
                () = tokio::time::sleep(TIDY_EVERY) => {}
            }
        }
    }

    async fn tidy_once(&self) -> Result<()> {
        let mut connection = self.pool().acquire().await?;
        let now = self.clock().now();
        sessions::delete_ended(&mut connection, IDLE, now.minus(KEEP_ENDED)).await?;
        sign_in_attempts::delete_ended(&mut connection, FAILURES_WINDOW, now).await?;
        Ok(())
    }

    pub(super) fn pool(&self) -> &MySqlPool {
        &self.0.parts.pool
    }

    pub(super) fn keys(&self) -> &ApplicationKeys {
        &self.0.parts.keys
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.0.parts.clock
    }

    pub(super) fn app(&self) -> App {
        self.0.parts.app
    }

    fn cookie(&self) -> SessionCookie {
        SessionCookie::new(self.0.parts.app, self.0.parts.environment)
    }

    /// The person behind a request's cookie.
    pub(super) async fn person(&self, headers: &HeaderMap) -> Result<Option<SignedIn>> {
        let Some(id) = self.cookie().read(headers) else {
            return Ok(None);
        };
        let mut connection = self.pool().acquire().await?;
        let now = self.clock().now();
        let by_itself = is_by_itself(headers);
        let (app, idle) = (self.app(), IDLE);
        let session = match by_itself {
            true => sessions::peek(&mut connection, self.keys(), app, &id.hash(), idle, now).await,
            false => {
                sessions::resume(&mut connection, self.keys(), app, &id.hash(), idle, now).await
            }
        };
        let Some(session) = ours(session)?.flatten() else {
            return Ok(None);
        };
        let staff = staff::by_id(&mut connection, self.keys(), session.staff_id).await;
        let Some(staff) = ours(staff)?.flatten() else {
            return Ok(None);
        };
        if self.permits(staff.role) && carries(&session, &staff) {
            let mut person = SignedIn::new(self.clone(), &session, &staff)?;
            if by_itself {
                person = person.without_what_waits();
            }
            Ok(Some(person))
        } else {
            Ok(None)
        }
    }

    /// Whose session it was that a request's cookie named, if it was one of this app.
    pub(super) async fn former_person(
        &self,
        headers: &HeaderMap,
    ) -> Result<Option<record::ids::StaffId>> {
        let Some(id) = self.cookie().read(headers) else {
            return Ok(None);
        };
        let mut connection = self.pool().acquire().await?;
        let session = sessions::find(&mut connection, self.keys(), &id.hash()).await;
        Ok(ours(session)?.flatten().map(|session| session.staff_id))
    }

    fn permits(&self, role: Role) -> bool {
        self.0.parts.permitted.contains(&role)
    }

    /// Checks login and password and starts a session. Unknown logins take as long and count as much as known ones.
    pub(super) async fn attempt(&self, login: &str, password: SecretString) -> Result<Attempt> {
        let bucket = self.keys().index().blind(
            "sign_in_attempts.login",
            login.trim().to_lowercase().as_bytes(),
        );
        let mut connection = self.pool().acquire().await?;
        let now = self.clock().now();
        // Counted before it is checked: many attempts at once must not all see the count from before.
        let tries =
            sign_in_attempts::record_failure(&mut connection, &bucket, FAILURES_WINDOW, now)
                .await?;
        if tries > FAILURES_MAX {
            return Ok(Attempt::Wait);
        }
        let staff = ours(staff::by_login(&mut connection, self.keys(), login).await)?
            .flatten()
            .filter(Staff::has_password);
        // The hash takes its time; the connection is of more use to others.
        drop(connection);
        let hash = staff.as_ref().map(|staff| staff.password_hash.clone());
        let matched = self.0.passwords.matches(password, hash).await?;
        match staff.filter(|_| matched) {
            None => Ok(Attempt::Refused),
            Some(staff) if !staff.is_enabled() || !self.permits(staff.role) => {
                self.note(&staff, StaffEventKind::SignInRefused).await?;
                Ok(match staff.is_enabled() {
                    true => Attempt::OtherApp,
                    // Who guesses passwords is not told that there was such an account.
                    false => Attempt::Refused,
                })
            }
            Some(staff) => {
                let id = self.begin(&staff, &bucket, now).await?;
                Ok(Attempt::In(id, Box::new(staff)))
            }
        }
    }

    /// A session as old as the look at the account, which may have been changed since: the hash takes its time.
    async fn begin(&self, staff: &Staff, bucket: &[u8; 32], now: UnixMillis) -> Result<SessionId> {
        let id = SessionId::random();
        let session = Session {
            id_hash: id.hash(),
            app: self.app(),
            staff_id: staff.id,
            created_at: now,
            last_seen_at: now,
            expires_at: now.plus(ABSOLUTE),
            flash: None,
        };
        let by = By::account(staff.id, self.app());
        let event = StaffEvent::new(StaffEventKind::SignedIn, Some(staff.id), by, now);
        let mut transaction = self.pool().begin().await?;
        sessions::insert(&mut transaction, self.keys(), &session).await?;
        staff_events::append(&mut transaction, self.keys(), &event).await?;
        sign_in_attempts::clear(&mut transaction, bucket).await?;
        transaction.commit().await?;
        Ok(id)
    }

    async fn note(&self, staff: &Staff, kind: StaffEventKind) -> Result<()> {
        let by = By::account(staff.id, self.app());
        let event = StaffEvent::new(kind, Some(staff.id), by, self.clock().now());
        let mut connection = self.pool().acquire().await?;
        staff_events::append(&mut connection, self.keys(), &event).await?;
        Ok(())
    }

    /// Writes down that this person asked for a page that their role does not include, by the page's template.
    pub(super) async fn note_refusal(&self, person: &SignedIn, page: &str) -> Result<()> {
        let by = By::account(person.staff_id(), self.app());
        let event = StaffEvent::page_refused(by, page, self.clock().now());
        let mut connection = self.pool().acquire().await?;
        staff_events::append(&mut connection, self.keys(), &event).await?;
        Ok(())
    }

    /// Hashes a new password, in turn with the sign-ins: each takes 64 MiB.
    pub async fn hash(&self, password: SecretString) -> Result<String> {
        self.0.passwords.hash(password).await
    }

    /// Ends the session of a request's cookie.
    pub(super) async fn end(&self, headers: &HeaderMap) -> Result<()> {
        if let Some(id) = self.cookie().read(headers) {
            let mut connection = self.pool().acquire().await?;
            sessions::delete(&mut connection, &id.hash()).await?;
        }
        Ok(())
    }

    pub(super) fn set_cookie(&self, id: &SessionId) -> Result<HeaderValue> {
        let header = self.cookie().set(id);
        header.ok_or_else(|| Error::internal("the cookie is not a header"))
    }

    pub(super) fn clear_cookie(&self) -> Result<HeaderValue> {
        let header = self.cookie().clear();
        header.ok_or_else(|| Error::internal("the cookie is not a header"))
    }
}

/// Whether a session still carries its account: that can sign in, and was not signed out everywhere since.
fn carries(session: &Session, staff: &Staff) -> bool {
    let is_older = staff
        .signed_out_at
        .is_some_and(|signed_out_at| session.created_at < signed_out_at);
    staff.is_enabled() && staff.has_password() && !is_older
}

/// A row that we did not write grants nothing; it raises the alarm instead of an error page.
fn ours<T>(row: std::result::Result<T, RowError>) -> Result<Option<T>> {
    match row {
        Ok(row) => Ok(Some(row)),
        Err(error) if error.is_tampering() => {
            tracing::error!(error = %crate::error::chain_of(&error), "ALARM: a planted or altered row was refused");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}
