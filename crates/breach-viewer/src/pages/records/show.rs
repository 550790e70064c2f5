//! One record: its verdict with the reasons, what was expected and found, its incidents, and what can be done.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Html;
use database::incident_findings::{self, Finding};
use database::records_view;
use database::verifications::{Subject, Verification};
use detection::verdict::Explanation;
use sqlx::MySqlConnection;
use web_kit::components::{Badge, Copyable, Moment};
use web_kit::error::{Error, Result};
use web_kit::page::{Page, html};
use web_kit::sign_in::{Role, SignedIn};
use zeroize::Zeroizing;

use super::line::Line;
use super::parse_subject;
use crate::pages::verdict_view;
use crate::state::Watchtower;
use crate::urls;

/// The details in clear, when somebody asked to see them.
pub struct Revealed(pub Vec<(&'static str, Zeroizing<String>)>);

#[derive(Template)]
#[template(path = "records/show.html")]
pub struct ShowPage {
    page: Page,
    address: String,
    line: Line,
    verification: Option<Verification>,
    explanation: Option<Explanation>,
    findings: Vec<Finding>,
    revealed: Option<Revealed>,
    can_restore: bool,
}

/// The page.
pub async fn show(
    page: Page,
    person: SignedIn,
    State(tower): State<Watchtower>,
    Path(subject): Path<String>,
) -> Result<Html<String>> {
    let subject = parse_subject(&subject)?;
    let mut connection = tower.pool.acquire().await?;
    html(&load(page, &person, &tower, &mut connection, subject, None).await?)
}

/// The page of a subject, with or without the details in clear.
pub async fn load(
    page: Page,
    person: &SignedIn,
    tower: &Watchtower,
    connection: &mut MySqlConnection,
    subject: Subject,
    revealed: Option<Revealed>,
) -> Result<ShowPage> {
    let viewed = records_view::verified_one(connection, &tower.keys, subject).await?;
    let viewed = viewed.ok_or(Error::NotFound)?;
    let line = Line::new(tower, connection, &viewed).await?;
    let findings = incident_findings::unresolved(connection, &tower.keys, subject)
        .await?
        .rows;
    let verification = viewed.verification;
    let bad = verification
        .as_ref()
        .is_some_and(|one| one.verdict.is_bad());
    Ok(ShowPage {
        page: page.titled(match subject.as_uid() {
            Some(uid) => format!("Record {uid}"),
            None => "Row that the chain does not know".to_owned(),
        }),
        address: urls::record(subject),
        explanation: explanation(tower, subject).await,
        line,
        verification,
        findings,
        revealed,
        can_restore: bad
            && subject.as_uid().is_some()
            && person.is_any(&[Role::DataProtectionOfficer]),
    })
}

/// Why the verdict is what it is, told from the rows as they are now; nothing while nothing can be told.
async fn explanation(tower: &Watchtower, subject: Subject) -> Option<Explanation> {
    let examined = tower.registrar.examiner().subject(subject).await.ok()??;
    Some(examined.finding.explanation())
}
