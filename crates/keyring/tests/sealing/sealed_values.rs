use keyring::{KeyCheckError, SealedError};

use crate::{flipped, keys};

#[test]
fn a_value_opens_in_its_own_context_and_row_only() {
    let (keys, mut rng) = (keys(), rand::rng());
    let front = keys.front();
    let sealed = keys.seal("staff.login", b"row 1", b"ada", &mut rng);
    assert_eq!(
        keys.open("staff.login", b"row 1", &sealed)
            .unwrap()
            .as_slice(),
        b"ada"
    );
    for (context, row) in [
        ("staff.display_name", "row 1"),
        ("staff.login", "row 2"),
        ("staff.loginrow 1", ""),
        ("staff.logi", "nrow 1"),
    ] {
        assert_eq!(
            keys.open(context, row.as_bytes(), &sealed).err(),
            Some(SealedError::Broken)
        );
    }
    assert_eq!(
        front.open("staff.login", b"row 1", &sealed).err(),
        Some(SealedError::Broken)
    );
    for bit in 0..sealed.len() * 8 {
        assert!(
            keys.open("staff.login", b"row 1", &flipped(&sealed, bit))
                .is_err(),
            "bit {bit}"
        );
    }
    for length in 0..sealed.len() {
        assert!(
            keys.open("staff.login", b"row 1", &sealed[..length])
                .is_err(),
            "{length}"
        );
    }
}

#[test]
fn a_passing_value_opens_as_such_in_its_own_context_and_row_only() {
    let (keys, mut rng) = (keys(), rand::rng());
    let (column, row, value) = ("outbox.payload", b"row 1", b"a link");
    let sealed = keys.seal_passing(column, row, value, &mut rng);
    let opened = keys.open_passing(column, row, &sealed).unwrap();
    assert_eq!(opened.as_slice(), value);
    let lasting = keys.seal(column, row, value, &mut rng);
    for opened in [
        keys.open(column, row, &sealed),
        keys.front().open(column, row, &sealed),
        keys.open_passing("outbox.recipient", row, &sealed),
        keys.open_passing(column, b"row 2", &sealed),
        keys.open_passing(column, row, &lasting),
    ] {
        assert_eq!(opened.err(), Some(SealedError::Broken));
    }
    for bit in 0..sealed.len() * 8 {
        let opened = keys.open_passing(column, row, &flipped(&sealed, bit));
        assert!(opened.is_err(), "bit {bit}");
    }
}

#[test]
fn the_check_cell_tells_wrong_keys() {
    let keys = keys();
    let [(version, cell)] = keys.check_cells(&mut rand::rng()).try_into().unwrap();
    assert_eq!(keys.verify_check_cell(version, &cell), Ok(()));
    let others = crate::keys();
    assert_eq!(
        others.verify_check_cell(version, &cell),
        Err(KeyCheckError::Wrong(version))
    );
    assert_eq!(
        keys.verify_check_cell(7, &cell),
        Err(KeyCheckError::Absent(7))
    );
}

#[test]
fn the_front_keys_have_a_check_cell_of_their_own() {
    let keys = keys();
    let [(version, cell)] = keys
        .front()
        .check_cells(&mut rand::rng())
        .try_into()
        .unwrap();
    assert_eq!(keys.front().verify_check_cell(version, &cell), Ok(()));
    let wrong = Err(KeyCheckError::Wrong(version));
    assert_eq!(keys.verify_check_cell(version, &cell), wrong);
    let others = crate::keys().front();
    assert_eq!(others.verify_check_cell(version, &cell), wrong);
}

#[test]
fn blind_indexes_differ_by_column_value_and_key() {
    let (keys, others) = (keys(), crate::keys());
    let email = keys.index().blind("records.email", b"ada@example.org");
    assert_eq!(
        email,
        keys.index().blind("records.email", b"ada@example.org")
    );
    for other in [
        keys.index().blind("records.wallet", b"ada@example.org"),
        keys.index().blind("records.email", b"ida@example.org"),
        keys.index().blind("records.emaila", b"da@example.org"),
        keys.front().hash("records.email", b"ada@example.org"),
        others.index().blind("records.email", b"ada@example.org"),
    ] {
        assert_ne!(email, other);
    }
}
