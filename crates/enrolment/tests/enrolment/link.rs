use database::consent_links::LinkState;
use database::outbox::{self, Mail, MailState};
use database::record_events::RecordEventKind::{Entered, LinkCreated, LinkRevoked, LinkSent};
use database::records::RecordState;
use enrolment::{EnrolmentError, Entry, FreshLink, Sending, revoke};
use notification::EventKey;
use record::ids::{RecordId, SubmissionId};

use crate::stage::{Stage, details};

const CORRECTED: &str = "zoe.agren@home.example";

impl Stage {
    async fn entered_by_mail(&self) -> (RecordId, FreshLink) {
        let submission = SubmissionId::random(&mut rand::rng());
        match self.enter(submission, Sending::ByMail).await {
            Entry::New(record, link) => (record.id, link),
            Entry::Before(_) => panic!("a fresh submission"),
        }
    }

    async fn mail(&self, of: &FreshLink) -> Mail {
        let event = EventKey::of_consent_link(of.id);
        let mut connection = self.connection().await;
        let mail = outbox::by_event_key(&mut connection, &self.front, event.as_bytes()).await;
        mail.unwrap().unwrap()
    }
}

#[tokio::test]
async fn a_new_link_replaces_the_one_before() {
    let stage = Stage::new().await;
    let (id, first) = stage.entered().await;
    let second = stage.issue(id, Sending::ByMail).await.unwrap();

    let old = stage.link(&first).await;
    assert_eq!(old.state, LinkState::Revoked);
    assert!(
        old.wrapped_key.is_empty() && old.desk_code.is_empty(),
        "an ended link holds nothing of its owner"
    );
    assert!(stage.link(&second).await.is_open(stage.clock.now()));
    assert_ne!(first.address.as_str(), second.address.as_str());
    assert_eq!(stage.links(id).await.len(), 2);
    assert_eq!(
        stage.history(id).await,
        [Entered, LinkCreated, LinkCreated, LinkSent]
    );
}

#[tokio::test]
async fn a_link_is_made_only_while_the_owner_is_waited_for() {
    let stage = Stage::new().await;
    let (id, first) = stage.entered().await;
    for state in [
        RecordState::CorrectionRequested,
        RecordState::Consented,
        RecordState::Approved,
        RecordState::Anchored,
        RecordState::Declined,
    ] {
        stage.move_to(id, state).await;
        let refused = stage.issue(id, Sending::ByMail).await;
        assert!(
            matches!(refused, Err(EnrolmentError::State(found)) if found == state),
            "{state}"
        );
    }
    assert!(stage.link(&first).await.is_open(stage.clock.now()));
    assert_eq!(stage.count("SELECT COUNT(*) FROM outbox").await, 0);
}

#[tokio::test]
async fn a_link_is_taken_back_once() {
    let stage = Stage::new().await;
    let (id, first) = stage.entered().await;
    let mut connection = stage.connection().await;
    let office = stage.office();
    assert_eq!(revoke(&mut connection, &office, id).await.unwrap(), 1);
    assert_eq!(stage.link(&first).await.state, LinkState::Revoked);
    assert_eq!(revoke(&mut connection, &office, id).await.unwrap(), 0);
    assert_eq!(
        stage.history(id).await,
        [Entered, LinkCreated, LinkRevoked],
        "told once"
    );
    assert_eq!(stage.record(id).await.state, RecordState::AwaitingConsent);
}

/// A mail that waits for its server may go to the very address that is put right meanwhile.
#[tokio::test]
async fn the_mail_of_a_link_that_ended_is_not_sent() {
    for end in ["edit", "issue", "revoke"] {
        let stage = Stage::new().await;
        let (_, of_neighbour) = stage.entered_by_mail().await;
        let (id, first) = stage.entered_by_mail().await;
        assert_eq!(stage.mail(&first).await.state, MailState::Waiting);
        match end {
            "edit" => drop(stage.edit(id, &details(CORRECTED)).await.unwrap()),
            "issue" => {
                let second = stage.issue(id, Sending::ByMail).await.unwrap();
                assert_eq!(stage.mail(&second).await.state, MailState::Waiting);
            }
            _ => {
                let mut connection = stage.connection().await;
                let office = stage.office();
                assert_eq!(revoke(&mut connection, &office, id).await.unwrap(), 1);
            }
        }
        let mail = stage.mail(&first).await;
        assert_eq!(mail.state, MailState::Withdrawn, "{end}");
        assert!(mail.recipient.is_none() && mail.payload.is_none(), "{end}");
        let mail = stage.mail(&of_neighbour).await;
        assert_eq!(mail.state, MailState::Waiting, "{end}");
        assert!(mail.recipient.is_some(), "{end}");
    }
}

#[tokio::test]
async fn there_is_no_link_to_a_record_that_is_not_there() {
    let stage = Stage::new().await;
    let nobody = RecordId::random(&mut rand::rng());
    let refused = stage.issue(nobody, Sending::AtTheDesk).await;
    assert!(matches!(refused, Err(EnrolmentError::Unknown)));
    let refused = revoke(&mut *stage.connection().await, &stage.office(), nobody).await;
    assert!(matches!(refused, Err(EnrolmentError::Unknown)));
}

#[tokio::test]
async fn no_link_is_made_to_what_was_tampered_with() {
    for tamper in [
        "UPDATE record_versions SET email = name",
        "DELETE FROM record_versions",
        "DELETE FROM owner_keys",
        "UPDATE records SET updated_at = updated_at + 1",
    ] {
        let stage = Stage::new().await;
        let (id, first) = stage.entered().await;
        stage.run(tamper).await;
        let refused = stage.issue(id, Sending::ByMail).await.map(drop);
        assert!(
            refused.as_ref().is_err_and(EnrolmentError::is_tampering),
            "{tamper}: {refused:?}"
        );
        assert!(stage.link(&first).await.is_open(stage.clock.now()));
        assert_eq!(stage.count("SELECT COUNT(*) FROM outbox").await, 0);
    }
}
