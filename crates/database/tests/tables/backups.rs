use database::record_backups::{self, Backup};
use database::records::{self, RecordState};
use database::sealed::Anchor;
use database::{RowError, consents, owner_key_backups, owner_keys, record_versions};
use record::B256;
use record::ids::{LinkId, RecordId, Uid, Version};
use sqlx::Connection;

use crate::stage::{MINUTE, NOW, Person, Stage};

pub fn anchor(person: &Person, uid: Uid) -> (Anchor, Vec<u8>) {
    let anchor = Anchor {
        uid,
        timestamp: 1_800_000_000,
        transaction: B256::repeat_byte(4),
        block: 77,
        leaves: person.plain.fields.leaves().as_slice().to_vec(),
    };
    let cell = anchor
        .seal(
            &person.key,
            Version::FIRST,
            person.plain.draft,
            &mut rand::rng(),
        )
        .unwrap();
    (anchor, cell)
}

/// A record as anchoring leaves it in the main database, and its copy.
pub async fn anchored(stage: &Stage, uid: u64) -> (Person, Backup) {
    let mut connection = stage.connection().await;
    let mut person = stage.enter(&mut connection, NOW).await;
    let id = person.record.id;
    let uid = Uid::new(uid).unwrap();
    let (_, consent) = stage.consent(&person, LinkId::random(&mut rand::rng()));
    consents::insert(&mut connection, &consent).await.unwrap();
    let (_, cell) = anchor(&person, uid);
    record_versions::set_anchor(&mut connection, id, Version::FIRST, &cell)
        .await
        .unwrap();
    person.record.uid = Some(uid);
    person.record.state = RecordState::Anchored;
    records::update(&mut connection, &stage.front, &mut person.record, NOW)
        .await
        .unwrap();
    let values = record_versions::load(&mut connection, id, Version::FIRST)
        .await
        .unwrap()
        .unwrap();
    let backup = Backup {
        record: person.record.clone(),
        values,
        consent,
    };
    (person, backup)
}

#[tokio::test]
async fn the_same_copy_is_kept_once_and_a_different_one_beside_it() {
    let stage = Stage::new().await;
    let (_, mut backup) = anchored(&stage, 5).await;
    let mut connection = stage.backup.acquire().await.unwrap();
    assert!(
        record_backups::insert(&mut connection, &backup, NOW)
            .await
            .unwrap()
    );
    let later = NOW.plus(MINUTE);
    assert!(
        !record_backups::insert(&mut connection, &backup, later)
            .await
            .unwrap()
    );
    let kept = record_backups::of_uid(&mut connection, Uid::new(5).unwrap())
        .await
        .unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!((&kept[0].backup, kept[0].stored_at), (&backup, NOW));

    let before = backup.clone();
    backup.values.email[80] ^= 1;
    assert!(
        record_backups::insert(&mut connection, &backup, later)
            .await
            .unwrap()
    );
    let both = record_backups::of_uid(&mut connection, Uid::new(5).unwrap())
        .await
        .unwrap();
    assert_eq!(both[0].backup.values, backup.values);
    assert_eq!(both[1].backup, before);
    assert!(
        record_backups::of_uid(&mut connection, Uid::new(6).unwrap())
            .await
            .unwrap()
            .is_empty()
    );

    backup.values.anchor = None;
    let not_final = record_backups::insert(&mut connection, &backup, NOW).await;
    assert!(matches!(not_final, Err(RowError::Changed { .. })));
}

#[tokio::test]
async fn a_row_is_put_back_whatever_stands_there() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let (person, backup) = anchored(&stage, 5).await;
    let (other, _) = anchored(&stage, 6).await;
    let id = person.record.id;
    let key = owner_keys::of_record(&mut connection, id)
        .await
        .unwrap()
        .unwrap();
    let mut keys_connection = stage.keys_pool.acquire().await.unwrap();
    assert!(
        owner_key_backups::insert(&mut keys_connection, &key, NOW)
            .await
            .unwrap()
    );
    assert!(
        !owner_key_backups::insert(&mut keys_connection, &key, NOW)
            .await
            .unwrap()
    );

    let one = hex::encode(id.as_bytes());
    let two = hex::encode(other.record.id.as_bytes());
    let harms = [
        // Deleted.
        vec![
            "DELETE FROM records WHERE uid = 5".to_owned(),
            format!("DELETE FROM record_versions WHERE record_id = UNHEX('{one}')"),
            format!("DELETE FROM consents WHERE record_id = UNHEX('{one}')"),
            format!("DELETE FROM owner_keys WHERE record_id = UNHEX('{one}')"),
        ],
        // Altered.
        vec![
            format!(
                "UPDATE record_versions SET email = 'x', draft = 9 WHERE record_id = UNHEX('{one}')"
            ),
            format!("UPDATE records SET state = 'declined' WHERE id = UNHEX('{one}')"),
        ],
        // Swapped with another.
        vec![
            "UPDATE records SET uid = 7 WHERE uid = 5".to_owned(),
            "UPDATE records SET uid = 5 WHERE uid = 6".to_owned(),
            format!("DELETE FROM consents WHERE record_id = UNHEX('{two}')"),
            format!(
                "UPDATE consents SET record_id = UNHEX('{two}') WHERE record_id = UNHEX('{one}')"
            ),
        ],
    ];
    for harm in harms {
        for statement in harm {
            stage.sql(&statement).await;
        }
        let copies = owner_key_backups::of_record(&mut keys_connection, id)
            .await
            .unwrap();
        let mut transaction = connection.begin().await.unwrap();
        records::release_uid(&mut transaction, Uid::new(5).unwrap(), id)
            .await
            .unwrap();
        records::put(&mut transaction, &stage.front, &backup.record)
            .await
            .unwrap();
        record_versions::put(&mut transaction, &backup.values)
            .await
            .unwrap();
        consents::put(&mut transaction, &backup.consent)
            .await
            .unwrap();
        owner_keys::put(&mut transaction, &copies[0]).await.unwrap();
        transaction.commit().await.unwrap();

        let restored = records::load(&mut connection, &stage.front, id)
            .await
            .unwrap();
        assert_eq!(restored.as_ref(), Some(&backup.record));
        let values = record_versions::load(&mut connection, id, Version::FIRST)
            .await
            .unwrap();
        assert_eq!(values.as_ref(), Some(&backup.values));
        let consent = consents::load(&mut connection, id, Version::FIRST)
            .await
            .unwrap();
        assert_eq!(consent.as_ref(), Some(&backup.consent));
        assert_eq!(
            owner_keys::of_record(&mut connection, id)
                .await
                .unwrap()
                .as_ref(),
            Some(&key)
        );
    }
    let robbed = records::load(&mut connection, &stage.front, other.record.id).await;
    assert!(
        robbed.unwrap_err().is_tampering(),
        "its own restore is still to come"
    );
}

#[tokio::test]
async fn copies_of_keys_are_destroyed() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let id = stage.enter(&mut connection, NOW).await.record.id;
    let key = owner_keys::of_record(&mut connection, id)
        .await
        .unwrap()
        .unwrap();
    let mut keys = stage.keys_pool.acquire().await.unwrap();
    owner_key_backups::insert(&mut keys, &key, NOW)
        .await
        .unwrap();
    assert_eq!(
        owner_key_backups::destroy(&mut keys, RecordId::from_bytes([0; 16]))
            .await
            .unwrap(),
        0
    );
    assert_eq!(owner_key_backups::destroy(&mut keys, id).await.unwrap(), 1);
    assert!(
        owner_key_backups::of_record(&mut keys, id)
            .await
            .unwrap()
            .is_empty()
    );
}
