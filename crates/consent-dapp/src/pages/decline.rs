//! `GET` and `POST /c/{secret}/decline`: the owner says no. Of a first entry everything is destroyed; of a correction, the
//! correction alone. Works without JavaScript.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Redirect, Response};
use database::consent_links::LinkState;
use database::corrections;
use database::record_events::Actor;
use enrolment::Ending;
use record::time::UnixMillis;
use sqlx::MySqlConnection;
use web_kit::error::Result;
use web_kit::form::FormState;
use web_kit::page::{Page, html};

use crate::app::App;
use crate::links;
use crate::mail;
use crate::refusal::Refusal;
use crate::urls::LinkUrls;
use crate::visit::{Held, Identified, Visit};

#[derive(Template)]
#[template(path = "decline.html")]
struct DeclinePage<'a> {
    page: Page,
    app: &'a App,
    link: &'a LinkUrls,
    /// Whether a correction is declined.
    corrects: bool,
}

/// Says what will be destroyed.
pub async fn show(State(app): State<App>, Identified(visit): Identified) -> Result<Html<String>> {
    let corrects = visit.link.corrects();
    html(&DeclinePage {
        page: app.page(match corrects {
            true => "Leave your record as it is?",
            false => "Decline and have everything deleted?",
        }),
        app: &app,
        link: &visit.urls,
        corrects,
    })
}

/// Destroys it, once confirmed; of a correction, the correction alone.
pub async fn submit(
    State(app): State<App>,
    Identified(visit): Identified,
    form: FormState,
) -> Response {
    if form.value("confirm") != "yes" {
        return Redirect::to(&visit.urls.decline()).into_response();
    }
    match decline(&app, &visit).await {
        // Closed meanwhile: the link's own page tells how.
        Ok(()) | Err(Refusal::Closed(_)) => Redirect::to(visit.urls.page()).into_response(),
        Err(other) => other.into_response(),
    }
}

async fn decline(app: &App, visit: &Visit) -> Result<(), Refusal> {
    let front = &app.front;
    let mut transaction = app.database.begin().await?;
    let mut held = visit.hold(app, &mut transaction).await?;
    links::end_all(&mut transaction, front, &held.link, LinkState::Declined).await?;
    notification::withdraw_consent_links(&mut transaction, front, held.record.id).await?;
    match held.link.corrects() {
        true => leave_as_it_is(app, &mut transaction, &mut held, visit.now).await?,
        false => {
            let (record, how) = (&mut held.record, Ending::Declined);
            enrolment::end(&mut transaction, front, record, how, visit.now).await?;
        }
    }
    transaction.commit().await?;
    Ok(())
}

/// The notes about earlier versions are a part of what stands.
async fn leave_as_it_is(
    app: &App,
    transaction: &mut MySqlConnection,
    held: &mut Held,
    now: UnixMillis,
) -> Result<(), Refusal> {
    let (record, who) = (&mut held.record, Actor::Owner);
    corrections::destroy_of(transaction, record.id, record.version).await?;
    // Before the step back: the mail is about the draft that was declined.
    mail::correction_declined(app, transaction, record, now).await?;
    enrolment::step_back(transaction, &app.front, record, who, now).await?;
    Ok(())
}
