//! A person's step on an incident: a note, the assessment, the closing. Each has its reason; none can be altered.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use database::incident_events::IncidentEventKind;
use database::incidents::{self, IncidentState};
use record::entry::clean_note;
use sqlx::Connection;
use web_kit::components::Tone;
use web_kit::error::{Error, Result};
use web_kit::form::FormState;
use web_kit::page::{Page, html, html_again};
use web_kit::sign_in::{Role, SignedIn};

use super::show::{self, Part};
use crate::state::Watchtower;
use crate::urls;

/// Writes the step down.
pub async fn submit(
    page: Page,
    person: SignedIn,
    State(tower): State<Watchtower>,
    Path(id): Path<u64>,
    mut form: FormState,
) -> Result<Response> {
    person.require(&[Role::DataProtectionOfficer])?;
    let text = form.check("text", clean_note);
    let step = step(form.value("step"));
    if step.is_none() {
        form.headline("This is not one of the steps. Choose a button below.");
    }
    let (Some(text), Some((kind, to))) = (text, step) else {
        let page = show::load(page, &person, &tower, id, Part::default(), form).await?;
        return html_again(&page);
    };
    let mut connection = tower.pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    let incident = incidents::lock(&mut transaction, &tower.keys, id).await?;
    let mut incident = incident.ok_or(Error::NotFound)?;
    if let Some(to) = to {
        if incident.state == IncidentState::Closed {
            drop(transaction);
            form.headline(
                "The incident was closed meanwhile. What you wrote can still be added as a note.",
            );
            let page = show::load(page, &person, &tower, id, Part::default(), form).await?;
            return Ok((StatusCode::CONFLICT, html(&page)?).into_response());
        }
        incident.state = to;
        incident.closed_at = (to == IncidentState::Closed).then(|| tower.clock.now());
        incidents::update(&mut transaction, &tower.keys, &incident).await?;
    }
    let noted = tower
        .registrar
        .note(
            &mut transaction,
            id,
            kind,
            Some(person.staff_id()),
            Some(&text),
        )
        .await;
    noted.map_err(|hindrance| Error::internal(hindrance.to_string()))?;
    transaction.commit().await?;
    person.leave_notice(Tone::Good, "Written down.").await?;
    Ok(Redirect::to(&urls::incident(id)).into_response())
}

fn step(name: &str) -> Option<(IncidentEventKind, Option<IncidentState>)> {
    match name {
        "note" => Some((IncidentEventKind::Noted, None)),
        "assess" => Some((IncidentEventKind::Assessed, Some(IncidentState::Assessed))),
        "close" => Some((IncidentEventKind::Closed, Some(IncidentState::Closed))),
        _ => None,
    }
}
