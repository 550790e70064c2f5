//! What makes the record proof a proof: nothing that goes in can change without what comes out changing.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use record::{
    Address, B256,
    ids::{Uid, Version},
    proof::{FieldName, Fields, RecordProofInput, Salt, consent_hash, retirement_evidence},
    signature::ConsentSignature,
};

/// A field set: each name's salt and value.
type Set = BTreeMap<String, ([u8; 32], String)>;

/// Few names, salts and letters, so that sets which nearly collide come up often.
fn near_sets() -> impl Strategy<Value = Set> {
    let salt = prop_oneof![Just([0; 32]), Just([1; 32])];
    proptest::collection::btree_map("[ab_]{1,3}", (salt, "[ab_]{0,3}"), 0..4)
}

fn sets() -> impl Strategy<Value = Set> {
    proptest::collection::btree_map("[a-z0-9_]{1,64}", (any::<[u8; 32]>(), "(?s).{0,40}"), 1..8)
}

fn fields<'a>(set: impl IntoIterator<Item = (&'a String, &'a ([u8; 32], String))>) -> Fields {
    let mut fields = Fields::new();
    for (name, (salt, value)) in set {
        let name = FieldName::new(name).unwrap();
        fields
            .insert(name, Salt::from_bytes(*salt), value.clone())
            .unwrap();
    }
    fields
}

fn input(fields: &Fields) -> RecordProofInput {
    RecordProofInput {
        chain_id: 31337,
        relay: Address::repeat_byte(1),
        wallet: Address::repeat_byte(2),
        uid: Uid::FIRST,
        version: Version::FIRST,
        timestamp: 1_795_262_400,
        consent_hash: B256::repeat_byte(3),
        leaves: fields.leaves(),
    }
}

fn flipped<const N: usize>(bytes: &[u8; N], bit: usize) -> [u8; N] {
    let mut bytes = *bytes;
    bytes[bit / 8 % N] ^= 1 << (bit % 8);
    bytes
}

proptest! {
    #[test]
    fn any_change_beside_the_fields_changes_the_proof(
        set in sets(), bit in 0_usize..256, chain_id: u64, uid in 1_u64.., version in 1_u32.., timestamp: u64
    ) {
        let before = input(&fields(&set));
        let (uid, version) = (Uid::new(uid).unwrap(), Version::new(version).unwrap());
        let relay = Address::new(flipped(&before.relay.0.0, bit));
        let wallet = Address::new(flipped(&before.wallet.0.0, bit));
        let consent_hash = B256::new(flipped(&before.consent_hash.0, bit));
        let changes = [
            RecordProofInput { chain_id, ..before.clone() },
            RecordProofInput { relay, ..before.clone() },
            RecordProofInput { wallet, ..before.clone() },
            RecordProofInput { uid, ..before.clone() },
            RecordProofInput { version, ..before.clone() },
            RecordProofInput { timestamp, ..before.clone() },
            RecordProofInput { consent_hash, ..before.clone() },
            RecordProofInput { relay: before.wallet, wallet: before.relay, ..before.clone() },
        ];
        for after in changes {
            prop_assert_eq!(after == before, after.record_proof() == before.record_proof(), "{:?}", after);
        }
    }

    #[test]
    fn any_change_of_a_field_changes_the_proof(set in sets(), which: prop::sample::Index, bit in 0_usize..256, more in ".{1,3}") {
        let before = input(&fields(&set)).record_proof();
        let name = which.get(&set.keys().cloned().collect::<Vec<_>>()).clone();
        let changed = |change: &dyn Fn(&mut Set)| {
            let mut set = set.clone();
            change(&mut set);
            input(&fields(&set)).record_proof()
        };
        prop_assert_ne!(before, changed(&|set| set.get_mut(&name).unwrap().1.push_str(&more)));
        prop_assert_ne!(before, changed(&|set| set.get_mut(&name).unwrap().1.insert_str(0, &more)));
        prop_assert_ne!(before, changed(&|set| { let field = set.get_mut(&name).unwrap(); field.0 = flipped(&field.0, bit); }));
        prop_assert_ne!(before, changed(&|set| { set.remove(&name); }));
        prop_assert_ne!(before, changed(&|set| {
            let field = set.remove(&name).unwrap();
            let renamed = if name.len() < 64 { format!("{name}_") } else { name[1..].to_owned() };
            set.insert(renamed, field);
        }));
    }

    #[test]
    fn the_order_of_fields_does_not_matter(set in sets()) {
        let forth = fields(&set);
        let back = fields(set.iter().rev());
        prop_assert_eq!(forth.leaves(), back.leaves());
        prop_assert_eq!(input(&forth).record_proof(), input(&back).record_proof());
    }

    #[test]
    fn only_equal_field_sets_share_a_proof(one in near_sets(), other in near_sets()) {
        let same = input(&fields(&one)).record_proof() == input(&fields(&other)).record_proof();
        prop_assert_eq!(one == other, same);
    }

    #[test]
    fn any_change_of_the_consent_changes_its_hash(
        digest: [u8; 32], block: u64, bytes in proptest::collection::vec(any::<u8>(), 1..200), bit in 0_usize..256
    ) {
        let contract = |bytes: &[u8], block| ConsentSignature::contract(bytes.to_vec(), block).unwrap();
        let hash = |signature: &ConsentSignature| consent_hash(&digest.into(), signature);
        let before = hash(&contract(&bytes, block));
        let mut other = bytes.clone();
        other[bit % bytes.len()] ^= 1;
        prop_assert_ne!(before, hash(&contract(&other, block)));
        prop_assert_ne!(before, hash(&contract(&bytes[1..], block)));
        prop_assert_ne!(before, hash(&contract(&bytes, block.wrapping_add(1))));
        prop_assert_ne!(before, consent_hash(&flipped(&digest, bit).into(), &contract(&bytes, block)));
    }

    #[test]
    fn any_change_of_the_evidence_changes_its_hash(salt: [u8; 32], digest: [u8; 32], bit in 0_usize..256) {
        let signature = ConsentSignature::contract(vec![1, 2, 3], 0).unwrap();
        let hash = |salt: [u8; 32], digest: [u8; 32], signature: &ConsentSignature| {
            retirement_evidence(&Salt::from_bytes(salt), &digest.into(), signature)
        };
        let before = hash(salt, digest, &signature);
        prop_assert_ne!(before, hash(flipped(&salt, bit), digest, &signature));
        prop_assert_ne!(before, hash(salt, flipped(&digest, bit), &signature));
        prop_assert_ne!(before, hash(salt, digest, &ConsentSignature::contract(vec![1, 2], 0).unwrap()));
        prop_assert_ne!(before, consent_hash(&digest.into(), &signature));
    }
}

#[test]
fn a_key_s_and_a_contract_s_signature_of_the_same_bytes_differ() {
    let bytes = [&[0x11; 64][..], &[27]].concat();
    let key = ConsentSignature::ecdsa(&bytes).unwrap();
    let contract = ConsentSignature::contract(bytes, 0).unwrap();
    assert_ne!(
        consent_hash(&B256::ZERO, &key),
        consent_hash(&B256::ZERO, &contract)
    );
}
