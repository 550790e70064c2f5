//! What came of each owner, counted, and told in words. Records are named by their UIDs alone.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use database::owner_key_rotation::{Fault, Waiting};
use record::ids::Uid;

/// So many records are named of one cause.
const NAMED: usize = 20;

/// What came of one owner.
pub(super) struct Turn {
    pub(super) uid: Option<Uid>,
    pub(super) outcome: Outcome,
    /// Copies in the backup, and in that of keys, that do not open.
    pub(super) foreign: u64,
}

/// What came of one owner's key.
pub(super) enum Outcome {
    /// Nothing of them is left, or never was.
    NoKey,
    /// It is new enough.
    Kept,
    /// It was replaced before; what was left over by that is put in order.
    Finished,
    /// It was replaced.
    Rotated,
    /// It can't be yet.
    Waits(Waiting),
    /// It can't be before something is put right.
    Faulty(Fault),
    /// Somebody else was at it at the same time.
    Overtaken,
}

/// Of all owners.
#[derive(Default)]
pub(super) struct Tally {
    kept: u64,
    finished: u64,
    rotated: u64,
    foreign: u64,
    left: BTreeMap<String, Left>,
}

/// Who was passed over for one cause.
#[derive(Default)]
struct Left {
    count: u64,
    uids: Vec<Uid>,
}

impl Tally {
    pub(super) fn add(&mut self, turn: Turn) {
        self.foreign += turn.foreign;
        let cause = match turn.outcome {
            Outcome::NoKey => return,
            Outcome::Kept => return self.kept += 1,
            Outcome::Finished => return self.finished += 1,
            Outcome::Rotated => return self.rotated += 1,
            Outcome::Waits(waiting) => because(waiting).to_owned(),
            Outcome::Faulty(fault) => at_fault(fault),
            Outcome::Overtaken => "changed while this ran".to_owned(),
        };
        let left = self.left.entry(cause).or_default();
        left.count += 1;
        left.uids
            .extend(turn.uid.filter(|_| left.uids.len() < NAMED));
    }

    /// Whether nobody was passed over, and all copies are in order.
    pub(super) fn is_whole(&self) -> bool {
        self.left.is_empty() && self.foreign == 0
    }

    pub(super) fn tell(&self, version: u32, is_dry: bool, out: &mut impl Write) -> Result<()> {
        let (rotated, kept) = (self.rotated, self.kept + self.finished);
        let would = if is_dry { "would get" } else { "have" };
        writeln!(
            out,
            "Owners: {rotated} {would} another key; {kept} had one already that is not older than application key version {version}."
        )?;
        if self.finished > 0 {
            writeln!(
                out,
                "Broken off before, and finished now: {}.",
                self.finished
            )?;
        }
        for (cause, left) in &self.left {
            let uids: Vec<_> = left.uids.iter().map(Uid::to_string).collect();
            let named = match (uids.is_empty(), left.count > uids.len() as u64) {
                (true, _) => String::new(),
                (false, false) => format!(" (UIDs: {})", uids.join(", ")),
                (false, true) => format!(" (UIDs: {}, …)", uids.join(", ")),
            };
            writeln!(out, "Passed over, {cause}: {}{named}", left.count)?;
        }
        if self.foreign > 0 {
            writeln!(
                out,
                "Copies in the backups that open by no key of their owner: {}. They were left as they are, and bring nothing back",
                self.foreign
            )?;
        }
        Ok(())
    }
}

const fn because(waiting: Waiting) -> &'static str {
    match waiting {
        Waiting::UnderWay => "since the newest version is not anchored yet",
        Waiting::Erasing => "since the record is being erased",
        Waiting::Link => "since a link that the owner may still open holds the key",
        Waiting::Copy => "since a copy of everything that the owner may still open holds the key",
        Waiting::Incident => "since an incident about the record is not over",
    }
}

fn at_fault(fault: Fault) -> String {
    match fault {
        Fault::Head => "since the head of the record is gone or not ours".to_owned(),
        Fault::Key => "since the key is gone or does not open".to_owned(),
        Fault::Row(table) => format!(
            "since a row of {table} is missing, or not as we wrote it (breach-viewer tells of it; it is left as it is)"
        ),
    }
}
