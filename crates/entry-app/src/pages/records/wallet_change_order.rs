//! The authority's signature under a change of wallet.

use axum::extract::{Path, State};
use axum::response::Response;
use chain::{ChainError, WalletAnswer, WalletQuestion};
use enrolment::wallet_change::{self, Content, WalletChangeProblem};
use record::B256;
use record::signature::{ConsentSignature, EcdsaSignature, MAX_CONTRACT_SIGNATURE};
use record::wallet_change::{WalletChange, WalletOrder};
use sqlx::Connection;
use web_kit::error::{Error, Result};
use web_kit::form::FormState;
use web_kit::page::Page;
use web_kit::sign_in::SignedIn;

use super::wallet_change::{again, done, in_words, load};
use super::{explain, parse_id};
use crate::state::Desk;

const NOT_HEX: &str = "Paste the signature: 0x and an even number of hexadecimal digits.";
const NOT_THEIRS: &str =
    "This is not the signature of the authority that is named below, over the order below.";
const ORDERED: &str = "The authority has signed. Once the owner's time to object is over, make the link by which the new wallet signs.";

/// Keeps it, if it holds.
pub async fn submit(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    mut form: FormState,
) -> Result<Response> {
    let id = parse_id(&id)?;
    let mut connection = desk.pool.acquire().await?;
    let open = load(&desk, &mut connection, &person, id).await?;
    let Some((_, Content::Confirmed(change))) = &open.change else {
        return Err(Error::conflict(in_words(WalletChangeProblem::OtherStep)));
    };
    let change = change.clone();
    let order = read(&desk, change, &mut form).await.map_err(|error| {
        tracing::warn!(%error, "whether the authority signed can't be told");
        Error::Unavailable { what: "the chain" }
    })?;
    let Some(order) = order else {
        drop(connection);
        return again(page, &desk, &person, open, form).await;
    };
    let (office, rng) = (desk.office(&person), &mut crate::state::rng());
    let mut transaction = connection.begin().await?;
    wallet_change::order(&mut transaction, &office, id, &order, rng)
        .await
        .map_err(explain)?;
    transaction.commit().await?;
    drop(connection);
    done(&person, id, ORDERED).await
}

/// The order, if what was typed is the authority's signature under it.
async fn read(
    desk: &Desk,
    change: WalletChange,
    form: &mut FormState,
) -> std::result::Result<Option<WalletOrder>, ChainError> {
    let typed = form.value("signature").trim().to_owned();
    let digits = typed.strip_prefix("0x").unwrap_or(&typed);
    let bytes = hex::decode(digits).ok();
    let bytes = bytes.filter(|bytes| bytes.len() <= MAX_CONTRACT_SIGNATURE);
    let Some(bytes) = bytes.filter(|_| !typed.is_empty()) else {
        form.problem("signature", NOT_HEX);
        return Ok(None);
    };
    let signature = signed(desk, change.digest(desk.site()), bytes).await?;
    if signature.is_none() {
        form.problem("signature", NOT_THEIRS);
    }
    Ok(signature.map(|signature| WalletOrder { change, signature }))
}

/// The authority's key first, as with every wallet; then, where there is code at its address, its contract at the newest block.
async fn signed(
    desk: &Desk,
    digest: B256,
    bytes: Vec<u8>,
) -> std::result::Result<Option<ConsentSignature>, ChainError> {
    let head = desk.chain.head().await?;
    let authority = desk.chain.authority(&head).await?;
    if let Ok(signature) = EcdsaSignature::normalise(&bytes)
        && signature.recover(&digest) == Ok(authority)
    {
        return Ok(Some(ConsentSignature::Ecdsa(signature)));
    }
    if !desk.chain.has_code(authority, head.number).await? {
        return Ok(None);
    }
    let question = WalletQuestion {
        wallet: authority,
        digest,
        signature: bytes.clone(),
        at: head.number,
    };
    let answers = desk.chain.ask_wallets(&[question]).await?;
    let accepts = matches!(answers.first(), Some(WalletAnswer::Accepts { .. }));
    let signature = accepts.then(|| ConsentSignature::contract(bytes, head.number).ok());
    Ok(signature.flatten())
}
