//! The entry form.

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use database::records_view::ListedRecord;
use enrolment::{EnrolmentError, Entry, Sending};
use record::ids::SubmissionId;
use sqlx::Connection;
use web_kit::components::{Badge, Tone};
use web_kit::error::Result;
use web_kit::form::FormState;
use web_kit::page::{Page, html, html_again};
use web_kit::right_keys;
use web_kit::sign_in::{KeptForm, SignedIn};

use super::details_form::{self, LABELS, SIGNERS, Signed};
use super::explain;
use super::lines::Line;
use super::link::HandedLink;
use crate::state::Desk;
use crate::urls;

const BEHIND: &str = "Nothing was stored: this server still has an old key file, and what it would seal with that, nobody could ever \
     read. Please tell whoever runs Sealwatch. What you typed stays here; send it again once they have copied the new file.";
const DOUBLE_CLICK: Duration = Duration::from_secs(10);

#[derive(Template)]
#[template(path = "records/enter.html")]
struct EnterPage {
    page: Page,
    form: FormState,
    duplicates: Vec<Line>,
    /// The owner has signed nothing yet.
    signed: Option<Signed>,
}

impl EnterPage {
    fn new(page: Page, mut form: FormState, duplicates: Vec<Line>) -> Self {
        details_form::preset(&mut form);
        // A form sent twice enters one record.
        if form.value("submission").parse::<SubmissionId>().is_err() {
            form.set(
                "submission",
                SubmissionId::random(&mut rand::rng()).to_string(),
            );
        }
        Self {
            page: page.titled("New record"),
            form,
            duplicates,
            signed: None,
        }
    }
}

/// The form, empty or as it was kept.
pub async fn show(page: Page, KeptForm(form): KeptForm) -> Result<Html<String>> {
    html(&EnterPage::new(page, form, Vec::new()))
}

/// Enters the record, or shows the form again with what is wrong.
pub async fn submit(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    mut form: FormState,
) -> Result<Response> {
    let Some(details) = details_form::read(&mut form, None) else {
        return again(page, form, Vec::new());
    };
    let mut connection = desk.pool.acquire().await?;
    let submission = submission(&form);
    // The same form sent a moment ago is no duplicate.
    let itself = |row: &ListedRecord| {
        let record = row.record.as_ref();
        record.is_some_and(|record| record.submission == submission)
    };
    let duplicates =
        details_form::duplicates(&desk, &mut connection, &details, &form, itself).await?;
    if !duplicates.is_empty() {
        return again(page, form, duplicates);
    }
    let sending = details_form::sending(&form);
    let mut transaction = connection.begin().await?;
    let entered = enrolment::enter(
        &mut transaction,
        &desk.office(&person),
        &details,
        submission,
        sending,
        &mut crate::state::rng(),
    )
    .await;
    let entry = match entered {
        Err(EnrolmentError::KeysBehind(version)) => {
            transaction.rollback().await?;
            return behind(page, form, version);
        }
        entered => entered.map_err(explain)?,
    };
    transaction.commit().await?;
    // Before the link is handed over on another one: requests that each held one and waited for a second would wait for ever.
    drop(connection);
    lead_on(&person, &desk, &entry, sending).await
}

/// To the record's page, with the new link in hand.
async fn lead_on(
    person: &SignedIn,
    desk: &Desk,
    entry: &Entry,
    sending: Sending,
) -> Result<Response> {
    let record = match entry {
        Entry::New(record, link) => {
            let link = HandedLink::new(link, sending);
            person.hand_over(&urls::record(record.id), &link).await?;
            record
        }
        Entry::Before(record) => {
            // After a double click, the link of the first one still waits to be shown.
            if desk.clock.now().since(record.created_at) > DOUBLE_CLICK {
                let text = "This form was sent before; here is the record that it entered.";
                person.leave_notice(Tone::Neutral, text).await?;
            }
            record
        }
    };
    Ok(Redirect::to(&urls::record(record.id)).into_response())
}

fn submission(form: &FormState) -> SubmissionId {
    let sent = form.value("submission").parse();
    sent.unwrap_or_else(|_| SubmissionId::random(&mut rand::rng()))
}

/// The form as it was typed, to be sent again once this host has the newest key file.
fn behind(page: Page, mut form: FormState, version: u32) -> Result<Response> {
    right_keys::say_behind(version);
    form.headline(BEHIND);
    let page = EnterPage::new(page, form, Vec::new());
    Ok((StatusCode::SERVICE_UNAVAILABLE, html(&page)?).into_response())
}

fn again(page: Page, form: FormState, duplicates: Vec<Line>) -> Result<Response> {
    let page = EnterPage::new(page, form, duplicates);
    html_again(&page)
}
