//! The link by which an owner's new wallet signs, once it is ordered; or the change given up.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use enrolment::wallet_change;
use sqlx::Connection;
use web_kit::components::Tone;
use web_kit::error::{Error, Result};
use web_kit::form::FormState;
use web_kit::sign_in::SignedIn;

use super::details_form;
use super::link::HandedLink;
use super::opened::load_record;
use super::{explain, parse_id, place};
use crate::state::Desk;
use crate::urls;

const GIVEN_UP: &str = "The wallet stays what it is, and the owner is told by e-mail.";

/// Begins the version that the new wallet signs, and makes its link.
pub async fn submit(
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    form: FormState,
) -> Result<Response> {
    let id = parse_id(&id)?;
    let sending = details_form::sending(&form);
    let mut connection = desk.pool.acquire().await?;
    let record = load_record(&desk, &mut connection, id).await?;
    let place = place::load(&desk, &record).await?;
    let place = place.ok_or(Error::NotFound)?;
    let (office, rng, wait) = (
        desk.office(&person),
        &mut crate::state::rng(),
        desk.wallet_change_wait,
    );
    let mut transaction = connection.begin().await?;
    let begun =
        wallet_change::begin(&mut transaction, &office, id, &place, wait, sending, rng).await;
    let link = begun.map_err(explain)?;
    transaction.commit().await?;
    // The link is handed over on a connection of its own.
    drop(connection);
    let address = urls::record(id);
    let handed = HandedLink::new(&link, sending);
    person.hand_over(&address, &handed).await?;
    Ok(Redirect::to(&address).into_response())
}

/// Gives it up.
pub async fn give_up(
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Response> {
    let id = parse_id(&id)?;
    let mut connection = desk.pool.acquire().await?;
    let office = desk.office(&person);
    let mut transaction = connection.begin().await?;
    wallet_change::give_up(&mut transaction, &office, id)
        .await
        .map_err(explain)?;
    transaction.commit().await?;
    drop(connection);
    person.leave_notice(Tone::Good, GIVEN_UP).await?;
    Ok(Redirect::to(&urls::record(id)).into_response())
}
