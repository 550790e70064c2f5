//! What the watch keeps: its progress, evidence, and how our tables look.

use database::guarded_rows::{self, RowKey, RowState};
use database::incident_evidence::{self, NewEvidence};
use database::schema_baselines;
use database::verifications::Subject;
use database::watch_progress::{self, WatchProgress};
use record::ids::{RecordId, Uid};

use crate::stage::{NOW, Stage};

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
    let key = RowKey::Bytes(b"watch".to_vec());
    let look = guarded_rows::look(&mut connection, &stage.keys, table, &key);
    assert_eq!(look.await.unwrap(), RowState::Ours);
    stage
        .sql("UPDATE watch_progress SET position = 'mariadb:0-1-9999'")
        .await;
    assert!(load(&mut connection).await.unwrap_err().is_tampering());
    let look = guarded_rows::look(&mut connection, &stage.keys, table, &key);
    assert!(matches!(look.await.unwrap(), RowState::Planted(_)));
    stage.sql("DELETE FROM watch_progress").await;
    let look = guarded_rows::look(&mut connection, &stage.keys, table, &key);
    assert_eq!(look.await.unwrap(), RowState::Gone);
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
