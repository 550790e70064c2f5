//! An owner who was let in wants everything erased: what they sign, and how it gets to where it is decided about (docs/ERASURE.md).

use alloy_primitives::Address;
use database::erasures::Identity;
use database::owner_requests::{self, OwnerRequest, RequestState};
use database::records::{Record, RecordState};
use database::request_way::RequestWay;
use keyring::FrontKeys;
use rand::CryptoRng;
use record::erasure::ErasureStatement;
use record::ids::RequestId;
use record::signature::EcdsaSignature;
use record::time::UnixMillis;
use serde::{Deserialize, Serialize};
use sqlx::MySqlConnection;

use super::Answering;
use super::admission::{fill, open_locked};
use crate::EnrolmentError;
use crate::erasure::{self, Asking, Held};

/// What an owner signs who wants everything erased.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErasureOffer {
    /// The words.
    pub statement: ErasureStatement,
    /// The wallet that has to sign them; none where none can.
    pub wallet: Option<Address>,
}

/// That an owner wants everything erased.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Erase {
    /// As hex, where they signed.
    pub(super) signature: Option<String>,
    pub(super) asked_at: UnixMillis,
}

/// Notes that the owner who was let in wants everything erased, signed by their wallet or not; [`super::answer_requests`] files it.
/// False when the request is over, or they asked by it before, or there is nothing to be erased.
///
/// # Errors
/// When the database can't be reached, or the row is not ours.
pub async fn wish_erasure(
    transaction: &mut MySqlConnection,
    front: &FrontKeys,
    id: RequestId,
    signature: Option<&EcdsaSignature>,
    now: UnixMillis,
    rng: &mut (impl CryptoRng + Send),
) -> Result<bool, EnrolmentError> {
    let Some((mut request, mut admission)) = open_locked(transaction, front, id, now).await? else {
        return Ok(false);
    };
    if admission.has_asked_erasure || admission.erasure.is_none() {
        return Ok(false);
    }
    admission.has_asked_erasure = true;
    admission.erase = Some(Erase {
        signature: signature.map(|signature| hex::encode(signature.as_bytes())),
        asked_at: now,
    });
    fill(&mut request, front, RequestState::Wished, &admission, rng)?;
    owner_requests::update(transaction, front, &request).await?;
    Ok(true)
}

/// What the owner signs who wants everything erased.
pub(super) async fn offer(
    transaction: &mut MySqlConnection,
    answering: &Answering<'_>,
    request: &OwnerRequest,
    record: &Record,
) -> Result<Option<ErasureOffer>, EnrolmentError> {
    if record.state == RecordState::Erasing {
        return Ok(None);
    }
    let held = match Held::load(
        transaction,
        answering.keys,
        record,
        answering.particulars.site,
    )
    .await
    {
        // It keeps nobody from what else they may do.
        Err(error) if error.is_tampering() => None,
        held => held?,
    };
    Ok(held.map(|held| ErasureOffer {
        statement: held.statement(answering.identity, request.asked_at),
        wallet: held.wallet,
    }))
}

/// Files that the owner wants everything erased. Of a signature that is not their wallet's nothing is kept; the code that let them in
/// stays good.
pub(super) async fn file(
    transaction: &mut MySqlConnection,
    answering: &Answering<'_>,
    record: &Record,
    (erase, offer): (&Erase, &ErasureOffer),
    rng: &mut (impl CryptoRng + Send),
) -> Result<(), EnrolmentError> {
    let signature = erase.signature.as_deref().and_then(signature);
    let evidence = match signature {
        Some(signature) => {
            let held = Held::load(
                transaction,
                answering.keys,
                record,
                answering.particulars.site,
            )
            .await?;
            held.and_then(|held| {
                held.signed_by_owner(
                    offer.statement.clone(),
                    signature,
                    answering.particulars.site,
                )
            })
        }
        None => None,
    };
    let identity = match evidence {
        Some(_) => Identity::Wallet,
        None => Identity::Code,
    };
    let asking = Asking {
        record: record.id,
        way: RequestWay::Link,
        identity: Some(identity),
        evidence,
        staff: None,
        letterhead: answering.letterhead,
        at: erase.asked_at,
    };
    match erasure::ask(transaction, answering.keys, &asking, rng).await {
        // Decided meanwhile.
        Ok(_) | Err(EnrolmentError::State(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

fn signature(text: &str) -> Option<EcdsaSignature> {
    EcdsaSignature::normalise(&hex::decode(text).ok()?).ok()
}
