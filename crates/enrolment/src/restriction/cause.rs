//! Why a record is restricted.

use database::Checked;
use database::record_events::{RecordEvent, RecordEventKind};
use record::time::UnixMillis;

use super::requests::Ground;

/// Why a record is restricted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    /// Why.
    pub reason: Reason,
    /// Since when, where that is one moment.
    pub since: Option<UnixMillis>,
}

/// Why a record is restricted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Its owner asked for it, on this ground (GDPR Art. 18(1)(a)–(c)).
    Asked(Ground),
    /// Its owner objected to a use (Art. 18(1)(d)).
    Objection,
    /// Nothing but legal duties is left.
    LegalDuties,
    /// Nothing is left: it is to be erased.
    NothingLeft,
    /// Somebody wrote, changed or took away what tells it.
    Unknown,
}

impl Reason {
    /// For whoever wants to look at the record.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Asked(ground) => ground.in_words(),
            Self::Objection => "The owner objected to a use",
            Self::LegalDuties => "Only a legal duty is left to keep it for",
            Self::NothingLeft => "Nothing permits to keep it any longer",
            Self::Unknown => "Somebody changed, planted or removed what tells it",
        }
    }
}

/// What the history of a record tells of.
#[derive(Debug, Clone, Copy, Default)]
pub struct Told {
    pub(super) withdrawals: usize,
    pub(super) steps: usize,
    pub(super) is_tampered: bool,
}

impl Told {
    /// By this history.
    #[must_use]
    pub fn by(history: &Checked<RecordEvent>) -> Self {
        use RecordEventKind as Kind;
        let count = |is: fn(Kind) -> bool| history.rows.iter().filter(|one| is(one.kind)).count();
        Self {
            withdrawals: count(|kind| kind == Kind::ConsentWithdrawn),
            steps: count(|kind| {
                matches!(
                    kind,
                    Kind::RestrictionAsked
                        | Kind::RestrictionGranted
                        | Kind::RestrictionRefused
                        | Kind::RestrictionEnding
                        | Kind::RestrictionLifted
                        | Kind::RestrictionWithdrawn
                        | Kind::ObjectionMade
                        | Kind::ObjectionUpheld
                        | Kind::ObjectionRefused
                )
            }),
            is_tampered: !history.tampered.is_empty(),
        }
    }
}
