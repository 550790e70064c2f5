use database::outbox::{self, Mail, NewMail};
use database::{MySqlPool, sealed};
use database::{corrections, owner_key_backups, owner_keys, record_backups, staff};
use keyring::CellKind;
use record::ids::{CorrectionId, MailId};
use sqlx::AssertSqlSafe;

use crate::backups::anchored;
use crate::stage::{NOW, PERSON, Stage};

/// Every value of every column, as hex.
async fn everything(pool: &MySqlPool) -> Vec<(String, String)> {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT CAST(table_name AS CHAR), CAST(column_name AS CHAR) FROM information_schema.columns
         WHERE table_schema = DATABASE()",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let mut values = Vec::new();
    for (table, column) in columns {
        let sql = format!("SELECT HEX(`{column}`) FROM `{table}` WHERE `{column}` IS NOT NULL");
        let found: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_all(pool)
            .await
            .unwrap();
        values.extend(
            found
                .into_iter()
                .map(|hex| (format!("{table}.{column}"), hex)),
        );
    }
    values
}

#[tokio::test]
async fn no_column_shows_what_was_entered() {
    let stage = Stage::new().await;
    let (person, backup) = anchored(&stage, 1).await;
    let mut connection = stage.connection().await;
    let account = stage.account();
    staff::insert(&mut connection, &stage.keys, &account)
        .await
        .unwrap();
    stage.link(&mut connection, &person).await;
    let new = NewMail {
        id: MailId::random(&mut rand::rng()),
        event_key: [1; 32],
        kind: "consent_link",
        recipient: PERSON[2].1,
        payload: PERSON[3].1.as_bytes(),
    };
    let mail = Mail::seal_link(&stage.keys, &new, &mut rand::rng(), NOW);
    outbox::enqueue(&mut connection, &stage.front, &mail)
        .await
        .unwrap();
    let (version, draft) = (person.record.version, person.record.draft);
    let note = PERSON[0].1.as_bytes();
    let correction = corrections::Correction {
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
    let mut copies = stage.backup.acquire().await.unwrap();
    record_backups::insert(&mut copies, &backup, NOW)
        .await
        .unwrap();
    let key = owner_keys::of_record(&mut connection, person.record.id)
        .await
        .unwrap()
        .unwrap();
    let mut key_copies = stage.keys_pool.acquire().await.unwrap();
    owner_key_backups::insert(&mut key_copies, &key, NOW)
        .await
        .unwrap();

    let mut secrets: Vec<Vec<u8>> = PERSON
        .iter()
        // Two digits of an age stand in any number.
        .filter(|(name, _)| *name != "age")
        .map(|(_, value)| value.as_bytes().to_vec())
        .collect();
    secrets.push(person.plain.wallet.to_vec());
    secrets.push(person.plain.relation.as_bytes().to_vec());
    secrets.push(b"nbrunner".to_vec());
    let mut seen = 0;
    for pool in [&stage.pool, &stage.backup, &stage.keys_pool] {
        for (column, value) in everything(pool).await {
            seen += 1;
            for secret in &secrets {
                assert!(
                    !value.contains(&hex::encode_upper(secret)),
                    "{column} shows personal data"
                );
            }
        }
    }
    assert!(seen > 150, "the tables were filled: {seen} values");
}
