//! Noting that an owner objects, at the desk, by phone or in writing, to uses of their record (GDPR Art. 21).

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use database::request_way::RequestWay;
use enrolment::restriction::Wanted;
use record::consent::{Basis, Choice};
use record::ids::RecordId;
use sqlx::MySqlConnection;
use web_kit::components::Tone;
use web_kit::error::{Error, Result};
use web_kit::form::FormState;
use web_kit::page::{Page, html, html_again};
use web_kit::sign_in::{KeptForm, SignedIn};

use super::how_asked::{IDENTITY, SEEN, WAY};
use super::restrict::{file, load_held};
use super::{opened, parse_id};
use crate::state::Desk;
use crate::urls;

const LABELS: &[(&str, &str)] = &[
    ("purpose", "Purposes"),
    ("note", "In the owner's words"),
    WAY,
    IDENTITY,
];
const NOTHING: &str = "There is nothing to object to: no purpose that the owner signed rests on a legitimate interest or a public task, or they have objected to all of \
                       them. What rests on consent they take back.";

/// A purpose that takes objections.
pub struct Offered {
    choice: Choice,
    is_marketing: bool,
}

#[derive(Template)]
#[template(path = "records/object.html")]
struct ObjectPage {
    page: Page,
    record_address: String,
    offered: Vec<Offered>,
    form: FormState,
}

impl ObjectPage {
    fn new(page: Page, id: RecordId, offered: Vec<Offered>, form: FormState) -> Self {
        Self {
            page: page.titled("The owner objects to a use"),
            record_address: urls::record(id),
            offered,
            form,
        }
    }

    fn hint(one: &Offered) -> String {
        let basis = &one.choice.lawful_basis;
        match one.is_marketing {
            true => format!("{basis} – direct marketing, ends at once"),
            false => basis.clone(),
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
    let offered = load(&desk, &mut connection, id).await?;
    html(&ObjectPage::new(page, id, offered, form))
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
    let offered = load(&desk, &mut connection, id).await?;
    let ticked = form.all("purpose");
    let chosen = offered.iter().map(|one| &one.choice);
    let chosen: Vec<Choice> = chosen
        .filter(|choice| ticked.contains(&choice.mark()))
        .cloned()
        .collect();
    if chosen.is_empty() {
        form.problem("purpose", "Tick what the owner objects to.");
    }
    let wanted = (!chosen.is_empty()).then_some(Wanted::Objection(chosen));
    if file(&desk, &mut connection, (&person, id), &mut form, wanted).await? {
        return Ok(Redirect::to(&urls::record(id)).into_response());
    }
    let page = ObjectPage::new(page, id, offered, form);
    html_again(&page)
}

async fn load(desk: &Desk, connection: &mut MySqlConnection, id: RecordId) -> Result<Vec<Offered>> {
    let record = load_held(desk, connection, id).await?;
    let limits = opened::limits(desk, connection, &record).await?;
    let offered = limits.objectable().into_iter().map(|one| Offered {
        choice: one.choice.clone(),
        is_marketing: one.basis == Basis::Marketing,
    });
    let offered: Vec<Offered> = offered.collect();
    match offered.is_empty() {
        true => Err(Error::conflict(NOTHING)),
        false => Ok(offered),
    }
}
