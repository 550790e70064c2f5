//! What happened to the record: its history, who looked at it, mails about it, incidents.

use std::collections::BTreeMap;

use database::evidence::Evidence;
use database::incident_findings::Finding as Found;
use database::record_events::{Actor, RecordEvent};
use database::staff::Role;
use database::verifications::Subject;
use database::{
    access_copies, access_log, consent_links, corrections, erasures, incident_findings, incidents,
    outbox, restriction_steps, staff, wallet_changes, withdrawals,
};
use notification::EventKey;
use record::ids::StaffId;

use super::disclosure::{Finding, Incident, Look, Sent, Step};
use super::gather::Gathering;
use crate::EnrolmentError;

/// The newest looks. Whoever writes rows by the million is to keep nobody from their copy.
const MOST_LOOKS: u32 = 10_000;

pub(super) fn history(events: &[RecordEvent]) -> Vec<Step> {
    let step = |event: &RecordEvent| Step {
        at: event.at,
        what: event.kind.as_str().to_owned(),
        by: match event.actor {
            Actor::Staff(_) => "staff",
            Actor::Owner => "owner",
            Actor::System => "system",
        }
        .to_owned(),
    };
    events.iter().map(step).collect()
}

/// Who looked, by role: names of staff are theirs (docs/ACCESS.md).
pub(super) async fn readers(gathering: &mut Gathering<'_>) -> Result<Vec<Look>, EnrolmentError> {
    let (keys, id) = (gathering.keys, gathering.record.id);
    let accounts = staff::all(gathering.connection, keys).await?;
    let accounts = accounts.rows.into_iter();
    let roles: BTreeMap<StaffId, Role> = accounts.map(|one| (one.id, one.role)).collect();
    let found = access_log::of_record(gathering.connection, keys, id, MOST_LOOKS).await?;
    let looks = gathering.ours(found).into_iter().rev().map(|look| Look {
        at: look.at,
        what: look.action.as_str().to_owned(),
        app: look.app.as_str().to_owned(),
        role: roles
            .get(&look.staff_id)
            .map(|role| role.as_str().to_owned()),
        ground: look.ground.map(|ground| ground.as_str().to_owned()),
    });
    Ok(looks.collect())
}

/// The mails about this record, found by the names of their events: a row does not say whom it is for.
pub(super) async fn mails(
    gathering: &mut Gathering<'_>,
    rows: &Evidence,
) -> Result<Vec<Sent>, EnrolmentError> {
    let front = gathering.keys.front();
    let mut mails = Vec::new();
    for event in events(gathering, rows).await? {
        let found = outbox::by_event_key(gathering.connection, &front, event.as_bytes()).await;
        match found {
            Ok(found) => mails.extend(found.map(|mail| Sent {
                kind: mail.kind,
                written_at: mail.created_at,
                sent_at: mail.sent_at,
            })),
            Err(error) if error.is_tampering() => gathering.left_out += 1,
            Err(error) => return Err(error.into()),
        }
    }
    mails.sort_by_key(|mail| mail.written_at);
    Ok(mails)
}

/// What a mail to this owner may have told of. Rows that are not ours tell of none; they are counted where they belong.
async fn events(
    gathering: &mut Gathering<'_>,
    rows: &Evidence,
) -> Result<Vec<EventKey>, EnrolmentError> {
    let (keys, id) = (gathering.keys, gathering.record.id);
    let (front, connection) = (keys.front(), &mut *gathering.connection);
    let mut events = Vec::new();
    let links = consent_links::of_record(connection, &front, id).await?;
    for link in links.rows {
        events.push(EventKey::of_consent_link(link.id));
        let of_draft = |kind| EventKey::of_draft(kind, id, link.version, link.draft);
        events.push(of_draft("address_corrected"));
        events.push(of_draft("correction_dropped"));
    }
    for version in &rows.versions {
        let (version, draft) = (version.values.version, version.values.draft);
        events.push(EventKey::of_draft("consent_received", id, version, draft));
    }
    for withdrawal in withdrawals::of_record(connection, &front, id).await?.rows {
        events.push(EventKey::of("consent_withdrawn", &withdrawal.choices));
    }
    for wish in corrections::of_record(connection, id).await? {
        events.push(EventKey::of("correction_refused", wish.id.as_bytes()));
    }
    for erasure in erasures::of_record(connection, keys, id).await?.rows {
        events.push(EventKey::of("erasure_received", erasure.id.as_bytes()));
        events.push(EventKey::of("erasure_refused", erasure.id.as_bytes()));
    }
    for change in wallet_changes::of_record(connection, keys, id).await?.rows {
        events.push(EventKey::of("wallet_change_asked", change.id.as_bytes()));
        events.push(EventKey::of("wallet_change_given_up", change.id.as_bytes()));
    }
    for step in restriction_steps::of_record(connection, &front, id)
        .await?
        .rows
    {
        events.push(EventKey::of("restriction", step.id.as_bytes()));
        events.push(EventKey::of("restriction_refused", step.id.as_bytes()));
    }
    for copy in access_copies::of_record(connection, &front, id).await?.rows {
        events.push(EventKey::of_access_copy(copy.id));
    }
    // A link and its draft may stand there more than once.
    let mut seen = std::collections::HashSet::new();
    events.retain(|event| seen.insert(*event));
    Ok(events)
}

/// The incidents that this record was part of: as a number on the chain, and before it had one.
pub(super) async fn incidents(
    gathering: &mut Gathering<'_>,
) -> Result<Vec<Incident>, EnrolmentError> {
    let (keys, record) = (gathering.keys, gathering.record);
    let mut by_incident: BTreeMap<u64, Vec<Found>> = BTreeMap::new();
    let subjects = [Some(Subject::row(record.id)), record.uid.map(Subject::uid)];
    for subject in subjects.into_iter().flatten() {
        let found = incident_findings::of_subject(gathering.connection, keys, subject).await?;
        for finding in gathering.ours(found) {
            by_incident
                .entry(finding.incident_id)
                .or_default()
                .push(finding);
        }
    }
    let mut told = Vec::new();
    for (number, findings) in by_incident {
        let incident = match incidents::load(gathering.connection, keys, number).await {
            Ok(incident) => incident,
            Err(error) if error.is_tampering() => None,
            Err(error) => return Err(error.into()),
        };
        let Some(incident) = incident else {
            gathering.left_out += 1;
            continue;
        };
        told.push(Incident {
            number,
            state: incident.state.as_str().to_owned(),
            detected_at: incident.detected_at,
            closed_at: incident.closed_at,
            findings: findings.into_iter().map(finding).collect(),
        });
    }
    Ok(told)
}

fn finding(found: Found) -> Finding {
    Finding {
        verdict: found.verdict.as_str().to_owned(),
        fields: found.fields,
        found_at: found.found_at,
        resolved_at: found.resolved_at,
    }
}
