//! `GET` and `POST /w/{ticket}`: an owner without a link wants to take consent back, a copy of everything, to have something corrected, its
//! use restricted, or all of it erased. Works without JavaScript.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use enrolment::request::{self, Admission};
use enrolment::restriction::{Limits, Request};
use enrolment::withdrawal::TakenBack;
use record::consent::Choice;
use record::ids::RequestId;
use sqlx::MySqlConnection;
use web_kit::components::Moment;
use web_kit::error::Result;
use web_kit::form::FormState;
use web_kit::page::{Page, html};

use crate::app::App;
use crate::restriction_view::{self, RequestLine};
use crate::tampering;
use crate::ticket_visit::TicketVisit;
use crate::urls::TicketUrls;

#[derive(Template)]
#[template(path = "ticket.html")]
struct TicketPage<'a> {
    page: Page,
    app: &'a App,
    urls: &'a TicketUrls,
}

#[derive(Template)]
#[template(path = "ticket_code.html")]
struct CodePage<'a> {
    page: Page,
    app: &'a App,
    urls: &'a TicketUrls,
    form: &'a FormState,
}

#[derive(Template)]
#[template(path = "ticket_open.html")]
struct OpenPage<'a> {
    page: Page,
    app: &'a App,
    urls: &'a TicketUrls,
    choices: Vec<&'a Choice>,
    /// What was taken back, each with when.
    taken: Vec<(&'a str, Moment)>,
    has_wished: bool,
    /// Where everything is asked to be erased, where that can be.
    urls_erase: Option<String>,
    has_asked_erasure: bool,
    offers_copy: bool,
    has_asked_copy: bool,
    /// Whether anything restricts the record now.
    is_restricted: bool,
    /// Whether there is anything to object to.
    can_object: bool,
    /// Whether there is a restriction that they may take back.
    can_unrestrict: bool,
    /// Whether what they asked for is still to be noted.
    is_restricting: bool,
    requests: Vec<RequestLine>,
    form: &'a FormState,
}

/// Shows what this browser may see.
pub async fn show(State(app): State<App>, visit: TicketVisit) -> Result<Response> {
    if let Some(id) = visit.held
        && let Some(open) = opened(&app, &visit, id, &FormState::new()).await?
    {
        return Ok(open);
    }
    match visit.takes_code {
        true => ask_code(&app, &visit, &FormState::new()),
        false => begin(&app, &visit),
    }
}

/// Has a code sent to the address in the record.
pub async fn ask(State(app): State<App>, visit: TicketVisit) -> Result<Response> {
    let mut transaction = app.database.begin().await?;
    let (front, rng) = (&app.front, &mut rand::make_rng::<rand::rngs::StdRng>());
    request::ask(&mut transaction, front, visit.record, visit.now, rng).await?;
    transaction.commit().await?;
    Ok(Redirect::to(visit.urls.page()).into_response())
}

/// Asks for the code: nothing personal stands on this page.
pub fn ask_code(app: &App, visit: &TicketVisit, form: &FormState) -> Result<Response> {
    let page = CodePage {
        page: app.page("A code is on its way to you"),
        app,
        urls: &visit.urls,
        form,
    };
    Ok(html(&page)?.into_response())
}

/// What an owner who was let in may do; none once that is over.
pub async fn opened(
    app: &App,
    visit: &TicketVisit,
    id: RequestId,
    form: &FormState,
) -> Result<Option<Response>> {
    let mut connection = app.database.acquire().await?;
    let Some(admission) = request::open(&mut connection, &app.front, id, visit.now).await? else {
        return Ok(None);
    };
    let (front, draft) = (&app.front, admission.draft());
    let taken = TakenBack::load(&mut connection, front, visit.record, draft).await?;
    let limits = limits(app, &mut connection, visit, &admission).await?;
    drop(connection);
    tampering::told(&taken);
    Ok(Some(draw(app, visit, &admission, (&taken, &limits), form)?))
}

/// What the record may be used for, as far as who holds only the front keys can tell.
pub async fn limits(
    app: &App,
    connection: &mut MySqlConnection,
    visit: &TicketVisit,
    admission: &Admission,
) -> Result<Limits> {
    let basis = |purpose: &_| app.profile.basis(purpose);
    let signed = (admission.purposes.as_slice(), admission.draft());
    let limits = Limits::of_signed(connection, &app.front, visit.record, signed, &basis).await?;
    tampering::told_of_steps(&limits);
    Ok(limits)
}

fn draw(
    app: &App,
    visit: &TicketVisit,
    admission: &Admission,
    (taken, limits): (&TakenBack, &Limits),
    form: &FormState,
) -> Result<Response> {
    let choices = admission.choices.iter();
    let since = |choice| Some(Moment::new(taken.since(choice)?));
    let page = OpenPage {
        page: app.page("Your record"),
        app,
        urls: &visit.urls,
        taken: choices
            .clone()
            .filter_map(|choice| Some((choice.name.as_str(), since(choice)?)))
            .collect(),
        choices: choices
            .filter(|choice| taken.since(choice).is_none())
            .collect(),
        has_wished: admission.has_wished,
        urls_erase: admission.erasure.as_ref().map(|_| visit.urls.erase()),
        has_asked_erasure: admission.has_asked_erasure,
        offers_copy: admission.offers_copy,
        has_asked_copy: admission.has_asked_copy,
        is_restricted: limits.is_restricted(),
        can_object: !limits.objectable().is_empty(),
        can_unrestrict: limits.requests.all.iter().any(Request::can_be_withdrawn),
        is_restricting: admission.is_restricting(),
        requests: restriction_view::lines(limits),
        form,
    };
    Ok(html(&page)?.into_response())
}

fn begin(app: &App, visit: &TicketVisit) -> Result<Response> {
    let page = TicketPage {
        page: app.page("Take back what you allowed"),
        app,
        urls: &visit.urls,
    };
    Ok(html(&page)?.into_response())
}
