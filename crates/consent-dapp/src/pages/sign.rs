//! `POST /c/{secret}/sign`: the owner's signature. Of what the browser sends only ticks and signature count.

use axum::Json;
use axum::extract::State;
use axum_extra::extract::CookieJar;
use database::consent_links::{self, LinkState};
use database::consents;
use database::record_events::{self, Actor, RecordEventKind};
use database::records::{self, RecordState};
use database::sealed::{SignedConsent, seal_consent};
use keyring::OwnerKey;
use record::consent::ConsentMessage;
use record::signature::{ConsentSignature, EcdsaSignature};
use serde::Deserialize;
use sqlx::MySqlConnection;

use crate::admission::{read_offer, read_predecessor};
use crate::app::App;
use crate::body::{Body, account, signature};
use crate::details::Details;
use crate::mail;
use crate::pages::wallet::Next;
use crate::refusal::Refusal;
use crate::visit::{Held, Identified, Visit};

/// Ticks and signature; `account` only chooses the words of a refusal.
#[derive(Deserialize)]
pub struct Signed {
    granted: Vec<String>,
    account: String,
    signature: String,
}

/// Stores the consent if the registered wallet signed exactly what is stored.
pub async fn submit(
    State(app): State<App>,
    Identified(visit): Identified,
    Body(signed): Body<Signed>,
) -> Result<(CookieJar, Json<Next>), Refusal> {
    let signature = signature(&signed.signature)?;
    let mut transaction = app.database.begin().await?;
    let held = visit.hold(&app, &mut transaction).await?;
    let key = visit.owner_key()?;
    let offer = read_offer(&held.link, &key)?.ok_or(Refusal::IdentifyAgain)?;
    if offer.has_expired(visit.now) {
        return Err(Refusal::IdentifyAgain);
    }
    let details = Details::load(&app, &held.link, &key, &mut transaction).await?;
    let follows = read_predecessor(&held.link, &key)?;
    let ticks = offer.ticks(&signed.granted)?;
    let message = offer.message(&details, &ticks, follows.as_ref());
    check_signer(&app, &message, &signature, &signed.account)?;

    store(
        &app,
        &visit,
        &held,
        &key,
        &message,
        signature,
        &mut transaction,
    )
    .await?;
    mail::consent_given(&app, &mut transaction, &held.record, &details, visit.now).await?;
    transaction.commit().await?;
    // The hour of the receipt begins now.
    let cookie = visit
        .pass()
        .cookie(&app.front, visit.now, &visit.urls, app.is_secure());
    Ok((
        CookieJar::new().add(cookie),
        Json(Next {
            next: visit.urls.page().to_owned(),
        }),
    ))
}

fn check_signer(
    app: &App,
    message: &ConsentMessage,
    signature: &EcdsaSignature,
    claimed: &str,
) -> Result<(), Refusal> {
    let digest = message.digest(app.network.chain_id, app.network.relay);
    let signer = signature
        .recover(&digest)
        .map_err(|_| Refusal::ChangedMeanwhile)?;
    if signer == message.wallet {
        return Ok(());
    }
    // A signature over other words recovers to an account that nobody has.
    if signer == account(claimed)? {
        Err(Refusal::WrongWallet {
            signer,
            registered: message.wallet,
        })
    } else {
        Err(Refusal::ChangedMeanwhile)
    }
}

async fn store(
    app: &App,
    visit: &Visit,
    held: &Held,
    key: &OwnerKey,
    message: &ConsentMessage,
    signature: EcdsaSignature,
    connection: &mut MySqlConnection,
) -> Result<(), Refusal> {
    let (front, now) = (&app.front, visit.now);
    let (mut record, mut link) = (held.record.clone(), held.link.clone());
    let signed = SignedConsent {
        version: link.version,
        draft: link.draft,
        link_id: link.id,
        message,
        signature: &ConsentSignature::Ecdsa(signature),
    };
    let consent = seal_consent(key, front, &signed, &mut rand::rng(), now);
    consents::insert(connection, &consent).await?;
    link.end(LinkState::Used);
    consent_links::update(connection, front, &link).await?;
    record.state = RecordState::Consented;
    records::update(connection, front, &mut record, now).await?;
    record_events::append(
        connection,
        front,
        record.id,
        RecordEventKind::Consented,
        Actor::Owner,
        now,
    )
    .await?;
    Ok(())
}
