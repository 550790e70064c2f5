//! Links that let nobody in (any more): why, and what to do next.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use database::consent_links::{ConsentLink, LinkState};
use keyring::Ticket;
use record::time::UnixMillis;
use web_kit::error::Result;
use web_kit::page::{Page, html};

use crate::app::App;
use crate::urls::TicketUrls;
use crate::visit::Visit;

/// Why a link lets nobody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// No link has this secret.
    Unknown,
    /// Its time is over.
    Expired,
    /// The owner signed.
    Used,
    /// The owner signed a correction, and staff gave it up.
    GivenUp,
    /// Staff took it back, or a newer one replaced it.
    Revoked,
    /// Too many wrong codes.
    Locked,
    /// The owner asked for a correction.
    Corrected,
    /// The owner declined.
    Declined,
    /// The owner declined a correction: the record is as it was.
    Kept,
    /// Somebody changed rows behind it.
    Altered,
}

impl Closed {
    /// Why `link` is closed by its own row; `None` while it is open. [`crate::standing::closed`] looks further.
    pub fn of(link: &ConsentLink, now: UnixMillis) -> Option<Self> {
        match link.state {
            LinkState::Open if link.is_expired(now) => Some(Self::Expired),
            LinkState::Open => None,
            LinkState::Used => Some(Self::Used),
            LinkState::Revoked => Some(Self::Revoked),
            LinkState::Locked => Some(Self::Locked),
            LinkState::Corrected => Some(Self::Corrected),
            LinkState::Declined if link.corrects() => Some(Self::Kept),
            LinkState::Declined => Some(Self::Declined),
        }
    }

    /// Its name, for those who drive the page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Expired => "expired",
            Self::Used => "used",
            Self::GivenUp => "given_up",
            Self::Revoked => "revoked",
            Self::Locked => "locked",
            Self::Corrected => "corrected",
            Self::Declined => "declined",
            Self::Kept => "kept",
            Self::Altered => "altered",
        }
    }

    /// The headline.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Unknown => "We don’t know this link",
            Self::Expired => "This link has expired",
            Self::Used => "This link has been used",
            Self::GivenUp => "The correction was given up",
            Self::Revoked => "This link is no longer valid",
            Self::Locked => "This link is locked",
            Self::Corrected => "The desk has your note",
            Self::Declined => "Declined, and deleted",
            Self::Kept => "Your record stays as it is",
            Self::Altered => "This link can’t be used",
        }
    }

    /// What happened.
    pub const fn what(self) -> &'static str {
        match self {
            Self::Unknown => "It may have been cut off or mistyped on its way to you.",
            Self::Expired => {
                "It was good for a limited time, for your safety. Nothing was signed with it."
            }
            Self::Used => {
                "The details behind it were signed with the registered wallet. A link works once."
            }
            Self::GivenUp => {
                "The organisation has given up the correction that was signed with this link. Its details and the signature are deleted. It changed nothing in your record."
            }
            Self::Revoked => {
                "The organisation has taken it back: it sent you a newer one, or needs no answer any more."
            }
            Self::Locked => {
                "The code was wrong five times. For your safety the link now opens for nobody. Nothing was shown."
            }
            Self::Corrected => {
                "Nothing was signed. Staff will correct your details and send you a new link."
            }
            Self::Declined => "Nothing was signed, and everything about you has been deleted.",
            Self::Kept => {
                "Nothing was signed. The correction was deleted; what you signed before still stands."
            }
            Self::Altered => {
                "What is stored behind it is not what we put there: somebody may have changed it. For your safety nothing of it is shown, and nothing can be signed with it."
            }
        }
    }

    /// What to do next.
    pub const fn next(self) -> &'static str {
        match self {
            Self::Unknown => {
                "Copy the whole link from the message and open it again. If it still doesn’t work, ask for a new one:"
            }
            Self::Expired | Self::Locked => "Ask for a new link:",
            Self::Used => "If it wasn’t you who signed, say so at once:",
            Self::Revoked => {
                "If you got a newer message, open the link in that one. Otherwise you need not do anything. If you have a question, ask:"
            }
            Self::Corrected => {
                "You need not do anything. If you don’t hear back within a few days, ask:"
            }
            Self::Declined => "If you change your mind, you can register afresh:",
            Self::Kept | Self::GivenUp => "If something in your record is wrong, say what:",
            Self::Altered => "Say that you saw this page, and ask for a new link:",
        }
    }

    /// What was destroyed, where that is so.
    const fn destroyed(self) -> &'static [&'static str] {
        match self {
            Self::Declined => &[
                "Your name, e-mail address, phone number, age, postal address and wallet address",
                "Notes that you sent about them",
                "The key that they were locked with",
                "The look-up entries of your e-mail and wallet address",
                "This link and any other link to these details",
            ],
            _ => &[],
        }
    }

    fn status(self, held: bool) -> StatusCode {
        match self {
            Self::Unknown => StatusCode::NOT_FOUND,
            // The one who just did it sees that it worked.
            Self::Corrected | Self::Declined | Self::Kept if held => StatusCode::OK,
            _ => StatusCode::GONE,
        }
    }

    /// The page, for whoever came by this link.
    pub fn page(self, app: &App, visit: Option<&Visit>) -> Result<Response> {
        let record = visit.map(|visit| visit.link.record_id);
        let record = record.filter(|_| self.has_signed());
        let page = ClosedPage {
            page: app.page(self.title()),
            app: app.clone(),
            closed: self,
            ticket: record.map(|record| TicketUrls::new(Ticket::of(record), &app.front)),
        };
        let held = visit.is_some_and(|visit| visit.is_held);
        Ok((self.status(held), html(&page)?).into_response())
    }

    /// Whether its owner has signed something that stands: by this link, or before it.
    const fn has_signed(self) -> bool {
        matches!(self, Self::Used | Self::GivenUp | Self::Kept)
    }
}

#[derive(Template)]
#[template(path = "closed.html")]
struct ClosedPage {
    page: Page,
    app: App,
    closed: Closed,
    /// Where an owner who has signed goes on without a link.
    ticket: Option<TicketUrls>,
}
