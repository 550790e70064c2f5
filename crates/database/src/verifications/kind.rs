//! Verdicts by their names, and what led to one.

use crate::column::text_enum;

text_enum! {
    /// The outcome of comparing a record with the chain (docs/VERDICTS.md).
    VerdictKind {
        /// Exactly what the owner signed.
        Valid = "valid",
        /// Values differ.
        Altered = "altered",
        /// An older version of the same record.
        RolledBack = "rolled_back",
        /// A row or cell of another record.
        Swapped = "swapped",
        /// Anchored, and no row.
        Missing = "missing",
        /// A row that the chain does not know.
        Forged = "forged",
        /// The proof matches, the owner's signature does not.
        ConsentInvalid = "consent_invalid",
        /// Erased or withdrawn on chain, with valid evidence.
        Retired = "retired",
        /// Erased or withdrawn on chain, without it or with data still there.
        RetiredUnproven = "retired_unproven",
        /// Not anchored yet, within its time.
        Pending = "pending",
        /// Not anchored yet, past its time.
        Overdue = "overdue",
        /// Nothing can be told right now.
        Unverifiable = "unverifiable",
    }
}

impl VerdictKind {
    /// Whether it opens an incident. Waiting records and what can't be told right now do not.
    #[must_use]
    pub const fn is_bad(self) -> bool {
        match self {
            Self::Altered
            | Self::RolledBack
            | Self::Swapped
            | Self::Missing
            | Self::Forged
            | Self::ConsentInvalid
            | Self::RetiredUnproven => true,
            Self::Valid | Self::Retired | Self::Pending | Self::Overdue | Self::Unverifiable => {
                false
            }
        }
    }

    /// A byte that stands for it: its place in the list of all, which only grows at its end.
    pub(crate) fn code(self) -> u8 {
        let place = Self::ALL.iter().position(|one| *one == self);
        place
            .and_then(|place| u8::try_from(place).ok())
            .unwrap_or(u8::MAX)
    }

    pub(crate) fn of_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

text_enum! {
    /// Which of the ways led to a verdict.
    Source {
        /// Somebody pressed Verify.
        Button = "button",
        /// The sweep.
        Sweep = "sweep",
        /// The watch on the binary log.
        Watch = "watch",
        /// Entered by a person.
        Hand = "hand",
    }
}
