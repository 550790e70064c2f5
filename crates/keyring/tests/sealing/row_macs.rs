use keyring::{ApplicationKeys, MacBuilder, MacError};
use proptest::prelude::*;

use crate::{flipped, keys};

#[derive(Debug, Clone, PartialEq)]
enum Column {
    Null,
    Bytes(Vec<u8>),
    Number(u64),
}

fn any_row() -> impl Strategy<Value = (String, Vec<Column>)> {
    let column = prop_oneof![
        Just(Column::Null),
        prop::collection::vec(0_u8..3, 0..6).prop_map(Column::Bytes),
        (0_u64..3).prop_map(Column::Number),
    ];
    ("[ab]{0,2}", prop::collection::vec(column, 0..5))
}

fn mac(keys: &ApplicationKeys, (table, row): &(String, Vec<Column>)) -> MacBuilder {
    row.iter()
        .fold(keys.mac(table), |mac, column| match column {
            Column::Null => mac.opt_bytes(None),
            Column::Bytes(bytes) => mac.bytes(bytes),
            Column::Number(number) => mac.u64(*number),
        })
}

proptest! {
    #[test]
    fn a_row_matches_its_own_mac_and_no_other(first in any_row(), second in any_row()) {
        let keys = keys();
        let stored = mac(&keys, &first).finish();
        prop_assert_eq!(mac(&keys, &first).verify(&stored), Ok(()));
        if first != second {
            prop_assert_eq!(mac(&keys, &second).verify(&stored), Err(MacError::Mismatch));
        }
    }
}

#[test]
fn the_bounds_of_columns_count() {
    let keys = keys();
    let front = keys.front();
    let stored = keys.mac("staff").text("ab").text("c").finish();
    let others = [
        keys.mac("staff").text("a").text("bc"),
        keys.mac("staff").text("abc"),
        keys.mac("staff").text("abc").text(""),
        keys.mac("staff").text("ab").text("c").opt_text(None),
        keys.mac("staffab").text("c"),
        keys.mac("leases").text("ab").text("c"),
        front.mac("staff").text("ab").text("c"),
    ]
    .map(|mac| mac.verify(&stored));
    assert_eq!(others, [Err(MacError::Mismatch); 7]);
    let zero = keys.mac("t").u64(0).finish();
    assert_eq!(
        keys.mac("t").opt_u64(None).verify(&zero),
        Err(MacError::Mismatch)
    );
    assert_eq!(
        keys.mac("t").bytes(&[0; 8]).verify(&zero),
        Err(MacError::Mismatch)
    );
    assert_eq!(keys.mac("t").u32(0).verify(&zero), Ok(()));
}

#[test]
fn altered_macs_are_refused() {
    let keys = keys();
    let row = || keys.mac("sessions").bytes(b"id").u64(1);
    let stored = row().finish();
    assert_eq!(stored.len(), 36);
    for bit in 0..stored.len() * 8 {
        let refused = row().verify(&flipped(&stored, bit));
        let expected = match bit {
            0..32 => matches!(refused, Err(MacError::UnknownKey(_))),
            _ => refused == Err(MacError::Mismatch),
        };
        assert!(expected, "bit {bit}: {refused:?}");
    }
    for length in 0..36 {
        assert_eq!(row().verify(&stored[..length]), Err(MacError::Malformed));
    }
    assert_eq!(
        row().verify(&[stored.as_slice(), &[0]].concat()),
        Err(MacError::Malformed)
    );
}
