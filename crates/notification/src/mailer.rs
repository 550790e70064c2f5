//! Talking to the mail server.

use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, MultiPartKind, SinglePart};
use lettre::transport::smtp::{Error as SmtpError, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use record::time::UnixMillis;
use thiserror::Error;
use url::Url;

use crate::letter::Letter;
use crate::smtp_url;

/// For each single step; a server that takes longer is out of order.
const STEP_LIMIT: Duration = Duration::from_secs(20);
const IDLE_LIMIT: Duration = Duration::from_secs(30);

/// Codes by which a server refuses who signs in, not what is sent.
const SIGN_IN_CODES: [&str; 5] = ["454", "530", "534", "535", "538"];

/// A setting that no mail can be sent with. Shows nothing of the address, which may hold a password.
#[derive(Debug, Error)]
pub enum MailerError {
    /// The mail server's address can't be used.
    #[error("the mail server's address can't be used: {0}")]
    Url(&'static str),
    /// The sender is not a mail address.
    #[error("the sender is not a mail address")]
    From,
}

/// Sends mails by one mail server under one sender. A clone shares its connections.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// What a mail is made of, beside its words. The same stamp makes the same bytes.
pub(crate) struct Stamp<'a> {
    pub(crate) event_key: &'a [u8; 32],
    pub(crate) created_at: UnixMillis,
}

/// Why a mail did not go out. `problem` is a word of ours: what a server says may hold an address.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) fate: Fate,
    pub(crate) problem: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The server can't be reached or does not let us in; this mail is as good as any other.
    ServerTrouble,
    /// The server does not want this mail now.
    Later,
    /// The server will never want this mail.
    Never,
}

impl Failure {
    fn new(fate: Fate, problem: impl Into<String>) -> Self {
        Self {
            fate,
            problem: problem.into(),
        }
    }

    pub(crate) fn never(problem: &str) -> Self {
        Self::new(Fate::Never, problem)
    }

    pub(crate) fn timed_out() -> Self {
        Self::new(Fate::ServerTrouble, "timed_out")
    }
}

impl Mailer {
    /// A mailer, to be made within a Tokio runtime; connects when it is first used. `url` is `smtps://account:password@host` (TLS from the start) or
    /// `smtp://…` with `?tls=required` (STARTTLS), `?tls=opportunistic` or `?tls=none`; without a word on it `smtp` means
    /// `required`, and `none` on this machine. `from` is `Name <address>` or an address.
    pub fn new(url: &Url, from: &str) -> Result<Self, MailerError> {
        let pool = PoolConfig::new().max_size(2).idle_timeout(IDLE_LIMIT);
        let transport = smtp_url::transport(url)?
            .timeout(Some(STEP_LIMIT))
            .pool_config(pool)
            .build();
        Ok(Self {
            transport,
            from: from.parse().map_err(|_| MailerError::From)?,
        })
    }

    pub(crate) async fn send(
        &self,
        stamp: &Stamp<'_>,
        recipient: &str,
        letter: &Letter,
    ) -> Result<(), Failure> {
        let message = self.message(stamp, recipient, letter)?;
        // On its own, so that a refusal to let us in is never taken for a refusal of the mail.
        match self.transport.test_connection().await {
            Ok(true) => {}
            Ok(false) => return Err(Failure::new(Fate::ServerTrouble, "unreachable")),
            Err(error) => return Err(of_connection(&error)),
        }
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) => Err(of_sending(&error)),
        }
    }

    fn message(
        &self,
        stamp: &Stamp<'_>,
        recipient: &str,
        letter: &Letter,
    ) -> Result<Message, Failure> {
        let event = hex::encode(stamp.event_key);
        let recipient = recipient.parse().map_err(|_| Failure::never("recipient"))?;
        let text = letter.text().map_err(|_| Failure::never("template"))?;
        let html = letter.html().map_err(|_| Failure::never("template"))?;
        let parts = MultiPart::builder()
            .kind(MultiPartKind::Alternative)
            .boundary(format!("part-{event}"))
            .singlepart(SinglePart::plain(text))
            .singlepart(SinglePart::html(html));
        // So that no holiday notice answers.
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, recipient))
            .subject(&letter.subject)
            .date(UNIX_EPOCH + Duration::from_millis(stamp.created_at.0))
            .message_id(Some(format!("<{event}@{}>", self.from.email.domain())))
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .multipart(parts)
            .map_err(|_| Failure::never("message"))
    }
}

fn of_connection(error: &SmtpError) -> Failure {
    let code = error.status().map(|code| code.to_string());
    let problem = match code {
        Some(code) if SIGN_IN_CODES.contains(&code.as_str()) => format!("sign_in_refused_{code}"),
        Some(code) => format!("server_refused_{code}"),
        None if error.is_timeout() => "timed_out".to_owned(),
        None if error.is_tls() => "tls".to_owned(),
        None => "unreachable".to_owned(),
    };
    Failure::new(Fate::ServerTrouble, problem)
}

fn of_sending(error: &SmtpError) -> Failure {
    match error.status().map(|code| code.to_string()) {
        Some(code) if SIGN_IN_CODES.contains(&code.as_str()) => {
            Failure::new(Fate::ServerTrouble, format!("sign_in_refused_{code}"))
        }
        Some(code) if error.is_permanent() => Failure::new(Fate::Never, format!("refused_{code}")),
        Some(code) => Failure::new(Fate::Later, format!("deferred_{code}")),
        None if error.is_timeout() => Failure::timed_out(),
        None => Failure::new(Fate::ServerTrouble, "connection_lost"),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]

    use super::*;
    use crate::Mail;

    fn letter() -> Letter {
        Mail::ConsentLink {
            first_name: "Zoë <b>".to_owned(),
            controller: "Städtische Klinik".to_owned(),
            url: "https://consent.example.org/c/abc".to_owned(),
            expires_at: UnixMillis(1_800_000_000_000),
        }
        .letter()
    }

    fn formatted(event: u8, created_at: u64) -> String {
        let mailer = Mailer::new(
            &"smtp://localhost".parse().unwrap(),
            "Sealwatch <no-reply@example.org>",
        );
        let stamp = Stamp {
            event_key: &[event; 32],
            created_at: UnixMillis(created_at),
        };
        let message = mailer
            .unwrap()
            .message(&stamp, "zoe@example.org", &letter());
        String::from_utf8(message.unwrap().formatted()).unwrap()
    }

    #[tokio::test]
    async fn the_same_row_makes_the_same_bytes() {
        assert_eq!(
            formatted(1, 1_700_000_000_000),
            formatted(1, 1_700_000_000_000)
        );
        let mail = formatted(1, 1_700_000_000_000);
        assert!(
            mail.contains(&format!(
                "Message-ID: <{}@example.org>\r\n",
                "01".repeat(32)
            )),
            "{mail}"
        );
        assert!(
            mail.contains("Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"),
            "{mail}"
        );
        assert!(
            mail.contains("Auto-Submitted: auto-generated\r\n"),
            "{mail}"
        );
        assert_ne!(mail, formatted(2, 1_700_000_000_000));
    }

    #[tokio::test]
    async fn wrong_settings_are_told() {
        let url = "smtp://localhost".parse().unwrap();
        assert!(matches!(
            Mailer::new(&url, "nobody"),
            Err(MailerError::From)
        ));
        assert!(Mailer::new(&url, "desk@example.org").is_ok());
        let mailer = Mailer::new(&url, "desk@example.org").unwrap();
        let stamp = Stamp {
            event_key: &[0; 32],
            created_at: UnixMillis(0),
        };
        let failure = mailer.send(&stamp, "no address", &letter()).await;
        assert_eq!(failure, Err(Failure::never("recipient")));
    }
}
