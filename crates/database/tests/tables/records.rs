use database::record_events::{self, Actor, RecordEventKind};
use database::records::{self, Entered, RecordState};
use database::sealed::CellProblem;
use database::{RowError, owner_keys, record_versions};
use keyring::OpenError;
use record::ids::{Draft, RecordId, StaffId, Uid, Version};
use sqlx::Connection;

use crate::stage::{CLERK, MINUTE, NOW, PERSON, Stage, plain, wallet};

#[tokio::test]
async fn a_form_sent_twice_enters_one_record_also_at_once() {
    let stage = Stage::new().await;
    let new = stage.new_record("a@example.org", &wallet());
    let senders = (0..6).map(|_| {
        let (stage, mut new) = (&stage, new.clone());
        new.id = RecordId::random(&mut rand::rng());
        async move {
            let mut connection = stage.connection().await;
            let mut transaction = connection.begin().await.unwrap();
            let entered = records::insert(&mut transaction, &stage.front, &new, NOW)
                .await
                .unwrap();
            transaction.commit().await.unwrap();
            entered
        }
    });
    let entered = futures::future::join_all(senders).await;
    let mut fresh = entered.iter().filter_map(|entered| match entered {
        Entered::New(record) => Some(record),
        Entered::Before(_) => None,
    });
    let record = fresh.next().unwrap();
    assert!(fresh.next().is_none());
    for entered in &entered {
        let (Entered::New(same) | Entered::Before(same)) = entered;
        assert_eq!(same, record);
    }
}

#[tokio::test]
async fn a_record_changes_only_from_the_expected_state() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let person = stage.enter(&mut connection, NOW).await;
    let id = person.record.id;
    let later = NOW.plus(MINUTE);

    use RecordState::{Approved, AwaitingConsent, Consented};
    let consented = records::change_state(
        &mut connection,
        &stage.front,
        id,
        AwaitingConsent,
        Consented,
        later,
    )
    .await;
    assert_eq!(consented.unwrap().updated_at, later);
    let again = records::change_state(
        &mut connection,
        &stage.front,
        id,
        AwaitingConsent,
        Consented,
        later,
    )
    .await;
    assert!(matches!(
        again,
        Err(RowError::Changed {
            table: "records",
            ..
        })
    ));

    // Of many who approve at once, one does.
    let approvers = (0..8).map(|_| async {
        let mut connection = stage.connection().await;
        records::change_state(
            &mut connection,
            &stage.front,
            id,
            Consented,
            Approved,
            later,
        )
        .await
    });
    let approved = futures::future::join_all(approvers).await;
    assert_eq!(approved.iter().filter(|result| result.is_ok()).count(), 1);

    let mut transaction = connection.begin().await.unwrap();
    let mut record = records::lock(&mut transaction, &stage.front, id)
        .await
        .unwrap()
        .unwrap();
    record.uid = Uid::new(5);
    record.state = RecordState::Anchored;
    records::update(&mut transaction, &stage.front, &mut record, later)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(
        records::load(&mut connection, &stage.front, id)
            .await
            .unwrap(),
        Some(record.clone())
    );
    let by_uid = records::by_uid(&mut connection, &stage.front, Uid::new(5).unwrap()).await;
    assert_eq!(by_uid.unwrap(), Some(record.clone()));
    let by_form = records::by_submission(&mut connection, &stage.front, record.submission).await;
    assert_eq!(by_form.unwrap(), Some(record.clone()));

    // A UID belongs to one record.
    let mut other = stage.enter(&mut connection, NOW).await.record;
    other.uid = Uid::new(5);
    let taken = records::update(&mut connection, &stage.front, &mut other, later).await;
    assert!(taken.unwrap_err().is_duplicate_of("records_uid"));
}

#[tokio::test]
async fn a_dropped_transaction_leaves_nothing() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let mut transaction = connection.begin().await.unwrap();
    let person = stage.enter(&mut transaction, NOW).await;
    records::change_state(
        &mut transaction,
        &stage.front,
        person.record.id,
        RecordState::AwaitingConsent,
        RecordState::Declined,
        NOW,
    )
    .await
    .unwrap();
    drop(transaction);
    let loaded = records::load(&mut connection, &stage.front, person.record.id).await;
    assert_eq!(loaded.unwrap(), None);
    assert!(
        owner_keys::of_record(&mut connection, person.record.id)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn values_open_as_they_were_sealed_and_a_new_draft_shares_no_leaf() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let person = stage.enter(&mut connection, NOW).await;
    let id = person.record.id;
    let stored = record_versions::load(&mut connection, id, Version::FIRST)
        .await
        .unwrap()
        .unwrap();
    let wrapped = owner_keys::of_record(&mut connection, id)
        .await
        .unwrap()
        .unwrap();
    let key = stage.keys.unwrap_owner_key(&wrapped).unwrap();
    let opened = stored.open(&key).unwrap();
    for (name, value) in PERSON {
        assert_eq!(opened.fields.get(name).unwrap().value(), value);
    }
    assert_eq!(opened.wallet, person.plain.wallet);
    assert_eq!(*opened.relation, *person.plain.relation);
    assert_eq!(opened.fields.leaves(), person.plain.fields.leaves());

    let next = Draft::FIRST.next().unwrap();
    let second = plain(next);
    for (old, new) in opened
        .fields
        .leaves()
        .as_slice()
        .iter()
        .zip(second.fields.leaves().as_slice())
    {
        assert_ne!(old, new);
    }
    let row = second.seal(&key, &mut rand::rng()).unwrap();
    record_versions::replace_draft(&mut connection, Draft::FIRST, &row)
        .await
        .unwrap();
    assert_eq!(
        record_versions::load(&mut connection, id, Version::FIRST)
            .await
            .unwrap(),
        Some(row.clone())
    );
    let stale = record_versions::replace_draft(&mut connection, Draft::FIRST, &row).await;
    assert!(matches!(stale, Err(RowError::Changed { .. })));

    record_versions::set_anchor(&mut connection, id, Version::FIRST, b"anchor")
        .await
        .unwrap();
    let anchored = record_versions::replace_draft(&mut connection, next, &row).await;
    assert!(
        matches!(anchored, Err(RowError::Changed { .. })),
        "an anchored version is not edited"
    );
    let nobody = RecordId::from_bytes([0; 16]);
    let gone =
        record_versions::set_anchor(&mut connection, nobody, Version::FIRST, b"anchor").await;
    assert!(matches!(gone, Err(RowError::Changed { .. })));
    let twice = record_versions::insert(&mut connection, &row).await;
    assert!(twice.unwrap_err().is_duplicate_of("PRIMARY"));
}

#[tokio::test]
async fn a_cell_in_the_wrong_place_is_told_as_such() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let one = stage.enter(&mut connection, NOW).await;
    let other = stage.enter(&mut connection, NOW).await;
    let mut row = record_versions::load(&mut connection, one.record.id, Version::FIRST)
        .await
        .unwrap()
        .unwrap();
    std::mem::swap(&mut row.name, &mut row.address);
    assert!(matches!(
        row.open(&one.key).map(|_| ()),
        Err(CellProblem::Open(OpenError::Elsewhere(header))) if header.name == "name" || header.name == "address"
    ));
    assert!(matches!(
        row.open(&other.key).map(|_| ()),
        Err(CellProblem::Open(OpenError::OtherKey(_)))
    ));
}

#[tokio::test]
async fn a_record_has_one_key_and_it_is_destroyed_for_good() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let person = stage.enter(&mut connection, NOW).await;
    let id = person.record.id;
    let key = owner_keys::of_record(&mut connection, id).await.unwrap();
    let twice = owner_keys::insert(&mut connection, &key.unwrap()).await;
    assert!(matches!(
        twice,
        Err(RowError::Duplicate {
            table: "owner_keys",
            ..
        })
    ));

    assert!(owner_keys::destroy(&mut connection, id).await.unwrap());
    assert!(!owner_keys::destroy(&mut connection, id).await.unwrap());
    assert_eq!(
        record_versions::destroy(&mut connection, id).await.unwrap(),
        1
    );
    assert_eq!(
        record_versions::load(&mut connection, id, Version::FIRST)
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn history_is_told_in_order() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let id = stage.enter(&mut connection, NOW).await.record.id;
    let steps = [
        (RecordEventKind::Entered, Actor::Staff(CLERK)),
        (RecordEventKind::Consented, Actor::Owner),
        (RecordEventKind::Anchored, Actor::System),
    ];
    for (kind, actor) in steps {
        record_events::append(&mut connection, &stage.front, id, kind, actor, NOW)
            .await
            .unwrap();
    }
    let history = record_events::of_record(&mut connection, &stage.front, id)
        .await
        .unwrap();
    let told: Vec<_> = history
        .rows
        .iter()
        .map(|event| (event.kind, event.actor))
        .collect();
    assert_eq!(told, steps);

    stage
        .sql("UPDATE record_events SET actor_id = REPEAT('x', 16) WHERE actor_kind = 'staff'")
        .await;
    stage
        .sql("UPDATE record_events SET actor_id = REPEAT('x', 16) WHERE actor_kind = 'owner'")
        .await;
    let history = record_events::of_record(&mut connection, &stage.front, id)
        .await
        .unwrap();
    assert_eq!(history.rows.len(), 1);
    assert_eq!(history.tampered.len(), 2);
    assert_ne!(CLERK, StaffId::from_bytes(*b"xxxxxxxxxxxxxxxx"));
}
