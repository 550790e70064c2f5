//! `GET` and `POST /w/{ticket}/object`: an owner who was let in by a code objects to uses of their details (GDPR Art. 21). Works without
//! JavaScript.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use enrolment::request;
use enrolment::restriction::{Limits, Wanted};
use record::consent::{Basis, Choice};
use web_kit::error::Result;
use web_kit::form::FormState;
use web_kit::page::{Page, html};

use crate::app::App;
use crate::pages::ticket::limits;
use crate::pages::ticket_restrict::wish;
use crate::ticket_visit::TicketVisit;
use crate::urls::TicketUrls;

const NOTHING_TICKED: &str = "Tick what you object to.";

/// A purpose that takes objections.
struct Offered {
    choice: Choice,
    is_marketing: bool,
}

impl Offered {
    fn hint(&self) -> String {
        let basis = &self.choice.lawful_basis;
        match self.is_marketing {
            true => format!("{basis} – this ends at once"),
            false => basis.clone(),
        }
    }
}

#[derive(Template)]
#[template(path = "ticket_object.html")]
struct ObjectPage<'a> {
    page: Page,
    app: &'a App,
    urls: &'a TicketUrls,
    offered: &'a [Offered],
    form: &'a FormState,
}

/// What it means, and what there is to object to.
pub async fn show(State(app): State<App>, visit: TicketVisit) -> Result<Response> {
    match offered(&app, &visit).await? {
        Some(offered) => draw(&app, &visit, &offered, &FormState::new()),
        None => Ok(Redirect::to(visit.urls.page()).into_response()),
    }
}

/// Takes it; entry-app files it.
pub async fn submit(
    State(app): State<App>,
    visit: TicketVisit,
    mut form: FormState,
) -> Result<Response> {
    let offered = offered(&app, &visit).await?.unwrap_or_default();
    let ticked = form.all("purpose");
    let chosen = offered.iter().map(|one| &one.choice);
    let chosen: Vec<Choice> = chosen
        .filter(|choice| ticked.contains(&choice.mark()))
        .cloned()
        .collect();
    if chosen.is_empty() {
        form.problem("purpose", NOTHING_TICKED);
    }
    let wanted = (!chosen.is_empty()).then_some(Wanted::Objection(chosen));
    if wish(&app, &visit, &mut form, wanted).await? {
        return Ok(Redirect::to(visit.urls.page()).into_response());
    }
    let page = draw(&app, &visit, &offered, &form)?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// None where nobody was let in, or there is nothing to object to: the page before says how things stand.
async fn offered(app: &App, visit: &TicketVisit) -> Result<Option<Vec<Offered>>> {
    let Some(id) = visit.held else {
        return Ok(None);
    };
    let mut connection = app.database.acquire().await?;
    let Some(admission) = request::open(&mut connection, &app.front, id, visit.now).await? else {
        return Ok(None);
    };
    let limits: Limits = limits(app, &mut connection, visit, &admission).await?;
    let offered = limits.objectable().into_iter().map(|one| Offered {
        choice: one.choice.clone(),
        is_marketing: one.basis == Basis::Marketing,
    });
    let offered: Vec<Offered> = offered.collect();
    Ok(Some(offered).filter(|offered| !offered.is_empty()))
}

fn draw(app: &App, visit: &TicketVisit, offered: &[Offered], form: &FormState) -> Result<Response> {
    let page = ObjectPage {
        page: app.page("Object to a use of your details"),
        app,
        urls: &visit.urls,
        offered,
        form,
    };
    Ok(html(&page)?.into_response())
}
