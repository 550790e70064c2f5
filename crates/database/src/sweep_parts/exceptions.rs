//! What a part found that is not valid.

use std::collections::BTreeMap;

use record::ids::Uid;

use crate::verifications::{Subject, VerdictCounts, VerdictKind};

/// What one of them takes: the subject and a byte for the verdict.
const LENGTH: usize = 17;

/// So many go into one part. Only rows that the chain does not know can be more.
pub const MOST_EXCEPTIONS: usize = 200_000;

/// The subjects that are not valid, with their verdicts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exceptions(BTreeMap<Subject, VerdictKind>);

impl Exceptions {
    /// Says of a subject what it is; a valid one is no exception any more. What finds no room is left out.
    pub fn set(&mut self, subject: Subject, verdict: VerdictKind) {
        if verdict == VerdictKind::Valid {
            self.0.remove(&subject);
        } else if self.0.len() < MOST_EXCEPTIONS || self.0.contains_key(&subject) {
            self.0.insert(subject, verdict);
        }
    }

    /// The verdict on a subject; none when it is no exception.
    #[must_use]
    pub fn get(&self, subject: Subject) -> Option<VerdictKind> {
        self.0.get(&subject).copied()
    }

    /// All of them, in the order of the subjects.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Subject, VerdictKind)> + '_ {
        self.0.iter().map(|(subject, verdict)| (*subject, *verdict))
    }

    /// How many are bad.
    #[must_use]
    pub fn bad(&self) -> u64 {
        self.0.values().filter(|verdict| verdict.is_bad()).count() as u64
    }

    /// Those of these UIDs, in their order.
    pub fn between(
        &self,
        first: Uid,
        last: Uid,
    ) -> impl DoubleEndedIterator<Item = (Uid, VerdictKind)> + '_ {
        let these = self.0.range(Subject::uid(first)..=Subject::uid(last));
        these.filter_map(|(subject, verdict)| Some((subject.as_uid()?, *verdict)))
    }

    /// How many UIDs, and how many rows that the chain does not know, have each verdict.
    pub(super) fn counts(&self) -> (VerdictCounts, VerdictCounts) {
        let (mut of_uids, mut of_rows) = (VerdictCounts::new(), VerdictCounts::new());
        for (subject, verdict) in self.iter() {
            let counts = match subject.as_uid() {
                Some(_) => &mut of_uids,
                None => &mut of_rows,
            };
            *counts.entry(verdict).or_default() += 1;
        }
        (of_uids, of_rows)
    }

    /// Whether all that were told found room.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.0.len() < MOST_EXCEPTIONS
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.len() * LENGTH);
        for (subject, verdict) in self.iter() {
            bytes.extend_from_slice(subject.as_bytes());
            bytes.push(verdict.code());
        }
        bytes
    }

    /// What can't be read is left out: the MAC is over what could.
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        let (all, _) = bytes.as_chunks::<LENGTH>();
        let read = all.iter().filter_map(|one| {
            let (subject, verdict) = one.split_first_chunk::<16>()?;
            Some((
                Subject::from_bytes(*subject),
                VerdictKind::of_code(*verdict.first()?)?,
            ))
        });
        Self(read.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_read_as_they_were_written() {
        let mut all = Exceptions::default();
        for (uid, verdict) in (1..).zip(VerdictKind::ALL) {
            let uid = Uid::new(uid).expect("counted from one");
            all.set(Subject::uid(uid), *verdict);
        }
        let valid = Subject::uid(Uid::new(1).expect("one"));
        assert_eq!((all.iter().count(), all.get(valid)), (11, None));
        assert_eq!(Exceptions::from_bytes(&all.to_bytes()), all);
        assert_eq!(all.bad(), 7);
        // A piece that is cut off is none.
        let cut = &all.to_bytes()[..LENGTH + 3];
        assert_eq!(Exceptions::from_bytes(cut).iter().count(), 1);
    }
}
