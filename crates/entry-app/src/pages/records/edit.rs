//! Changing the details before the owner has signed.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use database::access_log::AccessAction;
use database::records;
use database::records_view::ListedRecord;
use enrolment::{Details, FreshLink, Place, Sending};
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
use super::opened::{Note, Opened};
use super::{explain, explain_row, mark, parse_id, place};
use crate::state::Desk;
use crate::urls;

const CHANGED_MEANWHILE: &str = "Somebody else has changed the details meanwhile. Below stands what you typed: compare it with the record, then save again.";

#[derive(Template)]
#[template(path = "records/edit.html")]
struct EditPage {
    page: Page,
    record_address: String,
    form: FormState,
    duplicates: Vec<Line>,
    notes: Vec<Note>,
    signed: Option<Signed>,
}

impl EditPage {
    fn new(page: Page, opened: Opened, form: FormState, duplicates: Vec<Line>) -> Result<Self> {
        Ok(Self {
            page: page.titled("Edit the details"),
            record_address: urls::record(opened.record.id),
            form,
            duplicates,
            signed: opened.signed()?.map(|signed| Signed::of(signed, &opened)),
            notes: opened.notes,
        })
    }
}

/// The form with what is stored, or as it was kept.
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
    let details = opened.editable()?;
    desk.log_access(
        &mut connection,
        &person,
        id,
        (AccessAction::Edited, opened.ground()),
    )
    .await?;
    if !form.is_restored() {
        details_form::fill(&mut form, details);
        form.set("draft", mark(&opened.record));
    }
    html(&EditPage::new(page, opened, form, Vec::new())?)
}

/// Stores a new draft and makes a new link.
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
    let Some(details) = details_form::read(&mut form, opened.signed()?) else {
        return again(page, opened, form, Vec::new());
    };
    let itself = |row: &ListedRecord| row.id == id;
    let duplicates =
        details_form::duplicates(&desk, &mut connection, &details, &form, itself).await?;
    drop(connection);
    if !duplicates.is_empty() {
        return again(page, opened, form, duplicates);
    }
    let sending = details_form::sending(&form);
    let place = place::load(&desk, &opened.record).await?;
    let change = Change {
        seen: form.value("draft"),
        place,
        details: &details,
        sending,
    };
    match store(&person, &desk, id, change).await? {
        Stored::Draft(link) => {
            let address = urls::record(id);
            let link = HandedLink::new(&link, sending);
            person.hand_over(&address, &link).await?;
            Ok(Redirect::to(&address).into_response())
        }
        Stored::ChangedMeanwhile(draft) => {
            form.headline(CHANGED_MEANWHILE);
            form.set("draft", draft);
            let opened =
                Opened::to_use(&desk, &mut *desk.pool.acquire().await?, &person, id).await?;
            again(page, opened, form, Vec::new())
        }
    }
}

/// What is to be stored, and what it is meant to replace.
struct Change<'a> {
    /// [`mark`] of what the form was filled in from.
    seen: &'a str,
    place: Option<Place>,
    details: &'a Details,
    sending: Sending,
}

/// Two people who edit at once must not undo each other's work.
enum Stored {
    /// A new draft, with its link.
    Draft(FreshLink),
    /// Nothing, since the draft is not the one that was seen.
    ChangedMeanwhile(String),
}

async fn store(person: &SignedIn, desk: &Desk, id: RecordId, change: Change<'_>) -> Result<Stored> {
    let mut connection = desk.pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    let record = records::lock(&mut transaction, &desk.keys.front(), id).await;
    let record = record.map_err(explain_row)?.ok_or(Error::NotFound)?;
    if change.seen != mark(&record) {
        return Ok(Stored::ChangedMeanwhile(mark(&record)));
    }
    let (office, rng) = (desk.office(person), &mut crate::state::rng());
    let link = enrolment::edit(
        &mut transaction,
        &office,
        id,
        change.place.as_ref(),
        change.details,
        change.sending,
        rng,
    );
    let link = link.await.map_err(explain)?;
    transaction.commit().await?;
    Ok(Stored::Draft(link))
}

fn again(page: Page, opened: Opened, form: FormState, duplicates: Vec<Line>) -> Result<Response> {
    opened.editable()?;
    let page = EditPage::new(page, opened, form, duplicates)?;
    html_again(&page)
}
