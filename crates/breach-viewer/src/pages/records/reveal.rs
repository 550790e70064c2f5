//! Showing the details in clear. Who looked is written down before anything is shown.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use database::access_log::{self, Access, AccessAction, UseGround};
use database::evidence::{self, Evidence};
use database::sealed::SealedVersion;
use database::verifications::Subject;
use record::ids::RecordId;
use sqlx::MySqlConnection;
use web_kit::error::{Error, Result};
use web_kit::form::FormState;
use web_kit::page::{Page, html, html_again};
use web_kit::sign_in::{App, Role, SignedIn};
use zeroize::Zeroizing;

use super::show::{Revealed, load};
use super::{parse_subject, restricted};
use crate::state::Watchtower;

const FIELDS: [(&str, &str); 5] = [
    ("name", "Name"),
    ("email", "E-mail"),
    ("phone", "Phone"),
    ("age", "Age"),
    ("address", "Address"),
];

/// The record's page with the details; reloading asks anew. Those of a restricted record are shown on a ground that is stated.
pub async fn submit(
    page: Page,
    person: SignedIn,
    State(tower): State<Watchtower>,
    Path(subject): Path<String>,
    mut form: FormState,
) -> Result<Response> {
    person.require(&[Role::DataProtectionOfficer])?;
    let subject = parse_subject(&subject)?;
    let mut connection = tower.pool.acquire().await?;
    let found = find(&tower, &mut connection, subject).await?;
    let limits = restricted::of_one(&tower, &mut connection, found.record_id).await?;
    let Ok(permit) = limits.permit(UseGround::offered(form.value("ground"))) else {
        form.problem("ground", "Say on what you look at it.");
        let mut shown = load(page, &person, &tower, &mut connection, subject).await?;
        shown.form = form;
        return html_again(&shown);
    };
    let revealed = reveal(&tower, &found);
    let access = Access {
        staff_id: person.staff_id(),
        record_id: found.record_id,
        app: App::Viewer,
        action: AccessAction::Revealed,
        at: tower.clock.now(),
        ground: permit.ground(),
    };
    access_log::append(&mut connection, &tower.keys, &access).await?;
    let mut shown = load(page, &person, &tower, &mut connection, subject).await?;
    shown.revealed = Some(revealed);
    Ok(html(&shown)?.into_response())
}

/// The rows of a record that has not ended.
async fn find(
    tower: &Watchtower,
    connection: &mut MySqlConnection,
    subject: Subject,
) -> Result<Evidence> {
    let found = match subject.as_uid() {
        Some(uid) => evidence::by_uid(connection, uid).await?,
        None => evidence::by_record(connection, RecordId::from_bytes(*subject.as_bytes())).await?,
    };
    let found = found.ok_or(Error::NotFound)?;
    match has_ended(tower, &found).await {
        false => Ok(found),
        true => Err(Error::conflict(
            "This record has ended on the chain: whatever is left of it, or has come back, is not shown.",
        )),
    }
}

fn reveal(tower: &Watchtower, found: &Evidence) -> Revealed {
    let key = found
        .owner_key
        .as_ref()
        .and_then(|key| tower.keys.unwrap_owner_key(key).ok());
    let shown = judged_version(found);
    let opened = key.and_then(|key| shown.map(|version| version.open(&key)));
    let fields = FIELDS.into_iter().map(|(name, label)| {
        let cell = opened.as_ref().and_then(|opened| {
            opened
                .fields
                .iter()
                .find(|(field, _)| field.as_str() == name)
                .map(|(_, cell)| cell)
        });
        let text = match cell {
            Some(Ok(field)) => field.clone().into_value(),
            _ => Zeroizing::new("(does not open)".to_owned()),
        };
        (label, text)
    });
    Revealed {
        details: fields.collect(),
        is_corrected: shown.is_some() && shown != found.versions.last(),
    }
}

/// As far as the chain can be asked.
async fn has_ended(tower: &Watchtower, found: &Evidence) -> bool {
    let ended = tower.registrar.examiner().has_ended(found).await;
    ended.unwrap_or_else(|hindrance| {
        tracing::warn!(cause = ?hindrance, "whether a record has ended can't be told");
        false
    })
}

/// The version that the verdict is about: the newest that is anchored, or the newest where none is yet.
fn judged_version(found: &Evidence) -> Option<&SealedVersion> {
    let is_anchored = |version: &&SealedVersion| version.values.anchor.is_some();
    let anchored = found.versions.iter().rfind(is_anchored);
    anchored.or(found.versions.last())
}
