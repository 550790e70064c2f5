//! Talking to the mail server.

use std::str::FromStr;
use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, MultiPartKind, SinglePart};
use lettre::transport::smtp::{Error as SmtpError, PoolConfig};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use record::time::UnixMillis;
use thiserror::Error;

use crate::event::EventKey;
use crate::letter::Letter;
use crate::mail::Mail;
use crate::smtp_server::SmtpServer;

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
    /// Neither an address nor `Name <address>`.
    #[error("is not a mail address")]
    Address,
}

/// Who a mail is from: `Name <address>` or an address.
#[derive(Clone)]
pub struct Sender(Mailbox);

impl FromStr for Sender {
    type Err = MailerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| MailerError::Address)
    }
}

/// An address that mail can be sent to.
#[derive(Clone)]
pub struct Recipient(Address);

impl Recipient {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }
}

impl FromStr for Recipient {
    type Err = MailerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| MailerError::Address)
    }
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
    /// A mailer, to be made within a Tokio runtime; connects when it is first used.
    pub fn new(server: SmtpServer, sender: Sender) -> Self {
        let pool = PoolConfig::new().max_size(2).idle_timeout(IDLE_LIMIT);
        let transport = server.0.timeout(Some(STEP_LIMIT)).pool_config(pool).build();
        Self {
            transport,
            from: sender.0,
        }
    }

    /// Sends a mail past the outbox, for when there is none to be had; false when it did not go out. The same event at the
    /// same time makes the same mail.
    pub async fn send_at_once(
        &self,
        event: EventKey,
        created_at: UnixMillis,
        recipient: &str,
        mail: &Mail,
    ) -> bool {
        let stamp = Stamp {
            event_key: event.as_bytes(),
            created_at,
        };
        let sent = self.send(&stamp, recipient, &mail.letter()).await;
        if let Err(failure) = &sent {
            tracing::error!(
                problem = failure.problem,
                "a mail past the outbox was not sent"
            );
        }
        sent.is_ok()
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
        let Recipient(recipient) = recipient.parse().map_err(|_| Failure::never("recipient"))?;
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
    use crate::LinkMail;

    fn letter() -> Letter {
        LinkMail::ConsentLink {
            first_name: "Zoë <b>".to_owned(),
            controller: "Städtische Klinik".to_owned(),
            url: "https://consent.example.org/c/abc".to_owned(),
            expires_at: UnixMillis(1_800_000_000_000),
            corrects: false,
            asks_again: false,
            withdrawal_url: None,
        }
        .letter()
    }

    fn mailer(from: &str) -> Mailer {
        let server = "smtp://localhost".parse().unwrap();
        Mailer::new(server, from.parse().unwrap())
    }

    fn formatted(event: u8, created_at: u64) -> String {
        let mailer = mailer("Sealwatch <no-reply@example.org>");
        let stamp = Stamp {
            event_key: &[event; 32],
            created_at: UnixMillis(created_at),
        };
        let message = mailer.message(&stamp, "zoe@example.org", &letter());
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
    async fn what_is_no_address_is_told() {
        for wrong in ["nobody", "zoe@", "Zoë <zoe>"] {
            assert!(wrong.parse::<Sender>().is_err(), "{wrong}");
            assert!(wrong.parse::<Recipient>().is_err(), "{wrong}");
        }
        let mailer = mailer("desk@example.org");
        let stamp = Stamp {
            event_key: &[0; 32],
            created_at: UnixMillis(0),
        };
        let failure = mailer.send(&stamp, "no address", &letter()).await;
        assert_eq!(failure, Err(Failure::never("recipient")));
    }
}
