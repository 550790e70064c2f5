//! Sealing and opening all cells of one record.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use keyring::{CellKind, KeySet, OwnerKey, Place};
use record::ids::{Draft, RecordId, Version};

const VALUES: [(&str, &[u8]); 5] = [
    (
        "address",
        b"12 Long Acre, Covent Garden, London WC2E 9LH, United Kingdom",
    ),
    ("age", b"42"),
    ("email", b"ada.lovelace@example.org"),
    ("name", b"Ada Lovelace"),
    ("phone", b"+442071838750"),
];

fn seal_record(owner: &OwnerKey) -> Vec<Vec<u8>> {
    let mut rng = rand::rng();
    let mut cells: Vec<_> = VALUES
        .iter()
        .map(|(name, value)| {
            let place = Place::field(Version::FIRST, Draft::FIRST, name);
            owner.seal(&place, &[7; 32], value, &mut rng)
        })
        .collect();
    let wallet = Place::of(Version::FIRST, Draft::FIRST, CellKind::Wallet);
    cells.push(owner.seal(&wallet, &[7; 32], &[0x11; 20], &mut rng));
    let signature = Place::of(Version::FIRST, Draft::FIRST, CellKind::ConsentSignature);
    cells.push(owner.seal(&signature, &[7; 32], &[0x22; 65], &mut rng));
    let message = Place::of(Version::FIRST, Draft::FIRST, CellKind::ConsentMessage);
    cells.push(owner.seal(&message, &[7; 32], &[b'x'; 900], &mut rng));
    cells
}

fn open_record(owner: &OwnerKey, cells: &[Vec<u8>]) -> usize {
    let fields = VALUES
        .iter()
        .map(|(name, _)| Place::field(Version::FIRST, Draft::FIRST, name));
    let others = [
        CellKind::Wallet,
        CellKind::ConsentSignature,
        CellKind::ConsentMessage,
    ]
    .map(|kind| Place::of(Version::FIRST, Draft::FIRST, kind));
    fields
        .chain(others)
        .zip(cells)
        .filter(|(place, cell)| owner.open(cell, place).is_ok())
        .count()
}

fn cells(criterion: &mut Criterion) {
    let mut rng = rand::rng();
    let keys = KeySet::generate(&mut rng);
    let keys = keys.application();
    let owner = keys.generate_owner_key(RecordId::random(&mut rng), &mut rng);
    let row = keys.wrap_owner_key(&owner, &mut rng);
    let sealed = seal_record(&owner);
    assert_eq!(open_record(&owner, &sealed), sealed.len());

    criterion.bench_function("seal one record", |b| {
        b.iter(|| seal_record(black_box(&owner)))
    });
    criterion.bench_function("open one record", |b| {
        b.iter(|| open_record(black_box(&owner), black_box(&sealed)));
    });
    criterion.bench_function("unwrap the owner key and open one record", |b| {
        b.iter(|| {
            let owner = keys.unwrap_owner_key(black_box(&row));
            owner.map(|owner| open_record(&owner, &sealed))
        });
    });
}

criterion_group!(benches, cells);
criterion_main!(benches);
