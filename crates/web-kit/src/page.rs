//! The frame of every page: what `kit/layout.html` shows around an app's own content.

use askama::Template;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{Html, IntoResponse, Response};

use crate::assets::{ICON, KIT_CSS, KIT_JS};
use crate::components::{Icon, Tone};
use crate::error::{Error, ErrorNote, Result};
use crate::resend::Sent;
use crate::sign_in::{Role, SignedIn, role_name};
use crate::site::{Banner, NavItem, Site};
use crate::telemetry::RequestId;

/// Draws a page.
pub fn html(page: &impl Template) -> Result<Html<String>> {
    Ok(Html(page.render()?))
}

/// Draws a page once more whose form has problems.
pub fn html_again(page: &impl Template) -> Result<Response> {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, html(page)?).into_response())
}

/// The frame. As an extractor it knows the app, the person signed in and the note that waits for them; a page's struct
/// holds it as `page`, and its template begins with `{% extends "kit/layout.html" %}`.
#[derive(Clone)]
pub struct Page {
    site: Site,
    title: String,
    path: String,
    person: Option<Person>,
    notice: Option<Notice>,
}

/// Who is signed in, as the header shows it.
#[derive(Debug, Clone)]
pub struct Person {
    /// The display name.
    pub name: String,
    /// The role in words.
    pub role: &'static str,
    has: Role,
}

/// A note shown once at the top of a page: what the last action did.
#[derive(Debug, Clone)]
pub struct Notice {
    /// Whether it went well.
    pub tone: Tone,
    /// What happened.
    pub text: String,
}

impl Page {
    async fn of(site: Site, path: String, person: Option<&SignedIn>) -> Result<Self> {
        let mut page = Self::plain(site, path).of_person(person);
        if let Some(person) = person {
            page.notice = person
                .take_notice()
                .await?
                .map(|(tone, text)| Notice { tone, text });
        }
        Ok(page)
    }

    /// Whose name and navigation it shows.
    pub(crate) fn of_person(mut self, person: Option<&SignedIn>) -> Self {
        self.person = person.map(|person| Person {
            name: person.name().to_owned(),
            role: role_name(person.role()),
            has: person.role(),
        });
        self
    }

    /// A frame with nobody signed in.
    #[must_use]
    pub fn plain(site: Site, path: String) -> Self {
        Self {
            site,
            title: String::new(),
            path,
            person: None,
            notice: None,
        }
    }

    /// Names the page: in the browser's title, and wherever the template shows `page.title()`.
    #[must_use]
    pub fn titled(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Shows a note at the top of this very page (after a redirect, use the session's flash).
    #[must_use]
    pub fn with_notice(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.notice = Some(Notice {
            tone,
            text: text.into(),
        });
        self
    }

    /// The page's name.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The app it belongs to.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// Who is signed in.
    #[must_use]
    pub fn person(&self) -> Option<&Person> {
        self.person.as_ref()
    }

    /// The note at the top of this page.
    #[must_use]
    pub fn notice(&self) -> Option<&Notice> {
        self.notice.as_ref()
    }

    /// The banner above this page: what operations have to mend is no stranger's business.
    #[must_use]
    pub fn banner(&self) -> Option<Banner> {
        let banner = self.site.banner()?;
        match &self.person {
            Some(_) => Some(banner),
            None => banner.to_anybody.map(|text| Banner {
                tone: banner.tone,
                text,
                to_anybody: None,
            }),
        }
    }

    /// The sign of the note that a script shows when it could not renew the page.
    #[must_use]
    pub fn outdated_icon(&self) -> Icon {
        Tone::Warning.icon()
    }

    /// Entries of the navigation for whoever is signed in, and whether each is the place where we are.
    #[must_use]
    pub fn nav(&self) -> Vec<(NavItem, bool)> {
        let Some(person) = &self.person else {
            return Vec::new();
        };
        let entries = self.site.nav().iter();
        let entries: Vec<&NavItem> = entries.filter(|item| item.is_for(person.has)).collect();
        // The longest entry that leads here: "/" leads everywhere.
        let here = entries
            .iter()
            .filter(|item| is_under(&self.path, item.path))
            .map(|item| item.path.len())
            .max();
        let marked = entries.into_iter().map(|item| {
            let current = is_under(&self.path, item.path) && Some(item.path.len()) == here;
            (*item, current)
        });
        marked.collect()
    }

    /// Address of the style sheet.
    #[must_use]
    pub fn css(&self) -> &'static str {
        KIT_CSS.url()
    }

    /// Address of the script.
    #[must_use]
    pub fn js(&self) -> &'static str {
        KIT_JS.url()
    }

    /// Address of the icon.
    #[must_use]
    pub fn icon(&self) -> &'static str {
        ICON.url()
    }
}

impl<S> FromRequestParts<S> for Page
where
    S: Send + Sync,
    Site: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let person = parts.extensions.get::<SignedIn>().cloned();
        let path = parts.uri.path().to_owned();
        Self::of(Site::from_ref(state), path, person.as_ref()).await
    }
}

fn is_under(path: &str, place: &str) -> bool {
    path == place
        || path
            .strip_prefix(place)
            .is_some_and(|rest| place.ends_with('/') || rest.starts_with('/'))
}

/// The page of an error.
#[derive(Template)]
#[template(path = "kit/error.html")]
pub(crate) struct ErrorPage {
    page: Page,
    text: String,
    number: Option<String>,
    sent: Option<Sent>,
}

impl ErrorPage {
    pub(crate) fn new(
        page: Page,
        note: ErrorNote,
        number: Option<RequestId>,
        sent: Option<Sent>,
    ) -> Self {
        Self {
            page: page.titled(note.title),
            text: note.text.into_owned(),
            number: number.map(|id| id.as_str().to_owned()),
            sent,
        }
    }
}
