//! Correcting an anchored record (GDPR Art. 16): its owner signs the corrected details like the first ones.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use database::access_log::AccessAction;
use database::records::RecordState;
use database::records_view::ListedRecord;
use enrolment::{Details, EnrolmentError, FreshLink, Place, Sending};
use record::ids::RecordId;
use sqlx::Connection;
use web_kit::components::{Badge, Tone};
use web_kit::error::{Error, Result};
use web_kit::form::FormState;
use web_kit::page::{Page, html, html_again};
use web_kit::sign_in::{KeptForm, SignedIn};

use super::details_form::{self, LABELS, SIGNERS, Signed};
use super::lines::Line;
use super::link::HandedLink;
use super::opened::Opened;
use super::{explain, mark, parse_id, place};
use crate::state::Desk;
use crate::urls;

const UNCHANGED: &str =
    "Nothing here is different from what the owner has signed. Change what is wrong, then send it.";
const CHANGED_MEANWHILE: &str = "The record has changed meanwhile, or a correction was begun. Below stands what you typed: compare it with the record.";

const NOT_ANCHORED: &str = "Only what is anchored can be corrected, one correction at a time. Open the record to see how it stands.";

#[derive(Template)]
#[template(path = "records/rectify.html")]
struct RectifyPage {
    page: Page,
    record_address: String,
    form: FormState,
    duplicates: Vec<Line>,
    signed: Option<Signed>,
}

impl RectifyPage {
    fn new(page: Page, opened: &Opened, form: FormState, duplicates: Vec<Line>) -> Self {
        let details = opened.details.as_ref();
        Self {
            page: page.titled("Correct the details"),
            record_address: urls::record(opened.record.id),
            form,
            duplicates,
            signed: details.map(|details| Signed::of(details, opened)),
        }
    }
}

/// The form with what is anchored, or as it was kept.
pub async fn show(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    KeptForm(mut form): KeptForm,
) -> Result<Html<String>> {
    let id = parse_id(&id)?;
    let mut connection = desk.pool.acquire().await?;
    let opened = Opened::to_use(&desk, &mut connection, &person, id).await?;
    let details = anchored(&opened)?;
    desk.log_access(
        &mut connection,
        &person,
        id,
        (AccessAction::Edited, opened.ground()),
    )
    .await?;
    if !form.is_restored() {
        details_form::fill(&mut form, details);
        form.set("seen", mark(&opened.record));
    }
    html(&RectifyPage::new(page, &opened, form, Vec::new()))
}

/// Begins a further version and makes the link by which its owner signs it.
pub async fn submit(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    mut form: FormState,
) -> Result<Response> {
    let id = parse_id(&id)?;
    let mut connection = desk.pool.acquire().await?;
    let opened = Opened::to_use(&desk, &mut connection, &person, id).await?;
    let signed = opened.details.as_ref();
    let signed = signed.ok_or_else(|| Error::tampered(super::TAMPERED))?;
    let Some(details) = details_form::read(&mut form, Some(signed)) else {
        return again(page, &opened, form, Vec::new());
    };
    let itself = |row: &ListedRecord| row.id == id;
    let duplicates =
        details_form::duplicates(&desk, &mut connection, &details, &form, itself).await?;
    if !duplicates.is_empty() {
        return again(page, &opened, form, duplicates);
    }
    drop(connection);
    if form.value("seen") != mark(&opened.record) {
        form.headline(CHANGED_MEANWHILE);
        form.set("seen", mark(&opened.record));
        return again(page, &opened, form, Vec::new());
    }
    let place = place::load(&desk, &opened.record).await?;
    let place = place.ok_or_else(|| Error::conflict(NOT_ANCHORED))?;
    let sending = details_form::sending(&form);
    let link = match begin(&person, &desk, id, &place, &details, sending).await {
        Ok(link) => HandedLink::new(&link, sending),
        Err(problem) => {
            form.headline(headline(problem)?);
            return again(page, &opened, form, Vec::new());
        }
    };
    let address = urls::record(id);
    person.hand_over(&address, &link).await?;
    Ok(Redirect::to(&address).into_response())
}

/// What the form says of a problem that staff can do something about there.
fn headline(problem: EnrolmentError) -> Result<&'static str> {
    match problem {
        EnrolmentError::Unchanged => Ok(UNCHANGED),
        EnrolmentError::State(_) => Ok(CHANGED_MEANWHILE),
        other => Err(explain(other)),
    }
}

async fn begin(
    person: &SignedIn,
    desk: &Desk,
    id: RecordId,
    place: &Place,
    details: &Details,
    sending: Sending,
) -> Result<FreshLink, EnrolmentError> {
    let mut connection = desk
        .pool
        .acquire()
        .await
        .map_err(database::RowError::from)?;
    let mut transaction = connection.begin().await.map_err(database::RowError::from)?;
    let (office, rng) = (desk.office(person), &mut crate::state::rng());
    let link =
        enrolment::rectify(&mut transaction, &office, id, place, details, sending, rng).await?;
    transaction
        .commit()
        .await
        .map_err(database::RowError::from)?;
    Ok(link)
}

/// What is to be corrected.
fn anchored(opened: &Opened) -> Result<&Details> {
    if opened.record.state != RecordState::Anchored {
        return Err(Error::conflict(NOT_ANCHORED));
    }
    let details = opened.details.as_ref();
    details.ok_or_else(|| Error::tampered(super::TAMPERED))
}

fn again(page: Page, opened: &Opened, form: FormState, duplicates: Vec<Line>) -> Result<Response> {
    let page = RectifyPage::new(page, opened, form, duplicates);
    html_again(&page)
}
