//! The attacks: one is chosen at random, done, and says what it comes out as.

mod edits;
mod keys;
mod moves;
mod rows;

use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::expected::Expected;
use crate::history::History;
use crate::stage::Stage;

/// Every kind of attack. Kinds with many targets come more often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attack {
    /// A column of one of the four tables, in any row.
    EditColumn,
    /// One cell exchanged between two records.
    SwapCells,
    /// Two cells exchanged within one version.
    SwapWithin,
    /// A cell of one version put into another of the same record.
    SwapVersions,
    /// Version rows, consents, keys or UIDs exchanged between two records.
    SwapRows,
    /// One record put back to an earlier day.
    RollBackRecord,
    /// The head alone put back.
    RollBackHead,
    /// Cells, or the whole row, of the draft before the one that was signed.
    RollBackDraft,
    /// All records put back to an earlier day.
    RollBackRecords,
    /// The whole database put back while the viewer runs.
    RollBackDatabase,
    /// The whole database put back, and a viewer that knows nothing else.
    RollBackEverything,
    /// A row of a record, of a version, of a consent or of a key deleted.
    DeleteRow,
    /// All rows of a record deleted.
    DeleteRecord,
    /// A copy of a record under another id, with a UID or without.
    InsertCopy,
    /// A copy of a version under another number.
    InsertVersion,
    /// A record sealed with the real keys.
    InsertSealed,
    /// A version sealed with the real keys.
    InsertSealedVersion,
    /// A value sealed with the real keys in the place of the one that was signed.
    ReplaceSealed,
    /// The values of a version destroyed by somebody with the real keys, or put back where they were destroyed.
    Redact,
    /// An anchored row made to look as if it waited.
    FlipToPending,
    /// New fields anchored under the old signature.
    ReAnchorFields,
    /// A version of the thief's own wallet anchored.
    ReAnchorWallet,
    /// An older version anchored anew.
    ReAnchorOlder,
    /// A word anchored, and nothing done to the database.
    ReAnchorOnly,
    /// A new UID anchored without a row.
    AnchorNothing,
    /// A signed record anchored once more under a UID of its own.
    AnchorCopy,
    /// Retired without anybody's request.
    Retire,
    /// A row that grants access or moves work, of an incident or of what the watch keeps; one that hangs on nothing.
    Plant,
    /// A column of such a row.
    EditGuarded,
    /// A row of a table from which nothing of ours deletes.
    DeleteTrace,
}

impl Attack {
    /// With how often each comes.
    const ALL: [(Self, u32); 30] = [
        (Self::EditColumn, 30),
        (Self::SwapCells, 6),
        (Self::SwapWithin, 3),
        (Self::SwapVersions, 3),
        (Self::SwapRows, 6),
        (Self::RollBackRecord, 4),
        (Self::RollBackHead, 3),
        (Self::RollBackDraft, 3),
        (Self::RollBackRecords, 2),
        (Self::RollBackDatabase, 1),
        (Self::RollBackEverything, 1),
        (Self::DeleteRow, 8),
        (Self::DeleteRecord, 2),
        (Self::InsertCopy, 3),
        (Self::InsertVersion, 3),
        (Self::InsertSealed, 3),
        (Self::InsertSealedVersion, 3),
        (Self::ReplaceSealed, 4),
        (Self::Redact, 3),
        (Self::FlipToPending, 2),
        (Self::ReAnchorFields, 3),
        (Self::ReAnchorWallet, 3),
        (Self::ReAnchorOlder, 3),
        (Self::ReAnchorOnly, 2),
        (Self::AnchorNothing, 2),
        (Self::AnchorCopy, 2),
        (Self::Retire, 2),
        (Self::Plant, 6),
        (Self::EditGuarded, 8),
        (Self::DeleteTrace, 6),
    ];

    pub fn kinds() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().map(|(kind, _)| kind)
    }

    /// What a run begins with: each kind, and each entry of the lists that some choose from.
    pub fn openings(stage: &Stage) -> Vec<(Self, Option<usize>)> {
        let each = |kind: Self, count: usize| (0..count).map(move |which| (kind, Some(which)));
        Self::kinds()
            .map(|kind| (kind, None))
            .chain(each(Self::EditColumn, stage.columns.len()))
            .chain(each(Self::Plant, rows::PLANTED.len()))
            .chain(each(Self::DeleteTrace, rows::TRACES.len()))
            .collect()
    }

    pub fn random(rng: &mut StdRng) -> Self {
        let all: u32 = Self::ALL.iter().map(|(_, weight)| weight).sum();
        let mut at = rng.random_range(0..all);
        for (kind, weight) in Self::ALL {
            if at < weight {
                return kind;
            }
            at -= weight;
        }
        unreachable!("the weights add up")
    }

    /// Whether it changes the chain, which is put back afterwards.
    pub fn is_on_chain(self) -> bool {
        matches!(
            self,
            Self::ReAnchorFields
                | Self::ReAnchorWallet
                | Self::ReAnchorOlder
                | Self::ReAnchorOnly
                | Self::AnchorNothing
                | Self::AnchorCopy
                | Self::Retire
        )
    }

    /// Whether only a viewer that ran before can notice it.
    pub fn wants_memory(self) -> bool {
        // What was written just now is counted by nobody else yet.
        matches!(self, Self::RollBackDatabase | Self::DeleteTrace)
    }

    /// Does it to a random target, with this entry of its list where it has one and that is given; tells what exactly was
    /// done, and what is to be found.
    pub async fn carry_out(
        self,
        stage: &Stage,
        history: &History,
        which: Option<usize>,
        rng: &mut StdRng,
    ) -> (String, Expected) {
        match self {
            Self::EditColumn => edits::column(stage, history, which, rng).await,
            Self::EditGuarded => edits::guarded(stage, which, rng).await,
            Self::ReplaceSealed => keys::replace_sealed(stage, history, rng).await,
            Self::Redact => keys::redact(stage, history, rng).await,
            Self::FlipToPending => edits::flip_to_pending(stage, history, rng).await,
            Self::SwapCells => moves::swap_cells(stage, history, rng).await,
            Self::SwapWithin => moves::swap_within(stage, history, rng).await,
            Self::SwapVersions => moves::swap_versions(stage, history, rng).await,
            Self::SwapRows => moves::swap_rows(stage, history, rng).await,
            Self::RollBackRecord => moves::roll_back_record(stage, history, rng).await,
            Self::RollBackHead => moves::roll_back_head(stage, history, rng).await,
            Self::RollBackDraft => moves::roll_back_draft(stage, history, rng).await,
            Self::RollBackRecords => moves::roll_back_records(stage, history, rng).await,
            Self::RollBackDatabase => moves::roll_back_database(stage, history, true, rng).await,
            Self::RollBackEverything => moves::roll_back_database(stage, history, false, rng).await,
            Self::DeleteRow => rows::delete_row(stage, history, rng).await,
            Self::DeleteRecord => rows::delete_record(stage, history, rng).await,
            Self::InsertCopy => rows::insert_copy(stage, history, rng).await,
            Self::InsertVersion => rows::insert_version(stage, history, rng).await,
            Self::Plant => rows::plant(stage, which, rng).await,
            Self::DeleteTrace => rows::delete_trace(stage, which, rng).await,
            Self::InsertSealed => keys::insert_sealed(stage, history, rng).await,
            Self::InsertSealedVersion => keys::insert_sealed_version(stage, history, rng).await,
            Self::ReAnchorFields => keys::re_anchor_fields(stage, history, rng).await,
            Self::ReAnchorWallet => keys::re_anchor_wallet(stage, history, rng).await,
            Self::ReAnchorOlder => keys::re_anchor_older(stage, history, rng).await,
            Self::ReAnchorOnly => keys::re_anchor_only(stage, history, rng).await,
            Self::AnchorNothing => keys::anchor_nothing(stage, history, rng).await,
            Self::AnchorCopy => keys::anchor_copy(stage, history, rng).await,
            Self::Retire => keys::retire(stage, history, rng).await,
        }
    }
}

/// The named entry of a list, or any.
fn chosen<'a, T>(from: &'a [T], which: Option<usize>, rng: &mut StdRng) -> &'a T {
    match which {
        Some(which) => &from[which],
        None => pick(from, rng),
    }
}

pub fn pick<'a, T>(from: &'a [T], rng: &mut StdRng) -> &'a T {
    &from[rng.random_range(0..from.len())]
}
