//! One record: its verdict with the reasons, what was expected and found, its incidents, and what can be done.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use database::access_log::UseGround;
use database::incident_findings::{self, Finding};
use database::records_view;
use database::verifications::{Subject, VerdictKind, Verification};
use detection::Examined;
use detection::verdict::Explanation;
use sqlx::MySqlConnection;
use web_kit::components::{Badge, Copyable, Moment, Tone};
use web_kit::error::{Error, Result};
use web_kit::form::FormState;
use web_kit::page::{Page, html};
use web_kit::sign_in::{Role, SignedIn};
use zeroize::Zeroizing;

use super::line::Line;
use super::parse_subject;
use super::removal::Removal;
use super::standing;
use super::verify::BUTTON;
use crate::pages::verdict_view;
use crate::state::Watchtower;
use crate::urls;

/// The details in clear, when somebody asked to see them.
pub struct Revealed {
    pub details: Vec<(&'static str, Zeroizing<String>)>,
    /// Whether there is a newer version, which is not anchored.
    pub is_corrected: bool,
}

#[derive(Template)]
#[template(path = "records/show.html")]
pub struct ShowPage {
    page: Page,
    address: String,
    line: Line,
    verification: Option<Verification>,
    explanation: Option<Explanation>,
    /// The versions that changed the wallet, where the record is valid with that.
    wallet_changes: Vec<u32>,
    findings: Vec<Finding>,
    pub(super) revealed: Option<Revealed>,
    can_restore: bool,
    /// The chain's own word is at fault: the authority has to declare it void first.
    restores_later: bool,
    /// How a row that the chain does not know goes.
    removal: Option<Removal>,
    is_bad: bool,
    has_details: bool,
    pub(super) form: FormState,
}

/// The page. The record is looked at anew, so that verdict and reasons are of one moment.
pub async fn show(
    page: Page,
    person: SignedIn,
    State(tower): State<Watchtower>,
    Path(subject): Path<String>,
) -> Result<Response> {
    let subject = parse_subject(&subject)?;
    let seen = look(&tower, subject).await;
    if let Some(seen) = seen.as_ref().filter(|seen| seen.subject != subject) {
        // A row that the chain knows by now.
        return Ok(Redirect::to(&urls::record(seen.subject)).into_response());
    }
    let mut connection = tower.pool.acquire().await?;
    let mut shown = load(page, &person, &tower, &mut connection, subject).await?;
    if let (Some(seen), Some(on_file)) = (&seen, &mut shown.verification) {
        // Of what is valid only that is on file.
        on_file.proof_expected = on_file.proof_expected.or(seen.finding.proof_expected);
        on_file.proof_found = on_file.proof_found.or(seen.finding.proof_found);
    }
    shown.wallet_changes = seen.as_ref().map(wallet_changes).unwrap_or_default();
    shown.explanation = seen.map(|seen| seen.finding.explanation());
    Ok(html(&shown)?.into_response())
}

/// Looks at a subject now, and files what differs from the verdict on file; nothing while nothing can be told.
async fn look(tower: &Watchtower, subject: Subject) -> Option<Examined> {
    if tower.is_hindered() {
        return None;
    }
    let examined = tower.registrar.examiner().subject(subject).await.ok()??;
    let mut connection = tower.pool.acquire().await.ok()?;
    let keys = &tower.keys;
    let viewed = records_view::verified_one(&mut connection, keys, examined.subject).await;
    let on_file = viewed.ok().flatten().and_then(|viewed| viewed.verification);
    let is_on_file = on_file.is_some_and(|on_file| {
        on_file.verdict == examined.finding.verdict && on_file.fields == examined.finding.fields()
    });
    match is_on_file {
        true => Some(examined),
        false => tower.registrar.file(examined, BUTTON).await.ok(),
    }
}

/// That a verdict calls the record valid, says that the authority ordered each of them.
fn wallet_changes(seen: &Examined) -> Vec<u32> {
    let is_valid = seen.finding.verdict == VerdictKind::Valid;
    let rows = seen.evidence.as_ref().filter(|_| is_valid);
    let versions = rows.iter().flat_map(|rows| &rows.versions);
    let values = versions.map(|version| &version.values);
    let changing = values.filter(|one| one.anchor.is_some() && one.wallet_order.is_some());
    changing.map(|one| one.version.get()).collect()
}

/// The page of a subject, from what is on file.
pub async fn load(
    page: Page,
    person: &SignedIn,
    tower: &Watchtower,
    connection: &mut MySqlConnection,
    subject: Subject,
) -> Result<ShowPage> {
    let viewed = records_view::verified_one(connection, &tower.keys, subject).await?;
    let viewed = viewed.ok_or(Error::NotFound)?;
    let line = Line::new(tower, connection, &viewed).await?;
    let findings = incident_findings::unresolved(connection, &tower.keys, subject)
        .await?
        .rows;
    let state = viewed.row.as_ref().and_then(|row| row.record.as_ref());
    let state = state.map(|record| record.state);
    let has_details = viewed.row.is_some() && !line.has_ended;
    let verification = viewed.verification;
    let verdict = verification.as_ref().map(|one| one.verdict);
    Ok(ShowPage {
        page: page.titled(standing::title(subject, state, verdict)),
        address: urls::record(subject),
        explanation: None,
        wallet_changes: Vec::new(),
        line,
        verification,
        findings,
        revealed: None,
        removal: Removal::of(subject, verdict),
        is_bad: verdict.is_some_and(VerdictKind::is_bad),
        has_details,
        form: FormState::new(),
        restores_later: verdict == Some(VerdictKind::ConsentInvalid),
        can_restore: verdict.is_some_and(VerdictKind::is_bad)
            && subject.as_uid().is_some()
            && person.is_any(&[Role::DataProtectionOfficer]),
    })
}
