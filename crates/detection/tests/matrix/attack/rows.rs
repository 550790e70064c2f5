//! Rows deleted, copied and planted by SQL.

use database::operations_alarms::AlarmKind;
use database::verifications::{Subject, VerdictKind as V};
use rand::RngExt as _;
use rand::rngs::StdRng;
use record::ids::RecordId;

use super::{chosen, pick};
use crate::expected::{Expected, consent_gone, head_gone, key_gone, somehow, values_gone};
use crate::history::History;
use crate::person::Kind;
use crate::stage::{RECORD, Stage};

pub async fn delete_row(stage: &Stage, history: &History, rng: &mut StdRng) -> (String, Expected) {
    let (table, column) = *pick(&RECORD, rng);
    let those = history.those(|person| match table {
        "records" => person.kind != Kind::AllVoided,
        "consents" => person.kind.rows().iter().any(|v| person.kind.is_signed(*v)),
        _ => !person.kind.rows().is_empty(),
    });
    let person = &history.people[*pick(&those, rng)];
    let mut statement = format!("DELETE FROM {table} WHERE {column} = X'{}'", person.hex());
    let expected = match table {
        "records" => head_gone(person),
        "owner_keys" => key_gone(person),
        _ => {
            let rows = person.kind.rows().iter().copied();
            let rows: Vec<u32> = rows
                .filter(|version| table != "consents" || person.kind.is_signed(*version))
                .collect();
            let version = *pick(&rows, rng);
            statement += &format!(" AND version = {version}");
            match table {
                "consents" => consent_gone(person, version),
                _ => values_gone(person, version),
            }
        }
    };
    assert_eq!(stage.sql(&statement).await, 1, "{statement}");
    (format!("{:?}: {statement}", person.kind), expected)
}

pub async fn delete_record(
    stage: &Stage,
    history: &History,
    rng: &mut StdRng,
) -> (String, Expected) {
    let those = history.those(|person| person.kind != Kind::AllVoided);
    let person = &history.people[*pick(&those, rng)];
    for (table, column) in RECORD {
        stage
            .sql(&format!(
                "DELETE FROM {table} WHERE {column} = X'{}'",
                person.hex()
            ))
            .await;
    }
    (format!("{:?}", person.kind), head_gone(person))
}

/// A copy of the rows of a record, as far as the tables allow a second one.
pub async fn insert_copy(stage: &Stage, history: &History, rng: &mut StdRng) -> (String, Expected) {
    let those = history.those(|person| !person.kind.rows().is_empty());
    let person = &history.people[*pick(&those, rng)];
    let id = RecordId::random(rng);
    let (new, from) = (hex::encode(id.as_bytes()), person.hex());
    let claims = *pick(&["NULL", "0", "7777"], rng);
    let with_versions: bool = rng.random();
    stage
        .sql(&format!(
            "INSERT INTO records SELECT X'{new}', {claims}, state, version, draft, wallet_index, email_index, RANDOM_BYTES(16),
             created_by, created_at, updated_at, mac FROM records WHERE id = X'{from}'"
        ))
        .await;
    if with_versions {
        stage
            .sql(&format!(
                "INSERT INTO record_versions SELECT X'{new}', version, draft, name, email, phone, age, address, wallet, relation,
                 IF({claims} IS NULL, NULL, anchor), wallet_order FROM record_versions WHERE record_id = X'{from}'"
            ))
            .await;
        stage
            .sql(&format!(
                "INSERT INTO owner_keys SELECT RANDOM_BYTES(16), X'{new}', app_key_version, wrapped
                 FROM owner_keys WHERE record_id = X'{from}'"
            ))
            .await;
    }
    let expected = somehow(Subject::row(id), V::Forged);
    let what = format!(
        "{:?} claiming {claims}, with versions: {with_versions}",
        person.kind
    );
    (what, expected)
}

/// A copy of a version, with its consent as far as the table allows it, under a number that the chain does not know.
pub async fn insert_version(
    stage: &Stage,
    history: &History,
    rng: &mut StdRng,
) -> (String, Expected) {
    let those = history.those(|person| !person.kind.rows().is_empty());
    let person = &history.people[*pick(&those, rng)];
    let (from, number) = (*pick(person.kind.rows(), rng), *pick(&[0, 4, 9], rng));
    let id = person.hex();
    stage
        .sql(&format!(
            "INSERT INTO record_versions SELECT record_id, {number}, draft, name, email, phone, age, address, wallet, relation,
             anchor, wallet_order FROM record_versions WHERE record_id = X'{id}' AND version = {from}"
        ))
        .await;
    let expected = match person.kind {
        kind if kind.has_ended() => Expected::nothing(),
        kind if kind.is_on_chain() || number == 0 => somehow(person.subject(), V::Forged),
        // Cells of the only version that there is.
        _ => somehow(person.subject(), V::RolledBack),
    };
    (
        format!("version {from} of {:?} as {number}", person.kind),
        expected,
    )
}

/// Rows of all that carries a MAC written or changed, and rows that hang on nothing; each is told by an alarm.
pub const PLANTED: [&str; 60] = [
    "INSERT INTO staff SELECT RANDOM_BYTES(16), RANDOM_BYTES(32), login, display_name, password_hash,
     'data_protection_officer', NULL, created_at, mac, NULL, NULL, NULL, NULL, 0 FROM staff LIMIT 1",
    "UPDATE staff SET role = 'data_protection_officer' LIMIT 1",
    // A link of the attacker's own, and a history in which somebody else did it.
    "UPDATE staff SET link_hash = RANDOM_BYTES(32), link_expires_at = 99999999999999 LIMIT 1",
    "INSERT INTO staff_events (kind, staff_id, actor_id, app, role, page, revision, nonce, at, mac)
     SELECT kind, staff_id, RANDOM_BYTES(16), app, role, page, revision, nonce, at, mac FROM staff_events LIMIT 1",
    "UPDATE staff_events SET kind = 'enabled' LIMIT 1",
    "INSERT INTO sessions SELECT RANDOM_BYTES(32), app, staff_id, created_at, last_seen_at, expires_at, NULL, mac
     FROM sessions LIMIT 1",
    "UPDATE sessions SET expires_at = expires_at + 1",
    "INSERT INTO consent_links SELECT RANDOM_BYTES(16), record_id, version, draft, RANDOM_BYTES(32), wrapped_key, desk_code,
     predecessor, offer, 'open', 0, created_by, created_at, expires_at, mac FROM consent_links LIMIT 1",
    "UPDATE consent_links SET code_attempts = 4 LIMIT 1",
    // One that nobody uses any more.
    "UPDATE consent_links SET state = 'revoked' LIMIT 1",
    "INSERT INTO anchoring_jobs (record_id, version, state, approved_by, approved_at, attempts, updated_at, mac)
     SELECT record_id, 9, 'queued', approved_by, approved_at, 0, updated_at, mac FROM anchoring_jobs LIMIT 1",
    "UPDATE anchoring_jobs SET approved_by = RANDOM_BYTES(16) WHERE state = 'anchored' LIMIT 1",
    "INSERT INTO anchoring_transactions SELECT RANDOM_BYTES(32), job_id, nonce, raw, created_at, mac
     FROM anchoring_transactions LIMIT 1",
    "INSERT INTO outbox SELECT RANDOM_BYTES(16), RANDOM_BYTES(32), kind, recipient, payload, 'waiting', 0, 0, created_at, NULL,
     NULL, mac FROM outbox LIMIT 1",
    "UPDATE outbox SET kind = CONCAT(kind, 'x') LIMIT 1",
    // As if it had gone out.
    "UPDATE outbox SET state = 'sent', sent_at = created_at",
    "INSERT INTO leases SELECT 'sweep', RANDOM_BYTES(16), 99999999999999, mac FROM leases LIMIT 1",
    "UPDATE leases SET expires_at = expires_at + 3600000",
    "INSERT INTO chain_progress SELECT 'anchoring', block_number + 1, block_hash, seen_at, mac FROM chain_progress LIMIT 1",
    "UPDATE chain_progress SET block_number = block_number + 100",
    "UPDATE sweep_rounds SET bad = bad + 1 ORDER BY id DESC LIMIT 1",
    "UPDATE sweep_rounds SET finished_at = finished_at + 3600000",
    "INSERT INTO watch_progress SELECT 'other', position, beat, saved_at, mac FROM watch_progress",
    "UPDATE watch_progress SET position = REVERSE(position)",
    "UPDATE watch_progress SET beat = beat + 1000000",
    "INSERT INTO schema_baselines SELECT RANDOM_BYTES(32), fingerprint, seen_at, mac FROM schema_baselines",
    "UPDATE schema_baselines SET fingerprint = RANDOM_BYTES(32)",
    "INSERT INTO incidents (state, source, detected_at, aware_at, mac)
     SELECT 'closed', source, detected_at, aware_at, mac FROM incidents LIMIT 1",
    "UPDATE incidents SET state = 'closed', closed_at = detected_at",
    "INSERT INTO incident_findings (incident_id, subject, uid, record_id, verdict, fields, found_at, mac)
     SELECT incident_id, RANDOM_BYTES(16), NULL, NULL, 'altered', '', found_at, mac FROM incident_findings LIMIT 1",
    "UPDATE incident_findings SET resolved_at = found_at",
    "INSERT INTO incident_events (incident_id, kind, actor_id, detail, at, mac)
     SELECT incident_id, kind, RANDOM_BYTES(16), detail, at, mac FROM incident_events LIMIT 1",
    "UPDATE incident_events SET at = at - 60000",
    "INSERT INTO incident_evidence (incident_id, subject, record_id, source_key, happened_at, content, mac)
     SELECT incident_id, subject, record_id, RANDOM_BYTES(32), happened_at, content, mac FROM incident_evidence LIMIT 1",
    "UPDATE incident_evidence SET content = REVERSE(content)",
    "INSERT INTO record_events (record_id, kind, actor_kind, actor_id, at, mac)
     SELECT record_id, 'declined', actor_kind, actor_id, at, mac FROM record_events LIMIT 1",
    // As if somebody else had taken consent back, or had taken back something else.
    "INSERT INTO withdrawals (record_id, draft, choices, way, actor_id, at, mac)
     SELECT RANDOM_BYTES(16), draft, choices, way, actor_id, at, mac FROM withdrawals LIMIT 1",
    "UPDATE withdrawals SET draft = draft + 1 LIMIT 1",
    // A way in.
    "INSERT INTO owner_requests SELECT RANDOM_BYTES(16), record_id, 'ready', content, asked_at, mac
     FROM owner_requests LIMIT 1",
    "UPDATE owner_requests SET state = 'ready', asked_at = asked_at + 1 LIMIT 1",
    // As if somebody had decided about it, or another had asked.
    "UPDATE erasures SET state = 'granted', decided_at = asked_at LIMIT 1",
    "INSERT INTO erasures SELECT RANDOM_BYTES(16), record_id, uid, 'granted', way, identity, asked_at, due_at, RANDOM_BYTES(16), asked_at,
     content, NULL, NULL, mac FROM erasures LIMIT 1",
    // As if somebody knew who asks, or it could be opened for longer, or by another link.
    "UPDATE access_copies SET identity = 'document', opened_at = asked_at LIMIT 1",
    "UPDATE access_copies SET expires_at = expires_at + 1 LIMIT 1",
    "INSERT INTO access_copies SELECT RANDOM_BYTES(16), record_id, version, draft, RANDOM_BYTES(32), wrapped_key, desk_code, content, 'open',
     way, 'known', 0, created_by, asked_at, expires_at, opened_at, mac FROM access_copies LIMIT 1",
    // As if two of the desk had seen the owner.
    "UPDATE wallet_changes SET state = 'ordered', confirmed_by = asked_by LIMIT 1",
    "INSERT INTO wallet_changes SELECT RANDOM_BYTES(16), record_id, version, draft, 'confirmed', content, identity, asked_by, asked_at,
     'known', RANDOM_BYTES(16), asked_at, mac FROM wallet_changes LIMIT 1",
    // As if a record were to be kept for longer, or another one.
    "UPDATE retentions SET due_at = due_at + 1 LIMIT 1",
    "INSERT INTO retentions SELECT RANDOM_BYTES(16), due_at, basis, prolongations, mac FROM retentions LIMIT 1",
    "UPDATE access_log SET staff_id = RANDOM_BYTES(16) LIMIT 1",
    // As if a restriction had been lifted, or were another record's.
    "INSERT INTO restriction_steps SELECT RANDOM_BYTES(16), request_id, record_id, subject, 'lifted', way, identity, RANDOM_BYTES(16), at, NULL,
     NULL, version, draft, NULL, mac FROM restriction_steps LIMIT 1",
    "UPDATE restriction_steps SET record_id = RANDOM_BYTES(16) LIMIT 1",
    "INSERT INTO notices VALUES (RANDOM_BYTES(32), 'What we do not say.', 1)",
    "UPDATE notices SET text = CONCAT(text, ' And sell it.')",
    "INSERT INTO key_checks (ring, version, cell, created_at) SELECT ring, 99, REVERSE(cell), created_at FROM key_checks LIMIT 1",
    "UPDATE row_counts SET digest = digest ^ 1",
    "INSERT INTO record_versions SELECT RANDOM_BYTES(16), version, draft, name, email, phone, age, address, wallet, relation, anchor, wallet_order
     FROM record_versions LIMIT 1",
    "INSERT INTO owner_keys SELECT RANDOM_BYTES(16), RANDOM_BYTES(16), app_key_version, wrapped FROM owner_keys LIMIT 1",
    "INSERT INTO consents SELECT RANDOM_BYTES(16), version, draft, link_id, message, signature, RANDOM_BYTES(32), received_at, mac
     FROM consents LIMIT 1",
    "INSERT INTO consents SELECT record_id, 9, draft, link_id, message, signature, RANDOM_BYTES(32), received_at, mac
     FROM consents LIMIT 1",
];

/// Rows that count for nothing: verdicts and parts of rounds that are written anew.
const IDLE: [&str; 4] = [
    "UPDATE verifications SET verdict = 'valid'",
    "INSERT INTO verifications SELECT RANDOM_BYTES(16), NULL, RANDOM_BYTES(16), 'forged', '', NULL, NULL, source, round_id,
     checked_at, mac FROM verifications LIMIT 1",
    "UPDATE sweep_parts SET exceptions = ''",
    "INSERT INTO sweep_parts SELECT round_id + 1000, number, first_uid, last_uid, holder, lease_until, started_at, finished_at,
     checked, problem, exceptions, verdicts, exceptions_hash, mac FROM sweep_parts",
];

pub async fn plant(stage: &Stage, which: Option<usize>, rng: &mut StdRng) -> (String, Expected) {
    let is_idle = which.is_none() && rng.random_ratio(1, 10);
    let (statement, expected) = match is_idle {
        true => (*pick(&IDLE, rng), Expected::nothing()),
        false => (
            *chosen(&PLANTED, which, rng),
            Expected::alarm(AlarmKind::RowTampered),
        ),
    };
    assert!(stage.sql(statement).await > 0, "{statement}");
    (statement.to_owned(), expected)
}

/// The tables that hold a trace of what was done, or of what was to be done.
pub const TRACES: [&str; 19] = [
    "staff",
    "staff_events",
    "consent_links",
    "notices",
    "record_events",
    "withdrawals",
    "anchoring_jobs",
    "anchoring_transactions",
    "outbox",
    "erasures",
    "access_copies",
    "wallet_changes",
    "restriction_steps",
    "incidents",
    "incident_findings",
    "incident_events",
    "incident_evidence",
    "access_log",
    "schema_baselines",
];

pub async fn delete_trace(
    stage: &Stage,
    which: Option<usize>,
    rng: &mut StdRng,
) -> (String, Expected) {
    let table = *chosen(&TRACES, which, rng);
    let how = *pick(&["ORDER BY RAND() LIMIT 1", ""], rng);
    let statement = match (table, rng.random()) {
        // Another in its place: the number stays.
        ("record_events", true) => {
            "REPLACE INTO record_events SELECT f.id, t.record_id, t.kind, t.actor_kind, t.actor_id, t.at, t.mac
             FROM record_events f JOIN record_events t ON t.id = f.id + 1 AND t.mac <> f.mac ORDER BY f.id LIMIT 1"
                .to_owned()
        }
        _ => format!("DELETE FROM {table} {how}"),
    };
    assert!(stage.sql(&statement).await > 0, "{statement}");
    (statement, Expected::alarm(AlarmKind::RowsDeleted))
}
