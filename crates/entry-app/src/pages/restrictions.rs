//! What owners want to have restricted, and what they object to, as long as that is not over: what is to be answered, the soonest first.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use database::records;
use database::restriction_steps;
use enrolment::restriction::Requests;
use record::ids::Uid;
use web_kit::components::{Badge, Moment, Tone};
use web_kit::error::Result;
use web_kit::page::{Page, html};
use web_kit::sign_in::SignedIn;

use super::records::restriction_view::RequestLine;
use crate::state::Desk;
use crate::urls;

/// Once these are over the next ones come up.
const MOST: u32 = 100;

struct Line {
    uid: Option<Uid>,
    record_address: String,
    request: RequestLine,
}

#[derive(Template)]
#[template(path = "restrictions.html")]
struct RestrictionsPage {
    page: Page,
    /// To be decided, and in force.
    parts: [(&'static str, &'static str, Vec<Line>); 2],
    tampered: usize,
}

/// The page.
pub async fn show(page: Page, State(desk): State<Desk>, _person: SignedIn) -> Result<Html<String>> {
    let mut connection = desk.pool.acquire().await?;
    let (front, now) = (desk.keys.front(), desk.clock.now());
    let found = restriction_steps::not_over(&mut connection, &front, MOST).await?;
    let mut tampered = found.tampered.len();
    let (mut open, mut decided) = (Vec::new(), Vec::new());
    for asked in found.rows {
        let record = match records::load(&mut connection, &front, asked.record_id).await {
            Ok(record) => record,
            Err(error) if error.is_tampering() => {
                tampered += 1;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        // Erased since.
        let Some(record) = record else { continue };
        let steps = restriction_steps::of_record(&mut connection, &front, record.id).await?;
        let requests = Requests::of(steps, &front);
        let Some(request) = requests.find(asked.request_id) else {
            tampered += 1;
            continue;
        };
        let line = Line {
            uid: record.uid,
            record_address: urls::record(record.id),
            request: RequestLine::of(record.id, request, now),
        };
        match request.is_open() {
            true => open.push(line),
            false => decided.push(line),
        }
    }
    html(&RestrictionsPage {
        page: page.titled("Restrictions"),
        parts: [
            ("To be decided", "Nobody waits.", open),
            (
                "In force, or to be lifted",
                "Nothing is restricted.",
                decided,
            ),
        ],
        tampered,
    })
}
