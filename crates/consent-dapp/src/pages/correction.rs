//! `GET` and `POST /c/{secret}/correction`: the owner wants something corrected. Works without JavaScript.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use database::consent_links::LinkState;
use database::corrections::{self, Correction};
use database::record_events::{self, Actor, RecordEventKind};
use database::records::{self, RecordState};
use database::sealed::seal_cell;
use keyring::CellKind;
use record::entry::clean_note;
use record::ids::CorrectionId;
use web_kit::error::Result;
use web_kit::form::FormState;
use web_kit::page::{Page, html};

use crate::app::App;
use crate::links;
use crate::mail;
use crate::refusal::Refusal;
use crate::visit::{Identified, Visit};

#[derive(Template)]
#[template(path = "correction.html")]
struct CorrectionPage<'a> {
    page: Page,
    app: &'a App,
    action: &'a str,
    back: &'a str,
    form: &'a FormState,
}

/// Asks what is wrong.
pub async fn show(State(app): State<App>, Identified(visit): Identified) -> Result<Html<String>> {
    draw(
        &app,
        (&visit.urls.correction(), visit.urls.page()),
        &FormState::new(),
    )
}

/// Takes the note to the desk: the record waits for an edit, and this link is done.
pub async fn submit(
    State(app): State<App>,
    Identified(visit): Identified,
    mut form: FormState,
) -> Result<Response> {
    let Some(note) = form.check("note", clean_note) else {
        let page = draw(&app, (&visit.urls.correction(), visit.urls.page()), &form)?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    match ask(&app, &visit, &note).await {
        // Closed meanwhile: the link's own page tells how.
        Ok(()) | Err(Refusal::Closed(_)) => Ok(Redirect::to(visit.urls.page()).into_response()),
        Err(other) => Ok(other.into_response()),
    }
}

async fn ask(app: &App, visit: &Visit, note: &str) -> Result<(), Refusal> {
    let (front, now) = (&app.front, visit.now);
    let key = visit.owner_key()?;
    let mut transaction = app.database.begin().await?;
    let mut held = visit.hold(app, &mut transaction).await?;

    let (version, draft) = (held.link.version, held.link.draft);
    let note = seal_cell(
        &key,
        version,
        draft,
        CellKind::CorrectionNote,
        note.as_bytes(),
        &mut rand::rng(),
    );
    let correction = Correction {
        id: CorrectionId::random(&mut rand::rng()),
        record_id: held.record.id,
        version,
        draft,
        note,
        asked_at: now,
        resolved_at: None,
        answer: None,
    };
    corrections::insert(&mut transaction, &correction).await?;
    held.record.state = RecordState::CorrectionRequested;
    records::update(&mut transaction, front, &mut held.record, now).await?;
    links::end_all(&mut transaction, front, &held.link, LinkState::Corrected).await?;
    let happened = RecordEventKind::CorrectionRequested;
    record_events::append(
        &mut transaction,
        front,
        held.record.id,
        happened,
        Actor::Owner,
        now,
    )
    .await?;
    let ids = (correction.record_id, correction.id);
    mail::correction_asked(app, &mut transaction, ids, now).await?;
    transaction.commit().await?;
    Ok(())
}

/// The form; where it goes, and where the way back leads.
pub fn draw(app: &App, (action, back): (&str, &str), form: &FormState) -> Result<Html<String>> {
    html(&CorrectionPage {
        page: app.page("What should be corrected?"),
        app,
        action,
        back,
        form,
    })
}
