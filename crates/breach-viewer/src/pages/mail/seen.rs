//! Somebody has seen to a mail that was given up: it leaves the list, and with the last one the alarm ends.

use axum::extract::{Path, State};
use axum::response::Redirect;
use database::{RowError, outbox};
use record::ids::MailId;
use web_kit::components::Tone;
use web_kit::error::{Error, Result};
use web_kit::sign_in::SignedIn;

use crate::state::Watchtower;
use crate::urls::route;

/// Marks it.
pub async fn submit(
    person: SignedIn,
    State(tower): State<Watchtower>,
    Path(id): Path<String>,
) -> Result<Redirect> {
    let id: MailId = id.parse().map_err(|_| Error::NotFound)?;
    let mut connection = tower.pool.acquire().await?;
    match outbox::mark_seen(&mut connection, &tower.keys.front(), id).await {
        // Somebody else was quicker.
        Ok(()) | Err(RowError::Changed { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    notification::settle_alarm(&mut connection, tower.clock.now()).await?;
    person
        .leave_notice(Tone::Good, "Taken off the list.")
        .await?;
    Ok(Redirect::to(route::MAIL))
}
