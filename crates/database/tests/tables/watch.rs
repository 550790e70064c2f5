//! What the watch keeps: its progress, evidence, and how our tables look.

use database::access_log::{self, Access, AccessAction};
use database::guarded_rows::{self, RowKey, RowState};
use database::incident_evidence::{self, NewEvidence};
use database::record_events::{self, Actor, RecordEventKind};
use database::sessions::App;
use database::verifications::{Source, Subject};
use database::watch_progress::{self, WatchProgress};
use database::{consents, incident_findings, incidents, schema_baselines, strays};
use record::ids::{RecordId, StaffId, Uid};

use crate::stage::{CLERK, NOW, Stage};

const STATEMENT: &str = "UPDATE t SET email = 'nadia.brunner@example.org'";

#[tokio::test]
async fn progress_is_kept_and_a_planted_one_refused() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let load =
        async |connection: &mut _| watch_progress::load(connection, &stage.keys, "watch").await;
    assert_eq!(load(&mut connection).await.unwrap(), None);
    let mut progress = WatchProgress {
        reader: "watch".to_owned(),
        position: "mariadb:0-1-4711".to_owned(),
        beat: 1,
        saved_at: NOW,
    };
    for beat in [1, 2] {
        progress.beat = beat;
        watch_progress::save(&mut connection, &stage.keys, &progress)
            .await
            .unwrap();
        assert_eq!(
            load(&mut connection).await.unwrap().as_ref(),
            Some(&progress)
        );
    }
    let table = guarded_rows::of_name("watch_progress").unwrap();
    let key = [RowKey::Bytes(b"watch".to_vec())];
    let look = guarded_rows::look(&mut connection, &stage.keys, table, &key);
    assert_eq!(look.await.unwrap(), [RowState::Ours]);
    stage
        .sql("UPDATE watch_progress SET position = 'mariadb:0-1-9999'")
        .await;
    assert!(load(&mut connection).await.unwrap_err().is_tampering());
    let look = guarded_rows::look(&mut connection, &stage.keys, table, &key);
    assert!(matches!(look.await.unwrap()[..], [RowState::Planted(_)]));
    stage.sql("DELETE FROM watch_progress").await;
    let look = guarded_rows::look(&mut connection, &stage.keys, table, &key);
    assert_eq!(look.await.unwrap(), [RowState::Gone]);
}

/// As many as take several readings, in the order asked for.
#[tokio::test]
async fn many_guarded_rows_are_looked_at_together() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let keys = &stage.keys;
    let incident = incidents::open(&mut connection, keys, Source::Sweep, NOW);
    let incident = incident.await.unwrap().id;
    let mut asked = Vec::new();
    for uid in 1..=50 {
        let new = crate::incidents::finding(&stage, incident, uid);
        let found = incident_findings::insert(&mut connection, keys, new, NOW).await;
        asked.push(RowKey::Number(found.unwrap().id));
    }
    asked.reverse();
    stage
        .sql("UPDATE incident_findings SET uid = 99 WHERE uid = 7")
        .await;
    stage
        .sql("DELETE FROM incident_findings WHERE uid = 8")
        .await;
    let table = guarded_rows::of_name("incident_findings").unwrap();
    let states = guarded_rows::look(&mut connection, keys, table, &asked).await;
    let states = states.unwrap();
    assert_eq!(states.len(), 50);
    for (state, uid) in states.into_iter().zip((1..=50).rev()) {
        match uid {
            7 => assert!(matches!(state, RowState::Planted(_))),
            8 => assert_eq!(state, RowState::Gone),
            _ => assert_eq!(state, RowState::Ours, "{uid}"),
        }
    }
}

#[tokio::test]
async fn evidence_is_sealed_kept_once_and_bound_to_its_incident() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let keys = &stage.keys;
    let (subject, record) = (
        Subject::uid(Uid::new(7).unwrap()),
        RecordId::from_bytes([9; 16]),
    );
    let new = |incident_id, source| NewEvidence {
        incident_id,
        subject,
        record_id: record,
        source,
        happened_at: NOW,
        content: incident_evidence::seal(
            keys,
            incident_id,
            subject,
            STATEMENT.as_bytes(),
            &mut rand::rng(),
        ),
    };
    for (incident, source, is_new) in [
        (1, "a:4", true),
        (1, "a:4", false),
        (1, "a:9", true),
        (2, "a:4", true),
    ] {
        let inserted =
            incident_evidence::insert(&mut connection, keys, new(incident, source)).await;
        assert_eq!(inserted.unwrap(), is_new, "{incident} {source}");
    }
    assert_eq!(
        incident_evidence::count(&mut connection, 1).await.unwrap(),
        2
    );
    let kept = incident_evidence::of_incident(&mut connection, keys, 1, 10)
        .await
        .unwrap();
    assert_eq!(kept.rows.len(), 2);
    for one in &kept.rows {
        assert_eq!(one.open(keys).unwrap().as_slice(), STATEMENT.as_bytes());
    }
    let of_record = incident_evidence::of_record(&mut connection, keys, record, 10)
        .await
        .unwrap();
    assert_eq!(of_record.rows[0].incident_id, 2, "newest first");
    assert_eq!(
        incident_evidence::records_of(&mut connection, subject)
            .await
            .unwrap(),
        [record]
    );
    let shown: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM incident_evidence WHERE content LIKE '%nadia%'")
            .fetch_one(&stage.pool)
            .await
            .unwrap();
    assert_eq!(shown, 0);
    // Content that was moved to another incident is refused by its MAC, and does not open either.
    stage
        .sql("UPDATE incident_evidence SET incident_id = 3 WHERE incident_id = 2")
        .await;
    let moved = incident_evidence::of_incident(&mut connection, keys, 3, 10)
        .await
        .unwrap();
    assert_eq!((moved.rows.len(), moved.tampered.len()), (0, 1));
}

#[tokio::test]
async fn a_changed_schema_has_another_fingerprint_and_the_first_one_stands() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let first = schema_baselines::look(&mut connection).await.unwrap();
    // The places of ids on which the watch counts.
    for (table, column, place) in [
        ("records", "id", 0),
        ("records", "uid", 1),
        ("record_versions", "record_id", 0),
        ("consents", "record_id", 0),
        ("owner_keys", "record_id", 1),
        ("anchoring_jobs", "record_id", 1),
        ("anchoring_jobs", "uid", 6),
        ("watch_progress", "beat", 2),
    ] {
        assert_eq!(first.columns[table][place], column, "{table}");
    }
    for (table, columns) in &first.columns {
        if let Some(guarded) = guarded_rows::of_name(table) {
            assert_eq!(columns[0], guarded.key, "{table}");
        }
    }
    let keys = &stage.keys;
    let baseline = schema_baselines::baseline(&mut connection, keys, first.fingerprint, NOW).await;
    assert_eq!(baseline.unwrap(), first.fingerprint);
    for (done, undone) in [
        (
            "ALTER TABLE staff ADD extra INT NULL",
            "ALTER TABLE staff DROP extra",
        ),
        (
            "ALTER TABLE consents DROP INDEX consents_nonce_index",
            "ALTER TABLE consents ADD UNIQUE KEY consents_nonce_index (nonce_index)",
        ),
        (
            "ALTER TABLE outbox MODIFY attempts BIGINT UNSIGNED NOT NULL",
            "ALTER TABLE outbox MODIFY attempts INT UNSIGNED NOT NULL",
        ),
        (
            "ALTER TABLE sweep_parts ADD extra INT NULL",
            "ALTER TABLE sweep_parts DROP extra",
        ),
        (
            "ALTER TABLE corrections ADD extra INT NULL",
            "ALTER TABLE corrections DROP extra",
        ),
        (
            "ALTER TABLE verifications ENGINE = MyISAM",
            "ALTER TABLE verifications ENGINE = InnoDB",
        ),
    ] {
        stage.sql(done).await;
        let changed = schema_baselines::look(&mut connection)
            .await
            .unwrap()
            .fingerprint;
        assert_ne!(changed, first.fingerprint, "{done}");
        let baseline = schema_baselines::baseline(&mut connection, keys, changed, NOW).await;
        assert_eq!(baseline.unwrap(), first.fingerprint);
        stage.sql(undone).await;
        let again = schema_baselines::look(&mut connection)
            .await
            .unwrap()
            .fingerprint;
        assert_eq!(again, first.fingerprint, "{undone}");
    }
    stage
        .sql("UPDATE schema_baselines SET fingerprint = REVERSE(fingerprint)")
        .await;
    let planted = schema_baselines::baseline(&mut connection, keys, first.fingerprint, NOW).await;
    assert!(planted.unwrap_err().is_tampering());
}

#[tokio::test]
async fn the_tables_that_grow_are_gone_through_page_by_page() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let keys = &stage.keys;
    for number in 1..=5 {
        let access = Access {
            staff_id: StaffId::from_bytes([number; 16]),
            record_id: RecordId::from_bytes([9; 16]),
            app: App::Viewer,
            action: AccessAction::Revealed,
            at: NOW,
            ground: None,
        };
        access_log::append(&mut connection, keys, &access)
            .await
            .unwrap();
    }
    stage
        .sql("UPDATE access_log SET staff_id = REPEAT('x', 16) WHERE id IN (2, 5)")
        .await;
    let table = guarded_rows::of_name("access_log").unwrap();
    let (mut after, mut planted, mut counts) = (None, Vec::new(), Vec::new());
    loop {
        let page = guarded_rows::page(&mut connection, keys, table, after.as_ref(), 2)
            .await
            .unwrap();
        planted.extend(page.planted);
        counts.push(page.rows);
        after = page.last;
        if page.rows < 2 {
            break;
        }
    }
    assert_eq!(counts, [2, 2, 1]);
    assert_eq!(planted, [RowKey::Number(2), RowKey::Number(5)]);
    for (name, _) in guarded_rows::GROWING {
        let table = guarded_rows::of_name(name).unwrap();
        let page = guarded_rows::page(&mut connection, keys, table, None, 9).await;
        page.unwrap_or_else(|error| panic!("{name}: {error:?}"));
    }
}

#[tokio::test]
async fn rows_that_hang_on_nothing_are_named_and_others_are_not() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let person = stage.enter(&mut connection, NOW).await;
    let link = stage.link(&mut connection, &person).await;
    let (_, consent) = stage.consent(&person, link.id);
    consents::insert(&mut connection, &consent).await.unwrap();
    let id = person.record.id;
    let kind = RecordEventKind::Entered;
    record_events::append(
        &mut connection,
        &stage.front,
        id,
        kind,
        Actor::Staff(CLERK),
        NOW,
    )
    .await
    .unwrap();
    assert_eq!(strays::planted(&mut connection).await.unwrap(), []);
    for statement in [
        "INSERT INTO record_versions SELECT REPEAT('v', 16), version, draft, name, email, phone, age, address, wallet, relation,
         anchor, wallet_order FROM record_versions",
        "INSERT INTO owner_keys SELECT REPEAT('k', 16), REPEAT('k', 16), app_key_version, wrapped FROM owner_keys",
        "INSERT INTO consents SELECT record_id, 7, draft, link_id, message, signature, REPEAT('c', 32), received_at, mac
         FROM consents",
    ] {
        assert_eq!(stage.sql(statement).await, 1);
    }
    let strays = strays::planted(&mut connection).await.unwrap();
    let named = strays.iter().map(|row| (row.table, row.row.as_str()));
    let named: Vec<_> = named.collect();
    let of = |byte: &str| format!("(record {})", byte.repeat(16));
    let (versions, keys, consents) = (of("76"), of("6b"), format!("(record {id})"));
    let expected = [
        ("record_versions", versions.as_str()),
        ("owner_keys", keys.as_str()),
        ("consents", consents.as_str()),
    ];
    assert_eq!(named, expected);
    // What is left of a record whose head was taken out has a history: its verdict tells it.
    for table in ["record_versions", "owner_keys", "consents"] {
        let of_others = format!("DELETE FROM {table} WHERE record_id <> X'{}'", id);
        stage.sql(&of_others).await;
    }
    stage.sql("DELETE FROM consents WHERE version = 7").await;
    stage.sql("DELETE FROM records").await;
    assert_eq!(strays::planted(&mut connection).await.unwrap(), []);
}
