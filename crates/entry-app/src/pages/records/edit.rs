//! Changing the details before the owner has signed.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use database::access_log::{self, Access, AccessAction};
use enrolment::Details;
use record::ids::RecordId;
use sqlx::Connection;
use web_kit::components::Badge;
use web_kit::error::Result;
use web_kit::form::FormState;
use web_kit::page::{Page, html};
use web_kit::sign_in::{App, KeptForm, SignedIn};
use zeroize::Zeroizing;

use super::details_form::{self, SIGNERS};
use super::lines::Line;
use super::link::HandedLink;
use super::show::Opened;
use super::{explain, parse_id};
use crate::state::Desk;
use crate::urls;

#[derive(Template)]
#[template(path = "records/edit.html")]
struct EditPage {
    page: Page,
    record_address: String,
    form: FormState,
    duplicates: Vec<Line>,
    note: Option<Zeroizing<String>>,
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
    let opened = Opened::load(&desk, &mut connection, id).await?;
    let details = opened.editable()?;
    let access = Access {
        staff_id: person.staff_id(),
        record_id: id,
        app: App::Entry,
        action: AccessAction::Edited,
        at: desk.clock.now(),
    };
    access_log::append(&mut connection, &desk.keys, &access).await?;
    if !form.is_restored() {
        details_form::fill(&mut form, details);
    }
    html(&EditPage {
        page: page.titled("Edit the details"),
        record_address: urls::record(id),
        form,
        duplicates: Vec::new(),
        note: opened.note().cloned(),
    })
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
    let Some(details) = details_form::read(&mut form) else {
        return again(page, &desk, id, form, Vec::new()).await;
    };
    let mut connection = desk.pool.acquire().await?;
    let duplicates =
        details_form::duplicates(&desk, &mut connection, &details, &form, Some(id)).await?;
    if !duplicates.is_empty() {
        return again(page, &desk, id, form, duplicates).await;
    }
    store(&person, &desk, id, &details, &form).await?;
    Ok(Redirect::to(&urls::record(id)).into_response())
}

async fn store(
    person: &SignedIn,
    desk: &Desk,
    id: RecordId,
    details: &Details,
    form: &FormState,
) -> Result<()> {
    let sending = details_form::sending(form);
    let mut connection = desk.pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    let link = enrolment::edit(
        &mut transaction,
        &desk.office(person),
        id,
        details,
        sending,
        &mut crate::state::rng(),
    )
    .await
    .map_err(explain)?;
    transaction.commit().await?;
    person
        .hand_over(&urls::record(id), &HandedLink::new(&link, sending))
        .await
}

async fn again(
    page: Page,
    desk: &Desk,
    id: RecordId,
    form: FormState,
    duplicates: Vec<Line>,
) -> Result<Response> {
    let mut connection = desk.pool.acquire().await?;
    let opened = Opened::load(desk, &mut connection, id).await?;
    opened.editable()?;
    let page = EditPage {
        page: page.titled("Edit the details"),
        record_address: urls::record(id),
        form,
        duplicates,
        note: opened.note().cloned(),
    };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)?).into_response())
}
