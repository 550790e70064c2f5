//! What somebody can do who writes SQL, with or without the application's keys.

use database::{
    consents::Consent,
    records::{Record, RecordState},
    sealed::{Anchor, seal_cell},
};
use keyring::{CellKind, KeySet};
use rand::{SeedableRng, rngs::StdRng};
use record::{
    Address, B256,
    ids::{Draft, LinkId, RecordId, StaffId, SubmissionId, Uid},
    proof::V1_FIELDS,
    time::UnixMillis,
};

use super::{super::*, world::*};

const SIGNED: Draft = Draft::new(1);

fn two_records() -> (World, World) {
    let keys = KeySet::generate(&mut StdRng::seed_from_u64(1));
    (World::of_uid(7, 1, &keys), World::of_uid(8, 1, &keys))
}

#[test]
fn untouched_records_are_valid() {
    for versions in 1..=3 {
        let world = World::anchored(versions);
        let finding = world.judge();
        assert_eq!(said(&finding), is(Verdict::Valid, &[]), "{finding:?}");
        let newest = world.chain.as_ref().unwrap().newest().word;
        assert_eq!(
            (finding.proof_expected, finding.proof_found),
            (Some(newest), Some(newest))
        );
    }
}

#[test]
fn a_cell_that_does_not_open_is_named() {
    for versions in 1..=2 {
        for name in cells(World::anchored(1).row(1))
            .iter()
            .map(|(name, _)| *name)
        {
            let mut world = World::anchored(versions);
            *cell(world.row(1), name).last_mut().unwrap() ^= 1;
            let finding = world.judge();
            assert_eq!(said(&finding), is(Verdict::Altered, &[name]), "{finding:?}");
            assert_eq!(finding.version, Some(version(1)));
        }
    }
}

#[test]
fn a_cell_emptied_is_named() {
    let mut world = World::anchored(1);
    world.row(1).values.email.clear();
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &["email"]));
}

#[test]
fn a_forged_value_sealed_with_the_real_keys_is_named_by_the_anchored_leaves() {
    for name in V1_FIELDS {
        for salt in [None, Some([9; 32])] {
            let mut world = World::anchored(2);
            let forged = world.plain(2).with(name, "somebody else", salt);
            let sealed = world.sealed(2, SIGNED, &forged);
            *cell(world.row(2), name) = sealed.field(name).unwrap().to_vec();
            let finding = world.judge();
            assert_eq!(said(&finding), is(Verdict::Altered, &[name]), "{finding:?}");
            assert_eq!(finding.reason, Reason::LeavesDiffer);
            assert_ne!(finding.proof_expected, finding.proof_found);
            assert!(finding.proof_found.is_some());
        }
    }
}

#[test]
fn a_forged_salt_alone_is_named_too() {
    let mut world = World::anchored(1);
    let forged = world.plain(1).with("age", "34", Some([9; 32]));
    let sealed = world.sealed(1, SIGNED, &forged);
    world.row(1).values.age = sealed.age;
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &["age"]));
}

#[test]
fn with_a_forged_anchor_cell_the_signed_message_names_the_field() {
    let mut world = World::anchored(1);
    let forged = Plain {
        ..world.plain(1).with("email", "eve@example.org", None)
    };
    world.put(1, SIGNED, &forged);
    let finding = world.judge();
    assert_eq!(said(&finding), is(Verdict::Altered, &["email"]));
    assert_eq!(finding.reason, Reason::SignedDiffers);
}

#[test]
fn with_everything_forged_nothing_can_be_named() {
    let mut world = World::anchored(1);
    let mut forged = world.plain(1).with("email", "eve@example.org", None);
    forged.message = forged.message.rebuilt(&forged.fields, forged.wallet);
    world.put(1, SIGNED, &forged);
    let finding = world.judge();
    assert_eq!(said(&finding), is(Verdict::Altered, &[]));
    assert_eq!(finding.reason, Reason::NotTold);
}

#[test]
fn another_person_s_whole_record_in_its_place_is_altered() {
    let mut world = World::anchored(1);
    let thief = world.signed_by(&Person::new(99), 1, "elsewhere");
    world.put(1, SIGNED, &thief);
    assert_eq!(world.judge().verdict, Verdict::Altered);
}

#[test]
fn a_forged_wallet_is_named() {
    let mut world = World::anchored(1);
    let forged = Plain {
        wallet: Address::repeat_byte(0xee),
        ..world.plain(1)
    };
    let sealed = world.sealed(1, SIGNED, &forged);
    world.row(1).values.wallet = sealed.wallet;
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &["wallet"]));
}

#[test]
fn a_broken_cell_and_a_forged_one_are_both_named() {
    let mut world = World::anchored(1);
    let forged = world.plain(1).with("email", "eve@example.org", None);
    world.row(1).values.email = world.sealed(1, SIGNED, &forged).email;
    *world.row(1).values.name.last_mut().unwrap() ^= 1;
    assert_eq!(
        said(&world.judge()),
        is(Verdict::Altered, &["email", "name"])
    );
}

#[test]
fn cells_exchanged_within_a_record_are_altered() {
    let mut world = World::anchored(1);
    let values = &mut world.row(1).values;
    std::mem::swap(&mut values.email, &mut values.name);
    assert_eq!(
        said(&world.judge()),
        is(Verdict::Altered, &["email", "name"])
    );
}

#[test]
fn a_consent_removed_is_altered() {
    let mut world = World::anchored(1);
    world.row(1).consent = None;
    let parts = ["consent_message", "consent_signature"];
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &parts));
}

#[test]
fn an_anchor_cell_may_lack_only_while_the_job_is_in_flight() {
    let mut world = World::anchored(1);
    world.row(1).values.anchor = None;
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &["anchor"]));
    world.evidence.claimed_uid = None;
    world.write_head();
    let state = database::anchoring_jobs::JobState::Mined;
    let uid = Uid::new(7);
    world.jobs = vec![Job {
        version: version(1),
        uid,
        state,
        approved_at: world.now,
    }];
    assert_eq!(said(&world.judge()), is(Verdict::Valid, &[]));
    let state = database::anchoring_jobs::JobState::Anchored;
    world.jobs = vec![Job {
        version: version(1),
        uid,
        state,
        approved_at: world.now,
    }];
    assert_eq!(
        said(&world.judge()),
        is(Verdict::RolledBack, &["anchor", "uid"]),
        "as before the anchor"
    );
    world.evidence.head.as_mut().unwrap().mac.clear();
    assert_eq!(
        said(&world.judge()),
        is(Verdict::Altered, &["anchor", "uid"])
    );
}

#[test]
fn an_anchor_cell_that_says_other_things_is_altered() {
    let change: [fn(&mut Anchor); 2] = [|a| a.timestamp += 1, |a| a.leaves[2] = B256::ZERO];
    for change in change {
        let mut world = World::anchored(1);
        let plain = world.plain(1);
        let mut anchor = world.anchor_of(1, &plain);
        change(&mut anchor);
        world.row(1).values.anchor = world.sealed_anchor(1, SIGNED, &anchor);
        assert_eq!(said(&world.judge()), is(Verdict::Altered, &["anchor"]));
    }
}

#[test]
fn a_uid_taken_off_its_row_is_altered() {
    let mut world = World::anchored(1);
    world.evidence.claimed_uid = None;
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &["uid"]));
}

#[test]
fn any_column_of_the_head_is_told() {
    let change: [fn(&mut Record); 9] = [
        |head| head.state = RecordState::AwaitingConsent,
        |head| head.version = version(1),
        |head| head.draft = Draft::new(9),
        |head| head.wallet_index = [9; 32],
        |head| head.email_index = [9; 32],
        |head| head.submission = SubmissionId::from_bytes([9; 16]),
        |head| head.created_by = StaffId::from_bytes([9; 16]),
        |head| head.updated_at = UnixMillis(1),
        |head| head.id = RecordId::from_bytes([9; 16]),
    ];
    for change in change {
        let mut world = World::anchored(2);
        change(&mut world.evidence.head.as_mut().unwrap().record);
        assert_eq!(said(&world.judge()), is(Verdict::Altered, &["head"]));
    }
    let mut world = World::anchored(2);
    world.evidence.entered_at = UnixMillis(1);
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &["head"]));
    let mut world = World::anchored(2);
    world.evidence.head.as_mut().unwrap().mac.clear();
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &["head"]));
    let mut world = World::anchored(2);
    world.evidence.head = None;
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &["head"]));
}

#[test]
fn a_head_put_back_alone_is_told() {
    let mut world = World::anchored(2);
    world.write_head_in(RecordState::Anchored, version(1), SIGNED);
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &["head"]));
    world.write_head_in(RecordState::Anchored, version(2), Draft::FIRST);
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &["head"]));
    world.write_head_in(RecordState::Anchored, version(2), SIGNED);
    assert_eq!(said(&world.judge()), is(Verdict::Valid, &[]));
}

#[test]
fn a_receipt_that_says_other_things_is_altered() {
    let change: [fn(&mut Consent); 4] = [
        |consent| consent.received_at = UnixMillis(1),
        |consent| consent.link_id = LinkId::from_bytes([9; 16]),
        |consent| consent.draft = Draft::new(9),
        |consent| consent.mac[9] ^= 1,
    ];
    for change in change {
        for number in [1, 2] {
            let mut world = World::anchored(2);
            change(world.row(number).consent.as_mut().unwrap());
            let finding = world.judge();
            assert_eq!(said(&finding), is(Verdict::Altered, &["consent_receipt"]));
            assert_eq!(finding.version, Some(version(number)));
        }
    }
}

#[test]
fn the_row_of_a_voided_version_stays_as_it_was() {
    let voided = || {
        let mut world = World::anchored(2);
        world.void(1);
        world
    };
    assert_eq!(voided().judge().verdict, Verdict::Valid);
    let mut altered = voided();
    *altered.row(1).values.email.last_mut().unwrap() ^= 1;
    assert_eq!(said(&altered.judge()), is(Verdict::Altered, &["email"]));
    assert_eq!(altered.judge().version, Some(version(1)));
    let mut removed = voided();
    removed.evidence.versions.remove(0);
    assert_eq!(removed.judge().verdict, Verdict::Valid);
}

#[test]
fn an_index_that_hides_a_nonce_is_altered() {
    let mut world = World::anchored(1);
    world.row(1).consent.as_mut().unwrap().nonce_index = [0; 32];
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &["nonce_index"]));
}

#[test]
fn an_owner_key_gone_or_altered_is_named() {
    let mut world = World::anchored(1);
    world.evidence.owner_key = None;
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &["owner_key"]));
    let mut world = World::anchored(1);
    *world
        .evidence
        .owner_key
        .as_mut()
        .unwrap()
        .bytes
        .last_mut()
        .unwrap() ^= 1;
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &["owner_key"]));
    // The column beside the wrapped key only repeats what is wrapped.
    let mut world = World::anchored(1);
    world.evidence.owner_key.as_mut().unwrap().app_key_version += 1;
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &["owner_key"]));
    // An unknown application key is no way out into `unverifiable`.
    let mut world = World::anchored(1);
    world.evidence.owner_key.as_mut().unwrap().bytes[4] = 77;
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &["owner_key"]));
}

#[test]
fn a_cell_of_another_record_is_swapped() {
    for name in cells(World::anchored(1).row(1))
        .iter()
        .map(|(name, _)| *name)
    {
        let (mut mine, mut other) = two_records();
        std::mem::swap(cell(mine.row(1), name), cell(other.row(1), name));
        for world in [mine, other] {
            assert_eq!(said(&world.judge()), is(Verdict::Swapped, &[name]));
        }
    }
}

#[test]
fn two_rows_that_exchanged_their_uids_are_swapped() {
    let (mut mine, mut other) = two_records();
    std::mem::swap(&mut mine.chain, &mut other.chain);
    std::mem::swap(
        &mut mine.evidence.claimed_uid,
        &mut other.evidence.claimed_uid,
    );
    for world in [mine, other] {
        assert_eq!(said(&world.judge()), is(Verdict::Swapped, &["uid"]));
    }
}

#[test]
fn two_records_that_exchanged_versions_or_keys_are_swapped() {
    let (mut mine, mut other) = two_records();
    std::mem::swap(&mut mine.evidence.versions, &mut other.evidence.versions);
    assert_eq!(mine.judge().verdict, Verdict::Swapped);
    std::mem::swap(&mut mine.evidence.owner_key, &mut other.evidence.owner_key);
    assert_eq!(said(&mine.judge()), is(Verdict::Swapped, &["owner_key"]));
    // The row of the key was made to fit; what is wrapped in it was not.
    mine.evidence.owner_key.as_mut().unwrap().record_id = mine.evidence.record_id;
    assert_eq!(said(&mine.judge()), is(Verdict::Swapped, &["owner_key"]));
}

#[test]
fn cells_of_an_earlier_draft_are_rolled_back() {
    let mut world = World::anchored(1);
    let draft = world.plain(1).with("email", "typo@example.org", None);
    let earlier = world.sealed(1, Draft::FIRST, &draft);
    world.row(1).values.email.clone_from(&earlier.email);
    assert_eq!(said(&world.judge()), is(Verdict::RolledBack, &["email"]));
    // The whole row of that draft, its number included: consent and anchor still say which draft was signed.
    let anchor = world.row(1).values.anchor.take();
    world.row(1).values = earlier;
    world.row(1).values.anchor = anchor;
    assert_eq!(world.judge().verdict, Verdict::RolledBack);
}

#[test]
fn a_row_put_back_to_before_its_consent_is_rolled_back() {
    let mut world = World::anchored(1);
    let draft = world.plain(1).with("email", "typo@example.org", None);
    let earlier = world.sealed(1, Draft::FIRST, &draft);
    world.row(1).values = earlier;
    assert_eq!(
        world.judge().reason,
        Reason::OtherDraft,
        "the consent is of the signed draft"
    );
    world.row(1).consent = None;
    for claimed_uid in [Some(7), None] {
        world.evidence.claimed_uid = claimed_uid;
        let finding = world.judge();
        assert_eq!(
            (finding.verdict, finding.reason),
            (Verdict::RolledBack, Reason::BeforeConsent)
        );
    }
}

#[test]
fn a_draft_number_alone_is_altered() {
    let mut world = World::anchored(1);
    world.row(1).values.draft = Draft::new(5);
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &["draft"]));
}

#[test]
fn an_older_version_in_the_newest_s_place_is_rolled_back() {
    let mut moved = World::anchored(2);
    let older = moved.row(1).clone();
    moved.row(2).values = database::record_versions::RecordVersion {
        version: version(2),
        ..older.values
    };
    moved.row(2).consent = older.consent;
    assert_eq!(moved.judge().verdict, Verdict::RolledBack);

    let mut sealed_anew = World::anchored(2);
    let older = sealed_anew.plain(1);
    sealed_anew.put(2, SIGNED, &older);
    assert_eq!(sealed_anew.judge().reason, Reason::OlderVersion(version(1)));

    let mut cell_only = World::anchored(2);
    let older = cell_only.row(1).values.address.clone();
    cell_only.row(2).values.address = older;
    assert_eq!(
        said(&cell_only.judge()),
        is(Verdict::RolledBack, &["address"])
    );
}

#[test]
fn a_newest_version_removed_is_rolled_back() {
    let mut world = World::anchored(3);
    world.evidence.versions.pop();
    let finding = world.judge();
    assert_eq!(finding.reason, Reason::OlderVersion(version(2)));
    assert_eq!(
        (finding.verdict, finding.version),
        (Verdict::RolledBack, Some(version(3)))
    );
}

#[test]
fn an_older_version_removed_leaves_the_newest_unproven() {
    let mut world = World::anchored(2);
    world.evidence.versions.remove(0);
    let gone = ConsentProblem::OlderVersionGone(version(1));
    assert_eq!(world.judge().reason, Reason::Consent(gone));
}

#[test]
fn a_row_removed_is_missing() {
    let mut world = World::anchored(2);
    assert_eq!(world.judge_without_row().verdict, Verdict::Missing);
    assert_eq!(
        world.judge_without_row().proof_expected,
        Some(world.chain.as_ref().unwrap().newest().word)
    );
    world.evidence.versions.clear();
    assert_eq!(world.judge().verdict, Verdict::Missing);
    world.evidence.owner_key = None;
    assert_eq!(world.judge().verdict, Verdict::Missing);
}

#[test]
fn a_version_that_the_chain_does_not_know_is_forged() {
    // Copied cells open nowhere else.
    let mut copied = World::anchored(1);
    let mut row = copied.row(1).clone();
    row.values.version = version(2);
    copied.evidence.versions.push(row);
    assert_eq!(copied.judge().verdict, Verdict::Forged);
    // Sealed with the real keys and called anchored.
    let mut sealed = World::anchored(1);
    let plain = sealed.plain(1);
    sealed.put(2, Draft::FIRST, &plain);
    assert_eq!(
        (sealed.judge().verdict, sealed.judge().version),
        (Verdict::Forged, Some(version(2)))
    );
    // A rectification on its way looks like this, and does no harm.
    sealed.row(2).values.anchor = None;
    sealed.row(2).consent = None;
    sealed.write_head();
    assert_eq!(sealed.judge().verdict, Verdict::Valid);
    // A version with a number that there is not.
    let mut stray = World::anchored(1);
    stray.evidence.stray_versions = 1;
    assert_eq!(stray.judge().verdict, Verdict::Forged);
}

#[test]
fn a_draft_on_its_way_stands_in_for_nothing_and_is_looked_at() {
    let rectifying = || {
        let mut world = World::anchored(1);
        let plain = world.plain(1);
        world.put(2, Draft::FIRST, &plain);
        world.row(2).values.anchor = None;
        world.row(2).consent = None;
        world.write_head();
        world
    };
    assert_eq!(rectifying().judge().verdict, Verdict::Valid);
    let mut gone = rectifying();
    gone.evidence.versions.remove(0);
    assert_eq!(gone.judge().verdict, Verdict::Missing);
    let mut taken_back = rectifying();
    taken_back.evidence.versions.pop();
    assert_eq!(said(&taken_back.judge()), is(Verdict::Altered, &["head"]));
    let mut altered = rectifying();
    *altered.row(2).values.email.last_mut().unwrap() ^= 1;
    assert_eq!(said(&altered.judge()), is(Verdict::Altered, &["email"]));
    assert_eq!(altered.judge().version, Some(version(2)));
    let mut keyless = rectifying();
    keyless.evidence.owner_key = None;
    assert_eq!(said(&keyless.judge()), is(Verdict::Altered, &["owner_key"]));
}

#[test]
fn values_of_another_record_are_swapped_whatever_draft_they_are_of() {
    let (mut mine, mut other) = two_records();
    let plain = other.plain(1);
    other.put(1, Draft::new(5), &plain);
    mine.row(1).values = other.row(1).values.clone();
    assert_eq!(mine.judge().verdict, Verdict::Swapped);
}

#[test]
fn a_version_renumbered_is_bad() {
    let mut world = World::anchored(1);
    world.row(1).values.version = version(2);
    assert!(world.judge().verdict.is_bad());
}

#[test]
fn a_cell_of_another_kind_is_altered() {
    let mut world = World::anchored(1);
    let note = seal_cell(
        &world.key,
        version(1),
        SIGNED,
        CellKind::CorrectionNote,
        b"ann@example.org",
        &mut world.rng,
    );
    world.row(1).values.email = note;
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &["email"]));
}
