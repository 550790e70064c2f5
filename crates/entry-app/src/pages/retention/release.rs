//! Releasing the erasure of records whose time is over, by one order of the authority about all of them.
//!
//! The address holds what the order is about, so that the same is signed whenever it is opened: it may take the authority days.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use database::erasures;
use enrolment::EnrolmentError;
use enrolment::retention::{Hold, Releasing, release};
use record::entry::clean_note;
use record::erasure::ErasureEvidence;
use record::ids::{RecordId, Uid};
use record::time::UnixMillis;
use web_kit::components::{Moment, Tone};
use web_kit::error::{Error, Result};
use web_kit::form::FormState;
use web_kit::page::{Page, html, html_again};
use web_kit::sign_in::{KeptForm, SignedIn};

use super::order::{Chosen, Order};
use crate::pages::records::erasure::{NOT_THEIRS, read_signature};
use crate::pages::records::retention_view::hold_in_words;
use crate::pages::records::{explain, explain_row};
use crate::state::Desk;
use crate::urls;

const LABELS: &[(&str, &str)] = &[
    ("confirmed", "Records"),
    ("signature", "Signature of the authority"),
    ("reason", "Why they are erased"),
    ("final", "Confirmation"),
];
const USUAL_REASON: &str =
    "The time of every purpose is over, and nothing else permits to keep the record.";

#[derive(Template)]
#[template(path = "retention/release.html")]
struct ReleasePage {
    page: Page,
    order: Order,
    address: String,
    typed_data: String,
    form: FormState,
}

impl ReleasePage {
    fn new(page: Page, desk: &Desk, order: Order, mut form: FormState) -> Self {
        let (chain_id, relay) = desk.site();
        let typed_data = order.order.typed_data(chain_id, relay);
        let uids: Vec<Uid> = order.chosen.iter().map(|one| one.uid).collect();
        if form.value("reason").is_empty() && !form.has_problems() {
            form.set("reason", USUAL_REASON);
        }
        Self {
            page: page.titled("Release the erasure?"),
            address: urls::release(UnixMillis::from_seconds(order.order.ordered_at), &uids),
            typed_data: format!("{typed_data:#}"),
            order,
            form,
        }
    }

    fn can_release(&self) -> bool {
        self.order.chosen.iter().any(|one| one.held.is_none())
    }
}

/// The records once more, and what the authority signs.
pub async fn show(
    page: Page,
    State(desk): State<Desk>,
    RawQuery(query): RawQuery,
    KeptForm(kept): KeptForm,
    _person: SignedIn,
) -> Result<Html<String>> {
    let asked = FormState::from_urlencoded(query.unwrap_or_default().as_bytes());
    let form = if kept.all("uid").is_empty() {
        asked
    } else {
        kept
    };
    let mut connection = desk.pool.acquire().await?;
    let order = Order::load(&desk, &mut connection, &form).await?;
    html(&ReleasePage::new(page, &desk, order, form))
}

/// Releases those that are confirmed, each in a transaction of its own: one that is held up holds up no other.
pub async fn submit(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    mut form: FormState,
) -> Result<Response> {
    let mut connection = desk.pool.acquire().await?;
    let order = Order::load(&desk, &mut connection, &form).await?;
    drop(connection);
    let Some((evidence, reason)) = read(&order, &mut form) else {
        let page = ReleasePage::new(page, &desk, order, form);
        return html_again(&page);
    };
    let mut outcome = Outcome::default();
    for (id, evidence) in evidence {
        match release_one(&person, &desk, id, evidence, &reason).await {
            Ok(()) => outcome.released += 1,
            Err(Problem::Held(hold)) => outcome.held = Some(hold_in_words(hold)),
            // The form stays in the page that says so.
            Err(Problem::Other(error @ Error::Unavailable { .. })) if outcome.released == 0 => {
                return Err(error);
            }
            Err(Problem::Other(error)) => {
                tracing::error!(?error, "a record could not be released");
                outcome.failed += 1;
            }
        }
    }
    let (tone, text) = outcome.words();
    person.leave_notice(tone, text).await?;
    Ok(Redirect::to(urls::route::RETENTION).into_response())
}

/// What came of the confirmed records.
#[derive(Default)]
struct Outcome {
    released: usize,
    /// What held the last one that was held up.
    held: Option<&'static str>,
    failed: usize,
}

impl Outcome {
    fn words(&self) -> (Tone, String) {
        let mut text = match self.released {
            0 => "Nothing was released.".to_owned(),
            1 => "1 record is released. It ends on the chain now, and then everything of it is destroyed; its owner gets a receipt by e-mail.".to_owned(),
            many => format!("{many} records are released. They end on the chain now, and then everything of them is destroyed; their owners get receipts by e-mail."),
        };
        if let Some(why) = self.held {
            text += &format!(" Something was held up meanwhile: {why}");
        }
        if self.failed > 0 {
            text += &format!(
                " Refused or interrupted: {}. Look at them again.",
                self.failed
            );
        }
        let tone = match (self.released, self.held, self.failed) {
            (1.., None, 0) => Tone::Good,
            _ => Tone::Warning,
        };
        (tone, text)
    }
}

enum Problem {
    Held(Hold),
    Other(Error),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

async fn release_one(
    person: &SignedIn,
    desk: &Desk,
    id: RecordId,
    evidence: ErasureEvidence,
    reason: &str,
) -> std::result::Result<(), Problem> {
    let (office, rng) = (desk.office(person), &mut crate::state::rng());
    let mut transaction = desk.pool.begin().await.map_err(Error::from)?;
    // The job before the record, as a round of anchoring locks them.
    match anchoring::retire(&mut transaction, &desk.keys, id, office.staff, office.now).await {
        Err(error) if error.is_duplicate_of("anchoring_jobs_version") => {
            return Err(Problem::Held(Hold::Erasing));
        }
        queued => queued.map_err(explain_row)?,
    };
    let releasing = Releasing { evidence, reason };
    let rules = desk.rules();
    let released = release(&mut transaction, &office, &rules, id, &releasing, rng).await;
    let erasure = match released {
        Err(EnrolmentError::Held(hold)) => return Err(Problem::Held(hold)),
        released => released.map_err(explain)?,
    };
    // As where an owner asked: before the commit, and again by who tries it again.
    let mut backup = desk.backup.acquire().await.map_err(Error::from)?;
    erasures::insert(&mut backup, &desk.keys, &erasure)
        .await
        .map_err(Error::from)?;
    transaction.commit().await.map_err(Error::from)?;
    Ok(())
}

/// The confirmed records, each with its evidence, and why; none where the form has problems.
fn read(order: &Order, form: &mut FormState) -> Option<(Vec<(RecordId, ErasureEvidence)>, String)> {
    let confirmed = order.chosen.iter().filter(|one| {
        let is_free = one.held.is_none();
        is_free && form.has("confirmed", &one.mark())
    });
    let confirmed: Vec<&Chosen> = confirmed.collect();
    if confirmed.is_empty() {
        form.problem("confirmed", "Confirm at least one record.");
    }
    let signature = read_signature(form);
    let reason = form.check("reason", clean_note);
    if form.value("final") != "yes" {
        form.problem("final", "Confirm that you know that nobody can undo this.");
    }
    let signature = signature?;
    let evidence = confirmed.iter().filter_map(|one| {
        let evidence = order.evidence(one, signature)?;
        Some((one.id?, evidence))
    });
    let evidence: Vec<_> = evidence.collect();
    if evidence.len() < confirmed.len() {
        form.problem("signature", NOT_THEIRS);
    }
    Some((evidence, reason?)).filter(|_| !form.has_problems())
}
