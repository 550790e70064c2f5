//! Noting that an owner wants, at the desk, by phone or in writing, to have the use of their record restricted (GDPR Art. 18).

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use database::records::Record;
use database::request_way::RequestWay;
use enrolment::restriction::{self, Asking, Ground, Wanted};
use record::entry::clean_note;
use record::ids::{RecordId, RestrictionId};
use sqlx::{Connection, MySqlConnection};
use web_kit::components::Tone;
use web_kit::error::{Error, Result};
use web_kit::form::FormState;
use web_kit::page::{Page, html, html_again};
use web_kit::sign_in::{KeptForm, SignedIn};

use super::how_asked::{self, IDENTITY, SEEN, WAY};
use super::opened::load_record;
use super::restriction_view::GROUNDS;
use super::{explain, parse_id};
use crate::state::Desk;
use crate::urls;

const LABELS: &[(&str, &str)] = &[
    ("ground", "Why"),
    ("note", "In the owner's words"),
    WAY,
    IDENTITY,
];
const DONE: &str = "It is noted: the record is restricted from now on, and the owner is told by e-mail by when they have an answer.";
const BEFORE: &str = "It stands already. See below how.";
const NOTHING_HELD: &str = "Nothing is held of this record any more whose use could be restricted.";

#[derive(Template)]
#[template(path = "records/restrict.html")]
struct RestrictPage {
    page: Page,
    record_address: String,
    form: FormState,
}

impl RestrictPage {
    fn new(page: Page, id: RecordId, form: FormState) -> Self {
        Self {
            page: page.titled("The owner wants its use restricted"),
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
    load_held(&desk, &mut connection, id).await?;
    html(&RestrictPage::new(page, id, form))
}

/// Notes it; the owner gets a mail.
pub async fn submit(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    mut form: FormState,
) -> Result<Response> {
    let id = parse_id(&id)?;
    let mut connection = desk.pool.acquire().await?;
    load_held(&desk, &mut connection, id).await?;
    let ground = Ground::of(form.value("ground"));
    if ground.is_none() {
        form.problem("ground", "Say why, as the owner gives it.");
    }
    let wanted = ground.map(Wanted::Restriction);
    if file(&desk, &mut connection, (&person, id), &mut form, wanted).await? {
        return Ok(Redirect::to(&urls::record(id)).into_response());
    }
    let page = RestrictPage::new(page, id, form);
    html_again(&page)
}

/// Notes what the owner wants, with what the form says besides; false with what is wrong beside the form's fields.
pub async fn file(
    desk: &Desk,
    connection: &mut MySqlConnection,
    (person, id): (&SignedIn, RecordId),
    form: &mut FormState,
    wanted: Option<Wanted>,
) -> Result<bool> {
    let note = match form.value("note").trim().is_empty() {
        true => None,
        false => form.check("note", clean_note),
    };
    let asked = how_asked::read(form);
    let (Some(wanted), Some((way, identity)), false) = (wanted, asked, form.has_problems()) else {
        return Ok(false);
    };
    let (office, rng) = (desk.office(person), &mut crate::state::rng());
    let basis = |purpose: &_| desk.profile.basis(purpose);
    let asking = Asking {
        ids: [RestrictionId::random(rng), RestrictionId::random(rng)],
        record: id,
        wanted,
        note: note.as_deref(),
        way,
        identity,
        staff: Some(person.staff_id()),
        letterhead: office.letterhead(),
        basis: &basis,
        at: office.now,
    };
    let mut transaction = connection.begin().await?;
    let made = restriction::ask(&mut transaction, &desk.keys, &asking, rng)
        .await
        .map_err(explain)?;
    transaction.commit().await?;
    let (tone, text) = match made.is_empty() {
        true => (Tone::Neutral, BEFORE),
        false => (Tone::Good, DONE),
    };
    person.leave_notice(tone, text).await?;
    Ok(true)
}

/// A record of which something is held that its owner may still limit.
pub async fn load_held(
    desk: &Desk,
    connection: &mut MySqlConnection,
    id: RecordId,
) -> Result<Record> {
    let record = load_record(desk, connection, id).await?;
    match record.state.is_held() {
        true => Ok(record),
        false => Err(Error::conflict(NOTHING_HELD)),
    }
}
