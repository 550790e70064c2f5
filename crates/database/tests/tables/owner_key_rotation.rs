//! An owner's rows and copies under another key: the same content, and nothing that was not whole.

use database::owner_key_rotation::{self, Copies, Fault, KeysAtHand, OwnersRows, Waiting};
use database::record_backups::{self, Backup};
use database::sealed::{NotWhole, SealedVersion};
use database::{RowError, evidence, owner_keys};
use keyring::OwnerKey;
use record::ids::Uid;

use crate::backups::anchored;
use crate::stage::{NOW, Person, Stage};

fn another(stage: &Stage, person: &Person) -> OwnerKey {
    stage
        .keys
        .generate_owner_key(person.record.id, &mut rand::rng())
}

#[tokio::test]
async fn a_version_says_the_same_under_another_key() {
    let stage = Stage::new().await;
    let (person, backup) = anchored(&stage, 5).await;
    let key = another(&stage, &person);
    let sealed = backup.sealed();
    let anew = sealed.sealed_anew((&person.key, &key), &stage.front, &mut rand::rng());
    let anew = anew.unwrap();
    let (before, after) = (sealed.open(&person.key), anew.open(&key));
    assert_eq!(
        before.whole_fields().unwrap().leaves().as_slice(),
        after.whole_fields().unwrap().leaves().as_slice()
    );
    assert_eq!(before.wallet, after.wallet);
    assert!(before.anchor == after.anchor && after.anchor.is_some());
    assert!(before.signature == after.signature && after.signature.is_some());
    assert!(anew.consent.as_ref().unwrap().is_ours(&stage.front));
    assert!(anew.open(&person.key).whole_fields().is_none());
}

/// Whatever is changed in it: nothing is made of it.
#[tokio::test]
async fn nothing_is_made_of_a_version_that_is_not_whole() {
    let stage = Stage::new().await;
    let (person, backup) = anchored(&stage, 5).await;
    let key = another(&stage, &person);
    let refused = |sealed: &SealedVersion| {
        let anew = sealed.sealed_anew((&person.key, &key), &stage.front, &mut rand::rng());
        matches!(anew, Err(NotWhole))
    };
    let whole = backup.sealed();
    assert!(!refused(&whole));
    let columns: [fn(&mut SealedVersion) -> &mut Vec<u8>; 11] = [
        |sealed| &mut sealed.values.name,
        |sealed| &mut sealed.values.email,
        |sealed| &mut sealed.values.phone,
        |sealed| &mut sealed.values.age,
        |sealed| &mut sealed.values.address,
        |sealed| &mut sealed.values.wallet,
        |sealed| &mut sealed.values.relation,
        |sealed| sealed.values.anchor.as_mut().unwrap(),
        |sealed| &mut sealed.consent.as_mut().unwrap().message,
        |sealed| &mut sealed.consent.as_mut().unwrap().signature,
        |sealed| &mut sealed.consent.as_mut().unwrap().mac,
    ];
    for (number, column) in columns.into_iter().enumerate() {
        let (mut broken, mut emptied, mut moved) = (whole.clone(), whole.clone(), whole.clone());
        column(&mut broken)
            .last_mut()
            .map(|byte| *byte ^= 1)
            .unwrap();
        column(&mut emptied).clear();
        *column(&mut moved) = whole.values.phone[..].to_vec();
        assert!(refused(&broken) && refused(&emptied), "column {number}");
        assert!(refused(&moved) || number == 2, "column {number}");
    }
    let mut without = whole.clone();
    without.values.anchor = None;
    assert!(refused(&without));
    without = whole;
    without.consent = None;
    assert!(refused(&without));
}

#[tokio::test]
async fn rows_are_written_only_over_what_was_read() {
    let stage = Stage::new().await;
    let (person, _) = anchored(&stage, 5).await;
    let mut connection = stage.connection().await;
    let key = another(&stage, &person);
    let wrapped = stage.keys.wrap_owner_key(&key, &mut rand::rng());
    let load = OwnersRows::load(&mut connection, &stage.keys, &person.record).await;
    let rows = load.unwrap().unwrap();
    let id = person.record.id;
    let at_hand = KeysAtHand {
        in_use: person.key,
        others: Vec::new(),
    };
    assert!(rows.open(&stage.keys, &at_hand));
    let to = (&key, &wrapped);
    let anew = rows.sealed_anew(&stage.keys, &at_hand, to, &mut rand::rng());
    let anew = anew.unwrap();

    // Somebody puts another cell there in between: all of it is refused.
    let mut transaction = stage.pool.begin().await.unwrap();
    stage
        .sql("UPDATE record_versions SET relation = wallet")
        .await;
    let refused = anew.replace(&mut transaction, &stage.keys, &rows).await;
    assert!(matches!(
        refused,
        Err(RowError::Changed {
            table: "record_versions",
            ..
        })
    ));
    transaction.rollback().await.unwrap();
    let stands = owner_keys::of_record(&mut connection, id).await.unwrap();
    assert_eq!(&stands.unwrap(), rows.key());
    let loaded = OwnersRows::load(&mut connection, &stage.keys, &person.record).await;
    let loaded = loaded.unwrap().unwrap();
    // Each cell names the key in use, and not each opens by it in its place.
    assert!(!loaded.open(&stage.keys, &at_hand));
    let faulty = loaded.sealed_anew(&stage.keys, &at_hand, to, &mut rand::rng());
    assert_eq!(faulty.err(), Some(Fault::Row("record_versions")));
}

#[tokio::test]
async fn what_was_read_is_replaced_as_a_whole() {
    let stage = Stage::new().await;
    let (person, backup) = anchored(&stage, 5).await;
    let mut connection = stage.connection().await;
    let key = another(&stage, &person);
    let wrapped = stage.keys.wrap_owner_key(&key, &mut rand::rng());
    let load = OwnersRows::load(&mut connection, &stage.keys, &person.record).await;
    let rows = load.unwrap().unwrap();
    let at_hand = KeysAtHand {
        in_use: person.key,
        others: Vec::new(),
    };
    let to = (&key, &wrapped);
    let anew = rows.sealed_anew(&stage.keys, &at_hand, to, &mut rand::rng());
    let anew = anew.unwrap();
    let replaced = anew.replace(&mut connection, &stage.keys, &rows);
    replaced.await.unwrap();
    let stands = evidence::by_record(&mut connection, person.record.id).await;
    let stands = stands.unwrap().unwrap();
    assert_eq!(stands.owner_key.unwrap().key_id, key.key_id());
    let fields = |sealed: &SealedVersion, key: &OwnerKey| {
        sealed
            .open(key)
            .whole_fields()
            .unwrap()
            .leaves()
            .as_slice()
            .to_vec()
    };
    assert_eq!(
        fields(&stands.versions[0], &key),
        fields(&backup.sealed(), &at_hand.in_use)
    );
    let load = OwnersRows::load(&mut connection, &stage.keys, &person.record).await;
    let rows = load.unwrap().unwrap();
    assert!(!rows.are_older_than(key.key_id(), 1) && rows.are_older_than(key.key_id(), 2));
    assert!(!rows.open(&stage.keys, &at_hand), "by the key before");
    let at_hand = KeysAtHand {
        in_use: key,
        others: vec![at_hand.in_use],
    };
    assert!(rows.open(&stage.keys, &at_hand));
}

#[tokio::test]
async fn a_copy_goes_only_where_it_stands_under_the_key_in_use() {
    let stage = Stage::new().await;
    let (person, backup) = anchored(&stage, 5).await;
    let uid = Uid::new(5).unwrap();
    let key = another(&stage, &person);
    let mut connection = stage.backup.acquire().await.unwrap();
    // The same content twice, one without a key, one that says something else.
    let mut again = backup.clone();
    again.values = backup
        .sealed()
        .sealed_anew((&person.key, &person.key), &stage.front, &mut rand::rng())
        .unwrap()
        .values;
    let mut planted = backup.clone();
    planted.values.email[80] ^= 1;
    for copy in [&backup, &again, &planted] {
        record_backups::insert(&mut connection, copy, NOW)
            .await
            .unwrap();
    }
    let at_hand = KeysAtHand {
        in_use: person.key,
        others: vec![key],
    };
    let (keys, to) = (&stage.keys, &at_hand.others[0]);
    let copies = Copies::load(&mut connection, keys, &at_hand, uid)
        .await
        .unwrap();
    assert_eq!(copies.foreign, 1);
    let alone = copies.remove_others(&mut connection, to.key_id()).await;
    assert_eq!(alone.unwrap(), 2, "nothing stands under it yet");
    for added in [1, 0] {
        let copies = Copies::load(&mut connection, keys, &at_hand, uid)
            .await
            .unwrap();
        let rng = &mut rand::rng();
        let done = copies.add_under(&mut connection, keys, &at_hand, to, rng);
        assert_eq!(done.await.unwrap(), added, "each content once");
    }
    let copies = Copies::load(&mut connection, keys, &at_hand, uid)
        .await
        .unwrap();
    let left = copies.remove_others(&mut connection, to.key_id()).await;
    assert_eq!(left.unwrap(), 0);
    let kept = record_backups::of_uid(&mut connection, uid).await.unwrap();
    let kept: Vec<&Backup> = kept.iter().map(|one| &one.backup).collect();
    assert_eq!(kept.len(), 2);
    assert!(kept.contains(&&planted), "what is not whole stays");
    let anew = kept.iter().find(|one| **one != &planted).unwrap();
    assert!(anew.sealed().open(to).whole_fields().is_some());
}

#[tokio::test]
async fn who_may_still_open_something_waits() {
    let stage = Stage::new().await;
    let (person, _) = anchored(&stage, 5).await;
    let mut connection = stage.connection().await;
    let (keys, record) = (&stage.keys, &person.record);
    let free = owner_key_rotation::waits_for(&mut connection, keys, record).await;
    assert_eq!(free.unwrap(), Ok(None));
    stage.link(&mut connection, &person).await;
    let waits = owner_key_rotation::waits_for(&mut connection, keys, record).await;
    assert_eq!(waits.unwrap(), Ok(Some(Waiting::Link)));
    stage.sql("UPDATE consent_links SET wrapped_key = ''").await;
    let planted = owner_key_rotation::waits_for(&mut connection, keys, record).await;
    assert_eq!(planted.unwrap(), Err(Fault::Row("consent_links")));
    let found = owner_key_rotation::of_uid(&mut connection, Uid::new(5).unwrap()).await;
    assert_eq!(found.unwrap(), Some(record.id));
    let page = owner_key_rotation::page(&mut connection, None)
        .await
        .unwrap();
    assert_eq!(page, [record.id]);
    let end = owner_key_rotation::page(&mut connection, Some(record.id)).await;
    assert!(end.unwrap().is_empty());
}
