//! The owner has shown who they are: the offer stands, the history says so, the cookie is made.

use axum_extra::extract::cookie::Cookie;
use database::consent_links::{self, ConsentLink};
use database::notices;
use database::record_events::{self, Actor, RecordEventKind};
use database::sealed::{Predecessor, open_cell, seal_cell};
use keyring::{CellKind, OpenError, OwnerKey};
use record::wiped_json;
use sqlx::MySqlConnection;
use web_kit::error::Error;

use crate::app::App;
use crate::offer::Offer;
use crate::refusal::Refusal;
use crate::tampering::tampered;
use crate::visit::Visit;

/// Admits whoever proved to be the owner, by the code or by the wallet. `link` is locked.
pub async fn admit(
    app: &App,
    visit: &Visit,
    mut link: ConsentLink,
    key: &OwnerKey,
    connection: &mut MySqlConnection,
) -> Result<Cookie<'static>, Refusal> {
    let offer = read_offer(&link, key)?;
    if offer.is_none() {
        let opened = RecordEventKind::LinkOpened;
        record_events::append(
            connection,
            &app.front,
            link.record_id,
            opened,
            Actor::Owner,
            visit.now,
        )
        .await?;
    }
    if !offer.is_some_and(|offer| offer.is_fresh(&app.profile, visit.now)) {
        let offer = Offer::new(&app.profile, visit.now, &mut rand::rng());
        notices::keep(connection, &app.profile.notice.text, visit.now).await?;
        link.offer = Some(seal_offer(&offer, &link, key)?);
        consent_links::update(connection, &app.front, &link).await?;
    }
    Ok(visit
        .pass()
        .cookie(&app.front, visit.now, &visit.urls, app.is_secure()))
}

/// What this owner was asked; `None` before the first admission.
pub fn read_offer(link: &ConsentLink, key: &OwnerKey) -> Result<Option<Offer>, OfferError> {
    let Some(cell) = &link.offer else {
        return Ok(None);
    };
    let opened = open_cell(key, link.version, link.draft, CellKind::Offer, cell)?;
    Ok(Some(serde_json::from_slice(&opened.value)?))
}

/// What the version behind this link follows; `None` for a first one, and for no other: the message of a correction that
/// follows nothing could be put behind anything.
pub fn read_predecessor(link: &ConsentLink, key: &OwnerKey) -> Result<Option<Predecessor>, Error> {
    match &link.predecessor {
        Some(cell) if link.corrects() => {
            let opened = Predecessor::open(key, link.version, link.draft, cell);
            opened
                .map(Some)
                .map_err(|cause| tampered(cause.to_string()))
        }
        None if !link.corrects() => Ok(None),
        _ => Err(tampered("a link does not fit what it follows")),
    }
}

fn seal_offer(offer: &Offer, link: &ConsentLink, key: &OwnerKey) -> Result<Vec<u8>, OfferError> {
    let json = wiped_json(offer)?;
    Ok(seal_cell(
        key,
        link.version,
        link.draft,
        CellKind::Offer,
        &json,
        &mut rand::rng(),
    ))
}

/// The offer in the link's row is not one of ours.
#[derive(Debug, thiserror::Error)]
pub enum OfferError {
    /// The cell does not open here.
    #[error("the offer's cell does not open")]
    Cell(#[from] OpenError),
    /// It holds something else.
    #[error("the offer can't be read")]
    Json(#[from] serde_json::Error),
}
