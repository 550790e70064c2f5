//! What this app tells by mail, written in the transaction of what it tells.

use database::records::Record;
use notification::{EnqueueError, EventKey, Mail, enqueue, first_name};
use record::ids::{CorrectionId, RecordId, RequestId};
use record::time::UnixMillis;
use sqlx::MySqlConnection;

use crate::app::App;
use crate::details::Details;

/// Tells the desk that an owner asks for a correction. The note stays in the record.
pub async fn correction_asked(
    app: &App,
    connection: &mut MySqlConnection,
    (record, correction): (RecordId, CorrectionId),
    now: UnixMillis,
) -> Result<(), EnqueueError> {
    let event = EventKey::of("correction_asked", correction.as_bytes());
    let mail = Mail::CorrectionAsked {
        record,
        url: record_page(app, record),
    };
    enqueue(
        connection,
        &app.front,
        now,
        event,
        app.desk_email.as_str(),
        &mail,
    )
    .await?;
    Ok(())
}

/// Tells the desk that an owner wants everything erased, by the request that they were let in by.
pub async fn erasure_asked(
    app: &App,
    connection: &mut MySqlConnection,
    (record, request): (RecordId, RequestId),
    now: UnixMillis,
) -> Result<(), EnqueueError> {
    let mail = Mail::ErasureAsked {
        record,
        url: record_page(app, record),
    };
    let event = EventKey::of(mail.kind(), request.as_bytes());
    let desk = app.desk_email.as_str();
    enqueue(connection, &app.front, now, event, desk, &mail).await?;
    Ok(())
}

/// Tells the desk that an owner wants a restriction, or objects.
pub async fn restriction_asked(
    app: &App,
    connection: &mut MySqlConnection,
    (record, request): (RecordId, RequestId),
    now: UnixMillis,
) -> Result<(), EnqueueError> {
    let url = record_page(app, record);
    let mail = Mail::RestrictionAsked { record, url };
    of_request(app, connection, request, &mail, now).await
}

/// Tells the desk that an owner takes a restriction back.
pub async fn restriction_withdrawn(
    app: &App,
    connection: &mut MySqlConnection,
    (record, request): (RecordId, RequestId),
    now: UnixMillis,
) -> Result<(), EnqueueError> {
    let url = record_page(app, record);
    let mail = Mail::RestrictionWithdrawn { record, url };
    of_request(app, connection, request, &mail, now).await
}

/// Of the request that an owner was let in by, which may serve for several.
async fn of_request(
    app: &App,
    connection: &mut MySqlConnection,
    request: RequestId,
    mail: &Mail,
    now: UnixMillis,
) -> Result<(), EnqueueError> {
    let subject = [request.as_bytes().as_slice(), &now.0.to_be_bytes()].concat();
    let event = EventKey::of(mail.kind(), &subject);
    let desk = app.desk_email.as_str();
    enqueue(connection, &app.front, now, event, desk, mail).await?;
    Ok(())
}

/// Tells the desk that an owner signed, and the owner that the signature arrived.
pub async fn consent_given(
    app: &App,
    connection: &mut MySqlConnection,
    record: &Record,
    details: &Details,
    now: UnixMillis,
) -> Result<(), EnqueueError> {
    let desk = Mail::ConsentGiven {
        record: record.id,
        url: record_page(app, record.id),
    };
    enqueue(
        connection,
        &app.front,
        now,
        event_of("consent_given", record),
        app.desk_email.as_str(),
        &desk,
    )
    .await?;
    let owner = Mail::ConsentReceived {
        first_name: first_name(details.value("name")),
        controller: app.controller().to_owned(),
        contact: app.contact().to_owned(),
        received_at: now,
        withdrawal_url: Some(app.letterhead().withdrawal_address(&app.front, record.id)),
    };
    enqueue(
        connection,
        &app.front,
        now,
        event_of("consent_received", record),
        details.value("email"),
        &owner,
    )
    .await?;
    Ok(())
}

/// Tells the desk that an owner did not want a correction. `record` still names it.
pub async fn correction_declined(
    app: &App,
    connection: &mut MySqlConnection,
    record: &Record,
    now: UnixMillis,
) -> Result<(), EnqueueError> {
    let mail = Mail::CorrectionDeclined {
        record: record.id,
        url: record_page(app, record.id),
    };
    let event = event_of("correction_declined", record);
    let desk = app.desk_email.as_str();
    enqueue(connection, &app.front, now, event, desk, &mail).await?;
    Ok(())
}

/// Tells the desk that an owner took consent back, by the event of that. The owner has a mail of their own.
pub async fn withdrawal_noted(
    app: &App,
    connection: &mut MySqlConnection,
    record: RecordId,
    event: EventKey,
    now: UnixMillis,
) -> Result<(), EnqueueError> {
    let mail = Mail::WithdrawalNoted {
        record,
        url: record_page(app, record),
    };
    let desk = app.desk_email.as_str();
    enqueue(connection, &app.front, now, event, desk, &mail).await?;
    Ok(())
}

/// That this happened to the draft that the record is at.
fn event_of(kind: &str, record: &Record) -> EventKey {
    EventKey::of_draft(kind, record.id, record.version, record.draft)
}

/// Where staff see the record, if we know where entry-app is.
fn record_page(app: &App, record: RecordId) -> Option<String> {
    let mut url = app.entry_url.clone()?;
    url.set_path(&format!("/records/{record}"));
    Some(url.into())
}
