//! One record: its details, and how it stands.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use database::access_log::{AccessAction, UseGround};
use database::records::RecordState;
use record::ids::RecordId;
use web_kit::components::{Badge, Copyable, Moment, Progress, Tone};
use web_kit::error::Result;
use web_kit::form::FormState;
use web_kit::page::{Page, html};
use web_kit::sign_in::SignedIn;

use super::link::HandedLink;
use super::opened::Opened;
use super::qr::Qr;
use super::standing::Standing;
use super::{erased, parse_id};
use crate::state::Desk;

/// A link just made, shown this once.
struct Shown {
    link: HandedLink,
    qr: Option<Qr>,
}

#[derive(Template)]
#[template(path = "records/show.html")]
struct ShowPage {
    page: Page,
    opened: Opened,
    shown: Option<Shown>,
    standing: Standing,
    form: FormState,
}

/// The page. That the details were shown is logged before they are.
pub async fn show(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Response> {
    draw(page, &person, &desk, parse_id(&id)?, FormState::new()).await
}

/// The page; `form` is that of the ground on which it is looked at.
pub async fn draw(
    page: Page,
    person: &SignedIn,
    desk: &Desk,
    id: RecordId,
    form: FormState,
) -> Result<Response> {
    let mut connection = desk.pool.acquire().await?;
    if let Some(erased) = erased::page(desk, &mut connection, &page, id).await? {
        return Ok(erased);
    }
    let opened = Opened::load(desk, &mut connection, person, id).await?;
    if !opened.is_withheld() {
        let look = (AccessAction::Revealed, opened.ground());
        desk.log_access(&mut connection, person, id, look).await?;
    }
    let standing = Standing::load(desk, &mut connection, &opened.record).await?;
    // The link is taken on a connection of its own.
    drop(connection);
    let handed: Option<HandedLink> = person.take_handed_over(&standing.address).await?;
    let shown = ShowPage {
        page: page.titled(standing.title.as_str()),
        opened,
        shown: handed.map(|link| Shown {
            qr: Qr::of(&link.address),
            link,
        }),
        standing,
        form,
    };
    Ok(html(&shown)?.into_response())
}
