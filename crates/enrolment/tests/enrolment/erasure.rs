use database::consent_links::LinkState;
use database::erasures::{self, Erasure, ErasureState, Identity};
use database::record_events::RecordEventKind::{
    self, ErasureAsked, ErasureGranted, ErasureRefused,
};
use database::records::RecordState;
use database::request_way::RequestWay;
use enrolment::EnrolmentError;
use enrolment::erasure::{self, Asking, Granting};
use record::B256;
use record::erasure::{ErasureEvidence, ErasureStatement, Signatory};
use record::ids::{ErasureId, RecordId};
use record::signature::EcdsaSignature;
use record::time::UnixMillis;

use crate::stage::{CLERK, Stage, rng};

impl Stage {
    /// Signed, anchored, as far as anybody here looks at it.
    async fn held(&self, uid: u64) -> RecordId {
        let (id, link) = self.entered().await;
        self.sign(id, &link).await;
        self.anchor(id, uid).await;
        id
    }

    async fn ask_erasure(
        &self,
        id: RecordId,
        evidence: Option<ErasureEvidence>,
    ) -> Result<Option<ErasureId>, EnrolmentError> {
        let office = self.office();
        let by_owner = evidence.is_some();
        let asking = Asking {
            record: id,
            way: match by_owner {
                true => RequestWay::Link,
                false => RequestWay::InPerson,
            },
            identity: by_owner.then_some(Identity::Wallet),
            evidence,
            staff: (!by_owner).then_some(CLERK),
            letterhead: office.letterhead(),
            at: office.now,
        };
        let mut transaction = self.pool.begin().await.unwrap();
        let asked = erasure::ask(&mut transaction, &self.keys, &asking, &mut rng()).await?;
        transaction.commit().await.unwrap();
        Ok(asked)
    }

    async fn grant(&self, id: RecordId) -> Result<Erasure, EnrolmentError> {
        let granting = Granting {
            identity: Identity::Document,
            evidence: evidence(),
        };
        let mut transaction = self.pool.begin().await.unwrap();
        let (office, rng) = (self.office(), &mut rng());
        let granted = erasure::grant(&mut transaction, &office, id, &granting, rng).await?;
        transaction.commit().await.unwrap();
        Ok(granted)
    }

    async fn refuse_erasure(&self, id: RecordId) -> Result<(), EnrolmentError> {
        let mut transaction = self.pool.begin().await.unwrap();
        let (office, rng) = (self.office(), &mut rng());
        let (officer, reason) = (
            "dpo@riverside.example",
            "The law has us keep it until 2031.",
        );
        erasure::refuse(&mut transaction, &office, id, officer, reason, rng).await?;
        transaction.commit().await.unwrap();
        Ok(())
    }

    async fn erasures(&self, id: RecordId) -> Vec<Erasure> {
        let mut connection = self.connection().await;
        let found = erasures::of_record(&mut connection, &self.keys, id).await;
        found.unwrap().rows
    }

    async fn happened(&self, id: RecordId, kind: RecordEventKind) -> usize {
        let history = self.history(id).await;
        history.into_iter().filter(|one| *one == kind).count()
    }
}

/// Who grants has looked at it; nobody here does.
fn evidence() -> ErasureEvidence {
    let mut signature = [1; 65];
    signature[64] = 27;
    ErasureEvidence {
        statement: ErasureStatement {
            controller: "Riverside Health Centre".to_owned(),
            uid: 7,
            record_proof: B256::repeat_byte(1),
            requested_at: 1,
        },
        signature: EcdsaSignature::normalise(&signature).unwrap(),
        salt: B256::repeat_byte(2),
        signatory: Signatory::Authority,
    }
}

#[tokio::test]
async fn a_request_is_noted_once_and_answered_within_a_month() {
    let stage = Stage::new().await;
    let (id, stays) = (stage.held(7).await, stage.held(8).await);
    let asked = stage.ask_erasure(id, None).await.unwrap();
    assert!(asked.is_some());
    assert_eq!(
        stage.ask_erasure(id, None).await.unwrap(),
        None,
        "it is open"
    );
    let requests = stage.erasures(id).await;
    assert_eq!(requests.len(), 1);
    let request = &requests[0];
    assert_eq!(Some(request.id), asked);
    assert_eq!(
        (request.state, request.way, request.identity),
        (ErasureState::Open, RequestWay::InPerson, None)
    );
    let days = request.due_at.since(request.asked_at).as_secs() / 86_400;
    assert!((28..=31).contains(&days), "{days} days");
    assert_eq!(stage.happened(id, ErasureAsked).await, 1);
    let mails = "SELECT COUNT(*) FROM outbox WHERE kind = 'erasure_received'";
    assert_eq!(stage.count(mails).await, 1);
    assert!(stage.erasures(stays).await.is_empty());
}

#[tokio::test]
async fn what_is_asked_on_the_last_of_january_is_due_on_the_last_of_february() {
    let stage = Stage::new().await;
    let id = stage.held(7).await;
    // 31 January 2027, 12:00 UTC.
    let asked_at = UnixMillis::from_seconds(1_801_396_800);
    let office = stage.office();
    let asking = Asking {
        record: id,
        way: RequestWay::ByLetter,
        identity: None,
        evidence: None,
        staff: Some(CLERK),
        letterhead: office.letterhead(),
        at: asked_at,
    };
    let mut transaction = stage.pool.begin().await.unwrap();
    erasure::ask(&mut transaction, &stage.keys, &asking, &mut rng())
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    let due_at = stage.erasures(id).await[0].due_at;
    // 28 February 2027, 12:00 UTC.
    assert_eq!(due_at, UnixMillis::from_seconds(1_803_816_000));
}

#[tokio::test]
async fn an_owner_signs_what_the_desk_has_noted() {
    let stage = Stage::new().await;
    let id = stage.held(7).await;
    let noted = stage.ask_erasure(id, None).await.unwrap();
    assert_eq!(
        stage.ask_erasure(id, Some(evidence())).await.unwrap(),
        noted
    );
    assert_eq!(stage.ask_erasure(id, Some(evidence())).await.unwrap(), None);
    let request = stage.erasures(id).await.remove(0);
    assert_eq!(request.identity, Some(Identity::Wallet));
    let content = request.open(&stage.keys).unwrap().unwrap();
    assert_eq!(ErasureEvidence::from_json(&content), Some(evidence()));
    assert_eq!(stage.happened(id, ErasureAsked).await, 1);
}

#[tokio::test]
async fn what_was_never_anchored_is_declined_instead() {
    let stage = Stage::new().await;
    let (id, _) = stage.entered().await;
    let asked = stage.ask_erasure(id, None).await;
    assert!(matches!(
        asked,
        Err(EnrolmentError::State(RecordState::AwaitingConsent))
    ));
    assert!(stage.erasures(id).await.is_empty());
}

#[tokio::test]
async fn a_refusal_goes_to_the_owner_and_they_may_ask_again() {
    let stage = Stage::new().await;
    let id = stage.held(7).await;
    assert!(stage.refuse_erasure(id).await.is_err(), "nothing is asked");
    stage.ask_erasure(id, None).await.unwrap();
    stage.refuse_erasure(id).await.unwrap();
    let request = stage.erasures(id).await.remove(0);
    assert_eq!(
        (request.state, request.decided_by),
        (ErasureState::Refused, Some(CLERK))
    );
    assert_eq!(
        request.open(&stage.keys).unwrap().unwrap().as_slice(),
        b"The law has us keep it until 2031."
    );
    assert_eq!(stage.happened(id, ErasureRefused).await, 1);
    assert_eq!(stage.record(id).await.state, RecordState::Anchored);
    let mails = "SELECT COUNT(*) FROM outbox WHERE kind = 'erasure_refused'";
    assert_eq!(stage.count(mails).await, 1);
    assert!(stage.ask_erasure(id, None).await.unwrap().is_some());
    assert_eq!(stage.erasures(id).await.len(), 2);
}

#[tokio::test]
async fn a_grant_moves_the_record_on_and_ends_its_links() {
    let stage = Stage::new().await;
    let (id, stays) = (stage.held(7).await, stage.held(8).await);
    assert!(stage.grant(id).await.is_err(), "nothing is asked");
    stage.ask_erasure(id, None).await.unwrap();
    let granted = stage.grant(id).await.unwrap();
    assert_eq!(stage.erasures(id).await, std::slice::from_ref(&granted));
    assert_eq!(
        (granted.state, granted.identity, granted.decided_by),
        (ErasureState::Granted, Some(Identity::Document), Some(CLERK))
    );
    assert_eq!(stage.record(id).await.state, RecordState::Erasing);
    assert_eq!(stage.record(stays).await.state, RecordState::Anchored);
    for link in stage.links(id).await {
        assert_eq!(link.state, LinkState::Used);
        assert!(link.wrapped_key.is_empty() && link.offer.is_none());
    }
    assert_eq!(stage.happened(id, ErasureGranted).await, 1);
    // Nothing else can be done with it.
    let again = stage.ask_erasure(id, None).await;
    assert!(matches!(
        again,
        Err(EnrolmentError::State(RecordState::Erasing))
    ));
    assert!(stage.grant(id).await.is_err() && stage.refuse_erasure(id).await.is_err());
    assert!(stage.rectify_address(id).await.is_err());
}

#[tokio::test]
async fn a_correction_under_way_is_settled_first() {
    let stage = Stage::new().await;
    let id = stage.held(7).await;
    stage.ask_erasure(id, None).await.unwrap();
    stage.rectify_address(id).await.unwrap();
    let granted = stage.grant(id).await;
    assert!(matches!(
        granted,
        Err(EnrolmentError::State(RecordState::AwaitingConsent))
    ));
    stage.drop_rectification(id).await.unwrap();
    assert_eq!(stage.grant(id).await.unwrap().state, ErasureState::Granted);
}

#[tokio::test]
async fn a_request_that_somebody_planted_or_changed_is_none() {
    let stage = Stage::new().await;
    let id = stage.held(7).await;
    stage.ask_erasure(id, None).await.unwrap();
    stage.run("UPDATE erasures SET identity = 'known'").await;
    assert!(stage.grant(id).await.is_err());
    assert_eq!(stage.record(id).await.state, RecordState::Anchored);
}
