use database::access_log::{self, Access, AccessAction};
use database::incident_events::{self, IncidentEvent, IncidentEventKind};
use database::incident_findings::{self, NewFinding, seal_found_row};
use database::incidents::{self, IncidentState};
use database::sessions::App;
use database::verifications::{Source, Subject, VerdictKind};
use record::B256;
use record::ids::{RecordId, Uid};
use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlConnection;

use crate::stage::{CLERK, MINUTE, NOW, Stage};

pub fn finding(stage: &Stage, incident_id: u64, uid: u64) -> NewFinding {
    let uid = Uid::new(uid).unwrap();
    let subject = Subject::uid(uid);
    NewFinding {
        incident_id,
        subject,
        uid: Some(uid),
        record_id: Some(RecordId::random(&mut rand::rng())),
        verdict: VerdictKind::Altered,
        fields: vec!["email".to_owned()],
        proof_expected: Some(B256::repeat_byte(1)),
        proof_found: Some(B256::repeat_byte(2)),
        found_row: Some(seal_found_row(
            &stage.keys,
            subject,
            b"the row",
            &mut rand::rng(),
        )),
    }
}

#[tokio::test]
async fn an_incident_gathers_findings_and_goes_its_way() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let keys = &stage.keys;
    assert_eq!(
        incidents::newest_open(&mut connection, keys).await.unwrap(),
        None
    );
    let incident = incidents::open(&mut connection, keys, Source::Sweep, NOW)
        .await
        .unwrap();
    assert_eq!(
        incidents::newest_open(&mut connection, keys).await.unwrap(),
        Some(incident.clone())
    );

    let mut findings = Vec::new();
    for uid in 1..=3 {
        let new = finding(&stage, incident.id, uid);
        findings.push(
            incident_findings::insert(&mut connection, keys, new, NOW)
                .await
                .unwrap(),
        );
    }
    let page =
        incident_findings::of_incident(&mut connection, keys, incident.id, findings[0].id, 10)
            .await;
    assert_eq!(page.unwrap().rows, findings[1..]);
    let loaded = incident_findings::load(&mut connection, keys, findings[0].id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        loaded.open_found_row(keys).unwrap().unwrap().as_slice(),
        b"the row"
    );

    let subject = findings[1].subject;
    let open = incident_findings::unresolved(&mut connection, keys, subject)
        .await
        .unwrap();
    assert_eq!(open.rows, [findings[1].clone()]);
    let resolved = incident_findings::resolve(&mut connection, keys, subject, NOW.plus(MINUTE))
        .await
        .unwrap();
    assert_eq!(resolved[0].resolved_at, Some(NOW.plus(MINUTE)));
    assert!(
        incident_findings::unresolved(&mut connection, keys, subject)
            .await
            .unwrap()
            .rows
            .is_empty()
    );
    assert!(
        incident_findings::resolve(&mut connection, keys, subject, NOW)
            .await
            .unwrap()
            .is_empty()
    );
    let tally = incident_findings::tally(&mut connection, keys, incident.id, 3)
        .await
        .unwrap();
    assert_eq!((tally.all, tally.open, tally.others), (3, 2, 0));
    assert!(!tally.is_at_most);
    let verdicts: Vec<_> = tally.verdicts.into_iter().collect();
    assert_eq!(verdicts, [(VerdictKind::Altered, 3)]);
    let uids: Vec<u64> = tally.uids.iter().map(|uid| uid.get()).collect();
    assert_eq!(uids, [1, 2, 3]);
    let mut locked = incidents::lock(&mut connection, keys, incident.id)
        .await
        .unwrap()
        .unwrap();
    locked.state = IncidentState::Closed;
    locked.closed_at = Some(NOW.plus(2 * MINUTE));
    incidents::update(&mut connection, keys, &locked)
        .await
        .unwrap();
    assert_eq!(
        incidents::load(&mut connection, keys, incident.id)
            .await
            .unwrap(),
        Some(locked)
    );
}

#[tokio::test]
async fn incidents_are_listed_newest_first() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.insert(
            0,
            incidents::open(&mut connection, &stage.keys, Source::Button, NOW)
                .await
                .unwrap()
                .id,
        );
    }
    let mut listed = Vec::new();
    let mut before = u64::MAX;
    loop {
        let page = incidents::list(&mut connection, &stage.keys, before, 2)
            .await
            .unwrap()
            .rows;
        let Some(last) = page.last() else { break };
        before = last.id;
        listed.extend(page.iter().map(|incident| incident.id));
    }
    assert_eq!(listed, ids);
}

#[tokio::test]
async fn a_time_line_is_told_in_order_with_its_words_sealed() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let steps = [
        (IncidentEventKind::Opened, None, None),
        (
            IncidentEventKind::Noted,
            Some(CLERK),
            Some("Asked the owner by phone."),
        ),
        (IncidentEventKind::Closed, Some(CLERK), Some("Restored.")),
    ];
    for (kind, actor, words) in steps {
        let event = IncidentEvent::seal(&stage.keys, 8, kind, actor, words, &mut rand::rng(), NOW);
        incident_events::append(&mut connection, &stage.keys, &event)
            .await
            .unwrap();
    }
    let told = incident_events::of_incident(&mut connection, &stage.keys, 8, u64::MAX, 10)
        .await
        .unwrap()
        .rows;
    assert_eq!(told.len(), steps.len());
    for ((_, event), (kind, actor, words)) in told.iter().rev().zip(steps) {
        assert_eq!((event.kind, event.actor_id), (kind, actor));
        let opened = event.open_detail(&stage.keys).unwrap();
        assert_eq!(opened.as_deref().map(String::as_str), words);
    }
    let (newest, _) = told[0];
    let earlier = incident_events::of_incident(&mut connection, &stage.keys, 8, newest, 1)
        .await
        .unwrap()
        .rows;
    assert_eq!(earlier, told[1..2]);
    assert!(
        incident_events::of_incident(&mut connection, &stage.keys, 9, u64::MAX, 10)
            .await
            .unwrap()
            .rows
            .is_empty()
    );
}

/// Planted rows, before ours, between them and behind them.
#[tokio::test]
async fn planted_rows_take_no_place_of_ours_and_count_for_nothing() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let keys = &stage.keys;
    let incident = incidents::open(&mut connection, keys, Source::Sweep, NOW)
        .await
        .unwrap();
    let mut ours = Vec::new();
    for uid in [1, 2] {
        let new = finding(&stage, incident.id, uid);
        let found = incident_findings::insert(&mut connection, keys, new, NOW).await;
        ours.push(found.unwrap());
        let kind = IncidentEventKind::FindingAdded;
        let step = IncidentEvent::seal(keys, incident.id, kind, None, None, &mut rand::rng(), NOW);
        incident_events::append(&mut connection, keys, &step)
            .await
            .unwrap();
        plant(&mut connection, ours.last().unwrap().id).await;
    }
    let findings = incident_findings::of_incident(&mut connection, keys, incident.id, 0, 2);
    let findings = findings.await.unwrap();
    assert_eq!(findings.rows, ours);
    let tally = incident_findings::tally(&mut connection, keys, incident.id, 10_000);
    let tally = tally.await.unwrap();
    assert_eq!((tally.all, tally.open, tally.others), (2, 2, 1400));
    let part = incident_findings::tally(&mut connection, keys, incident.id, 100);
    let part = part.await.unwrap();
    assert!(part.is_at_most);
    assert_eq!((part.all, part.open), (1402, 1402));
    let verdicts: Vec<_> = part.verdicts.into_iter().collect();
    let expected = [(VerdictKind::Altered, 2), (VerdictKind::Missing, 1400)];
    assert_eq!(verdicts, expected);
    // One that is too long to be ours is not sent, in letters that we never write is nobody's.
    let long = "INSERT INTO incident_findings (incident_id, subject, uid, verdict, fields, found_row, found_at, mac)
                SELECT incident_id, subject, 9, 'ALTERED', '', REPEAT('x', 70000), 1, mac FROM incident_findings WHERE id = ?";
    sqlx::query(long)
        .bind(ours[0].id)
        .execute(&mut *connection)
        .await
        .unwrap();
    let long = incident_findings::tally(&mut connection, keys, incident.id, 10_000);
    let long = long.await.unwrap();
    assert_eq!((long.all, long.is_at_most), (1402, true));
    assert!(long.uids.contains(&Uid::new(1).unwrap()));
    let newest = incident_findings::newest_at(&mut connection, keys, incident.id);
    assert_eq!(newest.await.unwrap(), Some(NOW));
    let unresolved = incident_findings::unresolved(&mut connection, keys, ours[1].subject);
    assert_eq!(unresolved.await.unwrap().rows, ours[1..]);
    let kind = IncidentEventKind::FindingAdded;
    let newest = incident_events::newest(&mut connection, keys, incident.id, kind);
    assert_eq!(newest.await.unwrap().map(|step| step.kind), Some(kind));

    // Who plants more than are passed over hides what lies behind from one reading, which tells where to go on.
    let steps = incident_events::of_incident(&mut connection, keys, incident.id, u64::MAX, 10);
    let steps = steps.await.unwrap();
    assert_eq!(steps.rows.len(), 1);
    let behind = steps.goes_on_from.unwrap();
    let steps = incident_events::of_incident(&mut connection, keys, incident.id, behind, 10);
    let steps = steps.await.unwrap();
    assert_eq!((steps.rows.len(), steps.goes_on_from), (1, None));
    let list = incidents::list(&mut connection, keys, u64::MAX, 1);
    let list = list.await.unwrap();
    assert!(list.rows.is_empty() && list.tampered.len() >= 1000);
    let behind = list.goes_on_from.unwrap();
    let list = incidents::list(&mut connection, keys, behind, 1);
    assert_eq!(list.await.unwrap().rows, [incident]);
}

/// Seven hundred rows of others: incidents, steps and findings about what the newest finding is about.
async fn plant(connection: &mut MySqlConnection, finding: u64) {
    for plant in [
        "INSERT INTO incidents (state, source, detected_at, aware_at, mac)
         SELECT 'open', 'sweep', f.found_at, f.found_at, f.mac FROM incident_findings f, (numbers) n WHERE f.id = ?",
        "INSERT INTO incident_events (incident_id, kind, at, mac)
         SELECT f.incident_id, 'finding_added', f.found_at, f.mac FROM incident_findings f, (numbers) n WHERE f.id = ?",
        "INSERT INTO incident_findings (incident_id, subject, uid, verdict, fields, found_at, mac)
         SELECT f.incident_id, f.subject, 9, 'missing', '', f.found_at, f.mac FROM incident_findings f, (numbers) n
         WHERE f.id = ?",
    ] {
        let numbers = "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 700) SELECT i FROM n";
        let planted = sqlx::query(AssertSqlSafe(plant.replace("numbers", numbers)))
            .bind(finding)
            .execute(&mut *connection)
            .await
            .unwrap();
        assert_eq!(planted.rows_affected(), 700);
    }
}

#[tokio::test]
async fn every_look_is_logged() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let record_id = RecordId::random(&mut rand::rng());
    let mut looks = Vec::new();
    for minute in 0..3_u32 {
        let access = Access {
            staff_id: CLERK,
            record_id,
            app: App::Viewer,
            action: AccessAction::Revealed,
            at: NOW.plus(minute * MINUTE),
            ground: None,
        };
        access_log::append(&mut connection, &stage.keys, &access)
            .await
            .unwrap();
        looks.insert(0, access);
    }
    let told = access_log::of_record(&mut connection, &stage.keys, record_id, 2)
        .await
        .unwrap();
    assert_eq!(told.rows, looks[..2]);
}
