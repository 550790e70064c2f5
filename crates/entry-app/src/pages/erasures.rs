//! What owners ask to have erased: what is to be answered, the soonest first, and what came of the rest.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use database::erasures::{self, Erasure, ErasureState};
use record::ids::Uid;
use record::time::UnixMillis;
use sqlx::MySqlConnection;
use web_kit::components::{Badge, Moment, Tone};
use web_kit::error::Result;
use web_kit::page::{Page, html};
use web_kit::sign_in::SignedIn;

use crate::pages::records::erasure_view::ErasureView;
use crate::state::Desk;
use crate::urls;

/// So many of each kind: what is over lies in the history of its record.
const MOST: u32 = 100;

struct Line {
    uid: Uid,
    address: String,
    view: ErasureView,
}

struct Part {
    title: &'static str,
    empty: &'static str,
    lines: Vec<Line>,
}

#[derive(Template)]
#[template(path = "erasures.html")]
struct ErasuresPage {
    page: Page,
    parts: Vec<Part>,
    tampered: usize,
}

/// The page.
pub async fn show(page: Page, State(desk): State<Desk>, _person: SignedIn) -> Result<Html<String>> {
    let mut connection = desk.pool.acquire().await?;
    let mut tampered = 0;
    let mut parts = Vec::new();
    for (state, title, empty) in [
        (ErasureState::Open, "To be answered", "Nobody waits."),
        (
            ErasureState::Granted,
            "On the way",
            "Nothing is being erased.",
        ),
        (ErasureState::Destroyed, "Erased", "Nothing was erased."),
        (
            ErasureState::Refused,
            "Kept, with a reason",
            "Nothing was refused.",
        ),
    ] {
        let lines = load(&desk, &mut connection, state, &mut tampered).await?;
        parts.push(Part {
            title,
            empty,
            lines,
        });
    }
    html(&ErasuresPage {
        page: page.titled("Erasures"),
        parts,
        tampered,
    })
}

async fn load(
    desk: &Desk,
    connection: &mut MySqlConnection,
    state: ErasureState,
    tampered: &mut usize,
) -> Result<Vec<Line>> {
    let found = erasures::in_state(connection, &desk.keys, state, MOST).await?;
    *tampered += found.tampered.len();
    let now = desk.clock.now();
    Ok(found.rows.iter().map(|one| Line::of(one, now)).collect())
}

impl Line {
    fn of(erasure: &Erasure, now: UnixMillis) -> Self {
        Self {
            uid: erasure.uid,
            address: urls::record(erasure.record_id),
            view: ErasureView::of(erasure, now),
        }
    }
}
