use database::access_log::{self, Access, AccessAction};
use database::incident_events::{self, IncidentEvent, IncidentEventKind};
use database::incident_findings::{self, NewFinding, seal_found_row};
use database::incidents::{self, IncidentState};
use database::sessions::App;
use database::verifications::{Source, Subject, VerdictKind};
use record::B256;
use record::ids::{RecordId, Uid};

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
    assert_eq!(
        incident_findings::count(&mut connection, incident.id)
            .await
            .unwrap(),
        (3, 2)
    );

    let verdicts = incident_findings::counts(&mut connection, incident.id)
        .await
        .unwrap();
    assert_eq!(
        verdicts.into_iter().collect::<Vec<_>>(),
        [(VerdictKind::Altered, 3)]
    );
    let uids = incident_findings::first_uids(&mut connection, incident.id, 2)
        .await
        .unwrap();
    assert_eq!(uids, [Uid::new(1).unwrap(), Uid::new(2).unwrap()]);

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
    let told = incident_events::of_incident(&mut connection, &stage.keys, 8)
        .await
        .unwrap()
        .rows;
    for (event, (kind, actor, words)) in told.iter().zip(steps) {
        assert_eq!((event.kind, event.actor_id), (kind, actor));
        let opened = event.open_detail(&stage.keys).unwrap();
        assert_eq!(opened.as_deref().map(String::as_str), words);
    }
    assert!(
        incident_events::of_incident(&mut connection, &stage.keys, 9)
            .await
            .unwrap()
            .rows
            .is_empty()
    );
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
