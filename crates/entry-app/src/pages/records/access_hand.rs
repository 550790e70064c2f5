//! Handing a copy of everything over at the desk: first it is written down how staff know the owner, then they see the copy.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};
use database::access_log::{AccessAction, UseGround};
use enrolment::EnrolmentError;
use enrolment::access::{self, Disclosure, FILE_NAME, Section};
use record::ids::{LinkId, RecordId};
use sqlx::Connection;
use web_kit::components::{Moment, Tone};
use web_kit::error::{Error, Result};
use web_kit::form::FormState;
use web_kit::page::{Page, html};
use web_kit::sign_in::SignedIn;
use zeroize::Zeroizing;

use super::access::{draw, load_held, open_one};
use super::how_asked::seen;
use super::{explain, opened, parse_id};
use crate::state::Desk;
use crate::urls;

const REPLACED: &str =
    "This copy was replaced, taken back, or is over. Open the page again to see how it stands.";
const UNKNOWN: &str = "Say first how you know that it is the owner.";

#[derive(Template)]
#[template(path = "records/copy.html")]
struct CopyPage {
    page: Page,
    address: String,
    file_address: String,
    made_at: Moment,
    sections: Vec<Section>,
}

/// Writes down how staff know the owner.
pub async fn identify(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    mut form: FormState,
) -> Result<Response> {
    let id = parse_id(&id)?;
    let mut connection = desk.pool.acquire().await?;
    load_held(&desk, &mut connection, id).await?;
    let Some(seen) = seen(&mut form, "seen", UNKNOWN) else {
        let page = draw(page, &desk, &mut connection, (&person, id), form).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    let copy: LinkId = form.value("copy").parse().map_err(|_| Error::NotFound)?;
    let mut transaction = connection.begin().await?;
    access::identify(&mut transaction, &desk.office(&person), (id, copy), seen)
        .await
        .map_err(over)?;
    transaction.commit().await?;
    Ok(Redirect::to(&urls::access(id)).into_response())
}

/// Shows it, to be printed.
pub async fn show(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Response> {
    let id = parse_id(&id)?;
    let json = hand_over(&desk, &person, id).await?;
    let disclosure = Disclosure::from_json(&json).map_err(explain)?;
    let shown = CopyPage {
        page: page.titled("Everything held about one person"),
        address: urls::access(id),
        file_address: urls::access_file(id),
        made_at: Moment::new(disclosure.made_at),
        sections: disclosure.sections(),
    };
    Ok(html(&shown)?.into_response())
}

/// Gives it as a file.
pub async fn download(
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Response> {
    let id = parse_id(&id)?;
    let json = hand_over(&desk, &person, id).await?;
    let file = format!("attachment; filename=\"{FILE_NAME}\"");
    let headers = [
        (CONTENT_TYPE, "application/json".to_owned()),
        (CONTENT_DISPOSITION, file),
    ];
    Ok((headers, json.to_vec()).into_response())
}

/// Takes back what can be opened.
pub async fn revoke(
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Redirect> {
    let id = parse_id(&id)?;
    let mut connection = desk.pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    let revoked = access::revoke(&mut transaction, &desk.office(&person), id)
        .await
        .map_err(explain)?;
    transaction.commit().await?;
    // The notice takes a connection of its own.
    drop(connection);
    let (tone, text) = match revoked {
        0 => (Tone::Neutral, "There was nothing to take back."),
        _ => (
            Tone::Good,
            "The copy is taken back, and what it held is destroyed.",
        ),
    };
    person.leave_notice(tone, text).await?;
    Ok(Redirect::to(&urls::record(id)))
}

/// The copy as JSON. That it was looked at is logged before it is.
async fn hand_over(desk: &Desk, person: &SignedIn, id: RecordId) -> Result<Zeroizing<Vec<u8>>> {
    let mut connection = desk.pool.acquire().await?;
    let record = load_held(desk, &mut connection, id).await?;
    let (copy, _) = open_one(desk, &mut connection, id).await?;
    let copy = copy.ok_or_else(|| Error::conflict(REPLACED))?;
    if !copy.is_known_at_the_desk() {
        return Err(Error::conflict(UNKNOWN));
    }
    let mut transaction = connection.begin().await?;
    // The owner asked for it: a restriction does not keep it from them.
    let ground = opened::limits(desk, &mut transaction, &record)
        .await?
        .is_restricted()
        .then_some(UseGround::Consent);
    desk.log_access(&mut transaction, person, id, (AccessAction::Copied, ground))
        .await?;
    let json = access::open(&mut transaction, &desk.office(person), (id, copy.id))
        .await
        .map_err(over)?;
    transaction.commit().await?;
    Ok(json)
}

fn over(error: EnrolmentError) -> Error {
    match error {
        EnrolmentError::Unknown => Error::conflict(REPLACED),
        other => explain(other),
    }
}
