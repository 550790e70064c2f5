use std::collections::{BTreeMap, BTreeSet};

use database::grants::{self, Account, Names};
use database::record_backups::Backup;
use database::sealed::seal_cell;
use database::{
    Kind, PoolSettings, RowError, consent_links, consents, evidence, notices, outbox,
    owner_key_backups, record_backups, record_versions, records, remains, schema_baselines,
};
use devstack::DatabaseServer;
use keyring::CellKind;
use record::Address;
use record::ids::{LinkId, Uid};
use sqlx::{AssertSqlSafe, MySqlPool};

use crate::backups::anchored;
use crate::stage::{MINUTE, NOW, Stage};

const PASSWORD: &str = "Test-only-3f9a'\\";
const DENIED: [u16; 2] = [1142, 1143];

struct Accounts {
    names: Names,
    pools: BTreeMap<&'static str, BTreeMap<&'static str, MySqlPool>>,
}

fn names(stage: &Stage) -> Names {
    Names {
        main: stage.databases.main_name().to_owned(),
        backup: stage.databases.backup_name().to_owned(),
        keys: stage.databases.keys_name().to_owned(),
        users: format!("t_{}", stage.databases.suffix()),
    }
}

impl Accounts {
    async fn make(stage: &Stage) -> Self {
        let server = DatabaseServer::shared().await.unwrap();
        let mut admin = server.connect().await.unwrap();
        let names = names(stage);
        let mut pools = BTreeMap::new();
        for account in Account::ALL {
            let mut statements = grants::create_user(account, &names, "%", PASSWORD);
            statements.extend(grants::grants(account, &names, "%"));
            // Granting again gives the same rights.
            statements.extend(grants::grants(account, &names, "%"));
            for statement in statements {
                sqlx::query(AssertSqlSafe(statement))
                    .execute(&mut admin)
                    .await
                    .unwrap();
            }
            let mut own = BTreeMap::new();
            for kind in account.databases() {
                let database = names.database(*kind);
                let url = server
                    .account_url(&names.user(account), PASSWORD, database)
                    .unwrap();
                let pool = database::connect(&url, &PoolSettings::default())
                    .await
                    .unwrap();
                assert!(
                    database::schema_is_current(*kind, &pool).await.unwrap(),
                    "{account:?}"
                );
                own.insert(place(*kind), pool);
            }
            pools.insert(account.name(), own);
        }
        Self { names, pools }
    }

    fn pool(&self, account: Account, kind: Kind) -> &MySqlPool {
        &self.pools[account.name()][place(kind)]
    }

    async fn refuses(&self, account: Account, kind: Kind, sql: &str) {
        let result = sqlx::query(AssertSqlSafe(sql.to_owned()))
            .execute(self.pool(account, kind))
            .await;
        let error = result.expect_err(sql);
        let number = error
            .as_database_error()
            .and_then(|error| error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>())
            .map(|error| error.number());
        assert!(
            number.is_some_and(|number| DENIED.contains(&number)),
            "{account:?}: {sql}: {error}"
        );
    }

    async fn allows(&self, account: Account, kind: Kind, sql: &str) {
        let result = sqlx::query(AssertSqlSafe(sql.to_owned()))
            .execute(self.pool(account, kind))
            .await;
        result.unwrap_or_else(|error| panic!("{account:?}: {sql}: {error}"));
    }
}

fn place(kind: Kind) -> &'static str {
    match kind {
        Kind::Main => "main",
        Kind::Backup => "backup",
        Kind::Keys => "keys",
    }
}

#[tokio::test]
async fn each_account_may_do_its_work_and_nothing_else() {
    let stage = Stage::new().await;
    let accounts = Accounts::make(&stage).await;
    let main = Kind::Main;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT CAST(table_name AS CHAR) FROM information_schema.tables WHERE table_schema = DATABASE()",
    )
    .fetch_all(&stage.pool)
    .await
    .unwrap();
    assert_eq!(tables.len(), 38);

    use Account::{Consent, Entry, Erase, Migrate, Restore, Viewer, Watch};
    let readable = |account| -> &[&str] {
        match account {
            Entry => &[
                "staff",
                "staff_events",
                "sessions",
                "sign_in_attempts",
                "records",
                "record_versions",
                "owner_keys",
                "consents",
                "consent_links",
                "notices",
                "corrections",
                "record_events",
                "withdrawals",
                "owner_requests",
                "erasures",
                "access_copies",
                "wallet_changes",
                "retentions",
                "restriction_steps",
                "incidents",
                "incident_findings",
                "anchoring_jobs",
                "anchoring_transactions",
                "leases",
                "outbox",
                "key_checks",
                "access_log",
                "chain_progress",
                "operations_alarms",
            ],
            Consent => &[
                "consent_links",
                "records",
                "record_versions",
                "consents",
                "notices",
                "withdrawals",
                "owner_requests",
                "access_copies",
                "restriction_steps",
                "key_checks",
                "operations_alarms",
            ],
            Viewer => &[
                "staff",
                "staff_events",
                "sessions",
                "sign_in_attempts",
                "records",
                "record_versions",
                "owner_keys",
                "consents",
                "consent_links",
                "notices",
                "record_events",
                "withdrawals",
                "owner_requests",
                "erasures",
                "access_copies",
                "wallet_changes",
                "retentions",
                "restriction_steps",
                "anchoring_jobs",
                "anchoring_transactions",
                "leases",
                "outbox",
                "key_checks",
                "verifications",
                "sweep_rounds",
                "sweep_parts",
                "incidents",
                "incident_findings",
                "incident_events",
                "incident_evidence",
                "watch_progress",
                "schema_baselines",
                "access_log",
                "chain_progress",
                "row_counts",
                "operations_alarms",
            ],
            Restore => &["records", "record_versions", "consents", "owner_keys"],
            Erase => &[
                "records",
                "record_versions",
                "consents",
                "consent_links",
                "owner_keys",
                "erasures",
                "access_copies",
                "wallet_changes",
                "restriction_steps",
            ],
            _ => &[],
        }
    };
    for account in [Entry, Consent, Viewer, Restore, Erase, Watch] {
        for table in &tables {
            let sql = format!("SELECT * FROM {table} LIMIT 1");
            if readable(account).contains(&table.as_str()) || table == "_sqlx_migrations" {
                accounts.allows(account, main, &sql).await;
            } else {
                accounts.refuses(account, main, &sql).await;
            }
            accounts
                .refuses(account, main, &format!("DROP TABLE {table}"))
                .await;
            accounts
                .refuses(
                    account,
                    main,
                    &format!("ALTER TABLE {table} ADD COLUMN x INT"),
                )
                .await;
        }
    }
    let refused: &[(Account, &[&str])] = &[
        (
            Entry,
            &[
                "UPDATE staff SET role = 'clerk'",
                "UPDATE staff SET login = ''",
                "DELETE FROM staff",
                "UPDATE staff_events SET at = 1",
                "DELETE FROM staff_events",
                "DELETE FROM records",
                "DELETE FROM owner_keys",
                "UPDATE consents SET draft = 1",
                "UPDATE record_events SET at = 1",
                "DELETE FROM record_events",
                "DELETE FROM retentions",
                "UPDATE withdrawals SET at = 1",
                "DELETE FROM withdrawals",
                "DELETE FROM erasures",
                "DELETE FROM access_copies",
                "DELETE FROM wallet_changes",
                "UPDATE restriction_steps SET at = 1",
                "DELETE FROM restriction_steps",
                "UPDATE incidents SET state = 'closed'",
                "UPDATE incident_findings SET resolved_at = 1",
                "INSERT INTO incident_findings SELECT * FROM incident_findings",
                "SELECT 1 FROM incident_events",
                "SELECT 1 FROM incident_evidence",
                "INSERT INTO owner_requests SELECT * FROM owner_requests",
                "DELETE FROM owner_requests",
                "UPDATE anchoring_transactions SET nonce = 1",
                "UPDATE access_log SET at = 1",
                "DELETE FROM access_log",
                "UPDATE key_checks SET created_at = 1",
                "UPDATE key_checks SET retired = NULL",
                "DELETE FROM outbox",
                "SELECT 1 FROM verifications",
            ],
        ),
        (
            Consent,
            &[
                "SELECT wrapped FROM owner_keys",
                "INSERT INTO records SELECT * FROM records",
                "DELETE FROM records",
                "UPDATE record_versions SET draft = 1",
                "UPDATE consents SET draft = 1",
                "DELETE FROM consents",
                "INSERT INTO consent_links SELECT * FROM consent_links",
                "DELETE FROM consent_links",
                "SELECT recipient FROM outbox",
                "SELECT payload FROM outbox",
                "SELECT 1 FROM outbox WHERE payload = ''",
                "UPDATE outbox SET attempts = 1",
                "UPDATE outbox SET kind = 'breach_found'",
                "DELETE FROM outbox",
                "SELECT note FROM corrections",
                "UPDATE withdrawals SET at = 1",
                "DELETE FROM withdrawals",
                "SELECT 1 FROM sessions",
                "SELECT 1 FROM anchoring_jobs",
                "SELECT 1 FROM erasures",
                "INSERT INTO access_copies SELECT * FROM access_copies",
                "DELETE FROM access_copies",
                "UPDATE access_copies SET record_id = ''",
                "UPDATE access_copies SET expires_at = 1",
                "SELECT 1 FROM wallet_changes",
                "INSERT INTO restriction_steps SELECT * FROM restriction_steps",
                "UPDATE restriction_steps SET note = NULL",
                "SELECT 1 FROM incidents",
                "DELETE FROM key_checks",
            ],
        ),
        (
            Viewer,
            &[
                "UPDATE records SET draft = 1",
                "DELETE FROM records",
                "UPDATE record_versions SET draft = 1",
                "DELETE FROM record_versions",
                "DELETE FROM owner_keys",
                "UPDATE consents SET draft = 1",
                "UPDATE anchoring_jobs SET attempts = 1",
                "UPDATE withdrawals SET at = 1",
                "UPDATE owner_requests SET asked_at = 1",
                "UPDATE erasures SET asked_at = 1",
                "UPDATE access_copies SET content = ''",
                "UPDATE wallet_changes SET content = ''",
                "INSERT INTO restriction_steps SELECT * FROM restriction_steps",
                "UPDATE restriction_steps SET note = NULL",
                "UPDATE incident_events SET at = 1",
                "DELETE FROM incident_events",
                "UPDATE incident_evidence SET happened_at = 1",
                "DELETE FROM incident_evidence",
                "DELETE FROM watch_progress",
                "UPDATE schema_baselines SET seen_at = 1",
                "DELETE FROM schema_baselines",
                "DELETE FROM incidents",
                "DELETE FROM incident_findings",
                "DELETE FROM access_log",
                "UPDATE staff SET role = 'clerk'",
                "INSERT INTO staff SELECT * FROM staff",
                "UPDATE staff SET disabled_at = NULL",
                "DELETE FROM staff_events",
            ],
        ),
        (
            Restore,
            &[
                "SELECT 1 FROM staff",
                "SELECT 1 FROM outbox",
                "UPDATE record_events SET at = 1",
            ],
        ),
    ];
    for (account, statements) in refused {
        for statement in *statements {
            accounts.refuses(*account, main, statement).await;
        }
    }
    for statement in [
        "DELETE FROM record_versions WHERE record_id = ''",
        "DELETE FROM owner_keys WHERE record_id = ''",
        "DELETE FROM corrections WHERE record_id = ''",
        "DELETE FROM corrections WHERE record_id = '' AND version = 2",
        "SELECT * FROM records WHERE id = '' FOR UPDATE",
        "SELECT * FROM consent_links WHERE id = '' FOR UPDATE",
        "SELECT * FROM access_copies WHERE id = '' FOR UPDATE",
    ] {
        accounts.allows(Consent, main, statement).await;
    }
    for statement in [
        "DELETE FROM record_versions WHERE record_id = ''",
        "DELETE FROM consents WHERE record_id = ''",
    ] {
        accounts.allows(Entry, main, statement).await;
    }
    for kind in Kind::ALL {
        accounts
            .allows(Migrate, kind, "CREATE TABLE more (id INT)")
            .await;
        accounts.allows(Migrate, kind, "DROP TABLE more").await;
    }
    // One deployment's accounts see no other database.
    accounts
        .refuses(
            Entry,
            main,
            &format!("SELECT * FROM `{}`.record_backups", accounts.names.backup),
        )
        .await;
}

/// Also of tables that the account may not read: whoever changes one is noticed.
#[tokio::test]
async fn breach_viewer_sees_what_every_table_is_like() {
    let stage = Stage::new().await;
    let accounts = Accounts::make(&stage).await;
    let pool = accounts.pool(Account::Viewer, Kind::Main);
    let mut viewer = pool.acquire().await.unwrap();
    let seen = schema_baselines::look(&mut viewer).await.unwrap();
    let whole = schema_baselines::look(&mut *stage.connection().await).await;
    let whole = whole.unwrap();
    assert_eq!(seen.columns, whole.columns);
    assert_eq!(seen.fingerprint, whole.fingerprint);
    let tables: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME <> '_sqlx_migrations'",
    )
    .fetch_one(&stage.pool)
    .await
    .unwrap();
    assert_eq!(seen.columns.len() as i64, tables);
    assert!(
        seen.columns
            .keys()
            .all(|table| schema_baselines::is_ours(table))
    );
}

#[tokio::test]
async fn copies_are_added_by_one_account_and_read_by_another() {
    let stage = Stage::new().await;
    let accounts = Accounts::make(&stage).await;
    let (person, backup) = anchored(&stage, 5).await;
    let mut main = stage.connection().await;

    let (writer, reader) = (Account::EntryBackup, Account::Restore);
    let mut write = accounts.pool(writer, Kind::Backup).acquire().await.unwrap();
    assert!(
        record_backups::insert(&mut write, &backup, NOW)
            .await
            .unwrap()
    );
    assert!(
        !record_backups::insert(&mut write, &backup, NOW)
            .await
            .unwrap()
    );
    let read = record_backups::of_uid(&mut write, Uid::new(5).unwrap()).await;
    assert!(matches!(read, Err(RowError::Sql(_))));
    for sql in [
        "SELECT id FROM record_backups",
        "UPDATE record_backups SET draft = 1",
        "DELETE FROM record_backups",
        "INSERT INTO record_backups SET uid = 5 ON DUPLICATE KEY UPDATE draft = 1",
    ] {
        accounts.refuses(writer, Kind::Backup, sql).await;
    }
    let mut read = accounts.pool(reader, Kind::Backup).acquire().await.unwrap();
    assert_eq!(
        record_backups::of_uid(&mut read, Uid::new(5).unwrap())
            .await
            .unwrap()
            .len(),
        1
    );
    accounts
        .refuses(reader, Kind::Backup, "DELETE FROM record_backups")
        .await;

    let id = person.record.id;
    let key = database::owner_keys::of_record(&mut main, id)
        .await
        .unwrap()
        .unwrap();
    let mut keys = accounts
        .pool(Account::EntryKeys, Kind::Keys)
        .acquire()
        .await
        .unwrap();
    assert!(
        owner_key_backups::insert(&mut keys, &key, NOW)
            .await
            .unwrap()
    );
    assert!(
        !owner_key_backups::insert(&mut keys, &key, NOW)
            .await
            .unwrap()
    );
    for sql in [
        "SELECT wrapped FROM owner_key_backups",
        "UPDATE owner_key_backups SET created_at = 1",
    ] {
        accounts.refuses(Account::EntryKeys, Kind::Keys, sql).await;
    }
    let mut read = accounts.pool(reader, Kind::Keys).acquire().await.unwrap();
    assert_eq!(
        owner_key_backups::of_record(&mut read, id).await.unwrap(),
        [key]
    );
    accounts
        .refuses(reader, Kind::Keys, "DELETE FROM owner_key_backups")
        .await;
    assert_eq!(owner_key_backups::destroy(&mut keys, id).await.unwrap(), 1);

    let mut restore = accounts.pool(reader, Kind::Main).acquire().await.unwrap();
    records::put(&mut restore, &stage.front, &backup.record)
        .await
        .unwrap();
    database::record_versions::put(&mut restore, &backup.values)
        .await
        .unwrap();
    consents::put(&mut restore, &backup.consent).await.unwrap();
}

#[tokio::test]
async fn values_are_destroyed_by_an_account_that_may_do_no_more() {
    let stage = Stage::new().await;
    let accounts = Accounts::make(&stage).await;
    let (person, backup) = anchored(&stage, 5).await;
    let (_, neighbour) = anchored(&stage, 6).await;
    let eraser = Account::Erase;
    let mut copies = accounts.pool(eraser, Kind::Backup).acquire().await.unwrap();
    for copy in [&backup, &neighbour] {
        record_backups::insert(&mut copies, copy, NOW)
            .await
            .unwrap();
    }
    let terms = stage
        .consent(&person, backup.consent.link_id)
        .0
        .terms(1, Address::ZERO);
    let place = (backup.values.version, backup.values.draft);
    let (kind, json) = (CellKind::ConsentTerms, terms.to_json());
    let cell = seal_cell(&person.key, place.0, place.1, kind, &json, &mut rand::rng());
    let redacted = Backup {
        values: backup.values.redacted(),
        consent: backup.consent.redacted(cell, &stage.front),
        ..backup.clone()
    };
    let mut main = accounts.pool(eraser, Kind::Main).acquire().await.unwrap();
    let others = record_versions::redact(&mut main, &neighbour.values.redacted()).await;
    assert!(
        matches!(others, Err(RowError::Changed { .. })),
        "other cells stand there"
    );
    record_versions::redact(&mut main, &backup.values)
        .await
        .unwrap();
    consents::redact(&mut main, &backup.consent, &redacted.consent)
        .await
        .unwrap();
    let again = consents::redact(&mut main, &backup.consent, &redacted.consent).await;
    assert!(matches!(again, Err(RowError::Changed { .. })));
    assert!(
        record_backups::insert(&mut copies, &redacted, NOW)
            .await
            .unwrap()
    );
    assert_eq!(
        record_backups::remove_with_values(&mut copies, &redacted)
            .await
            .unwrap(),
        1
    );

    for (uid, copy) in [(5, &redacted), (6, &neighbour)] {
        let kept = record_backups::of_uid(&mut copies, Uid::new(uid).unwrap())
            .await
            .unwrap();
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].backup, *copy);
        let stands = evidence::by_uid(&mut main, Uid::new(uid).unwrap())
            .await
            .unwrap();
        assert_eq!(stands.unwrap().versions, [copy.sealed()]);
    }
    let opened = redacted.sealed().open(&person.key);
    assert_eq!(opened.terms(), Some(&terms));
    assert!(opened.is_redacted && opened.all_fields().is_none());
    assert!(redacted.consent.is_ours(&stage.front));

    for sql in [
        "UPDATE record_versions SET wallet = ''",
        "UPDATE record_versions SET anchor = NULL",
        "UPDATE consents SET signature = ''",
        "INSERT INTO record_versions SELECT * FROM record_versions",
        "UPDATE records SET uid = NULL",
        "UPDATE owner_keys SET wrapped = ''",
        "DELETE FROM erasures",
        "SELECT note FROM corrections",
        "SELECT * FROM record_events",
    ] {
        accounts.refuses(eraser, Kind::Main, sql).await;
    }
    for (kind, sql) in [
        (Kind::Backup, "UPDATE record_backups SET draft = 1"),
        (Kind::Backup, "DELETE FROM erasures"),
        (Kind::Keys, "SELECT wrapped FROM owner_key_backups"),
    ] {
        accounts.refuses(eraser, kind, sql).await;
    }
}

/// Everything of one record, in all three databases, and nothing of its neighbour.
#[tokio::test]
async fn a_record_is_destroyed_by_the_account_that_may() {
    let stage = Stage::new().await;
    let accounts = Accounts::make(&stage).await;
    let (person, backup) = anchored(&stage, 5).await;
    let (other, neighbour) = anchored(&stage, 6).await;
    let eraser = Account::Erase;
    let mut copies = accounts.pool(eraser, Kind::Backup).acquire().await.unwrap();
    let mut keys = accounts
        .pool(Account::EntryKeys, Kind::Keys)
        .acquire()
        .await
        .unwrap();
    for (copy, person) in [(&backup, &person), (&neighbour, &other)] {
        record_backups::insert(&mut copies, copy, NOW)
            .await
            .unwrap();
        let wrapped = stage.keys.wrap_owner_key(&person.key, &mut rand::rng());
        owner_key_backups::insert(&mut keys, &wrapped, NOW)
            .await
            .unwrap();
    }
    let id = backup.record.id;
    let uid = Uid::new(5).unwrap();
    let mut keys = accounts.pool(eraser, Kind::Keys).acquire().await.unwrap();
    let destroyed = owner_key_backups::destroy(&mut keys, id).await.unwrap();
    assert_eq!(destroyed, 1);
    let destroyed = record_backups::destroy(&mut copies, uid).await.unwrap();
    assert_eq!(destroyed, 1);
    let mut main = accounts.pool(eraser, Kind::Main).acquire().await.unwrap();
    let both = BTreeSet::from([id, neighbour.record.id]);
    let left = remains::of_records(&mut main, &both).await.unwrap();
    assert_eq!(left, both);
    // Consent, version, key and head.
    let destroyed = remains::destroy(&mut main, &stage.keys, id).await.unwrap();
    assert_eq!(destroyed, 4);
    let destroyed = remains::destroy(&mut main, &stage.keys, id).await.unwrap();
    assert_eq!(destroyed, 0);
    let left = remains::of_records(&mut main, &both).await.unwrap();
    assert_eq!(left, BTreeSet::from([neighbour.record.id]));
    let left = evidence::by_record(&mut main, id).await.unwrap();
    assert!(left.is_none());
    let stands = evidence::by_uid(&mut main, Uid::new(6).unwrap()).await;
    assert_eq!(stands.unwrap().unwrap().versions, [neighbour.sealed()]);
    let kept = record_backups::of_uid(&mut copies, Uid::new(6).unwrap()).await;
    assert_eq!(kept.unwrap().len(), 1);
    let mut reader = accounts
        .pool(Account::Restore, Kind::Keys)
        .acquire()
        .await
        .unwrap();
    let of_neighbour = owner_key_backups::of_record(&mut reader, neighbour.record.id).await;
    assert_eq!(of_neighbour.unwrap().len(), 1);
}

#[tokio::test]
async fn consent_dapp_declines_and_signs_with_its_own_rights() {
    let stage = Stage::new().await;
    let accounts = Accounts::make(&stage).await;
    let mut main = stage.connection().await;
    let signer = stage.enter(&mut main, NOW).await;
    let decliner = stage.enter(&mut main, NOW).await;
    let link = stage.link(&mut main, &signer).await;

    let mut own = accounts
        .pool(Account::Consent, Kind::Main)
        .acquire()
        .await
        .unwrap();
    let front = &stage.front;
    use database::consent_links::LinkState;
    use database::record_events::{self, Actor, RecordEventKind};
    use database::records::RecordState::{AwaitingConsent, Consented, Declined};
    let (_, consent) = stage.consent(&signer, link.id);
    consents::insert(&mut own, &consent).await.unwrap();
    consent_links::close(&mut own, front, link.id, LinkState::Used)
        .await
        .unwrap();
    records::change_state(
        &mut own,
        front,
        signer.record.id,
        AwaitingConsent,
        Consented,
        NOW,
    )
    .await
    .unwrap();
    record_events::append(
        &mut own,
        front,
        signer.record.id,
        RecordEventKind::Consented,
        Actor::Owner,
        NOW,
    )
    .await
    .unwrap();

    let later = NOW.plus(MINUTE);
    assert_eq!(
        consent_links::forget_used(&mut own, front, later)
            .await
            .unwrap(),
        1
    );
    notices::keep(&mut own, "Who we are", NOW).await.unwrap();

    let id = decliner.record.id;
    records::change_state(&mut own, front, id, AwaitingConsent, Declined, NOW)
        .await
        .unwrap();
    assert_eq!(
        database::record_versions::destroy(&mut own, id)
            .await
            .unwrap(),
        1
    );
    assert!(database::owner_keys::destroy(&mut own, id).await.unwrap());
    let version = decliner.record.version;
    database::corrections::destroy_of(&mut own, id, version)
        .await
        .unwrap();
    database::corrections::destroy(&mut own, id).await.unwrap();
    let mail = crate::outbox::mail(&stage, 1, NOW);
    outbox::enqueue(&mut own, front, &mail).await.unwrap();
    assert!(outbox::withdraw(&mut own, front, &[1; 32]).await.unwrap());
    assert!(!outbox::withdraw(&mut own, front, &[1; 32]).await.unwrap());
    let unknown = consent_links::lock(&mut own, front, LinkId::from_bytes([0; 16])).await;
    assert!(unknown.unwrap().is_none());
}
