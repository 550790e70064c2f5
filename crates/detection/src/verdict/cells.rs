//! What the cells of one version say about themselves when they do not open at their place.

use std::collections::BTreeSet;

use database::sealed::{CellProblem, OpenedVersion};
use keyring::{Header, OpenError};

use super::{Part, Row, VersionRow};

/// The cells at fault, by what is wrong with them.
#[derive(Default)]
pub(super) struct Faults {
    /// Of another draft or version of this record.
    pub other_draft: BTreeSet<Part>,
    /// Sealed for another record.
    pub other_record: BTreeSet<Part>,
    /// Altered, or moved within the version.
    pub broken: BTreeSet<Part>,
    /// Whether the row's draft number alone is at fault: all cells agree on another one.
    pub only_the_draft_number: bool,
}

impl Faults {
    /// Of a version that must have its values.
    pub fn of(row: &Row, version: &VersionRow) -> Self {
        Self::among(row, version, problems)
    }

    /// Of a version that another one replaced: its values may be gone.
    pub fn of_replaced(row: &Row, version: &VersionRow) -> Self {
        Self::among(row, version, problems_of_what_is_left)
    }

    fn among(row: &Row, version: &VersionRow, problems: Problems) -> Self {
        let mut faults = Self::default();
        let Some(opened) = &version.opened else {
            return faults;
        };
        for (part, problem) in problems(opened) {
            let at_fault =
                match problem {
                    CellProblem::Open(OpenError::Elsewhere(header)) if moved(header, version) => {
                        &mut faults.other_draft
                    }
                    CellProblem::Open(
                        OpenError::Elsewhere(header) | OpenError::OtherKey(header),
                    ) if header.record_id != row.record_id => &mut faults.other_record,
                    _ => &mut faults.broken,
                };
            at_fault.insert(part);
        }
        faults.only_the_draft_number = only_the_draft_number(opened, version, problems);
        faults
    }

    pub fn is_empty(&self) -> bool {
        self.other_draft.is_empty() && self.other_record.is_empty() && self.broken.is_empty()
    }
}

fn moved(header: &Header, version: &VersionRow) -> bool {
    (header.version, header.draft) != (version.version, version.draft)
}

type Problems = fn(&OpenedVersion) -> Vec<(Part, &CellProblem)>;

/// [`problems`], but for those of values that were destroyed.
fn problems_of_what_is_left(opened: &OpenedVersion) -> Vec<(Part, &CellProblem)> {
    let mut problems = problems(opened);
    if opened.is_redacted {
        problems.retain(|(_, problem)| **problem != CellProblem::Empty);
    }
    problems
}

/// Every cell that did not open at its place. A cell that is not there is no problem of a cell, unless it is a field's.
fn problems(opened: &OpenedVersion) -> Vec<(Part, &CellProblem)> {
    let fields = opened
        .fields
        .iter()
        .map(|(name, cell)| (Part::Field(name.clone()), cell.as_ref().err()));
    let others = [
        (Part::Wallet, opened.wallet.as_ref().err()),
        (Part::Relation, opened.relation.as_ref().err()),
        (
            Part::Anchor,
            opened.anchor.as_ref().and_then(|cell| cell.as_ref().err()),
        ),
        (
            Part::WalletOrder,
            opened
                .wallet_order
                .as_ref()
                .and_then(|cell| cell.as_ref().err()),
        ),
        (
            Part::ConsentMessage,
            opened.message.as_ref().and_then(|cell| cell.as_ref().err()),
        ),
        (
            Part::ConsentSignature,
            opened
                .signature
                .as_ref()
                .and_then(|cell| cell.as_ref().err()),
        ),
    ];
    fields
        .chain(others)
        .filter_map(|(part, problem)| Some((part, problem?)))
        .collect()
}

/// How many cells a version has, opened or not.
pub(super) fn count(opened: &OpenedVersion) -> usize {
    let optional = [
        opened.anchor.is_some(),
        opened.message.is_some(),
        opened.signature.is_some(),
        opened.wallet_order.is_some(),
    ];
    opened.fields.len() + 2 + optional.into_iter().filter(|present| *present).count()
}

/// Nothing was rolled back where all cells, the signed and the anchored ones included, are of one and the same draft.
fn only_the_draft_number(opened: &OpenedVersion, version: &VersionRow, problems: Problems) -> bool {
    let mut drafts = BTreeSet::new();
    let destroyed = self::problems(opened).len() - problems(opened).len();
    let problems = problems(opened);
    for (_, problem) in &problems {
        match problem {
            CellProblem::Open(OpenError::Elsewhere(header))
                if header.version == version.version =>
            {
                drafts.insert(header.draft);
            }
            _ => return false,
        }
    }
    let all_elsewhere = problems.len() + destroyed == count(opened);
    all_elsewhere && drafts.len() == 1 && opened.anchor.is_some()
}
