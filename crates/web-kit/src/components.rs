//! Small parts of pages. Each is a value that a template shows with `{{ part }}`; their HTML lies in `templates/kit/`.
//!
//! Constructors take a value or a reference to it, since templates hand over references.

use std::borrow::Borrow;

use askama::Template;
use askama::filters::HtmlSafe;
use record::time::UnixMillis;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

/// What a badge or banner says at a glance. Icon and word carry it; the colour only helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tone {
    /// As it should be.
    Good,
    /// A breach, a refusal, a loss.
    Bad,
    /// Needs a look.
    Warning,
    /// On its way.
    Waiting,
    /// For information.
    Info,
    /// Neither good nor bad.
    Neutral,
}

impl Tone {
    /// The class of the style sheet.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Warning => "warning",
            Self::Waiting => "waiting",
            Self::Info => "info",
            Self::Neutral => "neutral",
        }
    }

    /// Its sign: a tick, a cross, a clock.
    #[must_use]
    pub fn icon(self) -> Icon {
        Icon { tone: self }
    }
}

/// The sign of a tone: each has its own shape.
#[derive(Template)]
#[template(path = "kit/icon.html")]
pub struct Icon {
    tone: Tone,
}
impl HtmlSafe for Icon {}

/// A verdict or state in a word.
#[derive(Template)]
#[template(path = "kit/badge.html")]
pub struct Badge<'a> {
    tone: Tone,
    text: &'a str,
}
impl HtmlSafe for Badge<'_> {}

impl<'a> Badge<'a> {
    /// A badge.
    #[must_use]
    pub fn new(tone: impl Borrow<Tone>, text: &'a str) -> Self {
        let tone = *tone.borrow();
        Self { tone, text }
    }
}

/// How far something has come.
#[derive(Template)]
#[template(path = "kit/progress.html")]
pub struct Progress<'a> {
    label: &'a str,
    done: u64,
    total: u64,
}
impl HtmlSafe for Progress<'_> {}

impl<'a> Progress<'a> {
    /// `done` of `total`; `label` says of what.
    #[must_use]
    pub fn new(label: &'a str, done: impl Borrow<u64>, total: impl Borrow<u64>) -> Self {
        Self {
            label,
            done: *done.borrow(),
            total: *total.borrow(),
        }
    }

    fn percent(&self) -> u64 {
        match self.total {
            0 => 0,
            total => self.done.min(total).saturating_mul(100) / total,
        }
    }
}

/// A value that people copy rather than read: a hash, an address, a link.
#[derive(Template)]
#[template(path = "kit/copyable.html")]
pub struct Copyable<'a> {
    value: &'a str,
    shown: String,
    what: &'a str,
}
impl HtmlSafe for Copyable<'_> {}

impl<'a> Copyable<'a> {
    /// Shows the whole value. `what` names it for those who can't see the button: "the consent link".
    #[must_use]
    pub fn whole(what: &'a str, value: &'a str) -> Self {
        Self {
            value,
            shown: value.to_owned(),
            what,
        }
    }

    /// Shows head and tail of a long value.
    #[must_use]
    pub fn short(what: &'a str, value: &'a str) -> Self {
        Self {
            value,
            shown: shorten(value),
            what,
        }
    }
}

/// Head and tail of a hash or address: `0x12345678…cdef01`.
#[must_use]
pub fn shorten(value: &str) -> String {
    const HEAD: usize = 10;
    const TAIL: usize = 6;
    match (value.get(..HEAD), value.len().checked_sub(TAIL)) {
        (Some(head), Some(cut)) if value.len() > HEAD + TAIL + 1 => match value.get(cut..) {
            Some(tail) => format!("{head}…{tail}"),
            None => value.to_owned(),
        },
        _ => value.to_owned(),
    }
}

/// A point in time: UTC without a script, the reader's own time with it.
#[derive(Template)]
#[template(path = "kit/moment.html")]
pub struct Moment {
    machine: String,
    shown: String,
}
impl HtmlSafe for Moment {}

impl Moment {
    /// To the second.
    #[must_use]
    pub fn new(at: impl Borrow<UnixMillis>) -> Self {
        const SHOWN: &[BorrowedFormatItem<'_>] = format_description!(
            "[day padding:none] [month repr:short] [year], [hour]:[minute]:[second] UTC"
        );
        const MACHINE: &[BorrowedFormatItem<'_>] =
            format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
        let time = i64::try_from(at.borrow().as_seconds())
            .ok()
            .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
        let format = |items| time.and_then(|time| time.format(items).ok());
        Self {
            machine: format(MACHINE).unwrap_or_default(),
            shown: format(SHOWN).unwrap_or_else(|| "an unknown time".to_owned()),
        }
    }
}

/// Leads to the pages before and after this one.
#[derive(Template)]
#[template(path = "kit/pager.html")]
pub struct Pager {
    /// What the list holds, for screen readers: "Records".
    pub label: &'static str,
    /// Address of the page before, if there is one.
    pub previous: Option<String>,
    /// Address of the page after, if there is one.
    pub next: Option<String>,
    /// What is shown: "1 to 50 of 1,204".
    pub shown: String,
}
impl HtmlSafe for Pager {}

impl Pager {
    fn has_several_pages(&self) -> bool {
        self.previous.is_some() || self.next.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn badges_say_it_in_a_word_and_escape_it() {
        let badge = Badge::new(Tone::Bad, "<altered>").to_string();
        assert!(badge.contains("&#60;altered&#62;") && badge.contains("<svg"));
    }

    #[test]
    fn long_values_show_head_and_tail() {
        assert_eq!(
            shorten("0x1234567890abcdef1234567890abcdef"),
            "0x12345678…abcdef"
        );
        assert_eq!(shorten("0x123456"), "0x123456");
        assert_eq!(shorten("ääääääääääääääääääää"), "äääää…äää");
    }

    #[test]
    fn moments_are_written_for_machines_and_people() {
        let html = Moment::new(UnixMillis(1_795_300_800_123)).to_string();
        assert!(
            html.contains(r#"datetime="2026-11-21T22:40:00Z""#),
            "{html}"
        );
        assert!(html.contains("21 Nov 2026, 22:40:00 UTC"), "{html}");
    }

    #[test]
    fn a_single_page_has_nothing_to_turn_to() {
        let pager = |next: Option<&str>| {
            let pager = Pager {
                label: "Records",
                previous: None,
                next: next.map(str::to_owned),
                shown: "3 shown".to_owned(),
            };
            pager.to_string()
        };
        assert!(!pager(None).contains("Previous") && pager(None).contains("3 shown"));
        assert!(pager(Some("/records?after=1")).contains("Previous"));
    }

    #[test]
    fn progress_never_passes_its_end() {
        assert_eq!(Progress::new("Records", 3, 0).percent(), 0);
        assert_eq!(Progress::new("Records", 9, 4).percent(), 100);
        assert_eq!(Progress::new("Records", 1, 3).percent(), 33);
    }
}
