use database::consent_links::{self, LinkState, MAX_CODE_ATTEMPTS};
use database::consents::{self, NONCE_KEY};
use database::corrections::{self, Correction};
use database::{RowError, notices, sealed};
use keyring::CellKind;
use record::ids::{CorrectionId, LinkId, Version};

use crate::stage::{MINUTE, NOW, Stage, signature};

#[tokio::test]
async fn a_link_is_used_once_also_by_many_at_once() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let person = stage.enter(&mut connection, NOW).await;
    let link = stage.link(&mut connection, &person).await;
    assert!(link.is_open(NOW));
    assert!(!link.is_open(link.expires_at));

    let found =
        consent_links::by_secret_hash(&mut connection, &stage.front, &link.secret_hash).await;
    assert_eq!(found.unwrap().unwrap().id, link.id);
    let users = (0..8).map(|_| async {
        let mut connection = stage.connection().await;
        consent_links::close(&mut connection, &stage.front, link.id, LinkState::Used).await
    });
    let used = futures::future::join_all(users).await;
    assert_eq!(used.iter().filter(|result| result.is_ok()).count(), 1);
    let unknown = consent_links::close(
        &mut connection,
        &stage.front,
        LinkId::from_bytes([0; 16]),
        LinkState::Used,
    );
    assert!(matches!(unknown.await, Err(RowError::Changed { .. })));
}

#[tokio::test]
async fn wrong_codes_lock_a_link_however_fast_they_come() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let person = stage.enter(&mut connection, NOW).await;
    let link = stage.link(&mut connection, &person).await;
    let guesses = (0..12).map(|_| async {
        let mut connection = stage.connection().await;
        consent_links::count_wrong_code(&mut connection, &stage.front, link.id).await
    });
    let guessed = futures::future::join_all(guesses).await;
    let counted = guessed.iter().filter(|result| result.is_ok()).count();
    assert_eq!(counted, usize::try_from(MAX_CODE_ATTEMPTS).unwrap());
    let locked = consent_links::of_record(&mut connection, &stage.front, person.record.id)
        .await
        .unwrap();
    assert_eq!(locked.rows[0].state, LinkState::Locked);
    assert_eq!(locked.rows[0].code_attempts, MAX_CODE_ATTEMPTS);
}

#[tokio::test]
async fn open_links_are_revoked_together() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let person = stage.enter(&mut connection, NOW).await;
    let first = stage.link(&mut connection, &person).await;
    let second = stage.link(&mut connection, &person).await;
    consent_links::close(
        &mut connection,
        &stage.front,
        second.id,
        LinkState::Corrected,
    )
    .await
    .unwrap();
    let third = stage.link(&mut connection, &person).await;
    assert_eq!(
        consent_links::revoke_open(&mut connection, &stage.front, person.record.id)
            .await
            .unwrap(),
        2
    );
    assert_eq!(
        consent_links::revoke_open(&mut connection, &stage.front, person.record.id)
            .await
            .unwrap(),
        0
    );
    let all = consent_links::of_record(&mut connection, &stage.front, person.record.id)
        .await
        .unwrap();
    let states: Vec<_> = [&first, &second, &third]
        .map(|link| all.rows.iter().find(|row| row.id == link.id).unwrap().state)
        .into();
    assert_eq!(
        states,
        [LinkState::Revoked, LinkState::Corrected, LinkState::Revoked]
    );
}

#[tokio::test]
async fn a_consent_is_stored_once_and_its_nonce_serves_no_other() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let one = stage.enter(&mut connection, NOW).await;
    let two = stage.enter(&mut connection, NOW).await;
    let link = stage.link(&mut connection, &one).await;
    let (message, consent) = stage.consent(&one, link.id);
    consents::insert(&mut connection, &consent).await.unwrap();
    let loaded = consents::load(&mut connection, one.record.id, Version::FIRST)
        .await
        .unwrap();
    assert_eq!(loaded.as_ref(), Some(&consent));

    let again = consents::insert(&mut connection, &consent)
        .await
        .unwrap_err();
    assert!(again.is_duplicate_of("PRIMARY"));
    let (_, mut other) = stage.consent(&two, link.id);
    other.nonce_index = consents::nonce_index(&stage.front, &message.nonce);
    let reused = consents::insert(&mut connection, &other).await.unwrap_err();
    assert!(reused.is_duplicate_of(NONCE_KEY));
    let holders = consents::with_nonce(&mut connection, &other.nonce_index)
        .await
        .unwrap();
    assert_eq!(holders, [one.record.id]);
    let nonces = [consent.nonce_index, other.nonce_index];
    let shared = consents::shared_nonces(&mut connection, &nonces).await;
    assert!(shared.unwrap().is_empty(), "one consent holds it");

    // What comes out is what was signed.
    let sealed = sealed::SealedVersion {
        values: one.plain.seal(&one.key, &mut rand::rng()).unwrap(),
        consent: loaded,
    };
    let opened = sealed.open(&one.key);
    assert_eq!(opened.whole_message(), Some(&message));
    assert_eq!(opened.signature.unwrap().unwrap(), signature());
    assert_eq!(
        consents::destroy(&mut connection, one.record.id)
            .await
            .unwrap(),
        1
    );
}

#[tokio::test]
async fn an_ended_link_holds_nothing_of_its_owner_and_a_used_one_not_for_long() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let front = &stage.front;
    let person = stage.enter(&mut connection, NOW).await;
    let (used, revoked) = (
        stage.link(&mut connection, &person).await,
        stage.link(&mut connection, &person).await,
    );
    let ended = consent_links::close(&mut connection, front, revoked.id, LinkState::Revoked)
        .await
        .unwrap();
    assert!(ended.wrapped_key.is_empty() && ended.desk_code.is_empty());
    let (_, consent) = stage.consent(&person, used.id);
    consents::insert(&mut connection, &consent).await.unwrap();
    let kept = consent_links::close(&mut connection, front, used.id, LinkState::Used)
        .await
        .unwrap();
    assert_eq!(kept.wrapped_key, used.wrapped_key, "for the receipt");

    let early = consent_links::forget_used(&mut connection, front, NOW).await;
    assert_eq!(early.unwrap(), 0);
    let later = NOW.plus(MINUTE);
    let late = consent_links::forget_used(&mut connection, front, later).await;
    assert_eq!(late.unwrap(), 1);
    let again = consent_links::forget_used(&mut connection, front, later).await;
    assert_eq!(again.unwrap(), 0);
    let link = consent_links::by_secret_hash(&mut connection, front, &used.secret_hash)
        .await
        .unwrap()
        .unwrap();
    assert!(link.wrapped_key.is_empty() && link.offer.is_none());
}

#[tokio::test]
async fn a_correction_is_asked_resolved_and_destroyed() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let person = stage.enter(&mut connection, NOW).await;
    let (version, draft) = (person.record.version, person.record.draft);
    let note = "my house number is 21".as_bytes();
    let correction = Correction {
        id: CorrectionId::random(&mut rand::rng()),
        record_id: person.record.id,
        version,
        draft,
        note: sealed::seal_cell(
            &person.key,
            version,
            draft,
            CellKind::CorrectionNote,
            note,
            &mut rand::rng(),
        ),
        asked_at: NOW,
        resolved_at: None,
        answer: None,
    };
    corrections::insert(&mut connection, &correction)
        .await
        .unwrap();
    let open = corrections::of_record(&mut connection, person.record.id)
        .await
        .unwrap();
    assert_eq!(open, [correction]);
    let opened = sealed::open_cell(
        &person.key,
        version,
        draft,
        CellKind::CorrectionNote,
        &open[0].note,
    );
    assert_eq!(opened.unwrap().value.as_slice(), note);
    let later = NOW.plus(MINUTE);
    assert_eq!(
        corrections::resolve(
            &mut connection,
            person.record.id,
            person.record.version..=person.record.version,
            later
        )
        .await
        .unwrap(),
        1
    );
    assert_eq!(
        corrections::resolve(
            &mut connection,
            person.record.id,
            person.record.version..=person.record.version,
            later
        )
        .await
        .unwrap(),
        0
    );
    let resolved = corrections::of_record(&mut connection, person.record.id)
        .await
        .unwrap();
    assert_eq!(resolved[0].resolved_at, Some(later));
    assert_eq!(
        corrections::destroy(&mut connection, person.record.id)
            .await
            .unwrap(),
        1
    );
}

#[tokio::test]
async fn a_notice_is_its_own_proof() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let text = "Who we are: Clinic für Ältere 🏥";
    let hash = notices::keep(&mut connection, text, NOW).await.unwrap();
    assert_eq!(
        notices::keep(&mut connection, text, NOW).await.unwrap(),
        hash
    );
    assert_eq!(
        notices::text(&mut connection, &hash)
            .await
            .unwrap()
            .as_deref(),
        Some(text)
    );
    assert_eq!(
        notices::text(&mut connection, &notices::hash("other"))
            .await
            .unwrap(),
        None
    );
    stage
        .sql("UPDATE notices SET text = 'We sell your data.'")
        .await;
    assert!(
        notices::text(&mut connection, &hash)
            .await
            .unwrap_err()
            .is_tampering()
    );
}
