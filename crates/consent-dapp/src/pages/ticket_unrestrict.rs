//! `GET` and `POST /w/{ticket}/unrestrict`: an owner who was let in by a code takes back that they asked for a restriction. Works without
//! JavaScript.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use enrolment::request;
use enrolment::restriction::Wanted;
use record::ids::{RequestId, RestrictionId};
use web_kit::error::Result;
use web_kit::form::FormState;
use web_kit::page::{Page, html};

use crate::app::App;
use crate::mail;
use crate::pages::ticket::limits;
use crate::pages::ticket_restrict::MOMENT;
use crate::restriction_view::ground_in_words;
use crate::ticket_visit::TicketVisit;
use crate::urls::TicketUrls;

const NOTHING_TICKED: &str = "Tick what you take back.";

/// A request that is theirs to take back.
struct Offered {
    id: RestrictionId,
    mark: String,
    ground: &'static str,
}

/// What there is to take back.
struct Offer {
    requests: Vec<Offered>,
    /// Whether the record stays restricted when all of it is taken back.
    stays_restricted: bool,
}

#[derive(Template)]
#[template(path = "ticket_unrestrict.html")]
struct UnrestrictPage<'a> {
    page: Page,
    app: &'a App,
    urls: &'a TicketUrls,
    offer: &'a Offer,
    form: &'a FormState,
}

/// What it means, and what there is to take back.
pub async fn show(State(app): State<App>, visit: TicketVisit) -> Result<Response> {
    match offer(&app, &visit).await? {
        Some((_, offer)) => draw(&app, &visit, &offer, &FormState::new()),
        None => Ok(Redirect::to(visit.urls.page()).into_response()),
    }
}

/// Takes it; entry-app files it.
pub async fn submit(
    State(app): State<App>,
    visit: TicketVisit,
    mut form: FormState,
) -> Result<Response> {
    let page = Redirect::to(visit.urls.page()).into_response();
    let Some((id, offer)) = offer(&app, &visit).await? else {
        return Ok(page);
    };
    let chosen = offer
        .requests
        .iter()
        .filter(|one| form.has("request", &one.mark));
    let chosen: Vec<RestrictionId> = chosen.map(|one| one.id).collect();
    if chosen.is_empty() {
        form.problem("request", NOTHING_TICKED);
    } else if wish(&app, &visit, id, chosen).await? {
        return Ok(page);
    } else {
        form.headline(MOMENT);
    }
    let again = draw(&app, &visit, &offer, &form)?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, again).into_response())
}

/// Notes it, and tells the desk; false while what they asked for before is being noted.
async fn wish(
    app: &App,
    visit: &TicketVisit,
    id: RequestId,
    chosen: Vec<RestrictionId>,
) -> Result<bool> {
    let (front, now) = (&app.front, visit.now);
    let rng = &mut rand::make_rng::<rand::rngs::StdRng>();
    let mut transaction = app.database.begin().await?;
    if !request::wish_unrestriction(&mut transaction, front, id, chosen, now, rng).await? {
        return Ok(false);
    }
    mail::restriction_withdrawn(app, &mut transaction, (visit.record, id), now).await?;
    transaction.commit().await?;
    Ok(true)
}

/// None where nobody was let in, or nothing is theirs to take back: the page before says how things stand.
async fn offer(app: &App, visit: &TicketVisit) -> Result<Option<(RequestId, Offer)>> {
    let Some(id) = visit.held else {
        return Ok(None);
    };
    let mut connection = app.database.acquire().await?;
    let Some(admission) = request::open(&mut connection, &app.front, id, visit.now).await? else {
        return Ok(None);
    };
    let limits = limits(app, &mut connection, visit, &admission).await?;
    let theirs = limits
        .requests
        .all
        .iter()
        .filter(|one| one.can_be_withdrawn());
    let requests: Vec<Offered> = theirs
        .filter_map(|request| match request.wanted {
            Wanted::Restriction(ground) => Some(Offered {
                id: request.id(),
                mark: request.id().to_string(),
                ground: ground_in_words(ground),
            }),
            Wanted::Objection(_) => None,
        })
        .collect();
    let stays_restricted = limits.causes.len() > requests.len();
    let offer = Offer {
        requests,
        stays_restricted,
    };
    Ok(Some((id, offer)).filter(|(_, offer)| !offer.requests.is_empty()))
}

fn draw(app: &App, visit: &TicketVisit, offer: &Offer, form: &FormState) -> Result<Response> {
    let page = UnrestrictPage {
        page: app.page("Take back a restriction"),
        app,
        urls: &visit.urls,
        offer,
        form,
    };
    Ok(html(&page)?.into_response())
}
