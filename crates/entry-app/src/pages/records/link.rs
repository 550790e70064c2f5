//! A new consent link for a record: sent again, or shown at the desk.

use axum::extract::{Path, State};
use axum::response::Redirect;
use enrolment::{FreshLink, Sending};
use record::time::UnixMillis;
use serde::{Deserialize, Serialize};
use sqlx::Connection;
use web_kit::error::Result;
use web_kit::form::FormState;
use web_kit::sign_in::SignedIn;

use super::opened::load_record;
use super::{explain, parse_id, place};
use crate::state::Desk;
use crate::urls;

/// A link on its way to the one page that shows it. Its secret is kept nowhere else.
#[derive(Serialize, Deserialize)]
pub struct HandedLink {
    /// Where the owner goes.
    pub address: String,
    /// The code that opens it.
    pub desk_code: String,
    /// When it stops working.
    pub expires_at: UnixMillis,
    /// Whether it went out by mail too.
    pub mailed: bool,
}

impl HandedLink {
    /// Of a link just made.
    pub fn new(link: &FreshLink, sending: Sending) -> Self {
        Self {
            address: link.address.as_str().to_owned(),
            desk_code: link.desk_code.as_str().to_owned(),
            expires_at: link.expires_at,
            mailed: sending == Sending::ByMail,
        }
    }
}

/// Makes the link; older ones stop working.
pub async fn submit(
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    form: FormState,
) -> Result<Redirect> {
    let id = parse_id(&id)?;
    let sending = super::details_form::sending(&form);
    let mut connection = desk.pool.acquire().await?;
    let record = load_record(&desk, &mut connection, id).await?;
    let place = place::load(&desk, &record).await?;
    let mut transaction = connection.begin().await?;
    let link = enrolment::issue(
        &mut transaction,
        &desk.office(&person),
        id,
        place.as_ref(),
        sending,
        &mut crate::state::rng(),
    )
    .await
    .map_err(explain)?;
    transaction.commit().await?;
    // The link is handed over on a connection of its own.
    drop(connection);
    let page = urls::record(id);
    person
        .hand_over(&page, &HandedLink::new(&link, sending))
        .await?;
    Ok(Redirect::to(&page))
}
