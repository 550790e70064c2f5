use database::consent_links::LinkState;
use database::corrections::{self, Correction};
use database::record_events::RecordEventKind::{Edited, Entered, LinkCreated};
use database::records::RecordState;
use database::{index, sealed};
use enrolment::EnrolmentError;
use keyring::CellKind;
use record::ids::{CorrectionId, Draft, RecordId, Version};

use crate::stage::{Stage, details};

const CORRECTED: &str = "zoe.agren@home.example";

impl Stage {
    async fn ask_for_correction(&self, id: RecordId) {
        let (record, key) = (self.record(id).await, self.key(id).await);
        let (version, draft) = (record.version, record.draft);
        let note = sealed::seal_cell(
            &key,
            version,
            draft,
            CellKind::CorrectionNote,
            b"The address is an old one.",
            &mut rand::rng(),
        );
        let wish = Correction {
            id: CorrectionId::random(&mut rand::rng()),
            record_id: id,
            version,
            draft,
            note,
            asked_at: self.clock.now(),
            resolved_at: None,
            answer: None,
        };
        corrections::insert(&mut *self.connection().await, &wish)
            .await
            .unwrap();
        self.move_to(id, RecordState::CorrectionRequested).await;
    }
}

#[tokio::test]
async fn an_edit_makes_a_new_draft_with_new_salts_and_a_new_link() {
    let stage = Stage::new().await;
    let (id, first) = stage.entered().await;
    let before = stage.plain(id).await;
    let second = stage.edit(id, &details(CORRECTED)).await.unwrap();

    let record = stage.record(id).await;
    assert_eq!(record.version, Version::FIRST);
    assert_eq!(record.draft, Draft::FIRST.next().unwrap());
    assert_eq!(
        record.email_index,
        index::email(stage.keys.index(), CORRECTED)
    );
    let after = stage.plain(id).await;
    assert_eq!(after.draft, record.draft);
    assert_eq!(after.fields.get("email").unwrap().value(), CORRECTED);
    for (name, field) in after.fields.iter() {
        let old = before.fields.get(name.as_str()).unwrap();
        assert!(field.salt() != old.salt(), "{}", name.as_str());
    }
    assert_eq!(stage.link(&first).await.state, LinkState::Revoked);
    let link = stage.link(&second).await;
    assert!(link.is_open(stage.clock.now()));
    assert_eq!(link.draft, record.draft);
    assert_eq!(
        stage.history(id).await,
        [Entered, LinkCreated, Edited, LinkCreated]
    );
}

#[tokio::test]
async fn an_edit_meets_the_owners_wish() {
    let stage = Stage::new().await;
    let (id, _) = stage.entered().await;
    stage.ask_for_correction(id).await;
    stage.edit(id, &details(CORRECTED)).await.unwrap();
    assert_eq!(stage.record(id).await.state, RecordState::AwaitingConsent);
    let wishes = corrections::of_record(&mut *stage.connection().await, id).await;
    assert_eq!(
        wishes.unwrap()[0].resolved_at,
        Some(stage.clock.now()),
        "met"
    );
}

#[tokio::test]
async fn what_the_owner_has_answered_is_not_edited() {
    let stage = Stage::new().await;
    let (id, first) = stage.entered().await;
    for state in [
        RecordState::Consented,
        RecordState::Approved,
        RecordState::Anchored,
        RecordState::Declined,
    ] {
        stage.move_to(id, state).await;
        let before = stage.record(id).await;
        let refused = stage.edit(id, &details(CORRECTED)).await;
        assert!(
            matches!(refused, Err(EnrolmentError::State(found)) if found == state),
            "{state}"
        );
        assert_eq!(stage.record(id).await, before);
    }
    assert!(stage.link(&first).await.is_open(stage.clock.now()));
    let email = stage.plain(id).await;
    assert_ne!(email.fields.get("email").unwrap().value(), CORRECTED);
}

#[tokio::test]
async fn what_was_tampered_with_is_not_edited() {
    let stage = Stage::new().await;
    let (id, _) = stage.entered().await;
    stage.run("UPDATE record_versions SET phone = email").await;
    let refused = stage.edit(id, &details(CORRECTED)).await.map(drop);
    assert!(refused.is_err_and(|error| error.is_tampering()));
    assert_eq!(stage.record(id).await.draft, Draft::FIRST);
}
