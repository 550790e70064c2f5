//! Noting that an owner asks, at the desk, by phone or in writing, to have their record erased (GDPR Art. 17).

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use database::request_way::RequestWay;
use enrolment::erasure::{self, Asking};
use record::ids::RecordId;
use sqlx::{Connection, MySqlConnection};
use web_kit::components::Tone;
use web_kit::error::{Error, Result};
use web_kit::form::FormState;
use web_kit::page::{Page, html, html_again};
use web_kit::sign_in::{KeptForm, SignedIn};

use super::how_asked::{self, IDENTITY, SEEN, WAY};
use super::opened::load_record;
use super::{explain, parse_id};
use crate::state::Desk;
use crate::urls;

const LABELS: &[(&str, &str)] = &[WAY, IDENTITY];

#[derive(Template)]
#[template(path = "records/erase.html")]
struct ErasePage {
    page: Page,
    record_address: String,
    form: FormState,
}

impl ErasePage {
    fn new(page: Page, id: RecordId, form: FormState) -> Self {
        Self {
            page: page.titled("The owner wants everything erased"),
            record_address: urls::record(id),
            form,
        }
    }
}

/// The form.
pub async fn show(
    page: Page,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    KeptForm(form): KeptForm,
    _person: SignedIn,
) -> Result<Html<String>> {
    let id = parse_id(&id)?;
    let mut connection = desk.pool.acquire().await?;
    check(&desk, &mut connection, id).await?;
    html(&ErasePage::new(page, id, form))
}

/// Notes the request; the owner gets a mail that says by when they have an answer.
pub async fn submit(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    mut form: FormState,
) -> Result<Response> {
    let id = parse_id(&id)?;
    let mut connection = desk.pool.acquire().await?;
    check(&desk, &mut connection, id).await?;
    let Some((way, identity)) = how_asked::read(&mut form) else {
        let page = ErasePage::new(page, id, form);
        return html_again(&page);
    };
    let office = desk.office(&person);
    let asking = Asking {
        record: id,
        way,
        identity,
        evidence: None,
        staff: Some(person.staff_id()),
        letterhead: office.letterhead(),
        at: office.now,
    };
    let mut transaction = connection.begin().await?;
    let rng = &mut crate::state::rng();
    erasure::ask(&mut transaction, &desk.keys, &asking, rng)
        .await
        .map_err(explain)?;
    transaction.commit().await?;
    // The notice takes a connection of its own.
    drop(connection);
    let text = "It is noted, and the owner is told by e-mail by when they have an answer. Decide about it on the page below.";
    person.leave_notice(Tone::Good, text).await?;
    Ok(Redirect::to(&urls::erasure(id)).into_response())
}

/// Only what stands on the chain can end there; what does not is declined, given up, or lapses.
async fn check(desk: &Desk, connection: &mut MySqlConnection, id: RecordId) -> Result<()> {
    let record = load_record(desk, connection, id).await?;
    if record.uid.is_none() {
        return Err(Error::conflict(
            "The record is not anchored. Its owner declines it by their link, and all of it is destroyed at once.",
        ));
    }
    let current = erasure::current(connection, &desk.keys, id)
        .await
        .map_err(explain)?;
    match current {
        Some(_) => Err(Error::conflict(
            "It is noted already that the owner wants this record erased. See its page.",
        )),
        None => Ok(()),
    }
}
