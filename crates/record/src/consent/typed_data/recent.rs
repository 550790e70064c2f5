//! Hashes that are asked for again and again.

use alloy_primitives::B256;

/// More than a controller's purposes with each choice; few enough to be looked through faster than one hash is made.
const KEPT: usize = 16;

/// The hashes of the values that were asked for last.
pub(super) struct Recent<T>(Vec<(T, B256)>);

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Clone + PartialEq> Recent<T> {
    /// The hash of this value, made by `make` unless it is at hand.
    pub(super) fn hash(&mut self, value: &T, make: impl FnOnce(&T) -> B256) -> B256 {
        if let Some((_, hash)) = self.0.iter().find(|(known, _)| known == value) {
            return *hash;
        }
        let hash = make(value);
        if self.0.len() == KEPT {
            self.0.remove(0);
        }
        self.0.push((value.clone(), hash));
        hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_keeps_its_own_hash_however_many_there_are() {
        let mut recent = Recent::default();
        for number in (0..100).chain(0..100).chain(90..100) {
            let hash = recent.hash(&number, |number| B256::repeat_byte(*number));
            assert_eq!(hash, B256::repeat_byte(number));
        }
        assert_eq!(recent.0.len(), KEPT);
        let known = recent.hash(&99, |_| unreachable!("the newest are at hand"));
        assert_eq!(known, B256::repeat_byte(99));
    }
}
