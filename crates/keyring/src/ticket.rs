//! What stands in the mails to an owner, so that they can ask to be let in (docs/WITHDRAWAL.md). It opens nothing.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use record::ids::RecordId;

use crate::front::FrontKeys;

const ID_LEN: usize = 16;
const TAG_LEN: usize = 16;

/// Names a record to whom we gave it, and proves that we did. It stands in no table, and stays good.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Ticket(RecordId);

impl Ticket {
    /// The ticket of a record.
    #[must_use]
    pub const fn of(record: RecordId) -> Self {
        Self(record)
    }

    /// The record.
    #[must_use]
    pub const fn record(self) -> RecordId {
        self.0
    }

    /// Reads one from an address; none when it is not one of ours.
    #[must_use]
    pub fn from_url(text: &str, keys: &FrontKeys) -> Option<Self> {
        let mut bytes = [0; ID_LEN + TAG_LEN + 1];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        let (id, tag) = bytes.get(..length)?.split_first_chunk::<ID_LEN>()?;
        let ticket = Self(RecordId::from_bytes(*id));
        verify_slices_are_equal(&ticket.tag(keys), tag).ok()?;
        Some(ticket)
    }

    /// As it stands in an address: 43 characters of base64url.
    #[must_use]
    pub fn to_url(self, keys: &FrontKeys) -> String {
        let bytes = [self.0.as_bytes().as_slice(), &self.tag(keys)].concat();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn tag(self, keys: &FrontKeys) -> [u8; TAG_LEN] {
        let hash = keys.hash("withdrawal.ticket", self.0.as_bytes());
        let (tag, _) = hash.split_first_chunk().expect("a hash has 32 bytes");
        *tag
    }
}
