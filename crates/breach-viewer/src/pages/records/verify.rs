//! The Verify button. With a script the line is updated in place; without one its own page shows the result.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use database::records_view;
use database::verifications::{Source, Subject};
use detection::Occasion;
use web_kit::components::{Badge, Copyable, Moment};
use web_kit::error::{Error, Result};
use web_kit::form::FormState;
use web_kit::page::{Page, html};

use super::line::Line;
use super::{parse_subject, unavailable};
use crate::state::Watchtower;
use crate::urls;

/// Somebody wanted to know.
pub const BUTTON: Occasion = Occasion {
    source: Source::Button,
    round: None,
};

#[derive(Template)]
#[template(path = "records/verified.html")]
struct VerifiedPage {
    page: Page,
    lines: Vec<Line>,
}

/// Verifies one subject now.
pub async fn submit(
    page: Page,
    State(tower): State<Watchtower>,
    Path(subject): Path<String>,
    form: FormState,
) -> Result<Response> {
    let subject = parse_subject(&subject)?;
    let examined = tower.registrar.examiner().subject(subject).await;
    let filed = match examined {
        Ok(Some(examined)) => tower.registrar.file(examined, BUTTON).await,
        Ok(None) => return Err(Error::NotFound),
        Err(hindrance) => Err(hindrance),
    };
    let subject = match filed {
        Ok(filed) => filed.subject,
        // Unverifiable: the last verdict stays on file, the line and the banner say why it can't be confirmed.
        Err(hindrance) => {
            let obstacle = tower.registrar.obstacle(&hindrance).await;
            tower.registrar.raise(obstacle).await.map_err(unavailable)?;
            return hindered(page, &tower, subject).await;
        }
    };
    if form.value("from") == "record" {
        return Ok(Redirect::to(&urls::record(subject)).into_response());
    }
    Ok(result(page, &tower, subject).await?.into_response())
}

async fn result(page: Page, tower: &Watchtower, subject: Subject) -> Result<Html<String>> {
    let mut connection = tower.pool.acquire().await?;
    let viewed = records_view::verified_one(&mut connection, &tower.keys, subject).await?;
    let viewed = viewed.ok_or(Error::NotFound)?;
    let lines = vec![Line::new(tower, &mut connection, &viewed).await?];
    html(&VerifiedPage {
        page: page.titled("Verified"),
        lines,
    })
}

async fn hindered(page: Page, tower: &Watchtower, subject: Subject) -> Result<Response> {
    let mut connection = tower.pool.acquire().await?;
    let viewed = records_view::verified_one(&mut connection, &tower.keys, subject).await?;
    let viewed = viewed.ok_or(Error::Unavailable { what: "the chain" })?;
    let mut line = Line::new(tower, &mut connection, &viewed).await?;
    line.call_unverifiable();
    Ok(html(&VerifiedPage {
        page: page.titled("Not verified"),
        lines: vec![line],
    })?
    .into_response())
}
