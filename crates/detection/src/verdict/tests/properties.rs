//! Nothing that is done to an anchored record leaves it `valid`.

use keyring::KeySet;
use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};
use record::{ids::Draft, proof::V1_FIELDS};

use super::{super::*, world::*};

fn at_fault(finding: &Finding, name: &str) -> bool {
    finding.fields().iter().any(|part| part == name)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_bit_of_any_cell(
        versions in 1_u32..=3, which: prop::sample::Index, cell: prop::sample::Index, byte: prop::sample::Index, bit in 0_u8..8
    ) {
        let mut world = World::anchored(versions);
        let number = u32::try_from(which.index(3)).unwrap() % versions + 1;
        let mut all = cells(world.row(number));
        let (name, bytes) = cell.get_mut(&mut all);
        let name = *name;
        let at = byte.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let finding = world.judge();
        prop_assert!(finding.verdict.is_bad(), "{:?}", finding);
        prop_assert!(at_fault(&finding, name), "{} {:?}", name, finding);
        prop_assert_eq!(finding.version, Some(version(number)));
    }

    #[test]
    fn any_cell_cut_short(cell: prop::sample::Index, keep: prop::sample::Index) {
        let mut world = World::anchored(1);
        let mut all = cells(world.row(1));
        let (name, bytes) = cell.get_mut(&mut all);
        let name = *name;
        let length = keep.index(bytes.len());
        bytes.truncate(length);
        let finding = world.judge();
        prop_assert_eq!(said(&finding), is(Verdict::Altered, &[name]));
    }

    #[test]
    fn any_value_of_any_field_sealed_with_the_real_keys(
        versions in 1_u32..=3, number in 1_u32..=3, field in 0_usize..5, value in "(?s).{0,40}", salt: Option<[u8; 32]>
    ) {
        let mut world = World::anchored(versions);
        let number = number.min(versions);
        let before = world.plain(number);
        let name = V1_FIELDS[field];
        let after = before.with(name, &value, salt);
        let unchanged = before.fields == after.fields;
        let sealed = world.sealed(number, Draft::new(1), &after);
        *cell(world.row(number), name) = sealed.field(name).unwrap().to_vec();
        let expected = if unchanged { is(Verdict::Valid, &[]) } else { is(Verdict::Altered, &[name]) };
        prop_assert_eq!(said(&world.judge()), expected);
    }

    #[test]
    fn any_two_cells_exchanged(one_record: bool, first in 0_usize..10, second in 0_usize..10) {
        let keys = KeySet::generate(&mut StdRng::seed_from_u64(1));
        let (mut mine, mut other) = (World::of_uid(7, 2, &keys), World::of_uid(8, 2, &keys));
        let (from, to) = if one_record { (1, 2) } else { (2, 2) };
        let source = if one_record { &mut mine } else { &mut other };
        let taken = cells(source.row(from))[first].1.clone();
        *cells(mine.row(to))[second].1 = taken;
        let finding = mine.judge();
        // Within a record the header tells version and kind; the older version is the reason that comes first.
        let expected = if one_record { Verdict::RolledBack } else { Verdict::Swapped };
        prop_assert_eq!(finding.verdict, expected, "{:?}", finding);
    }

    #[test]
    fn any_version_removed(versions in 1_u32..=3, which in 0_usize..3) {
        let mut world = World::anchored(versions);
        let which = which % world.evidence.versions.len();
        world.evidence.versions.remove(which);
        let newest = which == world.evidence.versions.len();
        let expected = match (versions, newest) {
            (1, _) => Verdict::Missing,
            (_, true) => Verdict::RolledBack,
            (_, false) => Verdict::ConsentInvalid,
        };
        prop_assert_eq!(world.judge().verdict, expected);
    }

    #[test]
    fn any_other_word_on_the_chain(versions in 1_u32..=3, which in 0_usize..3, byte in 0_usize..32, bit in 0_u8..8) {
        let mut world = World::anchored(versions);
        let words = &mut world.chain.as_mut().unwrap().versions;
        let which = which % words.len();
        words[which].word.0[byte] ^= 1 << bit;
        let finding = world.judge();
        prop_assert!(finding.verdict.is_bad(), "{:?}", finding);
    }

    #[test]
    fn any_other_timestamp_on_the_chain(seconds in 1_u64..1_000_000) {
        let mut world = World::anchored(1);
        world.chain.as_mut().unwrap().timestamp += seconds;
        prop_assert_eq!(world.judge().verdict, Verdict::Altered);
    }

    #[test]
    fn any_word_that_the_thief_anchors(
        field in 0_usize..5, value in "(?s).{1,40}", own_wallet: bool, in_place: bool, old_digest: bool
    ) {
        let mut world = World::anchored(1);
        let forged = if own_wallet {
            world.signed_by(&Person::new(99), 2, &value)
        } else {
            world.plain(1).with(V1_FIELDS[field], &value, Some([3; 32]))
        };
        let digest = if old_digest { forged.message.digest(CHAIN_ID, RELAY) } else { forged.rebuilt_digest() };
        world.put(if in_place { 1 } else { 2 }, Draft::new(1), &forged);
        world.anchor(2, &forged, digest);
        prop_assert_eq!(world.judge().verdict, Verdict::ConsentInvalid);
    }

    #[test]
    fn judging_twice_gives_the_same(versions in 1_u32..=3, cell: prop::sample::Index) {
        let mut world = World::anchored(versions);
        let mut all = cells(world.row(versions));
        cell.get_mut(&mut all).1.clear();
        prop_assert_eq!(world.judge(), world.judge());
    }
}
