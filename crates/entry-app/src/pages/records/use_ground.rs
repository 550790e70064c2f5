//! Stating on what a restricted record is looked at (GDPR Art. 18(2)); the access log keeps it.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use database::access_log::{AccessAction, UseGround};
use web_kit::error::Result;
use web_kit::form::FormState;
use web_kit::page::Page;
use web_kit::sign_in::SignedIn;

use super::opened::{limits, load_record};
use super::{parse_id, show};
use crate::state::Desk;
use crate::urls;

/// Writes it down; the details are shown for a while then.
pub async fn submit(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    mut form: FormState,
) -> Result<Response> {
    let id = parse_id(&id)?;
    let Some(ground) = UseGround::offered(form.value("ground")) else {
        form.problem("ground", "Say on what you look at it.");
        let shown = show::draw(page, &person, &desk, id, form).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, shown).into_response());
    };
    let mut connection = desk.pool.acquire().await?;
    let record = load_record(&desk, &mut connection, id).await?;
    // Of what is not restricted nobody has to say anything.
    if limits(&desk, &mut connection, &record)
        .await?
        .is_restricted()
    {
        let stated = (AccessAction::Stated, Some(ground));
        desk.log_access(&mut connection, &person, id, stated)
            .await?;
    }
    Ok(Redirect::to(&urls::record(id)).into_response())
}
