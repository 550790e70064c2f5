//! Deciding about an erasure that an owner asked for: granted on a signature, or refused with a reason.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use database::erasures::{self, Erasure, ErasureState};
use database::records::{Record, RecordState};
use enrolment::erasure::{self, Granting, Held};
use enrolment::wallet_change;
use record::entry::clean_note;
use record::erasure::{ErasureEvidence, ErasureStatement, Signatory};
use record::ids::RecordId;
use record::signature::EcdsaSignature;
use sqlx::{Connection, MySqlConnection};
use web_kit::components::{Moment, Tone};
use web_kit::error::{Error, Result};
use web_kit::form::FormState;
use web_kit::page::{Page, html, html_again};
use web_kit::sign_in::{KeptForm, SignedIn};

use super::how_asked::{IDENTITY, SEEN, identity_in_words, read_identity, way_in_words};
use super::on_chain::{OnChain, Sight};
use super::opened::load_record;
use super::{explain, explain_row, parse_id};
use crate::state::Desk;
use crate::urls;

const LABELS: &[(&str, &str)] = &[
    IDENTITY,
    ("signature", "Signature of the authority"),
    ("confirmed", "Confirmation"),
    ("reason", "Why it is not erased"),
];
const NOTHING_OPEN: &str =
    "Nothing is asked that could be decided here. Open the record to see how it stands.";
pub const NOT_THEIRS: &str = "This is not the authority's signature over the statement below.";
const GRANTED: &str = "It is decided. The record ends on the chain now, and then everything of it is destroyed; the owner gets a receipt by e-mail.";

/// What there is to decide about.
struct Open {
    record: Record,
    erasure: Erasure,
    on_chain: OnChain,
    /// What the owner signed, where they did and it holds against the chain.
    signed: Option<ErasureEvidence>,
    /// What the authority would have to sign in their place.
    statement: ErasureStatement,
}

#[derive(Template)]
#[template(path = "records/erasure.html")]
struct ErasurePage {
    page: Page,
    record_address: String,
    open: Open,
    typed_data: String,
    form: FormState,
}

impl ErasurePage {
    fn new(page: Page, desk: &Desk, open: Open, form: FormState) -> Self {
        let (chain_id, relay) = desk.site();
        let typed_data = open.statement.typed_data(chain_id, relay);
        Self {
            page: page.titled("Erase this record?"),
            record_address: urls::record(open.record.id),
            typed_data: format!("{typed_data:#}"),
            open,
            form,
        }
    }

    fn way(&self) -> &'static str {
        way_in_words(self.open.erasure.way)
    }

    fn identity(&self) -> Option<&'static str> {
        self.open.erasure.identity.map(identity_in_words)
    }
}

/// What is asked, and the two answers.
pub async fn show(
    page: Page,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    KeptForm(form): KeptForm,
    _person: SignedIn,
) -> Result<Html<String>> {
    let id = parse_id(&id)?;
    let mut connection = desk.pool.acquire().await?;
    let open = load(&desk, &mut connection, id).await?;
    html(&ErasurePage::new(page, &desk, open, form))
}

/// Grants it.
pub async fn grant(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    mut form: FormState,
) -> Result<Response> {
    let id = parse_id(&id)?;
    let mut connection = desk.pool.acquire().await?;
    let open = load(&desk, &mut connection, id).await?;
    let Some(granting) = read(&open, &mut form) else {
        let page = ErasurePage::new(page, &desk, open, form);
        return html_again(&page);
    };
    let (office, rng) = (desk.office(&person), &mut crate::state::rng());
    let mut transaction = connection.begin().await?;
    // The job before the record, as a round of anchoring locks them.
    anchoring::retire(&mut transaction, &desk.keys, id, office.staff, office.now)
        .await
        .map_err(explain_row)?;
    let granted = erasure::grant(&mut transaction, &office, id, &granting, rng)
        .await
        .map_err(explain)?;
    // Before the commit, and again by who tries it again: who restores an older dump of the main database must not lose what the chain is to be compared with.
    let mut backup = desk.backup.acquire().await?;
    erasures::insert(&mut backup, &desk.keys, &granted).await?;
    transaction.commit().await?;
    drop(connection);
    person.leave_notice(Tone::Good, GRANTED).await?;
    Ok(Redirect::to(&urls::record(id)).into_response())
}

/// Refuses it, and tells the owner why.
pub async fn refuse(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    mut form: FormState,
) -> Result<Response> {
    let id = parse_id(&id)?;
    let mut connection = desk.pool.acquire().await?;
    let open = load(&desk, &mut connection, id).await?;
    let Some(reason) = form.check("reason", clean_note) else {
        let page = ErasurePage::new(page, &desk, open, form);
        return html_again(&page);
    };
    let (office, rng) = (desk.office(&person), &mut crate::state::rng());
    let officer = &desk.profile.officer.contact;
    let mut transaction = connection.begin().await?;
    erasure::refuse(&mut transaction, &office, id, officer, &reason, rng)
        .await
        .map_err(explain)?;
    transaction.commit().await?;
    drop(connection);
    let text = "The record stays, and the owner is told why by e-mail.";
    person.leave_notice(Tone::Good, text).await?;
    Ok(Redirect::to(&urls::record(id)).into_response())
}

/// Queues the retirement anew that anchoring refused.
pub async fn again(
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Redirect> {
    let id = parse_id(&id)?;
    let (staff, now) = (person.staff_id(), desk.clock.now());
    let mut transaction = desk.pool.begin().await?;
    let record = load_record(&desk, &mut transaction, id).await?;
    if record.state != RecordState::Erasing {
        return Err(Error::conflict(NOTHING_OPEN));
    }
    let queued = anchoring::retire(&mut transaction, &desk.keys, id, staff, now).await;
    match queued {
        Ok(_) => transaction.commit().await?,
        // It is on its way.
        Err(error) if error.is_duplicate_of("anchoring_jobs_version") => {}
        Err(error) => return Err(explain_row(error)),
    }
    Ok(Redirect::to(&urls::record(id)))
}

async fn load(desk: &Desk, connection: &mut MySqlConnection, id: RecordId) -> Result<Open> {
    let record = load_record(desk, connection, id).await?;
    let current = erasure::current(connection, &desk.keys, id)
        .await
        .map_err(explain)?;
    let erasure = current
        .filter(|one| one.state == ErasureState::Open)
        .ok_or_else(|| Error::conflict(NOTHING_OPEN))?;
    if record.state != RecordState::Anchored {
        return Err(Error::conflict(
            "A correction of this record is under way. Give it up first, or have it anchored.",
        ));
    }
    // By the chain alone: a record whose rows were damaged can be erased as well.
    let sight = Sight::load(desk).await?;
    let on_chain = OnChain::load(desk, &sight, erasure.uid).await?;
    let on_chain = on_chain.filter(|known| !known.is_retired);
    let on_chain = on_chain.ok_or_else(|| Error::conflict(NOTHING_OPEN))?;
    let word = on_chain.word();
    let json = erasure.open(&desk.keys).ok().flatten();
    let signed = json.and_then(|json| ErasureEvidence::from_json(&json));
    let signed = signed.filter(|signed| on_chain.bears(signed));
    let signed = match signed {
        Some(signed) if is_theirs(desk, connection, &record, &on_chain).await? => Some(signed),
        _ => None,
    };
    Ok(Open {
        signed,
        statement: ErasureStatement {
            controller: desk.profile.controller.identity(),
            uid: erasure.uid.get(),
            record_proof: word.ok_or_else(|| Error::conflict(NOTHING_OPEN))?,
            requested_at: erasure.asked_at.as_seconds(),
        },
        on_chain,
        record,
        erasure,
    })
}

/// Whether the wallet that the record began with is its owner's still: one that was lost signs for nothing any more. Of one version that
/// is so unless they said that it is lost; of several, the rows have to tell.
async fn is_theirs(
    desk: &Desk,
    connection: &mut MySqlConnection,
    record: &Record,
    on_chain: &OnChain,
) -> Result<bool> {
    let lost = wallet_change::current(connection, &desk.keys, record).await;
    if lost.map_err(explain_row)?.is_some() {
        return Ok(false);
    }
    if !on_chain.has_followers {
        return Ok(true);
    }
    match Held::load(connection, &desk.keys, record, desk.site()).await {
        Ok(held) => Ok(held.is_some_and(|held| held.wallet.is_some())),
        Err(error) if error.is_tampering() => Ok(false),
        Err(error) => Err(explain(error)),
    }
}

/// What it is granted on; none where the form has problems.
fn read(open: &Open, form: &mut FormState) -> Option<Granting> {
    let identity = match open.erasure.identity {
        Some(known) => Some(known),
        None => read_identity(form),
    };
    let evidence = match &open.signed {
        Some(signed) => Some(signed.clone()),
        None => read_order(&open.statement, form),
    };
    if form.value("confirmed") != "yes" {
        form.problem(
            "confirmed",
            "Confirm that you know that nobody can undo this.",
        );
    }
    if let Some(evidence) = &evidence
        && !open.on_chain.bears(evidence)
    {
        form.problem("signature", NOT_THEIRS);
    }
    let complete = identity.zip(evidence).filter(|_| !form.has_problems());
    complete.map(|(identity, evidence)| Granting { identity, evidence })
}

fn read_order(statement: &ErasureStatement, form: &mut FormState) -> Option<ErasureEvidence> {
    Some(ErasureEvidence {
        statement: statement.clone(),
        signature: read_signature(form)?,
        salt: rand::random::<[u8; 32]>().into(),
        signatory: Signatory::Authority,
    })
}

/// The authority's signature, as it was pasted; none with what is wrong beside it.
pub fn read_signature(form: &mut FormState) -> Option<EcdsaSignature> {
    let typed = form.value("signature").trim().to_owned();
    let bytes = hex::decode(typed.strip_prefix("0x").unwrap_or(&typed)).ok();
    let signature = bytes.and_then(|bytes| EcdsaSignature::normalise(&bytes).ok());
    if signature.is_none() {
        let wanted = "Paste the signature: 0x and 130 hexadecimal digits.";
        form.problem("signature", wanted);
    }
    signature
}
