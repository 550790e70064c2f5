//! One record: its details, and how it stands.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use database::access_log::AccessAction;
use database::records::RecordState;
use web_kit::components::{Badge, Copyable, Moment, Progress, Tone};
use web_kit::error::Result;
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
}

/// The page. That the details were shown is logged before they are.
pub async fn show(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Response> {
    let id = parse_id(&id)?;
    let mut connection = desk.pool.acquire().await?;
    if let Some(erased) = erased::page(&desk, &mut connection, &page, id).await? {
        return Ok(erased);
    }
    let opened = Opened::load(&desk, &mut connection, id).await?;
    desk.log_access(&mut connection, &person, id, AccessAction::Revealed)
        .await?;
    let standing = Standing::load(&desk, &mut connection, &opened.record).await?;
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
    };
    Ok(html(&shown)?.into_response())
}
