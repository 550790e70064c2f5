//! Versions whose values were destroyed because another one replaced them.

use proptest::prelude::*;
use record::B256;
use record::consent::TermsProblem;
use record::ids::Draft;
use record::proof::V1_FIELDS;

use super::{super::*, world::*};

/// A record with so many versions, and values of the newest only.
fn redacted(versions: u32) -> World {
    let mut world = World::anchored(versions);
    for replaced in 1..versions {
        world.redact(replaced);
    }
    world
}

/// The cells that stay.
const STAY: [&str; 5] = [
    "wallet",
    "relation",
    "anchor",
    "consent_message",
    "consent_signature",
];

#[test]
fn replaced_versions_are_valid_without_their_values() {
    for versions in 2..=4 {
        assert_eq!(said(&redacted(versions).judge()), is(Verdict::Valid, &[]));
    }
    // One of several.
    let mut world = World::anchored(3);
    world.redact(2);
    assert_eq!(said(&world.judge()), is(Verdict::Valid, &[]));
}

#[test]
fn the_newest_version_is_altered_without_its_values() {
    for versions in 1..=3 {
        let mut world = redacted(versions);
        world.redact(versions);
        let finding = world.judge();
        assert_eq!(said(&finding), is(Verdict::Altered, &V1_FIELDS));
        assert_eq!(finding.version, Some(version(versions)));
    }
}

#[test]
fn a_voided_successor_makes_it_the_newest_again() {
    let mut world = redacted(2);
    world.void(2);
    world.evidence.versions.pop();
    world.write_head();
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &V1_FIELDS));
}

#[test]
fn a_draft_without_values_is_altered() {
    let mut world = World::anchored(1);
    let plain = world.signed(2, "10 Elm Road");
    world.put(2, Draft::new(1), &plain);
    world.row(2).values.anchor = None;
    world.write_head();
    assert_eq!(said(&world.judge()), is(Verdict::Valid, &[]));
    world.redact(2);
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &V1_FIELDS));
    world.row(2).consent = None;
    world.write_head();
    assert_eq!(world.judge().verdict, Verdict::Altered);
}

#[test]
fn what_is_deleted_of_what_stays_is_missed() {
    let mut world = redacted(2);
    world.row(1).values.anchor = None;
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &["anchor"]));
    let mut world = redacted(2);
    world.row(1).consent = None;
    let consent = ["consent_message", "consent_signature"];
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &consent));
    let mut world = redacted(2);
    world.row(1).values.draft = Draft::new(5);
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &["draft"]));
    let mut world = redacted(2);
    world.evidence.versions.remove(0);
    assert_eq!(world.judge().verdict, Verdict::ConsentInvalid);
}

#[test]
fn what_stays_of_the_receipt_is_bound() {
    let mut world = redacted(2);
    world.row(1).consent.as_mut().unwrap().nonce_index[0] ^= 1;
    assert_eq!(
        said(&world.judge()),
        is(Verdict::Altered, &["consent_receipt"])
    );
}

#[test]
fn values_without_their_message_and_a_message_without_its_values() {
    let whole = World::anchored(2);
    let mut world = redacted(2);
    world.row(1).values = whole.evidence.versions[0].values.clone();
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &V1_FIELDS));
    let mut world = redacted(2);
    world.row(1).consent = whole.evidence.versions[0].consent.clone();
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &V1_FIELDS));
}

/// Somebody who holds our keys and the controller's chain key.
#[test]
fn no_signature_stands_for_two_versions() {
    let mut world = World::anchored(1);
    let first = world.plain(1);
    // Other values under the signature of the first version, anchored as the second.
    let forged = first.with("address", "9 Elsewhere Road", Some([3; 32]));
    world.put(2, Draft::new(1), &forged);
    world.anchor(2, &forged, first.rebuilt_digest());
    let mut terms = first.message.terms(CHAIN_ID, RELAY);
    terms.version = 2;
    terms.uid = 7;
    terms.previous_proof = world.chain.as_ref().unwrap().versions[0].word;
    (terms.issued_at, terms.expires_at) = (timestamp(2) - DAY, timestamp(2) + DAY);
    // The owner follows it, unsuspecting.
    let third = world.signed(3, "11 Elm Road");
    world.put(3, Draft::new(1), &third);
    world.anchor(3, &third, third.rebuilt_digest());
    world.redact_to(2, &terms);
    assert_eq!(world.judge().verdict, Verdict::ConsentInvalid);
}

#[test]
fn another_wallet_hides_behind_no_redaction() {
    let mut world = World::anchored(1);
    let thief = Person::new(99);
    let forged = world.signed_by(&thief, 2, "9 Elsewhere Road");
    world.put(2, Draft::new(1), &forged);
    world.anchor(2, &forged, forged.rebuilt_digest());
    let third = world.signed(3, "11 Elm Road");
    world.put(3, Draft::new(1), &third);
    world.anchor(3, &third, third.rebuilt_digest());
    assert_eq!(world.judge().verdict, Verdict::ConsentInvalid);
    world.redact(2);
    assert_eq!(world.judge().verdict, Verdict::ConsentInvalid);
}

#[test]
fn other_terms_do_not_hold() {
    let mut world = redacted(3);
    let genuine = World::anchored(3).plain(2).message.terms(CHAIN_ID, RELAY);
    world.redact_to(2, &genuine);
    assert_eq!(world.judge().verdict, Verdict::Valid);
    let problem = |terms: &record::consent::ConsentTerms| {
        let mut world = redacted(3);
        world.redact_to(2, terms);
        let finding = world.judge();
        (finding.verdict, finding.reason, finding.version)
    };
    type Change = fn(&mut record::consent::ConsentTerms);
    let changes: [(Change, TermsProblem); 5] = [
        (|terms| terms.version = 3, TermsProblem::Version),
        (|terms| terms.uid = 8, TermsProblem::Uid),
        (
            |terms| terms.previous_proof = B256::ZERO,
            TermsProblem::PreviousProof,
        ),
        (|terms| terms.issued_at = u64::MAX, TermsProblem::Time),
        (|terms| terms.expires_at = 0, TermsProblem::Time),
    ];
    for (change, wrong) in changes {
        let mut terms = genuine.clone();
        change(&mut terms);
        let reason = Reason::Consent(ConsentProblem::Terms(wrong));
        assert_eq!(
            problem(&terms),
            (Verdict::ConsentInvalid, reason, Some(version(2)))
        );
    }
    let mut terms = genuine;
    terms.digest.0[0] ^= 1;
    assert_eq!(problem(&terms).0, Verdict::Altered);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_bit_of_any_cell_that_stays(
        versions in 2_u32..=3, which: prop::sample::Index, cell_at: prop::sample::Index, byte: prop::sample::Index, bit in 0_u8..8
    ) {
        let mut world = redacted(versions);
        let number = u32::try_from(which.index(2)).unwrap() % (versions - 1) + 1;
        let name = STAY[cell_at.index(STAY.len())];
        let bytes = cell(world.row(number), name);
        let at = byte.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let finding = world.judge();
        prop_assert!(finding.verdict.is_bad(), "{:?}", finding);
        prop_assert_eq!(finding.fields(), vec![name.to_owned()]);
        prop_assert_eq!(finding.version, Some(version(number)));
    }

    #[test]
    fn any_bytes_where_values_were(field in 0_usize..5, bytes in prop::collection::vec(any::<u8>(), 1..200), genuine: bool) {
        let mut world = redacted(2);
        let name = V1_FIELDS[field];
        let bytes = match genuine {
            true => World::anchored(2).evidence.versions[0].values.field(name).unwrap().to_vec(),
            false => bytes,
        };
        *cell(world.row(1), name) = bytes;
        prop_assert_eq!(said(&world.judge()), is(Verdict::Altered, &[name]));
    }
}
