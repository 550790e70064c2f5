use keyring::{CellKind, Header, OpenError, OwnerKey, Place};
use proptest::prelude::*;
use record::ids::RecordId;

use crate::{draft, flipped, keys, version};

fn owner() -> OwnerKey {
    let mut rng = rand::rng();
    let record = RecordId::random(&mut rng);
    keys().generate_owner_key(record, &mut rng)
}

fn any_place() -> impl Strategy<Value = (u32, u32, CellKind, String)> {
    (
        1_u32..,
        any::<u32>(),
        prop::sample::select(CellKind::ALL.to_vec()),
        "[a-z0-9_]{0,64}",
    )
}

fn place((number, attempt, kind, name): &(u32, u32, CellKind, String)) -> Place<'_> {
    Place {
        version: version(*number),
        draft: draft(*attempt),
        kind: *kind,
        name,
    }
}

proptest! {
    #[test]
    fn a_cell_opens_where_it_belongs(
        at in any_place(),
        salt: [u8; 32],
        value: Vec<u8>,
    ) {
        let owner = owner();
        let cell = owner.seal(&place(&at), &salt, &value, &mut rand::rng());
        let opened = owner.open(&cell, &place(&at)).unwrap();
        prop_assert_eq!(opened.salt, salt);
        prop_assert_eq!(&*opened.value, &value);
    }

    #[test]
    fn a_cell_found_elsewhere_is_told_with_its_true_place(
        at in any_place(),
        found in any_place(),
    ) {
        prop_assume!(at != found);
        let owner = owner();
        let cell = owner.seal(&place(&at), &[7; 32], b"value", &mut rand::rng());
        let expected = Header {
            app_key_version: owner.app_key_version(),
            key_id: owner.key_id(),
            record_id: owner.record_id(),
            version: place(&at).version,
            draft: place(&at).draft,
            kind: at.2,
            name: at.3.clone(),
        };
        prop_assert_eq!(owner.open(&cell, &place(&found)).err(), Some(OpenError::Elsewhere(expected)));
    }

    #[test]
    fn garbage_is_not_a_cell(garbage: Vec<u8>) {
        let at = Place::of(version(1), draft(0), CellKind::Wallet);
        prop_assert!(owner().open(&garbage, &at).is_err());
    }
}

#[test]
fn no_flipped_bit_opens() {
    let owner = owner();
    let at = Place::field(version(3), draft(1), "email");
    let cell = owner.seal(&at, &[9; 32], b"ada@example.org", &mut rand::rng());
    // format 1, app key version 4, key id 16, …: a flip in the key id reads as another key, nothing reads as moved.
    let key_id = 5 * 8..21 * 8;
    for bit in 0..cell.len() * 8 {
        match owner.open(&flipped(&cell, bit), &at).err() {
            Some(OpenError::OtherKey(header)) => {
                assert!(key_id.contains(&bit), "bit {bit}");
                assert_ne!(header.key_id, owner.key_id());
            }
            Some(OpenError::Malformed | OpenError::Broken) => {}
            other => panic!("bit {bit}: {other:?}"),
        }
    }
}

#[test]
fn no_shortened_or_lengthened_cell_opens() {
    let owner = owner();
    let at = Place::field(version(1), draft(0), "name");
    let mut cell = owner.seal(&at, &[0; 32], b"", &mut rand::rng());
    for length in 0..cell.len() {
        assert!(owner.open(&cell[..length], &at).is_err(), "{length}");
    }
    cell.push(0);
    assert_eq!(owner.open(&cell, &at).err(), Some(OpenError::Broken));
}

#[test]
fn a_cell_of_another_owner_names_that_owner() {
    let (ours, theirs) = (owner(), owner());
    let at = Place::field(version(1), draft(0), "phone");
    let cell = theirs.seal(&at, &[1; 32], b"+49301234567", &mut rand::rng());
    let Some(OpenError::OtherKey(header)) = ours.open(&cell, &at).err() else {
        panic!("not told as another owner's");
    };
    assert_eq!(header.key_id, theirs.key_id());
    assert_eq!(header.record_id, theirs.record_id());
    assert_eq!(Header::read(&cell), Some(header));
    assert!(theirs.open(&cell, &at).is_ok());
}

#[test]
fn the_same_value_never_makes_the_same_cell() {
    let owner = owner();
    let at = Place::of(version(1), draft(0), CellKind::Wallet);
    let seal = || owner.seal(&at, &[1; 32], b"value", &mut rand::rng());
    assert_ne!(seal(), seal());
}
