//! Mails of this app.
use database::corrections::Correction;
use database::records::Record;
use record::time::UnixMillis;
use sqlx::MySqlConnection;

use crate::app::App;
use crate::details::Details;
use crate::refusal::Refusal;

pub async fn correction_asked(app: &App, connection: &mut MySqlConnection, correction: &Correction) -> Result<(), Refusal> {
    let _ = (app, connection, correction);
    Ok(())
}

pub async fn consent_given(app: &App, connection: &mut MySqlConnection, record: &Record, details: &Details, now: UnixMillis) -> Result<(), Refusal> {
    let _ = (app, connection, record, details, now);
    Ok(())
}
