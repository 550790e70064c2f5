//! An owner asks, at the desk, by phone or in writing, for a copy of everything that is held about them (GDPR Art. 15 and 20); and how
//! such a request stands, whoever noted it.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use database::access_copies::{self, AccessCopy};
use database::records::Record;
use database::request_way::RequestWay;
use enrolment::access::{self, Asking};
use record::ids::{LinkId, RecordId};
use sqlx::{Connection, MySqlConnection};
use web_kit::components::{Moment, Tone};
use web_kit::error::{Error, Result};
use web_kit::form::FormState;
use web_kit::page::{Page, html};
use web_kit::sign_in::{KeptForm, SignedIn};
use zeroize::Zeroizing;

use super::access_view::AccessView;
use super::how_asked::{self, IDENTITY, SEEN, WAY};
use super::opened::load_record;
use super::{explain, parse_id, place};
use crate::state::Desk;
use crate::urls;

const LABELS: &[(&str, &str)] = &[WAY, IDENTITY, ("seen", "How you know that it is the owner")];
const DONE: &str = "The copy is made. The owner gets a mail with the link to it, if they have signed their e-mail address; you can hand it over below.";
const NOTHING_HELD: &str =
    "Nothing is held of this record any more that could be given to anybody.";

#[derive(Template)]
#[template(path = "records/access.html")]
struct AccessPage {
    page: Page,
    record_address: String,
    address: String,
    view: Option<AccessView>,
    /// For the owner, once it is known that it is they.
    code: Option<Zeroizing<String>>,
    tampered: usize,
    form: FormState,
}

/// How it stands, and the form for a new request.
pub async fn show(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    KeptForm(form): KeptForm,
) -> Result<Html<String>> {
    let id = parse_id(&id)?;
    let mut connection = desk.pool.acquire().await?;
    load_held(&desk, &mut connection, id).await?;
    draw(page, &desk, &mut connection, (&person, id), form).await
}

/// Has the copy made.
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
    let Some((way, identity)) = how_asked::read(&mut form) else {
        let page = draw(page, &desk, &mut connection, (&person, id), form).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    let office = desk.office(&person);
    let basis = |purpose: &_| desk.profile.basis(purpose);
    let rng = &mut crate::state::rng();
    let asking = Asking {
        id: LinkId::random(rng),
        record: id,
        way,
        identity,
        staff: Some(person.staff_id()),
        letterhead: office.letterhead(),
        particulars: &desk.particulars(&basis),
        asked_at: office.now,
        now: office.now,
    };
    let mut transaction = connection.begin().await?;
    access::make(&mut transaction, &desk.keys, &asking, rng)
        .await
        .map_err(explain)?;
    transaction.commit().await?;
    // The notice takes a connection of its own.
    drop(connection);
    person.leave_notice(Tone::Good, DONE).await?;
    Ok(Redirect::to(&urls::access(id)).into_response())
}

/// A record of which something is held, and that has not ended.
pub async fn load_held(
    desk: &Desk,
    connection: &mut MySqlConnection,
    id: RecordId,
) -> Result<Record> {
    let record = load_record(desk, connection, id).await?;
    match !record.state.is_held() || place::has_ended(desk, &record).await {
        true => Err(Error::conflict(NOTHING_HELD)),
        false => Ok(record),
    }
}

/// The copy that can be opened, and how many rows somebody else wrote: those open nothing.
pub async fn open_one(
    desk: &Desk,
    connection: &mut MySqlConnection,
    id: RecordId,
) -> Result<(Option<AccessCopy>, usize)> {
    let copies = access_copies::of_record(connection, &desk.keys.front(), id).await?;
    let now = desk.clock.now();
    let open = copies.rows.into_iter().find(|copy| copy.is_open(now));
    Ok((open, copies.tampered.len()))
}

/// The page; `form` is of whichever of its two forms was sent.
pub async fn draw(
    page: Page,
    desk: &Desk,
    connection: &mut MySqlConnection,
    (person, id): (&SignedIn, RecordId),
    form: FormState,
) -> Result<Html<String>> {
    let (open, tampered) = open_one(desk, connection, id).await?;
    let (mut view, mut code) = (None, None);
    if let Some(copy) = &open {
        view = Some(AccessView::load(desk, connection, copy).await?);
        code = access::desk_code(connection, &desk.office(person), copy)
            .await
            .map_err(explain)?;
    }
    html(&AccessPage {
        page: page.titled("A copy of everything"),
        record_address: urls::record(id),
        address: urls::access(id),
        view,
        code,
        tampered,
        form,
    })
}
