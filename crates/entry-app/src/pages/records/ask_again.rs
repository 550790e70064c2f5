//! Asking once more for the consents of an anchored record: its owner answers by a further version with the same details.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, Redirect};
use database::access_log::AccessAction;
use database::records::RecordState;
use sqlx::Connection;
use web_kit::error::{Error, Result};
use web_kit::form::FormState;
use web_kit::page::{Page, html};
use web_kit::sign_in::SignedIn;

use super::link::HandedLink;
use super::opened::{self, load_record};
use super::{details_form, explain, parse_id, place};
use crate::state::Desk;
use crate::urls;

const NOT_ANCHORED: &str = "Its owner can be asked again only once the record is anchored and nothing else is under way. Open it to see how it stands.";

#[derive(Template)]
#[template(path = "records/ask_again.html")]
struct AskAgainPage {
    page: Page,
    record_address: String,
    form: FormState,
}

/// Says what happens, and asks how the link goes out.
pub async fn show(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Html<String>> {
    let id = parse_id(&id)?;
    let mut connection = desk.pool.acquire().await?;
    let record = load_record(&desk, &mut connection, id).await?;
    if record.state != RecordState::Anchored {
        return Err(Error::conflict(NOT_ANCHORED));
    }
    opened::ground_to_use(&desk, &mut connection, &person, &record).await?;
    let mut form = FormState::new();
    form.set("send", "mail");
    html(&AskAgainPage {
        page: page.titled("Ask for consent again?"),
        record_address: urls::record(id),
        form,
    })
}

/// Begins the further version and makes its link.
pub async fn submit(
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    form: FormState,
) -> Result<Redirect> {
    let id = parse_id(&id)?;
    let sending = details_form::sending(&form);
    let mut connection = desk.pool.acquire().await?;
    let record = load_record(&desk, &mut connection, id).await?;
    let ground = opened::ground_to_use(&desk, &mut connection, &person, &record).await?;
    let place = place::load(&desk, &record).await?;
    let place = place.ok_or_else(|| Error::conflict(NOT_ANCHORED))?;
    let mut transaction = connection.begin().await?;
    if ground.is_some() {
        desk.log_access(
            &mut transaction,
            &person,
            id,
            (AccessAction::Edited, ground),
        )
        .await?;
    }
    let (office, rng) = (desk.office(&person), &mut crate::state::rng());
    let link = enrolment::ask_again(&mut transaction, &office, id, &place, sending, rng)
        .await
        .map_err(explain)?;
    transaction.commit().await?;
    // The link is handed over on a connection of its own.
    drop(connection);
    let address = urls::record(id);
    person
        .hand_over(&address, &HandedLink::new(&link, sending))
        .await?;
    Ok(Redirect::to(&address))
}
