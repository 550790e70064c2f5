//! A second member of staff confirms that an owner lost their wallet.

use axum::extract::{Path, State};
use axum::response::Response;
use enrolment::EnrolmentError;
use enrolment::wallet_change::{self, WalletChangeProblem};
use sqlx::Connection;
use web_kit::error::{Error, Result};
use web_kit::form::FormState;
use web_kit::page::Page;
use web_kit::sign_in::SignedIn;

use super::how_asked::read_identity;
use super::wallet_change::{again, done, in_words, load};
use super::{explain, parse_id, place};
use crate::state::Desk;

const CONFIRMED: &str =
    "It is confirmed. Now the data-protection authority has to sign what stands below.";

/// Confirms it: never who asked for it.
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
    let identity = read_identity(&mut form);
    if form.value("compared") != "yes" {
        form.problem(
            "compared",
            "Compare the new address with the one in the owner's wallet, and tick that it is the same.",
        );
    }
    let Some(identity) = identity.filter(|_| !form.has_problems()) else {
        drop(connection);
        return again(page, &desk, &person, open, form).await;
    };
    let place = place::load(&desk, &open.record).await?;
    let place = place.ok_or(Error::NotFound)?;
    let controller = desk.profile.controller.identity();
    let (office, rng) = (desk.office(&person), &mut crate::state::rng());
    let mut transaction = connection.begin().await?;
    let by = (controller.as_str(), identity);
    match wallet_change::confirm(&mut transaction, &office, id, &place, by, rng).await {
        Ok(()) => transaction.commit().await?,
        Err(EnrolmentError::WalletChange(problem @ WalletChangeProblem::SamePerson)) => {
            drop(transaction);
            drop(connection);
            form.headline(in_words(problem));
            return again(page, &desk, &person, open, form).await;
        }
        Err(error) => return Err(explain(error)),
    }
    drop(connection);
    done(&person, id, CONFIRMED).await
}
