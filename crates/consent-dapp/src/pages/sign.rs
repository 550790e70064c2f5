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
use record::B256;
use record::consent::ConsentMessage;
use record::signature::ConsentSignature;
use serde::Deserialize;
use sqlx::MySqlConnection;

use crate::admission::{read_offer, read_predecessor};
use crate::app::App;
use crate::body::{Body, account};
use crate::details::Details;
use crate::mail;
use crate::pages::wallet::Next;
use crate::refusal::Refusal;
use crate::signer::Given;
use crate::visit::{Held, Identified, Visit};

/// Ticks and signature; `account` only chooses the words of a refusal.
#[derive(Deserialize)]
pub struct Signed {
    granted: Vec<String>,
    account: String,
    signature: String,
}

/// What the owner agrees to, as the row and the ticks say now.
struct Stated {
    held: Held,
    key: OwnerKey,
    details: Details,
    message: ConsentMessage,
}

/// Stores the consent if the registered wallet signed exactly what is stored.
pub async fn submit(
    State(app): State<App>,
    Identified(visit): Identified,
    Body(signed): Body<Signed>,
) -> Result<(CookieJar, Json<Next>), Refusal> {
    let signature = checked(&app, &visit, &signed).await?;
    let mut transaction = app.database.begin().await?;
    let stated = Stated::read(&app, &visit, &signed.granted, &mut transaction).await?;
    if stated.digest(&app) != signature.digest {
        return Err(Refusal::ChangedMeanwhile);
    }
    store(
        &app,
        &visit,
        &stated,
        &signature.signature,
        &mut transaction,
    )
    .await?;
    let (record, details) = (&stated.held.record, &stated.details);
    mail::consent_given(&app, &mut transaction, record, details, visit.now).await?;
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

impl Stated {
    /// Record and link stay locked until the transaction ends.
    async fn read(
        app: &App,
        visit: &Visit,
        granted: &[String],
        connection: &mut MySqlConnection,
    ) -> Result<Self, Refusal> {
        let held = visit.hold(app, connection).await?;
        let key = visit.owner_key()?;
        let offer = read_offer(&held.link, &key)?.ok_or(Refusal::IdentifyAgain)?;
        if offer.has_expired(visit.now) {
            return Err(Refusal::IdentifyAgain);
        }
        let details = Details::load(app, &held.link, &key, connection).await?;
        let follows = read_predecessor(&held.link, &key)?;
        let ticks = offer.ticks(granted)?;
        let message = offer.message(&details, &ticks, follows.as_ref());
        Ok(Self {
            held,
            key,
            details,
            message,
        })
    }

    fn digest(&self, app: &App) -> B256 {
        self.message.digest(app.network.chain_id, app.network.relay)
    }
}

/// A signature of the registered wallet, and over what.
struct Checked {
    digest: B256,
    signature: ConsentSignature,
}

/// A contract wallet's node may take its time, so nothing is locked meanwhile.
async fn checked(app: &App, visit: &Visit, signed: &Signed) -> Result<Checked, Refusal> {
    let given = Given::read(&signed.signature)?;
    let claimed = account(&signed.account)?;
    let mut transaction = app.database.begin().await?;
    let stated = Stated::read(app, visit, &signed.granted, &mut transaction).await?;
    transaction.rollback().await?;
    let (digest, wallet) = (stated.digest(app), stated.message.wallet);
    let signature = given.by(app, wallet, digest).await?;
    let signature = signature.map_err(|why| why.refusal(wallet, claimed))?;
    Ok(Checked { digest, signature })
}

async fn store(
    app: &App,
    visit: &Visit,
    stated: &Stated,
    signature: &ConsentSignature,
    connection: &mut MySqlConnection,
) -> Result<(), Refusal> {
    let (front, now) = (&app.front, visit.now);
    let (mut record, mut link) = (stated.held.record.clone(), stated.held.link.clone());
    let signed = SignedConsent {
        version: link.version,
        draft: link.draft,
        link_id: link.id,
        message: &stated.message,
        signature,
    };
    let consent = seal_consent(&stated.key, front, &signed, &mut rand::rng(), now);
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
