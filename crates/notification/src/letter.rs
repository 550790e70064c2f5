//! The form of every mail: the same words as text and as HTML.

use askama::Template;
use record::ids::Uid;
use record::time::UnixMillis;
use time::UtcDateTime;
use time::macros::format_description;

use crate::mail::MOST_UIDS;

/// What a mail says.
pub(crate) struct Letter {
    pub(crate) subject: String,
    pub(crate) greeting: String,
    pub(crate) paragraphs: Vec<String>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) action: Option<Action>,
    /// After the action.
    pub(crate) closing: Vec<String>,
    /// Where a data owner takes consent back, once there is some.
    pub(crate) withdrawal_url: Option<String>,
    /// Why the reader gets this mail.
    pub(crate) footer: String,
}

pub(crate) struct Fact {
    pub(crate) name: &'static str,
    pub(crate) value: String,
}

pub(crate) struct Action {
    pub(crate) label: &'static str,
    pub(crate) url: String,
}

#[derive(Template)]
#[template(path = "letter.txt")]
struct Text<'a> {
    letter: &'a Letter,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Html<'a> {
    letter: &'a Letter,
}

impl Letter {
    /// The same with the address at which a data owner takes consent back.
    pub(crate) fn with_withdrawal(self, url: Option<&str>) -> Self {
        Self {
            withdrawal_url: url.map(str::to_owned),
            ..self
        }
    }

    pub(crate) fn text(&self) -> Result<String, askama::Error> {
        Text { letter: self }.render()
    }

    pub(crate) fn html(&self) -> Result<String, askama::Error> {
        Html { letter: self }.render()
    }
}

pub(crate) fn fact(name: &'static str, value: impl Into<String>) -> Fact {
    Fact {
        name,
        value: value.into(),
    }
}

/// `21 November 2026, 14:05 UTC`
pub fn moment(at: UnixMillis) -> String {
    let format =
        format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute] UTC");
    i64::try_from(at.as_seconds())
        .ok()
        .and_then(|seconds| UtcDateTime::from_unix_timestamp(seconds).ok())
        .and_then(|at| at.format(format).ok())
        .unwrap_or_else(|| format!("{at} ms after 1970"))
}

/// `1 record`, `2 records`
pub(crate) fn records(count: u64) -> String {
    match count {
        1 => "1 record".to_owned(),
        _ => format!("{count} records"),
    }
}

/// `3, 4, 7 and 12 more`; none when there is nothing to name.
pub(crate) fn uids(uids: &[Uid], count: u64) -> Option<String> {
    if uids.is_empty() {
        return None;
    }
    let shown: Vec<_> = uids.iter().take(MOST_UIDS).map(Uid::to_string).collect();
    let more = count.saturating_sub(shown.len() as u64);
    let list = shown.join(", ");
    Some(match more {
        0 => list,
        _ => format!("{list} and {more} more"),
    })
}
