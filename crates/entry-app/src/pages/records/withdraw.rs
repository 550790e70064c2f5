//! Taking consent back for an owner who asks for it at the desk, by phone or in writing (GDPR Art. 7(3)).

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use database::access_log::AccessAction;
use database::request_way::RequestWay;
use enrolment::withdrawal::{Allowed, Taking, take_back};
use record::consent::Choice;
use record::ids::RecordId;
use sqlx::{Connection, MySqlConnection};
use web_kit::components::Tone;
use web_kit::error::{Error, Result};
use web_kit::form::FormState;
use web_kit::page::{Page, html, html_again};
use web_kit::sign_in::{KeptForm, SignedIn};

use super::how_asked::{WAY, read_way};
use super::opened::load_record;
use super::{explain, parse_id};
use crate::state::Desk;
use crate::urls;

const LABELS: &[(&str, &str)] = &[("purpose", "Purposes"), WAY];

const DONE: &str = "It is taken back from now on, and the owner is told by e-mail. End these uses, those by processors as well.";
const NOBODY_TOLD: &str = "It is taken back from now on. End these uses, those by processors as well. The owner's details do not open, so no e-mail \
                           went out: tell the owner, and your data-protection officer.";

#[derive(Template)]
#[template(path = "records/withdraw.html")]
struct WithdrawPage {
    page: Page,
    record_address: String,
    choices: Vec<Choice>,
    form: FormState,
}

impl WithdrawPage {
    fn new(page: Page, id: RecordId, choices: Vec<Choice>, form: FormState) -> Self {
        Self {
            page: page.titled("Take consent back"),
            record_address: urls::record(id),
            choices,
            form,
        }
    }
}

/// The form.
pub async fn show(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    KeptForm(form): KeptForm,
) -> Result<Html<String>> {
    let id = parse_id(&id)?;
    let mut connection = desk.pool.acquire().await?;
    let allowed = load(&desk, &mut connection, id).await?;
    desk.log_access(&mut connection, &person, id, (AccessAction::Edited, None))
        .await?;
    html(&WithdrawPage::new(page, id, allowed.choices, form))
}

/// Notes the withdrawal; the owner gets a mail.
pub async fn submit(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    mut form: FormState,
) -> Result<Response> {
    let id = parse_id(&id)?;
    let mut connection = desk.pool.acquire().await?;
    let allowed = load(&desk, &mut connection, id).await?;
    let Some((choices, way)) = read(&mut form, &allowed.choices) else {
        let page = WithdrawPage::new(page, id, allowed.choices, form);
        return html_again(&page);
    };
    let (office, front) = (desk.office(&person), desk.keys.front());
    let taking = Taking {
        record: id,
        draft: allowed.draft,
        choices,
        way,
        staff: Some(person.staff_id()),
        reader: allowed.reader.as_ref(),
        letterhead: office.letterhead(),
        now: office.now,
    };
    let mut transaction = connection.begin().await?;
    let taken = take_back(&mut transaction, &front, &taking, &mut crate::state::rng())
        .await
        .map_err(explain)?;
    transaction.commit().await?;
    // The notice takes a connection of its own.
    drop(connection);
    let (tone, text) = match (taken, &allowed.reader) {
        (None, _) => (Tone::Neutral, "It was taken back already."),
        (Some(_), Some(_)) => (Tone::Good, DONE),
        (Some(_), None) => (Tone::Warning, NOBODY_TOLD),
    };
    person.leave_notice(tone, text).await?;
    Ok(Redirect::to(&urls::record(id)).into_response())
}

fn read(form: &mut FormState, choices: &[Choice]) -> Option<(Vec<Choice>, RequestWay)> {
    let ticked = form.all("purpose");
    let chosen: Vec<Choice> = choices
        .iter()
        .filter(|choice| ticked.contains(&choice.mark()))
        .cloned()
        .collect();
    if chosen.is_empty() {
        form.problem("purpose", "Tick what the owner takes back.");
    }
    let way = read_way(form)?;
    (!chosen.is_empty()).then_some((chosen, way))
}

async fn load(desk: &Desk, connection: &mut MySqlConnection, id: RecordId) -> Result<Allowed> {
    let record = load_record(desk, connection, id).await?;
    let is_choice = |purpose: &_| desk.profile.is_choice(purpose);
    let allowed = Allowed::load(connection, &desk.keys, &record, is_choice)
        .await
        .map_err(explain)?
        .ok_or_else(|| Error::conflict("The owner has signed nothing that stands."))?;
    match allowed.choices.is_empty() {
        true => Err(Error::conflict(
            "There is nothing to take back: the owner has allowed nothing, or taken back all of it.",
        )),
        false => Ok(allowed),
    }
}
