//! What somebody can do who also holds the application's keys and the controller's key of the chain.

use chain::WalletAnswer;
use database::record_versions::RecordVersion;
use record::{
    consent::{CHECK_SLACK, TermsProblem},
    ids::{Draft, Uid},
    signature::ConsentSignature,
};

use super::{super::*, world::*};

const SIGNED: Draft = Draft::new(1);
/// In it the first version was anchored.
const BLOCK: u64 = 1;

/// Where the thief leaves the row of what was anchored anew.
#[derive(Clone, Copy, Debug)]
enum Left {
    /// As a second version beside the first.
    Beside,
    /// Over the first version, its number raised.
    Renumbered,
    /// Over the first version, called the first as before.
    InPlace,
}

const PLACES: [Left; 3] = [Left::Beside, Left::Renumbered, Left::InPlace];

/// Stores a row, sealed with the real keys, whose word the thief anchors as version 2.
fn leave(world: &mut World, left: Left, plain: &Plain) {
    match left {
        Left::Beside => world.put(2, SIGNED, plain),
        Left::Renumbered => {
            world.put(2, SIGNED, plain);
            world
                .evidence
                .versions
                .retain(|row| row.values.version == version(2));
        }
        Left::InPlace => world.put(1, SIGNED, plain),
    }
}

fn consent_problem(world: &World) -> ConsentProblem {
    let finding = world.judge();
    assert_eq!(finding.verdict, Verdict::ConsentInvalid, "{finding:?}");
    assert!(finding.proof_found.is_some());
    assert_eq!(finding.proof_found, finding.proof_expected);
    match finding.reason {
        Reason::Consent(problem) => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_old_signature_under_new_fields_is_no_consent() {
    for left in PLACES {
        for old_digest_is_anchored in [false, true] {
            let mut world = World::anchored(1);
            let forged = world.plain(1).with("email", "eve@example.org", None);
            let digest = match old_digest_is_anchored {
                true => forged.message.digest(CHAIN_ID, RELAY),
                false => forged.rebuilt_digest(),
            };
            leave(&mut world, left, &forged);
            world.anchor(2, &forged, digest);
            assert_eq!(
                consent_problem(&world),
                ConsentProblem::Signature,
                "{left:?}"
            );
        }
    }
}

#[test]
fn the_old_signature_under_a_message_written_anew_is_no_consent() {
    for left in PLACES {
        let mut world = World::anchored(1);
        let old = world.plain(1);
        let mut forged = world.signed(2, "elsewhere");
        forged.signature = old.signature;
        leave(&mut world, left, &forged);
        let digest = forged.rebuilt_digest();
        world.anchor(2, &forged, digest);
        assert_eq!(
            consent_problem(&world),
            ConsentProblem::Signature,
            "{left:?}"
        );
    }
}

#[test]
fn the_thief_s_own_wallet_is_no_consent() {
    for left in PLACES {
        let mut world = World::anchored(1);
        let forged = world.signed_by(&Person::new(99), 2, "elsewhere");
        leave(&mut world, left, &forged);
        let digest = forged.rebuilt_digest();
        world.anchor(2, &forged, digest);
        let expected = match left {
            Left::Beside => ConsentProblem::WalletChanged(version(1)),
            // The first version's wallet is gone with its row.
            Left::Renumbered | Left::InPlace => ConsentProblem::OlderVersionGone(version(1)),
        };
        assert_eq!(consent_problem(&world), expected, "{left:?}");
    }
}

#[test]
fn the_thief_s_own_wallet_under_a_first_version_s_message_is_no_consent() {
    for left in PLACES {
        let mut world = World::anchored(1);
        let forged = world.signed_by(&Person::new(99), 1, "elsewhere");
        leave(&mut world, left, &forged);
        let digest = forged.rebuilt_digest();
        world.anchor(2, &forged, digest);
        assert_eq!(
            consent_problem(&world),
            ConsentProblem::Terms(TermsProblem::Version),
            "{left:?}"
        );
    }
}

#[test]
fn the_owner_s_signature_is_no_consent_to_anything_else() {
    type Change = fn(&mut Plain);
    let cases: [(Change, TermsProblem); 5] = [
        (|plain| plain.message.version = 3, TermsProblem::Version),
        (|plain| plain.message.uid = 8, TermsProblem::Uid),
        (
            |plain| plain.message.previous_proof = Default::default(),
            TermsProblem::PreviousProof,
        ),
        (
            |plain| plain.message.expires_at = timestamp(2) - 1,
            TermsProblem::Time,
        ),
        (
            |plain| plain.message.issued_at = timestamp(2) + 1,
            TermsProblem::Time,
        ),
    ];
    for (change, problem) in cases {
        let mut world = World::anchored(1);
        let mut plain = world.signed(2, "moved house");
        change(&mut plain);
        plain.signature = world.owner.sign(&plain.message);
        world.put(2, SIGNED, &plain);
        let digest = plain.rebuilt_digest();
        world.anchor(2, &plain, digest);
        assert_eq!(consent_problem(&world), ConsentProblem::Terms(problem));
    }
}

#[test]
fn an_older_version_s_consent_counts_too() {
    let mut world = World::anchored(0);
    let mut first = world.signed(1, "one");
    first.signature = Person::new(99).sign(&first.message);
    world.put(1, SIGNED, &first);
    let digest = first.rebuilt_digest();
    world.anchor(1, &first, digest);
    let second = world.signed(2, "two");
    world.put(2, SIGNED, &second);
    let digest = second.rebuilt_digest();
    world.anchor(2, &second, digest);
    world.evidence.claimed_uid = Some(7);
    assert_eq!(consent_problem(&world), ConsentProblem::Signature);
    assert_eq!(world.judge().version, Some(version(1)));
}

#[test]
fn one_signature_under_two_uids_is_no_consent_to_the_second() {
    let mut world = World::anchored(1);
    world.nonce_also_at = Uid::new(3);
    assert_eq!(
        consent_problem(&world),
        ConsentProblem::NonceReused(Uid::new(3).unwrap())
    );
}

/// A record that a contract wallet signed, which accepted at this block.
fn signed_by_a_contract(check_block: u64) -> World {
    let mut world = World::anchored(0);
    let mut plain = world.signed(1, "one");
    plain.signature = ConsentSignature::contract(vec![1, 2, 3], check_block).unwrap();
    world.put(1, SIGNED, &plain);
    let digest = plain.rebuilt_digest();
    world.anchor(1, &plain, digest);
    world.evidence.claimed_uid = Some(7);
    world
}

/// Of a block of the time at which the record was anchored.
fn accepts(world: &World) -> WalletAnswer {
    WalletAnswer::Accepts {
        block_time: world.chain.as_ref().unwrap().timestamp,
    }
}

#[test]
fn a_contract_wallet_has_to_have_accepted() {
    let mut world = signed_by_a_contract(BLOCK);
    let questions = world.questions();
    let [(asked, question)] = &questions[..] else {
        panic!("one question");
    };
    let plain = world.plain(1);
    assert_eq!((*asked, question.at), (version(1), BLOCK));
    assert_eq!(question.wallet, plain.wallet);
    assert_eq!(question.digest, plain.rebuilt_digest());
    assert_eq!(question.signature, [1, 2, 3]);
    assert_eq!(
        world.judge_with_contract(accepts(&world)).verdict,
        Verdict::Valid
    );
    let refused = world.judge_with_contract(WalletAnswer::Refuses);
    assert_eq!(refused.reason, Reason::Consent(ConsentProblem::Contract));
    // Nobody asked.
    assert_eq!(consent_problem(&world), ConsentProblem::Contract);
}

#[test]
fn a_contract_wallet_has_to_have_accepted_between_offer_and_anchor() {
    let world = signed_by_a_contract(BLOCK + 1);
    assert!(world.questions().is_empty(), "not about what came after");
    assert_eq!(
        world.judge_with_contract(accepts(&world)).reason,
        Reason::Consent(ConsentProblem::Contract)
    );
    let world = signed_by_a_contract(BLOCK);
    let timestamp = world.chain.as_ref().unwrap().timestamp;
    for block_time in [0, timestamp + 1] {
        let finding = world.judge_with_contract(WalletAnswer::Accepts { block_time });
        assert_eq!(finding.verdict, Verdict::ConsentInvalid);
        assert_eq!(finding.reason, Reason::Consent(ConsentProblem::CheckBlock));
    }
}

/// Somebody who owned the wallet before the first version was signed, and dates what they sign back to then.
#[test]
fn a_former_owner_can_not_answer_for_what_came_after() {
    let mut world = World::anchored(1);
    let mut plain = world.signed(2, "moved house");
    let first = START + DAY;
    plain.message.issued_at = START;
    plain.signature = ConsentSignature::contract(vec![1, 2, 3], 2).unwrap();
    world.put(2, SIGNED, &plain);
    let digest = plain.rebuilt_digest();
    world.anchor(2, &plain, digest);
    let judge = |block_time| world.judge_with_contract(WalletAnswer::Accepts { block_time });
    assert_eq!(judge(first).verdict, Verdict::Valid);
    for block_time in [START, first - CHECK_SLACK - 1] {
        let reason = judge(block_time).reason;
        assert_eq!(reason, Reason::Consent(ConsentProblem::CheckBlock));
    }
}

#[test]
fn what_a_node_no_longer_knows_is_neither_valid_nor_a_breach_and_hides_none() {
    let mut world = signed_by_a_contract(BLOCK);
    let finding = world.judge_with_contract(WalletAnswer::NotTold);
    assert_eq!(finding.verdict, Verdict::Unverifiable);
    assert_eq!(finding.reason, Reason::Obstacle(Obstacle::ChainForgets));
    *world.row(1).values.email.last_mut().unwrap() ^= 1;
    let finding = world.judge_with_contract(WalletAnswer::NotTold);
    assert_eq!(said(&finding), is(Verdict::Altered, &["email"]));
}

#[test]
fn a_word_without_a_row_rolls_the_record_back_until_it_is_voided() {
    let mut world = World::anchored(1);
    let forged = world.signed_by(&Person::new(99), 2, "elsewhere");
    let digest = forged.rebuilt_digest();
    world.anchor(2, &forged, digest);
    assert_eq!(world.judge().reason, Reason::OlderVersion(version(1)));
    world.void(2);
    assert_eq!(said(&world.judge()), is(Verdict::Valid, &[]));
    // The first version still counts, to the last field.
    *world.row(1).values.email.last_mut().unwrap() ^= 1;
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &["email"]));
}

#[test]
fn a_voided_version_must_not_stay_as_the_newest() {
    let mut world = World::anchored(2);
    world.void(2);
    let finding = world.judge();
    assert_eq!(
        (finding.verdict, finding.reason),
        (Verdict::Forged, Reason::VersionVoided)
    );
    world.evidence.versions.pop();
    world.write_head();
    assert_eq!(world.judge().verdict, Verdict::Valid);
}

#[test]
fn the_next_version_may_follow_the_voided_one_or_the_one_before() {
    for follows_voided in [true, false] {
        let mut world = World::anchored(1);
        let forged = world.signed_by(&Person::new(99), 2, "elsewhere");
        let digest = forged.rebuilt_digest();
        world.anchor(2, &forged, digest);
        world.void(2);
        let mut plain = world.signed(3, "moved house");
        if !follows_voided {
            plain.message.previous_proof = world.chain.as_ref().unwrap().versions[0].word;
            plain.signature = world.owner.sign(&plain.message);
        }
        world.put(3, SIGNED, &plain);
        let digest = plain.rebuilt_digest();
        world.anchor(3, &plain, digest);
        assert_eq!(
            said(&world.judge()),
            is(Verdict::Valid, &[]),
            "{follows_voided}"
        );
        // Not voided, the thief's version counts: it has no row.
        world.chain.as_mut().unwrap().versions[1].voided = false;
        assert!(world.judge().verdict.is_bad());
    }
}

#[test]
fn a_record_of_which_all_is_voided() {
    let mut world = World::anchored(1);
    world.void(1);
    assert_eq!(world.judge().verdict, Verdict::Forged);
    assert_eq!(
        (
            world.judge_without_row().verdict,
            world.judge_without_row().reason
        ),
        (Verdict::Retired, Reason::Voided)
    );
}

#[test]
fn a_word_anchored_for_nobody_is_missing_its_row() {
    let world = World::anchored(1);
    assert_eq!(world.judge_without_row().verdict, Verdict::Missing);
}

#[test]
fn a_row_moved_to_another_version_keeps_no_secret_of_it() {
    // The thief renumbers the genuine row, so that it seems to stand behind a word of the thief's own.
    let mut world = World::anchored(1);
    let forged = world.signed_by(&Person::new(99), 2, "elsewhere");
    let digest = forged.rebuilt_digest();
    world.anchor(2, &forged, digest);
    let row = world.row(1).clone();
    world.row(1).values = RecordVersion {
        version: version(2),
        ..row.values
    };
    assert_eq!(world.judge().verdict, Verdict::RolledBack);
}
