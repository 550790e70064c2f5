//! Another wallet than before: valid with the authority's order for just that, and with nothing else.

use chain::WalletAnswer;
use keyring::KeySet;
use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};
use record::{
    B256,
    consent::TermsProblem,
    ids::Draft,
    signature::ConsentSignature,
    wallet_change::{ChangeProblem, WalletChange, WalletOrder},
};

use super::{super::*, world::*};

/// A record whose second version changed the wallet, and whose third kept the new one.
fn changed() -> World {
    let mut world = World::anchored(1);
    let heir = Person::new(60);
    world.change_wallet(2, &heir);
    let plain = world.signed_by(&heir, 3, "9 Elm Road, flat 3");
    world.put(3, Draft::new(1), &plain);
    world.anchor(3, &plain, plain.rebuilt_digest());
    world
}

fn problem(world: &World) -> ConsentProblem {
    let finding = world.judge();
    assert_eq!(finding.verdict, Verdict::ConsentInvalid, "{finding:?}");
    assert_eq!(finding.version, Some(version(2)), "{finding:?}");
    match finding.reason {
        Reason::Consent(problem) => problem,
        other => panic!("{other:?}"),
    }
}

fn order_problem(world: &World) -> OrderProblem {
    match problem(world) {
        ConsentProblem::WalletOrder(problem) => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn with_the_authority_s_order_another_wallet_is_valid() {
    let mut world = changed();
    assert_eq!(said(&world.judge()), is(Verdict::Valid, &[]));
    // And back, and on to a third.
    let owner = world.owner;
    world.change_wallet(4, &owner);
    world.change_wallet(5, &Person::new(61));
    assert_eq!(said(&world.judge()), is(Verdict::Valid, &[]));
    // What was replaced loses its values, and keeps its order.
    for number in 1..=4 {
        world.redact(number);
    }
    assert_eq!(said(&world.judge()), is(Verdict::Valid, &[]));
    world.row(2).values.wallet_order = None;
    assert_eq!(
        problem(&world),
        ConsentProblem::WalletChanged(version(1)),
        "however long ago"
    );
}

#[test]
fn without_an_order_it_is_no_consent() {
    let mut world = changed();
    world.row(2).values.wallet_order = None;
    assert_eq!(problem(&world), ConsentProblem::WalletChanged(version(1)));
    assert!(world.judge().explanation().advice.contains("backup holds"));
}

#[test]
fn an_order_for_anything_else_is_none() {
    type Edit = fn(&mut WalletChange);
    let terms = ChangeProblem::Terms;
    let edits: [(Edit, ChangeProblem); 8] = [
        (
            |one| one.old_wallet = one.new_wallet,
            ChangeProblem::Wallets,
        ),
        (
            |one| one.new_wallet = one.old_wallet,
            ChangeProblem::Wallets,
        ),
        (|one| one.uid += 1, terms(TermsProblem::Uid)),
        (|one| one.uid = 0, terms(TermsProblem::Uid)),
        (|one| one.version = 3, terms(TermsProblem::Version)),
        (
            |one| one.previous_proof = B256::ZERO,
            terms(TermsProblem::PreviousProof),
        ),
        (
            |one| one.issued_at = timestamp(2) + 1,
            terms(TermsProblem::Time),
        ),
        (
            |one| one.expires_at = timestamp(2) - 1,
            terms(TermsProblem::Time),
        ),
    ];
    for (edit, expected) in edits {
        let mut world = changed();
        let mut change = world.order_of(2).change;
        edit(&mut change);
        // The authority did sign it: about something else.
        world.order(2, &WalletOrder::signed_by(&authority(), change));
        assert_eq!(order_problem(&world), OrderProblem::Change(expected));
    }
}

#[test]
fn an_order_that_was_edited_or_that_somebody_else_signed_is_none() {
    type Edit = fn(&mut WalletChange);
    let edits: [Edit; 4] = [
        |one| one.controller.push('!'),
        |one| one.nonce = B256::ZERO,
        |one| one.issued_at -= 1,
        |one| one.expires_at += 1,
    ];
    for edit in edits {
        let mut world = changed();
        let mut order = world.order_of(2);
        edit(&mut order.change);
        world.order(2, &order);
        assert_eq!(order_problem(&world), OrderProblem::Signature);
    }
    let mut world = changed();
    let change = world.order_of(2).change;
    let (owner, heir, thief) = (world.owner, Person::new(60), Person::new(99));
    for person in [owner, heir, thief] {
        world.order(2, &WalletOrder::signed_by(&person, change.clone()));
        assert_eq!(order_problem(&world), OrderProblem::Signature);
    }
    // Who was the authority when it was anchored is what counts.
    world.order_answer = Some(told_by(&thief));
    assert_eq!(said(&world.judge()), is(Verdict::Valid, &[]));
    world.order(2, &WalletOrder::signed_by(&authority(), change));
    assert_eq!(order_problem(&world), OrderProblem::Signature);
}

#[test]
fn an_order_of_another_version_or_record_or_change_is_none() {
    // From an older change of the same record, sealed anew at this place.
    let mut world = changed();
    let owner = world.owner;
    world.change_wallet(4, &owner);
    let older = world.order_of(2);
    world.order(4, &older);
    let finding = world.judge();
    let wallets = OrderProblem::Change(ChangeProblem::Wallets);
    assert_eq!(
        finding.reason,
        Reason::Consent(ConsentProblem::WalletOrder(wallets))
    );
    // Its cell as it was: of another place.
    let cell = world.row(2).values.wallet_order.clone();
    world.row(4).values.wallet_order = cell;
    let unreadable = ConsentProblem::WalletOrder(OrderProblem::Unreadable);
    assert_eq!(world.judge().reason, Reason::Consent(unreadable));
    // Of another record with the same people.
    let keys = KeySet::generate(&mut StdRng::seed_from_u64(1));
    let mut other = World::of_uid(8, 1, &keys);
    other.owner = Person::new(7);
    let plain = other.signed(1, "elsewhere");
    other.put(1, Draft::new(1), &plain);
    other.chain = None;
    other.anchor(1, &plain, plain.rebuilt_digest());
    other.change_wallet(2, &Person::new(60));
    assert_eq!(said(&other.judge()), is(Verdict::Valid, &[]));
    let mut world = changed();
    let moved = other.order_of(2);
    world.order(2, &moved);
    let uid = OrderProblem::Change(ChangeProblem::Terms(TermsProblem::Uid));
    assert_eq!(order_problem(&world), uid);
}

#[test]
fn an_order_where_no_wallet_changes_is_named() {
    let mut world = changed();
    let order = world.order_of(2);
    for number in [1, 3] {
        let mut world = changed();
        world.order(number, &order);
        let finding = world.judge();
        assert_eq!(said(&finding), is(Verdict::Altered, &["wallet_order"]));
        assert_eq!(finding.version, Some(version(number)));
        world.row(number).values.wallet_order = Some(vec![1, 2, 3]);
        let finding = world.judge();
        assert_eq!(said(&finding), is(Verdict::Altered, &["wallet_order"]));
    }
}

#[test]
fn a_draft_that_changes_the_wallet_leaves_the_record_valid_and_its_order_is_watched() {
    let mut world = World::anchored(1);
    let heir = Person::new(60);
    let change = world.change(2, &heir);
    let plain = world.signed_by(&heir, 2, "9 Elm Road");
    world.put(2, Draft::new(1), &plain);
    world.order(2, &WalletOrder::signed_by(&authority(), change));
    world.row(2).values.anchor = None;
    world.write_head();
    assert_eq!(said(&world.judge()), is(Verdict::Valid, &[]));
    let cell = world.row(2).values.wallet_order.as_mut().unwrap();
    *cell.last_mut().unwrap() ^= 1;
    assert_eq!(
        said(&world.judge()),
        is(Verdict::Altered, &["wallet_order"])
    );
}

#[test]
fn a_changed_wallet_that_was_voided_counts_for_nothing() {
    let mut world = World::anchored(1);
    world.change_wallet(2, &Person::new(99));
    world.void(2);
    assert_eq!(world.judge().reason, Reason::VersionVoided);
    world.evidence.versions.pop();
    world.write_head();
    assert_eq!(said(&world.judge()), is(Verdict::Valid, &[]));
    // The owner signs on, with the wallet they always had: no order is wanted, and the thief's word may be named or the one before.
    let plain = world.signed(3, "9 Elm Road, flat 3");
    world.put(3, Draft::new(1), &plain);
    world.anchor(3, &plain, plain.rebuilt_digest());
    assert_eq!(said(&world.judge()), is(Verdict::Valid, &[]));
}

#[test]
fn what_nobody_asked_counts_as_refused_and_what_is_not_told_is_never_valid() {
    let mut world = changed();
    world.order_answer = None;
    assert_eq!(order_problem(&world), OrderProblem::Signature);
    world.order_answer = Some(OrderAnswer::NotTold);
    let finding = world.judge();
    assert_eq!(finding.verdict, Verdict::Unverifiable);
    assert_eq!(finding.reason, Reason::Obstacle(Obstacle::ChainForgets));
    // Whatever else is at fault is told all the same.
    cell(world.row(3), "email")[60] ^= 1;
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &["email"]));
}

#[test]
fn an_authority_that_is_a_contract_accepts_between_issue_and_anchor() {
    let by_contract = |contract| {
        let mut world = changed();
        let change = world.order_of(2).change;
        let signature = ConsentSignature::contract(vec![1, 2, 3], 2).unwrap();
        world.order(2, &WalletOrder { change, signature });
        world.order_answer = Some(OrderAnswer::Told {
            authorities: vec![authority().wallet()],
            contract,
        });
        world
    };
    let accepts = |block_time| Some(WalletAnswer::Accepts { block_time });
    for block_time in [timestamp(2) - DAY, timestamp(2) - 7, timestamp(2)] {
        let judged = by_contract(accepts(block_time)).judge();
        assert_eq!(said(&judged), is(Verdict::Valid, &[]), "{block_time}");
    }
    for block_time in [0, timestamp(1) - 901, timestamp(2) + 1] {
        let world = by_contract(accepts(block_time));
        assert_eq!(order_problem(&world), OrderProblem::CheckBlock);
    }
    for refused in [Some(WalletAnswer::Refuses), None] {
        assert_eq!(
            order_problem(&by_contract(refused)),
            OrderProblem::Signature
        );
    }
    let untold = by_contract(Some(WalletAnswer::NotTold)).judge();
    assert_eq!(untold.verdict, Verdict::Unverifiable);
    // A key's signature is no contract's.
    let mut world = changed();
    world.order_answer = Some(OrderAnswer::Told {
        authorities: vec![Person::new(99).wallet()],
        contract: accepts(timestamp(2)),
    });
    assert_eq!(order_problem(&world), OrderProblem::Signature);
}

#[test]
fn a_copy_without_its_order_is_not_whole_beside_the_version_before() {
    let world = changed();
    let second = world.chain.as_ref().unwrap().versions[1];
    let is_whole = |world: &World| {
        let row = world.opened();
        holds(&world.facts(Some(&row)), &second)
    };
    assert!(is_whole(&world));
    let mut without = changed();
    without.row(2).values.wallet_order = None;
    assert!(!is_whole(&without));
    let mut untold = changed();
    untold.order_answer = Some(OrderAnswer::NotTold);
    assert!(!is_whole(&untold));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_bit_of_any_cell_beside_a_changed_wallet(number in 1_u32..=3, cell: prop::sample::Index, byte: prop::sample::Index, bit in 0_u8..8) {
        let mut world = changed();
        let mut all = cells(world.row(number));
        let (name, bytes) = cell.get_mut(&mut all);
        let name = *name;
        let at = byte.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let finding = world.judge();
        prop_assert!(finding.verdict.is_bad(), "{} {:?}", name, finding);
        if name == "wallet_order" {
            prop_assert_eq!(finding.verdict, Verdict::ConsentInvalid);
        }
    }

    /// Whoever holds all keys but the authority's, and the controller's on the chain.
    #[test]
    fn any_order_that_a_thief_can_make(
        signer in 90_u8..99, named in 90_u8..99, uid in 1_u64..9, number in 1_u32..5, issued: u64, expires: u64, bytes: [u8; 32], as_contract: bool
    ) {
        let mut world = World::anchored(1);
        let thief = Person::new(named);
        world.change_wallet(2, &thief);
        let change = WalletChange {
            uid, version: number, issued_at: issued, expires_at: expires, previous_proof: bytes.into(), ..world.order_of(2).change
        };
        let honest = world.order_of(2).change;
        for change in [change, honest] {
            let mut order = WalletOrder::signed_by(&Person::new(signer), change);
            if as_contract {
                order.signature = ConsentSignature::contract(bytes.to_vec(), 2).unwrap();
            }
            world.order(2, &order);
            prop_assert_eq!(world.judge().verdict, Verdict::ConsentInvalid);
        }
    }
}
