//! Keeping one record for longer than its purposes do, with the reason (GDPR Art. 17(3)).

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use database::records::{Record, RecordState};
use enrolment::retention::{Term, prolong};
use record::entry::clean_note;
use record::ids::RecordId;
use record::keeping::{Period, day_of};
use record::time::UnixMillis;
use sqlx::{Connection, MySqlConnection};
use web_kit::components::{Moment, Tone};
use web_kit::error::{Error, Result};
use web_kit::form::FormState;
use web_kit::page::{Page, html, html_again};
use web_kit::sign_in::{KeptForm, SignedIn};

use super::opened::load_record;
use super::{TAMPERED, explain, parse_id};
use crate::state::Desk;
use crate::urls;

const LABELS: &[(&str, &str)] = &[("until", "Until"), ("reason", "Why it is kept for longer")];
/// Whoever needs it for longer decides again by then.
const MOST: Period = Period::months(120);

#[derive(Template)]
#[template(path = "records/keep.html")]
struct KeepPage {
    page: Page,
    record_address: String,
    due_at: Option<UnixMillis>,
    form: FormState,
}

impl KeepPage {
    fn new(page: Page, id: RecordId, term: &Term, form: FormState) -> Self {
        Self {
            page: page.titled("Keep it for longer?"),
            record_address: urls::record(id),
            due_at: term.due_at(),
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
    let (_, term) = load(&desk, &mut connection, id).await?;
    html(&KeepPage::new(page, id, &term, form))
}

/// Notes the decision.
pub async fn submit(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    mut form: FormState,
) -> Result<Response> {
    let id = parse_id(&id)?;
    let mut connection = desk.pool.acquire().await?;
    let (_, term) = load(&desk, &mut connection, id).await?;
    let now = desk.clock.now();
    let until = form.check("until", |typed| read_day(typed, now));
    let reason = form.check("reason", clean_note);
    let (Some(until), Some(reason)) = (until, reason) else {
        let page = KeepPage::new(page, id, &term, form);
        return html_again(&page);
    };
    let (office, rng) = (desk.office(&person), &mut crate::state::rng());
    let mut transaction = connection.begin().await?;
    prolong(
        &mut transaction,
        &office,
        &desk.rules(),
        id,
        (until, &reason),
        rng,
    )
    .await
    .map_err(explain)?;
    transaction.commit().await?;
    drop(connection);
    let text = "It is noted. The record's page says until when it is kept, and why.";
    person.leave_notice(Tone::Good, text).await?;
    Ok(Redirect::to(&urls::record(id)).into_response())
}

/// A day as the browser sends it: the record is kept until it begins.
fn read_day(typed: &str, now: UnixMillis) -> std::result::Result<UnixMillis, &'static str> {
    let day = day_of(typed.trim()).ok_or("Enter a day, as in 2031-12-31.")?;
    if day <= now {
        return Err("Enter a day that is still to come.");
    }
    if day > MOST.after(now) {
        return Err("Enter a day within the next ten years: then somebody decides again.");
    }
    Ok(day)
}

async fn load(
    desk: &Desk,
    connection: &mut MySqlConnection,
    id: RecordId,
) -> Result<(Record, Term)> {
    let record = load_record(desk, connection, id).await?;
    if record.uid.is_none() || record.state == RecordState::Erasing {
        return Err(Error::conflict(
            "Only a record that is anchored, and not being erased, can be kept for longer.",
        ));
    }
    let term = Term::load(connection, &desk.keys, &record, &desk.rules())
        .await
        .map_err(explain)?;
    match term.is_tampered {
        true => Err(Error::tampered(TAMPERED)),
        false => Ok((record, term)),
    }
}
