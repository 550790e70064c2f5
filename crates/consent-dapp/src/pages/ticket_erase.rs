//! `/w/{ticket}/erase`: an owner who was let in by a code wants everything erased. `GET` explains it, `POST` asks without a wallet and
//! works without JavaScript; `message` and `sign` are for the wallet.

use alloy_primitives::B256;
use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use enrolment::request::{self, ErasureOffer};
use record::Address;
use record::ids::RequestId;
use record::signature::{ConsentSignature, EcdsaSignature};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use web_kit::error::Result;
use web_kit::form::FormState;
use web_kit::page::{Page, html};

use crate::app::App;
use crate::body::{Body, account};
use crate::elsewhere::Elsewhere;
use crate::mail;
use crate::pages::wallet::Next;
use crate::refusal::Refusal;
use crate::signer::Given;
use crate::ticket_visit::TicketVisit;
use crate::urls::TicketUrls;

const NOT_CONFIRMED: &str = "Tick that you know what it means.";

#[derive(Template)]
#[template(path = "ticket_erase.html")]
struct ErasePage<'a> {
    page: Page,
    app: &'a App,
    urls: &'a TicketUrls,
    elsewhere: Elsewhere,
    offer: &'a ErasureOffer,
    /// None where no wallet can sign it any more.
    wallet: Option<String>,
    form: &'a FormState,
}

/// What it means, and the two ways to ask.
pub async fn show(State(app): State<App>, visit: TicketVisit) -> Result<Response> {
    let Some((_, offer)) = still_offered(&app, &visit).await? else {
        return Ok(Redirect::to(visit.urls.page()).into_response());
    };
    draw(&app, &visit, &offer, &FormState::new())
}

/// Asks without a wallet.
pub async fn submit(
    State(app): State<App>,
    visit: TicketVisit,
    mut form: FormState,
) -> Result<Response> {
    let page = Redirect::to(visit.urls.page()).into_response();
    let Some((id, offer)) = still_offered(&app, &visit).await? else {
        return Ok(page);
    };
    if form.value("confirmed") != "yes" {
        form.problem("confirmed", NOT_CONFIRMED);
        let again = draw(&app, &visit, &offer, &form)?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, again).into_response());
    }
    ask(&app, &visit, id, None).await?;
    Ok(page)
}

/// What the wallet is to sign, and its digest by our own reckoning.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    typed_data: Value,
    digest: B256,
}

/// Gives the statement. Nothing is stored.
pub async fn message(
    State(app): State<App>,
    visit: TicketVisit,
) -> std::result::Result<Json<Message>, Refusal> {
    let (_, offer) = offered(&app, &visit).await?;
    if offer.wallet.is_none() {
        return Err(Refusal::ChangedMeanwhile);
    }
    let (chain_id, relay) = (app.network.chain_id, app.network.relay);
    Ok(Json(Message {
        typed_data: offer.statement.typed_data(chain_id, relay),
        digest: offer.statement.digest(chain_id, relay),
    }))
}

/// The signature; `account` only chooses the words of a refusal.
#[derive(Deserialize)]
pub struct Signed {
    account: String,
    signature: String,
}

/// Asks with the signature of the registered wallet.
pub async fn sign(
    State(app): State<App>,
    visit: TicketVisit,
    Body(signed): Body<Signed>,
) -> std::result::Result<Json<Next>, Refusal> {
    let given = Given::read(&signed.signature)?;
    let claimed = account(&signed.account)?;
    let (id, offer) = offered(&app, &visit).await?;
    let signature = signed_by_key(&app, &offer, &given, claimed).await?;
    ask(&app, &visit, id, Some(&signature)).await?;
    Ok(Json(Next {
        next: visit.urls.page().to_owned(),
    }))
}

/// What the owner who was let in may sign.
pub async fn offered(
    app: &App,
    visit: &TicketVisit,
) -> std::result::Result<(RequestId, ErasureOffer), Refusal> {
    let id = visit.held.ok_or(Refusal::IdentifyAgain)?;
    let mut connection = app.database.acquire().await?;
    let admission = request::open(&mut connection, &app.front, id, visit.now).await?;
    let admission = admission.ok_or(Refusal::IdentifyAgain)?;
    match &admission.erasure {
        Some(offer) if !admission.has_asked_erasure => Ok((id, offer.clone())),
        _ => Err(Refusal::ChangedMeanwhile),
    }
}

/// None where the page before says how things stand.
async fn still_offered(
    app: &App,
    visit: &TicketVisit,
) -> Result<Option<(RequestId, ErasureOffer)>> {
    match offered(app, visit).await {
        Ok(offered) => Ok(Some(offered)),
        Err(Refusal::Fault(fault)) => Err(fault),
        Err(_) => Ok(None),
    }
}

/// The evidence on the chain has to hold for ever with nothing of the record left, and names no block at which a contract could be asked.
async fn signed_by_key(
    app: &App,
    offer: &ErasureOffer,
    given: &Given,
    claimed: Address,
) -> std::result::Result<EcdsaSignature, Refusal> {
    let (chain_id, relay) = (app.network.chain_id, app.network.relay);
    let digest = offer.statement.digest(chain_id, relay);
    let wallet = offer.wallet.ok_or(Refusal::ChangedMeanwhile)?;
    match given.by(app, wallet, digest).await? {
        Ok(ConsentSignature::Ecdsa(signature)) => Ok(signature),
        Ok(ConsentSignature::Contract { .. }) => Err(Refusal::ContractErasure),
        Err(why) => Err(match why.refusal(wallet, claimed) {
            Refusal::NotAccepted { .. } | Refusal::NoContract { .. } | Refusal::ContractWallet => {
                Refusal::ContractErasure
            }
            refusal => refusal,
        }),
    }
}

async fn ask(
    app: &App,
    visit: &TicketVisit,
    id: RequestId,
    signature: Option<&EcdsaSignature>,
) -> Result<()> {
    let (front, now) = (&app.front, visit.now);
    let rng = &mut rand::make_rng::<rand::rngs::StdRng>();
    let mut transaction = app.database.begin().await?;
    if request::wish_erasure(&mut transaction, front, id, signature, now, rng).await? {
        mail::erasure_asked(app, &mut transaction, (visit.record, id), now).await?;
        transaction.commit().await?;
    }
    Ok(())
}

fn draw(
    app: &App,
    visit: &TicketVisit,
    offer: &ErasureOffer,
    form: &FormState,
) -> Result<Response> {
    let page = ErasePage {
        page: app.page("Have everything erased"),
        app,
        urls: &visit.urls,
        elsewhere: Elsewhere::new(app.site.public_url(), &visit.urls.erase()),
        wallet: offer.wallet.map(|wallet| wallet.to_string()),
        offer,
        form,
    };
    Ok(html(&page)?.into_response())
}
