use database::anchoring_jobs::{self, JobState};
use database::consent_links::LinkState;
use database::record_events::RecordEventKind::{
    Edited, Entered, LinkCreated, RectificationBegun, RectificationDropped,
};
use database::records::{self, RecordState};
use database::sealed::Predecessor;
use database::{index, record_versions};
use enrolment::{Details, EnrolmentError, FreshLink, Place, Sending};
use record::ids::{Draft, RecordId, Uid, Version};
use record::{Address, B256};

use crate::stage::{CLERK, EMAIL, Stage, details, rng};

const CORRECTED: &str = "zoe.agren@home.example";
const PROOF: B256 = B256::repeat_byte(0x17);
const SECOND: Option<Version> = Version::new(2);

impl Stage {
    /// What the rest of the way leaves behind, as far as a correction looks at it.
    pub async fn anchor(&self, id: RecordId, uid: u64) {
        let (mut record, now) = (self.record(id).await, self.clock.now());
        let mut connection = self.connection().await;
        record_versions::set_anchor(&mut connection, id, record.version, b"an anchor")
            .await
            .unwrap();
        (record.state, record.uid) = (RecordState::Anchored, Uid::new(uid));
        records::update(&mut connection, &self.front, &mut record, now)
            .await
            .unwrap();
    }

    pub async fn anchored(&self, uid: u64) -> RecordId {
        let (id, _) = self.entered().await;
        self.anchor(id, uid).await;
        id
    }

    /// A correction of the e-mail address on its way.
    pub async fn rectify_address(&self, id: RecordId) -> Result<FreshLink, EnrolmentError> {
        self.rectify(id, &details(CORRECTED)).await
    }

    async fn rectify(&self, id: RecordId, details: &Details) -> Result<FreshLink, EnrolmentError> {
        self.rectify_at(id, &place(2), details).await
    }

    async fn rectify_at(
        &self,
        id: RecordId,
        place: &Place,
        details: &Details,
    ) -> Result<FreshLink, EnrolmentError> {
        let mut transaction = self.pool.begin().await.unwrap();
        let (office, sending) = (self.office(), Sending::AtTheDesk);
        let link = enrolment::rectify(
            &mut transaction,
            &office,
            id,
            place,
            details,
            sending,
            &mut rng(),
        )
        .await?;
        transaction.commit().await.unwrap();
        Ok(link)
    }

    async fn edit_correction(
        &self,
        id: RecordId,
        details: &Details,
    ) -> Result<FreshLink, EnrolmentError> {
        self.edit_at(id, Some(&place(2)), details).await
    }

    pub async fn drop_rectification(&self, id: RecordId) -> Result<(), EnrolmentError> {
        let mut transaction = self.pool.begin().await.unwrap();
        enrolment::drop_rectification(&mut transaction, &self.office(), id).await?;
        transaction.commit().await.unwrap();
        Ok(())
    }
}

/// Where the chain would take this version.
pub fn place(version: u32) -> Place {
    Place {
        version: Version::new(version).unwrap(),
        follows: Predecessor {
            uid: Uid::new(7).unwrap(),
            proof: PROOF,
        },
    }
}

#[tokio::test]
async fn a_further_version_stands_beside_the_first_and_names_what_it_follows() {
    let stage = Stage::new().await;
    let id = stage.anchored(7).await;
    let before = stage.record(id).await;
    let link = stage.rectify(id, &details(CORRECTED)).await.unwrap();

    let record = stage.record(id).await;
    assert_eq!(Some(record.version), SECOND);
    assert_eq!(record.state, RecordState::AwaitingConsent);
    assert_eq!(record.uid, Uid::new(7));
    assert_eq!(
        (record.wallet_index, record.email_index),
        (before.wallet_index, before.email_index),
        "it is looked up by what is anchored"
    );
    let plain = stage.plain(id).await;
    assert_eq!(plain.fields.get("email").unwrap().value(), CORRECTED);
    let first = record_versions::load(&mut *stage.connection().await, id, Version::FIRST).await;
    let first = first.unwrap().unwrap();
    let first = first.open(&stage.key(id).await).unwrap();
    assert_eq!(first.fields.get("email").unwrap().value(), EMAIL);
    for (name, field) in plain.fields.iter() {
        let old = first.fields.get(name.as_str()).unwrap();
        assert!(field.salt() != old.salt(), "{}", name.as_str());
    }

    let link = stage.link(&link).await;
    assert_eq!((link.version, link.draft), (record.version, record.draft));
    let follows = Predecessor::open(
        &stage.key(id).await,
        link.version,
        link.draft,
        &link.predecessor.unwrap(),
    );
    assert_eq!(follows.unwrap(), place(2).follows);
    assert_eq!(
        stage.history(id).await,
        [Entered, LinkCreated, RectificationBegun, LinkCreated]
    );
    let told = "SELECT COUNT(*) FROM outbox WHERE kind = 'address_corrected'";
    assert_eq!(stage.count(told).await, 1, "the address before hears of it");
}

#[tokio::test]
async fn mails_are_about_what_happened_alone() {
    let stage = Stage::new().await;
    let id = stage.anchored(7).await;
    let older = Details {
        age: 35,
        ..details(EMAIL)
    };
    stage.rectify(id, &older).await.unwrap();
    stage.drop_rectification(id).await.unwrap();
    // The address stays, and nobody had signed.
    assert_eq!(stage.count("SELECT COUNT(*) FROM outbox").await, 0);

    // An address that is put in later is told of like one that was there from the beginning.
    stage.rectify(id, &older).await.unwrap();
    let told = "SELECT COUNT(*) FROM outbox WHERE kind = 'address_corrected'";
    assert_eq!(stage.count(told).await, 0);
    stage
        .edit_correction(id, &details(CORRECTED))
        .await
        .unwrap();
    assert_eq!(stage.count(told).await, 1);
    let again = Details {
        age: 36,
        ..details(CORRECTED)
    };
    stage.edit_correction(id, &again).await.unwrap();
    assert_eq!(stage.count(told).await, 1, "once for each address");
}

#[tokio::test]
async fn a_signed_correction_that_somebody_tampered_with_is_given_up_all_the_same() {
    let stage = Stage::new().await;
    let id = stage.anchored(1).await;
    let link = stage.rectify(id, &details(CORRECTED)).await.unwrap();
    stage.sign(id, &link).await;
    stage
        .run("UPDATE record_versions SET email = REVERSE(email) WHERE version = 2")
        .await;
    stage.drop_rectification(id).await.unwrap();
    assert_eq!(stage.record(id).await.state, RecordState::Anchored);
    let told = "SELECT COUNT(*) FROM outbox WHERE kind = 'correction_dropped'";
    assert_eq!(stage.count(told).await, 1);
}

#[tokio::test]
async fn only_an_anchored_record_is_corrected_and_one_correction_at_a_time() {
    let stage = Stage::new().await;
    let (id, _) = stage.entered().await;
    let refused = stage.rectify(id, &details(CORRECTED)).await;
    assert!(matches!(refused, Err(EnrolmentError::State(_))));
    stage.anchor(id, 1).await;
    stage.rectify(id, &details(CORRECTED)).await.unwrap();
    let refused = stage.rectify(id, &details("third@home.example")).await;
    assert!(matches!(refused, Err(EnrolmentError::State(_))));
}

#[tokio::test]
async fn neither_another_wallet_nor_the_same_details_make_a_version() {
    let stage = Stage::new().await;
    let id = stage.anchored(1).await;
    let refused = stage.rectify(id, &details(EMAIL)).await;
    assert!(matches!(refused, Err(EnrolmentError::Unchanged)));
    let of_a_thief = Details {
        wallet: Address::repeat_byte(0x66),
        ..details(CORRECTED)
    };
    let refused = stage.rectify(id, &of_a_thief).await;
    assert!(matches!(refused, Err(EnrolmentError::OtherWallet)));
    let of_another = Details {
        relation: zeroize::Zeroizing::new("guardian: aunt".to_owned()),
        ..details(CORRECTED)
    };
    let refused = stage.rectify(id, &of_another).await;
    assert!(matches!(refused, Err(EnrolmentError::OtherWallet)));
    stage.rectify(id, &details(CORRECTED)).await.unwrap();
    let refused = stage.edit_correction(id, &of_a_thief).await;
    assert!(matches!(refused, Err(EnrolmentError::OtherWallet)));
    let refused = stage.edit_correction(id, &details(EMAIL)).await;
    assert!(matches!(refused, Err(EnrolmentError::Unchanged)));
    let versions = "SELECT COUNT(*) FROM record_versions";
    assert_eq!(stage.count(versions).await, 2);
}

#[tokio::test]
async fn a_correction_is_edited_before_it_is_signed_and_is_still_looked_up_by_what_is_anchored() {
    let stage = Stage::new().await;
    let id = stage.anchored(1).await;
    let first = stage.rectify(id, &details(CORRECTED)).await.unwrap();
    let third = details("zoe@third.example");
    let second = stage.edit_correction(id, &third).await.unwrap();
    let record = stage.record(id).await;
    assert_eq!(
        (Some(record.version), record.draft),
        (SECOND, Draft::new(2)),
        "no draft has the number of another, those of version 1 included"
    );
    let index_of = |email| index::email(stage.keys.index(), email);
    assert_eq!(record.email_index, index_of(EMAIL));
    assert_eq!(stage.link(&first).await.state, LinkState::Revoked);
    assert!(stage.link(&second).await.predecessor.is_some());
    let again = stage
        .issue_at(id, Some(&place(2)), Sending::AtTheDesk)
        .await;
    assert!(stage.link(&again.unwrap()).await.predecessor.is_some());

    // The chain took another version meanwhile: nobody is asked to sign what can't be anchored.
    for elsewhere in [None, Some(place(3))] {
        let refused = stage
            .edit_at(id, elsewhere.as_ref(), &details(CORRECTED))
            .await;
        assert!(matches!(refused, Err(EnrolmentError::Overtaken)));
        let refused = stage
            .issue_at(id, elsewhere.as_ref(), Sending::AtTheDesk)
            .await;
        assert!(matches!(refused, Err(EnrolmentError::Overtaken)));
    }
}

#[tokio::test]
async fn a_correction_goes_above_what_the_authority_has_voided() {
    let stage = Stage::new().await;
    let id = stage.anchored(7).await;
    let refused = stage.rectify_at(id, &place(1), &details(CORRECTED)).await;
    assert!(matches!(refused, Err(EnrolmentError::Overtaken)));
    stage
        .rectify_at(id, &place(3), &details(CORRECTED))
        .await
        .unwrap();
    assert_eq!(stage.record(id).await.version.get(), 3);
    stage.drop_rectification(id).await.unwrap();
    let record = stage.record(id).await;
    assert_eq!(
        (record.version, record.state),
        (Version::FIRST, RecordState::Anchored)
    );
}

#[tokio::test]
async fn a_correction_that_is_given_up_leaves_the_record_as_it_was() {
    let stage = Stage::new().await;
    let (id, _) = stage.entered().await;
    stage.edit(id, &details(CORRECTED)).await.unwrap();
    stage.anchor(id, 1).await;
    let before = stage.record(id).await;
    let link = stage.rectify(id, &details(EMAIL)).await.unwrap();
    let draft = stage.record(id).await.draft;
    stage.drop_rectification(id).await.unwrap();

    let after = stage.record(id).await;
    assert_eq!(after, before);
    let versions = "SELECT COUNT(*) FROM record_versions";
    assert_eq!(stage.count(versions).await, 1);
    let link = stage.link(&link).await;
    assert_eq!(link.state, LinkState::Revoked);
    assert!(link.predecessor.is_none() && link.wrapped_key.is_empty());
    let history = stage.history(id).await;
    assert_eq!(
        history[2..],
        [
            Edited,
            LinkCreated,
            RectificationBegun,
            LinkCreated,
            RectificationDropped
        ]
    );
    let refused = stage.drop_rectification(id).await;
    assert!(matches!(refused, Err(EnrolmentError::State(_))));

    stage.rectify(id, &details(EMAIL)).await.unwrap();
    let again = stage.record(id).await.draft;
    assert!(
        again > draft,
        "rows of the one that was given up are no rows of this one"
    );
}

#[tokio::test]
async fn what_is_on_its_way_to_the_chain_is_not_given_up() {
    let stage = Stage::new().await;
    let id = stage.anchored(1).await;
    stage.rectify(id, &details(CORRECTED)).await.unwrap();
    let (now, second) = (stage.clock.now(), SECOND.unwrap());
    let mut connection = stage.connection().await;
    let job =
        anchoring_jobs::insert(&mut connection, &stage.keys, id, Some(second), CLERK, now).await;
    // Also where somebody put the record back to before its approval.
    for state in [RecordState::Approved, RecordState::Consented] {
        stage.move_to(id, state).await;
        let refused = stage.drop_rectification(id).await;
        assert!(matches!(refused, Err(EnrolmentError::State(_))), "{state}");
    }
    stage.run("UPDATE anchoring_jobs SET mac = ''").await;
    let refused = stage.drop_rectification(id).await;
    assert!(refused.is_err_and(|error| error.is_tampering()));
    let mut job = job.unwrap();
    job.state = JobState::Rejected;
    anchoring_jobs::update(&mut connection, &stage.keys, &mut job, now)
        .await
        .unwrap();
    stage.drop_rectification(id).await.unwrap();
    assert_eq!(stage.record(id).await.state, RecordState::Anchored);
}

#[tokio::test]
async fn what_its_owner_had_signed_is_deleted_with_it() {
    let stage = Stage::new().await;
    let id = stage.anchored(1).await;
    let link = stage.rectify(id, &details(CORRECTED)).await.unwrap();
    stage.sign(id, &link).await;
    stage.drop_rectification(id).await.unwrap();
    assert_eq!(stage.count("SELECT COUNT(*) FROM consents").await, 0);
    let told = "SELECT COUNT(*) FROM outbox WHERE kind = 'correction_dropped'";
    assert_eq!(stage.count(told).await, 1, "the owner hears of it");
    let link = stage.link(&link).await;
    assert_eq!(link.state, LinkState::Used);
    assert!(link.wrapped_key.is_empty() && link.desk_code.is_empty());
    assert!(link.predecessor.is_none() && link.offer.is_none());
}
