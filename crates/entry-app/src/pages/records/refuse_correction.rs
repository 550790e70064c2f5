//! Telling an owner why their record stays as it is, though they asked for a correction.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use database::access_log::AccessAction;
use database::records::RecordState;
use enrolment::EnrolmentError;
use record::entry::clean_note;
use sqlx::Connection;
use web_kit::components::Tone;
use web_kit::error::{Error, Result};
use web_kit::form::FormState;
use web_kit::page::{Page, html, html_again};
use web_kit::sign_in::{KeptForm, SignedIn};

use super::opened::{Note, Opened};
use super::{explain, parse_id};
use crate::state::Desk;
use crate::urls;

const LABELS: &[(&str, &str)] = &[("reason", "Why it stays as it is")];
const NOTHING_OPEN: &str = "There is no note of the owner's that could be answered here. Open the record to see how it stands.";
const CHANGED_MEANWHILE: &str = "Nothing was sent: the owner has written again, the note is answered, or a correction was begun. Your reason stands below.";

#[derive(Template)]
#[template(path = "records/refuse_correction.html")]
struct RefusePage {
    page: Page,
    record_address: String,
    notes: Vec<Note>,
    form: FormState,
}

impl RefusePage {
    /// The newest note that is read by this page is what the answer is to.
    fn new(page: Page, opened: Opened, mut form: FormState) -> Self {
        let newest = opened.notes.first().map(|note| note.id.to_string());
        form.set("seen", newest.unwrap_or_default());
        Self {
            page: page.titled("Leave it as it is?"),
            record_address: urls::record(opened.record.id),
            notes: opened.notes,
            form,
        }
    }
}

/// The notes, and room for the reason.
pub async fn show(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    KeptForm(form): KeptForm,
) -> Result<Html<String>> {
    let id = parse_id(&id)?;
    let mut connection = desk.pool.acquire().await?;
    let opened = Opened::to_use(&desk, &mut connection, &person, id).await?;
    if opened.notes.is_empty() || opened.record.state != RecordState::Anchored {
        return Err(Error::conflict(NOTHING_OPEN));
    }
    desk.log_access(
        &mut connection,
        &person,
        id,
        (AccessAction::Revealed, opened.ground()),
    )
    .await?;
    html(&RefusePage::new(page, opened, form))
}

/// Tells the owner by mail; what was read counts as answered.
pub async fn submit(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    mut form: FormState,
) -> Result<Response> {
    let id = parse_id(&id)?;
    let mut connection = desk.pool.acquire().await?;
    let seen = form.value("seen").parse().ok();
    let reason = form.check("reason", clean_note);
    if let (Some(seen), Some(reason)) = (seen, reason) {
        let (office, officer) = (desk.office(&person), &desk.profile.officer.contact);
        let mut transaction = connection.begin().await?;
        let ids = (id, seen);
        match enrolment::refuse_correction(&mut transaction, &office, ids, officer, &reason).await {
            Ok(true) => {
                transaction.commit().await?;
                // The notice takes a connection of its own.
                drop(connection);
                let text = "The record stays as it is, and the owner is told why by e-mail.";
                person.leave_notice(Tone::Good, text).await?;
                return Ok(Redirect::to(&urls::record(id)).into_response());
            }
            Ok(false) | Err(EnrolmentError::State(_)) => form.headline(CHANGED_MEANWHILE),
            Err(other) => return Err(explain(other)),
        }
    } else if seen.is_none() {
        form.headline(CHANGED_MEANWHILE);
    }
    let opened = Opened::to_use(&desk, &mut connection, &person, id).await?;
    let page = RefusePage::new(page, opened, form);
    html_again(&page)
}
