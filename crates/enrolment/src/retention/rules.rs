//! What the controller's profile says, as far as it is asked here.

use database::retentions::Reckoned;
use record::consent::{Basis, Choice, Purpose};
use record::keeping::Keeping;
use sha2::{Digest, Sha256};

/// Another way to reckon is another number: then all rows are reckoned anew.
const WAY: u8 = 2;

type Ask<'a, Of, A> = Box<dyn Fn(&Of) -> A + Send + Sync + 'a>;

/// The controller's rules.
pub struct Rules<'a> {
    /// What a purpose rests on.
    pub basis: Ask<'a, Purpose, Basis>,
    /// For how long data is kept for a purpose; none where nobody knows.
    pub keeping: Ask<'a, Choice, Option<Keeping>>,
    /// A hash of all of it: what was reckoned by other rules is reckoned anew.
    pub fingerprint: [u8; 32],
}

impl Rules<'_> {
    /// What a record's row is reckoned from: it is reckoned anew when that is something else.
    pub(super) fn basis_of(&self, one: &Reckoned) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update([WAY]);
        hash.update(self.fingerprint);
        hash.update(one.id.as_bytes());
        hash.update(one.updated_at.0.to_be_bytes());
        hash.update(one.withdrawal.to_be_bytes());
        hash.update(one.restriction_steps.to_be_bytes());
        hash.finalize().into()
    }
}
