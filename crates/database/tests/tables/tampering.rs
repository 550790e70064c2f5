//! Every column of every row that carries a MAC is changed by SQL, one at a time: the row must be refused, or not be
//! found any more.

use database::access_copies::{self, AccessCopy, CopyState};
use database::access_log::{self, Access, AccessAction, UseGround};
use database::anchoring_jobs::{self, JobState};
use database::anchoring_transactions::{self, AnchoringTransaction};
use database::chain_progress::{self, ChainProgress};
use database::consent_links;
use database::erasures::{self, Erasure, ErasureState, Identity};
use database::incident_events::{self, IncidentEvent, IncidentEventKind};
use database::incident_findings::{self, NewFinding};
use database::incidents::{self, IncidentState};
use database::outbox::{self, Mail, NewMail};
use database::owner_requests::{self, OwnerRequest, RequestState};
use database::record_events::{self, Actor, RecordEventKind};
use database::records;
use database::request_way::RequestWay;
use database::restriction_steps::{self, RestrictionStep, RestrictionStepKind, RestrictionSubject};
use database::retentions::{self, Retention};
use database::sessions::{self, App, Session};
use database::staff_events::{self, By, StaffEvent, StaffEventKind};
use database::sweep_parts::{self, SweepPart};
use database::verifications::{self, Source, Subject, VerdictKind};
use database::wallet_changes::{self, WalletChange, WalletChangeState};
use database::withdrawals::{self, Withdrawal};
use database::{Checked, RowError, leases, row_counts, staff, sweep_rounds};
use record::B256;
use record::ids::{
    ErasureId, LinkId, MailId, RecordId, RestrictionId, StaffId, Uid, Version, WalletChangeId,
};
use sqlx::{AssertSqlSafe, MySqlConnection, Row};

use crate::stage::{CLERK, MINUTE, NOW, Stage};
use crate::verdicts::{round, verdict};

/// Values other than those that the tests write, and that the columns may hold: the MAC has to tell, not the parser.
const OTHER_TEXTS: [(&str, &str); 12] = [
    ("role", "controller_manager"),
    ("app", "viewer"),
    ("state", "rejected"),
    ("kind", "approved"),
    ("actor_kind", "owner"),
    ("verdict", "valid"),
    ("source", "button"),
    ("action", "edited"),
    ("name", "other"),
    ("reader", "other"),
    ("problem", "other"),
    ("fields", "name"),
];

struct Column {
    name: String,
    is_number: bool,
    is_text: bool,
}

async fn columns(stage: &Stage, table: &str) -> Vec<Column> {
    sqlx::query(
        "SELECT CAST(column_name AS CHAR) AS name, CAST(data_type AS CHAR) AS type FROM information_schema.columns
         WHERE table_schema = DATABASE() AND table_name = ?",
    )
    .bind(table)
    .fetch_all(&stage.pool)
    .await
    .unwrap()
    .iter()
    .map(|row| {
        let kind: String = row.get("type");
        Column {
            name: row.get("name"),
            is_number: kind.contains("int"),
            is_text: kind == "varchar",
        }
    })
    .collect()
}

impl Column {
    /// An expression that gives another value than the column has, NULL included.
    fn other_value(&self, table: &str) -> String {
        let name = &self.name;
        let binary = format!(
            "IF({name} IS NULL OR {name} = '', 'x', CONCAT(CHAR(ORD(LEFT({name}, 1)) ^ 1 USING binary), SUBSTRING({name}, 2)))"
        );
        if self.is_number {
            return format!("IFNULL({name} + 1, 1)");
        }
        if !self.is_text {
            return binary;
        }
        let other = OTHER_TEXTS.iter().find(|(column, _)| column == name);
        let other = match (table, other) {
            ("records", _) if name == "state" => "declined",
            ("consent_links", _) if name == "state" => "used",
            ("owner_requests", _) if name == "state" => "void",
            ("withdrawals" | "erasures" | "access_copies" | "restriction_steps", _)
                if name == "way" =>
            {
                "by_letter"
            }
            ("staff_events", _) if name == "kind" => "enabled",
            ("restriction_steps", _) if name == "subject" => "marketing",
            ("restriction_steps", _) if name == "step" => "lifted",
            ("restriction_steps", _) if name == "identity" => "known",
            ("access_log", _) if name == "ground" => "consent",
            ("access_copies", _) if name == "state" => "revoked",
            ("wallet_changes", _) if name == "state" => "confirmed",
            ("wallet_changes", _) if name.ends_with("identity") => "known",
            ("access_copies", _) if name == "identity" => "known",
            ("erasures", _) if name == "state" => "refused",
            ("erasures", _) if name == "identity" => "known",
            ("outbox", _) if name == "state" => "sent",
            ("incidents", _) if name == "state" => "closed",
            ("incident_events", _) if name == "kind" => "closed",
            (_, Some((_, other))) => other,
            (_, None) => "other",
        };
        format!("'{other}'")
    }
}

/// `read` tells whether it found the row.
async fn every_column_counts(
    stage: &Stage,
    table: &'static str,
    free: &[&str],
    read: impl AsyncFn(&mut MySqlConnection) -> Result<bool, RowError>,
) {
    let mut connection = stage.connection().await;
    sqlx::query(AssertSqlSafe(format!(
        "CREATE TABLE good AS SELECT * FROM {table}"
    )))
    .execute(&mut *connection)
    .await
    .unwrap();
    assert!(
        read(&mut connection).await.unwrap(),
        "{table}: the row as written"
    );
    put_back(stage, table).await;
    let columns = columns(stage, table).await;
    assert!(columns.len() > 3);
    for column in columns {
        let name = &column.name;
        let change = format!("UPDATE {table} SET {name} = {}", column.other_value(table));
        assert_eq!(stage.sql(&change).await, 1, "{change}");
        match read(&mut connection).await {
            Ok(true) => assert!(
                free.contains(&name.as_str()),
                "{table}.{name} can be changed unseen"
            ),
            Ok(false) => {}
            Err(error) => {
                assert!(
                    matches!(error, RowError::Mac { .. }),
                    "{table}.{name}: {error:?}"
                );
                assert!(!free.contains(&name.as_str()), "{table}.{name} is not free");
            }
        }
        put_back(stage, table).await;
    }
    assert!(
        read(&mut connection).await.unwrap(),
        "{table}: the row put back"
    );
    stage.sql("DROP TABLE good").await;
}

/// Some reads are writes too: a claim, say.
async fn put_back(stage: &Stage, table: &str) {
    stage.sql(&format!("DELETE FROM {table}")).await;
    stage
        .sql(&format!("INSERT INTO {table} SELECT * FROM good"))
        .await;
}

/// A list that names the row as tampered stands for the error of a single read.
fn listed<T>(list: Result<Checked<T>, RowError>) -> Result<bool, RowError> {
    let list = list?;
    match list.tampered.first() {
        Some(tampered) => Err(RowError::Mac {
            table: tampered.table,
            row: tampered.row.clone(),
            source: keyring::MacError::Mismatch,
        }),
        None => Ok(!list.rows.is_empty()),
    }
}

#[tokio::test]
async fn staff_and_sessions() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let keys = &stage.keys;
    staff::insert(&mut connection, keys, &stage.account())
        .await
        .unwrap();
    every_column_counts(&stage, "staff", &[], async |connection| {
        Ok(staff::by_id(connection, keys, CLERK).await?.is_some())
    })
    .await;
    every_column_counts(&stage, "staff", &[], async |connection| {
        Ok(staff::by_login(connection, keys, "nbrunner")
            .await?
            .is_some())
    })
    .await;
    let mut invited = stage.account();
    invited.id = StaffId::from_bytes([8; 16]);
    invited.login_index = [8; 32];
    invited.set_email(keys, "nadia.brunner@example.org", &mut rand::rng());
    (invited.link_hash, invited.link_expires_at) = (Some([9; 32]), Some(NOW));
    stage.sql("DELETE FROM staff").await;
    staff::insert(&mut connection, keys, &invited)
        .await
        .unwrap();
    every_column_counts(&stage, "staff", &[], async |connection| {
        Ok(staff::by_link(connection, keys, &[9; 32]).await?.is_some())
    })
    .await;

    let event = StaffEvent {
        role: Some(staff::Role::Clerk),
        page: Some("/staff".to_owned()),
        revision: Some(1),
        ..StaffEvent::new(
            StaffEventKind::Disabled,
            Some(CLERK),
            By::account(CLERK, App::Entry),
            NOW,
        )
    };
    staff_events::append(&mut connection, keys, &event)
        .await
        .unwrap();
    every_column_counts(&stage, "staff_events", &["id"], async |connection| {
        listed(staff_events::before(connection, keys, u64::MAX, 9).await)
    })
    .await;

    let session = Session {
        id_hash: [1; 32],
        app: App::Entry,
        staff_id: CLERK,
        created_at: NOW,
        last_seen_at: NOW,
        expires_at: NOW.plus(60 * MINUTE),
        flash: None,
    };
    sessions::insert(&mut connection, keys, &session)
        .await
        .unwrap();
    every_column_counts(&stage, "sessions", &[], async |connection| {
        let resumed =
            sessions::resume(connection, keys, App::Entry, &[1; 32], 10 * MINUTE, NOW).await?;
        Ok(resumed.is_some())
    })
    .await;
}

#[tokio::test]
async fn consent_taken_back_and_the_way_in_to_it() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let front = &stage.front;
    let person = stage.enter(&mut connection, NOW).await;
    let (id, draft) = (person.record.id, person.record.draft);
    let withdrawal = Withdrawal {
        record_id: id,
        draft,
        choices: Withdrawal::seal(front, id, draft, b"all of it", &mut rand::rng()),
        way: RequestWay::ByPhone,
        actor: Some(CLERK),
        at: NOW,
    };
    withdrawals::append(&mut connection, front, &withdrawal)
        .await
        .unwrap();
    every_column_counts(&stage, "withdrawals", &["id"], async |connection| {
        listed(withdrawals::of_record(connection, front, id).await)
    })
    .await;

    let mut step = RestrictionStep {
        id: RestrictionId::random(&mut rand::rng()),
        request_id: RestrictionId::random(&mut rand::rng()),
        record_id: id,
        subject: RestrictionSubject::Objection,
        kind: RestrictionStepKind::Asked,
        way: Some(RequestWay::Link),
        identity: Some(Identity::Code),
        actor: Some(CLERK),
        at: NOW,
        due_at: Some(NOW.plus(MINUTE)),
        content: None,
        version: person.record.version,
        draft,
        note: Some(b"in their words, sealed".to_vec()),
    };
    step.fill(front, b"what they object to", &mut rand::rng());
    restriction_steps::append(&mut connection, front, &step)
        .await
        .unwrap();
    every_column_counts(&stage, "restriction_steps", &[], async |connection| {
        listed(restriction_steps::of_record(connection, front, id).await)
    })
    .await;

    let mut erasure = Erasure {
        id: ErasureId::random(&mut rand::rng()),
        record_id: id,
        uid: Uid::FIRST,
        state: ErasureState::Granted,
        way: RequestWay::Link,
        identity: Some(Identity::Wallet),
        asked_at: NOW,
        due_at: NOW.plus(MINUTE),
        decided_by: Some(CLERK),
        decided_at: Some(NOW),
        content: None,
        destroyed_at: None,
        key_version: None,
    };
    erasure.fill(&stage.keys, b"what was signed", &mut rand::rng());
    erasures::insert(&mut connection, &stage.keys, &erasure)
        .await
        .unwrap();
    every_column_counts(&stage, "erasures", &[], async |connection| {
        listed(erasures::of_record(connection, &stage.keys, id).await)
    })
    .await;

    let mut change = WalletChange {
        id: WalletChangeId::random(&mut rand::rng()),
        record_id: id,
        version: Version::FIRST,
        draft,
        state: WalletChangeState::Asked,
        content: vec![4; 90],
        identity: Identity::Document,
        asked_by: CLERK,
        asked_at: NOW,
        confirmed_identity: None,
        confirmed_by: None,
        confirmed_at: None,
    };
    wallet_changes::insert(&mut connection, &stage.keys, &change)
        .await
        .unwrap();
    every_column_counts(&stage, "wallet_changes", &[], async |connection| {
        listed(wallet_changes::of_record(connection, &stage.keys, id).await)
    })
    .await;
    change.end();
    wallet_changes::update(&mut connection, &stage.keys, &change)
        .await
        .unwrap();
    let kept = wallet_changes::of_record(&mut connection, &stage.keys, id).await;
    assert_eq!(kept.unwrap().rows, [change]);

    let copy = AccessCopy {
        id: LinkId::random(&mut rand::rng()),
        record_id: id,
        version: Version::FIRST,
        draft,
        secret_hash: [3; 32],
        wrapped_key: vec![1; 97],
        desk_code: vec![2; 60],
        content: vec![3; 600],
        state: CopyState::Open,
        way: RequestWay::ByPhone,
        identity: Some(Identity::Document),
        code_attempts: 0,
        created_by: Some(CLERK),
        asked_at: NOW,
        expires_at: NOW.plus(MINUTE),
        opened_at: None,
    };
    access_copies::insert(&mut connection, front, &copy)
        .await
        .unwrap();
    every_column_counts(&stage, "access_copies", &[], async |connection| {
        listed(access_copies::of_record(connection, front, id).await)
    })
    .await;

    let retention = Retention {
        record_id: id,
        due_at: Some(NOW),
        basis: [4; 32],
        prolongations: Some(vec![5; 60]),
    };
    retentions::store(&mut connection, &stage.keys, &retention)
        .await
        .unwrap();
    every_column_counts(&stage, "retentions", &["record_id"], async |connection| {
        let found = retentions::load(connection, &stage.keys, id).await?;
        Ok(found.is_some())
    })
    .await;

    let mut request = OwnerRequest::new(id, NOW, &mut rand::rng());
    request.fill(front, RequestState::Ready, b"a code", &mut rand::rng());
    owner_requests::insert(&mut connection, front, &request)
        .await
        .unwrap();
    every_column_counts(&stage, "owner_requests", &[], async |connection| {
        Ok(owner_requests::lock(connection, front, request.id)
            .await?
            .is_some())
    })
    .await;
    // What is sealed opens in its own row alone.
    let moved = Withdrawal {
        draft: record::ids::Draft::new(9),
        ..withdrawal.clone()
    };
    assert!(moved.open(front).is_err());
    assert_eq!(*withdrawal.open(front).unwrap(), b"all of it");
    let mut moved = OwnerRequest::new(id, NOW, &mut rand::rng());
    moved.content.clone_from(&request.content);
    assert!(moved.open(front).is_err());
    assert_eq!(*request.open(front).unwrap().unwrap(), b"a code");
}

#[tokio::test]
async fn records_links_and_history() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let front = &stage.front;
    let person = stage.enter(&mut connection, NOW).await;
    let id = person.record.id;
    every_column_counts(&stage, "records", &[], async |connection| {
        Ok(records::load(connection, front, id).await?.is_some())
    })
    .await;
    let link = stage.link(&mut connection, &person).await;
    every_column_counts(&stage, "consent_links", &[], async |connection| {
        Ok(
            consent_links::by_secret_hash(connection, front, &link.secret_hash)
                .await?
                .is_some(),
        )
    })
    .await;
    let kind = RecordEventKind::Entered;
    record_events::append(&mut connection, front, id, kind, Actor::Staff(CLERK), NOW)
        .await
        .unwrap();
    every_column_counts(&stage, "record_events", &["id"], async |connection| {
        // An owner with the id of staff is refused before the MAC is looked at.
        match listed(record_events::of_record(connection, front, id).await) {
            Err(error) if error.is_tampering() => Err(RowError::Mac {
                table: "record_events",
                row: String::new(),
                source: keyring::MacError::Mismatch,
            }),
            other => other,
        }
    })
    .await;
}

#[tokio::test]
async fn jobs_transactions_leases_and_progress() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let keys = &stage.keys;
    let record_id = RecordId::random(&mut rand::rng());
    let mut job = anchoring_jobs::insert(
        &mut connection,
        keys,
        record_id,
        Some(Version::FIRST),
        CLERK,
        NOW,
    )
    .await
    .unwrap();
    job.state = JobState::Sent;
    job.uid = Uid::new(3);
    job.proof = Some(B256::repeat_byte(1));
    anchoring_jobs::update(&mut connection, keys, &mut job, NOW)
        .await
        .unwrap();
    every_column_counts(&stage, "anchoring_jobs", &[], async |connection| {
        Ok(anchoring_jobs::lock(connection, keys, job.id)
            .await?
            .is_some())
    })
    .await;
    every_column_counts(&stage, "anchoring_jobs", &[], async |connection| {
        listed(anchoring_jobs::in_flight(connection, keys).await)
    })
    .await;

    let transaction = AnchoringTransaction {
        hash: B256::repeat_byte(1),
        job_id: job.id,
        nonce: 5,
        raw: vec![1, 2, 3],
        created_at: NOW,
    };
    anchoring_transactions::insert(&mut connection, keys, &transaction)
        .await
        .unwrap();
    every_column_counts(&stage, "anchoring_transactions", &[], async |connection| {
        listed(anchoring_transactions::of_job(connection, keys, job.id).await)
    })
    .await;

    let lease = leases::acquire(&mut connection, keys, "work", &[1; 16], MINUTE, NOW)
        .await
        .unwrap()
        .unwrap();
    every_column_counts(&stage, "leases", &[], async |connection| {
        Ok(leases::renew(connection, keys, &lease, MINUTE, NOW)
            .await?
            .is_some())
    })
    .await;

    let progress = ChainProgress {
        reader: "sweep".to_owned(),
        block_number: 5,
        block_hash: B256::repeat_byte(1),
        seen_at: NOW,
    };
    chain_progress::advance(&mut connection, keys, &progress)
        .await
        .unwrap();
    every_column_counts(&stage, "chain_progress", &[], async |connection| {
        Ok(chain_progress::load(connection, keys, "sweep")
            .await?
            .is_some())
    })
    .await;
}

#[tokio::test]
async fn counts_of_rows() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let keys = &stage.keys;
    let person = stage.enter(&mut connection, NOW).await;
    for kind in [RecordEventKind::Entered, RecordEventKind::Consented] {
        let (id, actor) = (person.record.id, Actor::Owner);
        record_events::append(&mut connection, &stage.front, id, kind, actor, NOW)
            .await
            .unwrap();
    }
    let is_events = |kept: &&row_counts::Kept| kept.table == "record_events";
    let events = row_counts::KEPT.iter().find(is_events).unwrap();
    let before = row_counts::count(&mut connection, events, u64::MAX).await;
    let before = before.unwrap();
    assert_eq!((before.counted, before.until), (2, 2));
    row_counts::store(&mut connection, keys, events, &before)
        .await
        .unwrap();
    every_column_counts(&stage, "row_counts", &[], async |connection| {
        Ok(row_counts::load(connection, keys, events).await?.is_some())
    })
    .await;
    for (change, is_lost) in [
        (
            "INSERT INTO record_events SELECT 9, record_id, kind, actor_kind, actor_id, at, mac FROM record_events WHERE id = 1",
            false,
        ),
        (
            "UPDATE record_events SET mac = REVERSE(mac) WHERE id = 2",
            true,
        ),
        (
            "UPDATE record_events SET mac = REVERSE(mac) WHERE id = 2",
            false,
        ),
        ("DELETE FROM record_events WHERE id = 1", true),
        ("UPDATE record_events SET id = 1 WHERE id = 9", false),
    ] {
        stage.sql(change).await;
        let now = row_counts::count(&mut connection, events, before.until);
        let now = now.await.unwrap();
        assert_eq!(before.has_lost_rows(&now), is_lost, "{change}");
    }
    for kept in &row_counts::KEPT {
        row_counts::count(&mut connection, kept, u64::MAX)
            .await
            .unwrap();
    }
    assert!(
        row_counts::records_gone(&mut connection)
            .await
            .unwrap()
            .is_empty()
    );
    stage.sql("DELETE FROM records").await;
    let gone = row_counts::records_gone(&mut connection).await.unwrap();
    assert_eq!(gone, [person.record.id]);
    for (record, is_gone) in [
        (person.record.id, true),
        (RecordId::random(&mut rand::rng()), false),
    ] {
        let answer = row_counts::is_record_gone(&mut connection, record).await;
        assert_eq!(answer.unwrap(), is_gone);
    }
}

#[tokio::test]
async fn mails() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let front = &stage.front;
    let new = NewMail {
        id: MailId::random(&mut rand::rng()),
        event_key: [1; 32],
        kind: "consent_given",
        recipient: "a@example.org",
        payload: b"{}",
    };
    let mail = Mail::seal(front, &new, &mut rand::rng(), NOW);
    outbox::enqueue(&mut connection, front, &mail)
        .await
        .unwrap();
    every_column_counts(&stage, "outbox", &[], async |connection| {
        Ok(outbox::by_event_key(connection, front, &[1; 32])
            .await?
            .is_some())
    })
    .await;
    every_column_counts(&stage, "outbox", &[], async |connection| {
        listed(outbox::claim_due(connection, front, 9, MINUTE, NOW.plus(60 * MINUTE)).await)
    })
    .await;
}

#[tokio::test]
async fn verdicts_and_incidents() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let keys = &stage.keys;
    let subject = Subject::uid(Uid::new(3).unwrap());
    let found = verdict(
        subject,
        Some(RecordId::from_bytes([4; 16])),
        VerdictKind::Altered,
    );
    verifications::upsert(&mut connection, keys, &found)
        .await
        .unwrap();
    every_column_counts(&stage, "verifications", &[], async |connection| {
        Ok(verifications::load(connection, keys, subject)
            .await?
            .is_some())
    })
    .await;

    let round = sweep_rounds::start(&mut connection, keys, &round(10))
        .await
        .unwrap();
    let mut part = SweepPart::all_of(&round).remove(0);
    (part.holder, part.problem) = (Some([9; 16]), Some("x".to_owned()));
    part.exceptions.set(subject, VerdictKind::Altered);
    sweep_parts::put(&mut connection, keys, &round, &[part])
        .await
        .unwrap();
    every_column_counts(&stage, "sweep_parts", &[], async |connection| {
        Ok(!sweep_parts::of_round(connection, keys, &round)
            .await?
            .is_empty())
    })
    .await;
    every_column_counts(&stage, "sweep_rounds", &[], async |connection| {
        Ok(!sweep_rounds::newest(connection, keys).await?.is_empty())
    })
    .await;

    let mut incident = incidents::open(&mut connection, keys, Source::Sweep, NOW)
        .await
        .unwrap();
    incident.state = IncidentState::Assessed;
    incidents::update(&mut connection, keys, &incident)
        .await
        .unwrap();
    every_column_counts(&stage, "incidents", &[], async |connection| {
        Ok(incidents::load(connection, keys, incident.id)
            .await?
            .is_some())
    })
    .await;

    let new = NewFinding {
        incident_id: incident.id,
        subject,
        uid: found.uid,
        record_id: found.record_id,
        verdict: VerdictKind::Altered,
        fields: vec!["email".to_owned()],
        proof_expected: None,
        proof_found: None,
        found_row: Some(vec![1, 2, 3]),
    };
    let finding = incident_findings::insert(&mut connection, keys, new, NOW)
        .await
        .unwrap();
    every_column_counts(&stage, "incident_findings", &[], async |connection| {
        Ok(incident_findings::load(connection, keys, finding.id)
            .await?
            .is_some())
    })
    .await;

    let kind = IncidentEventKind::Opened;
    let event = IncidentEvent::seal(
        keys,
        incident.id,
        kind,
        Some(CLERK),
        Some("x"),
        &mut rand::rng(),
        NOW,
    );
    incident_events::append(&mut connection, keys, &event)
        .await
        .unwrap();
    every_column_counts(&stage, "incident_events", &["id"], async |connection| {
        listed(incident_events::of_incident(connection, keys, incident.id, u64::MAX, 10).await)
    })
    .await;

    for (number, ground) in [(4, None), (5, Some(UseGround::LegalClaims))] {
        let access = Access {
            staff_id: CLERK,
            record_id: RecordId::from_bytes([number; 16]),
            app: App::Entry,
            action: AccessAction::Revealed,
            at: NOW,
            ground,
        };
        stage.sql("DELETE FROM access_log").await;
        access_log::append(&mut connection, keys, &access)
            .await
            .unwrap();
        every_column_counts(&stage, "access_log", &["id"], async |connection| {
            listed(access_log::of_record(connection, keys, access.record_id, 9).await)
        })
        .await;
    }
}
