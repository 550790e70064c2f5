//! What an owner allows, purpose by purpose.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Purpose;

/// A purpose in the words in which its owner was asked: by these a later answer, or a withdrawal, is known to be about the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Choice {
    /// What the data is for.
    pub name: String,
    /// The lawful basis (GDPR Art. 6(1)).
    pub lawful_basis: String,
}

impl Choice {
    /// Names it in a form: 16 hexadecimal digits.
    pub fn mark(&self) -> String {
        let mut hash = Sha256::new();
        // Behind its length, so that name and basis can't trade bytes.
        hash.update((self.name.len() as u64).to_be_bytes());
        hash.update(&self.name);
        hash.update(&self.lawful_basis);
        let hash = hash.finalize();
        hex::encode(&hash[..8])
    }
}

impl From<&Purpose> for Choice {
    fn from(purpose: &Purpose) -> Self {
        Self {
            name: purpose.name.clone(),
            lawful_basis: purpose.lawful_basis.clone(),
        }
    }
}

/// What an owner allows of what they signed: granted, theirs to choose, and not taken back since.
pub fn allowed(
    signed: &[Purpose],
    is_choice: impl Fn(&Purpose) -> bool,
    is_taken_back: impl Fn(&Choice) -> bool,
) -> Vec<Choice> {
    signed
        .iter()
        .filter(|purpose| purpose.granted && is_choice(purpose))
        .map(Choice::from)
        .filter(|choice| !is_taken_back(choice))
        .collect()
}
