use keyring::{CellKind, Place, UnwrapError};
use record::ids::{KeyId, RecordId};

use crate::{draft, flipped, keys, version};

#[test]
fn an_unwrapped_key_opens_what_it_sealed() {
    let (keys, mut rng) = (keys(), rand::rng());
    let record = RecordId::random(&mut rng);
    let owner = keys.generate_owner_key(record, &mut rng);
    let at = Place::of(version(1), draft(0), CellKind::Relation);
    let cell = owner.seal(&at, &[2; 32], b"guardian", &mut rng);

    let row = keys.wrap_owner_key(&owner, &mut rng);
    assert_eq!(row.bytes.len(), 97);
    let again = keys.unwrap_owner_key(&row).unwrap();
    assert_eq!(
        (again.key_id(), again.record_id(), again.app_key_version()),
        (row.key_id, record, keys.current_version())
    );
    assert_eq!(again.open(&cell, &at).unwrap().text(), Some("guardian"));
}

#[test]
fn a_wrapped_key_moved_to_another_row_is_told_with_its_own_ids() {
    let (keys, mut rng) = (keys(), rand::rng());
    let record = RecordId::random(&mut rng);
    let owner = keys.generate_owner_key(record, &mut rng);
    let row = keys.wrap_owner_key(&owner, &mut rng);
    let elsewhere = UnwrapError::Elsewhere {
        key_id: row.key_id,
        record_id: record,
    };
    let mut moved = row.clone();
    moved.record_id = RecordId::random(&mut rng);
    assert_eq!(keys.unwrap_owner_key(&moved).err(), Some(elsewhere));
    let mut moved = row;
    moved.key_id = KeyId::random(&mut rng);
    assert_eq!(keys.unwrap_owner_key(&moved).err(), Some(elsewhere));
}

#[test]
fn no_flipped_bit_unwraps_and_no_other_application_key_does() {
    let (keys, mut rng) = (keys(), rand::rng());
    let owner = keys.generate_owner_key(RecordId::random(&mut rng), &mut rng);
    let row = keys.wrap_owner_key(&owner, &mut rng);
    for bit in 0..row.bytes.len() * 8 {
        let mut altered = row.clone();
        altered.bytes = flipped(&row.bytes, bit);
        let error = keys.unwrap_owner_key(&altered).err();
        assert!(
            matches!(
                error,
                Some(UnwrapError::Malformed | UnwrapError::Broken | UnwrapError::UnknownKey(_))
            ),
            "bit {bit}: {error:?}"
        );
    }
    let stranger = crate::keys();
    assert_eq!(
        stranger.unwrap_owner_key(&row).err(),
        Some(UnwrapError::Broken)
    );
}
