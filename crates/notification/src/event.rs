//! The name of an event, so that it is told once.

use record::ids::{Draft, LinkId, RecordId, StaffId, Version};
use sha2::{Digest, Sha256};

/// Names one event to one kind of reader. Two mails of one event (to staff and to the owner, say) need two kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventKey([u8; 32]);

impl EventKey {
    /// The key of what happened to `subject`: an id, a number, a version — never personal data.
    #[must_use]
    pub fn of(kind: &str, subject: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"sealwatch/v1/event");
        // Behind its length, so that kind and subject can't trade bytes.
        hash.update((kind.len() as u64).to_be_bytes());
        hash.update(kind);
        hash.update(subject);
        Self(hash.finalize().into())
    }

    /// The key of the mail with a consent link.
    #[must_use]
    pub fn of_consent_link(link: LinkId) -> Self {
        Self::of("consent_link", link.as_bytes())
    }

    /// The key of the mail with the link to a copy of everything.
    #[must_use]
    pub fn of_access_copy(copy: LinkId) -> Self {
        Self::of("copy_ready", copy.as_bytes())
    }

    /// The key of the mail with the link that an account of staff got by this revision.
    #[must_use]
    pub fn of_staff_link(staff: StaffId, revision: u32) -> Self {
        let subject = [staff.as_bytes().as_slice(), &revision.to_be_bytes()];
        Self::of("staff_link", &subject.concat())
    }

    /// The key of what happened to one draft of a record: a version that was given up may be begun anew.
    #[must_use]
    pub fn of_draft(kind: &str, record: RecordId, version: Version, draft: Draft) -> Self {
        let subject = [
            record.as_bytes().as_slice(),
            &version.get().to_be_bytes(),
            &draft.get().to_be_bytes(),
        ];
        Self::of(kind, &subject.concat())
    }

    /// The bytes that the outbox keeps.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_and_subject_both_count() {
        let key = EventKey::of("restored", b"7");
        assert_eq!(key, EventKey::of("restored", b"7"));
        for other in [("restored", "8"), ("restore", "d7"), ("restored7", "")] {
            assert_ne!(key, EventKey::of(other.0, other.1.as_bytes()));
        }
    }
}
