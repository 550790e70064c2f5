//! What the controller's profile says, as far as it is asked here.

use record::consent::Purpose;
use record::ids::RecordId;
use record::keeping::Keeping;
use record::time::UnixMillis;
use sha2::{Digest, Sha256};

/// Another way to reckon is another number: then all rows are reckoned anew.
const WAY: u8 = 1;

type Ask<'a, A> = Box<dyn Fn(&Purpose) -> A + Send + Sync + 'a>;

/// The controller's rules.
pub struct Rules<'a> {
    /// Whether a purpose was its owner's to choose.
    pub is_choice: Ask<'a, bool>,
    /// For how long data is kept for a purpose; none where nobody knows.
    pub keeping: Ask<'a, Option<Keeping>>,
    /// A hash of all of it: what was reckoned by other rules is reckoned anew.
    pub fingerprint: [u8; 32],
}

impl Rules<'_> {
    /// What a record's row is reckoned from: it is reckoned anew when that is something else.
    pub(super) fn basis(&self, id: RecordId, updated_at: UnixMillis, withdrawal: u64) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update([WAY]);
        hash.update(self.fingerprint);
        hash.update(id.as_bytes());
        hash.update(updated_at.0.to_be_bytes());
        hash.update(withdrawal.to_be_bytes());
        hash.finalize().into()
    }
}
