//! Mail: what is told to whom, written into the outbox in the transaction of the event, and sent from there.
//!
//! # What "never twice" means
//!
//! - One event makes one mail. [`enqueue`] writes a row whose [`EventKey`] is unique; the same event told again is a
//!   no-op, also when two processes tell it at once.
//! - The row becomes visible when the event's transaction commits, so no mail tells what did not happen, and nothing
//!   that happened goes untold.
//! - One worker at a time has a mail: it claims the row, commits, talks to the mail server with no transaction open,
//!   and commits the outcome. A sent mail is never sent again.
//! - Between the server's acceptance and our commit there is a moment that no protocol closes: who dies in it can't know
//!   whether the mail went out, so it is sent again. It is then **the same mail byte for byte**: Message-ID, Date, parts
//!   and boundaries come from the row. Mail servers and programs drop such a repetition by its Message-ID. Two
//!   *different* mails for one event can't happen.
//!
//! Mails about restores of one incident that wait together go out as one: the first that is due takes along what the others tell,
//! and they are withdrawn, in one transaction before anything is sent.
//!
//! A mail that can't be delivered is given up loudly: see [`settle_alarm`].
//!
//! Recipient and content are sealed in the row and wiped once they are of no more use. The row carries a MAC: a mail
//! planted or changed by SQL is not sent, but marked and told as an alarm. A [`LinkMail`] is written with the application keys
//! ([`enqueue_link`]): consent-dapp, which faces the internet with the front keys, writes and reads none.

mod backoff;
mod enqueue;
mod event;
mod first_name;
mod gathering;
mod letter;
mod letters;
mod mail;
mod mailer;
mod outbox;
mod smtp_server;
mod undelivered;
mod withdraw;

pub use enqueue::{EnqueueError, enqueue, enqueue_for, enqueue_link};
pub use event::EventKey;
pub use first_name::first_name;
pub use letter::moment;
pub use mail::{Destroyed, Found, LinkMail, Mail, RestrictionNews};
pub use mailer::{Mailer, MailerError, Recipient, Sender};
pub use outbox::{Outbox, Policy};
pub use smtp_server::SmtpServer;
pub use undelivered::{readdress_to_officer, settle_alarm};
pub use withdraw::{withdraw_access_copies, withdraw_consent_links};
