//! Noting that an owner takes back, at the desk, by phone or in writing, that they asked to have the use of their record restricted.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use enrolment::EnrolmentError;
use enrolment::restriction::{Withdrawing, Withdrawn, withdraw};
use sqlx::Connection;
use web_kit::error::Result;
use web_kit::form::FormState;
use web_kit::page::Page;
use web_kit::sign_in::SignedIn;

use super::explain;
use super::how_asked::{read_identity, read_way};
use super::restriction::{again, notice, parse};
use crate::state::Desk;
use crate::urls;

const DONE: &str = "It is taken back, and the owner is told by e-mail. The record's page says whether anything else restricts it.";

/// Ends it at once; the owner gets a mail.
pub async fn submit(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    Path(ids): Path<(String, String)>,
    mut form: FormState,
) -> Result<Response> {
    let (id, request) = parse(&ids)?;
    let mut connection = desk.pool.acquire().await?;
    let asked = (read_way(&mut form), read_identity(&mut form));
    let (Some(way), Some(identity)) = asked else {
        return again(page, &desk, &mut connection, (id, request), form).await;
    };
    let office = desk.office(&person);
    let withdrawing = Withdrawing {
        record: id,
        requests: &[request],
        way,
        identity,
        staff: Some(person.staff_id()),
        letterhead: office.letterhead(),
        at: office.now,
    };
    let mut transaction = connection.begin().await?;
    let rng = &mut crate::state::rng();
    let withdrawn = withdraw(&mut transaction, &desk.keys, &withdrawing, rng)
        .await
        .map_err(explain)?;
    let Withdrawn::Now { is_told } = withdrawn else {
        return Err(explain(EnrolmentError::Decided));
    };
    transaction.commit().await?;
    // The notice takes a connection of its own.
    drop(connection);
    notice(&person, is_told, DONE).await?;
    Ok(Redirect::to(&urls::record(id)).into_response())
}
