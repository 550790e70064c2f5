//! Approving several records of the list at once.

use anchoring::ApprovalError;
use axum::extract::State;
use axum::response::Redirect;
use web_kit::components::Tone;
use web_kit::error::{Error, Result};
use web_kit::form::FormState;
use web_kit::sign_in::SignedIn;

use database::records::RecordState;

use super::parse_id;
use crate::state::Desk;
use crate::urls;

/// Approves each ticked record in a transaction of its own: one that changed meanwhile holds up no other.
pub async fn submit(
    person: SignedIn,
    State(desk): State<Desk>,
    form: FormState,
) -> Result<Redirect> {
    let ids = form
        .all("record")
        .iter()
        .map(|id| parse_id(id))
        .collect::<Result<Vec<_>>>()?;
    let (mut approved, mut passed_over) = (0_usize, 0_usize);
    for id in ids {
        let mut transaction = desk.pool.begin().await?;
        match anchoring::approve(
            &mut transaction,
            &desk.keys,
            id,
            person.staff_id(),
            desk.clock.now(),
        )
        .await
        {
            Ok(_job) => {
                transaction.commit().await?;
                approved += 1;
            }
            Err(ApprovalError::NotWaiting | ApprovalError::Unknown) => passed_over += 1,
            Err(error) => return Err(Error::from(error)),
        }
    }
    let (tone, text) = words(approved, passed_over);
    person.leave_notice(tone, text).await?;
    Ok(Redirect::to(&urls::records(
        Some(RecordState::Approved),
        None,
    )))
}

fn words(approved: usize, passed_over: usize) -> (Tone, String) {
    let records = |count| {
        if count == 1 {
            "1 record".to_owned()
        } else {
            format!("{count} records")
        }
    };
    match (approved, passed_over) {
        (0, 0) => (Tone::Neutral, "No record was ticked.".to_owned()),
        (approved, 0) => (
            Tone::Good,
            format!(
                "{} approved. Their proofs are on the way to the chain.",
                records(approved)
            ),
        ),
        (approved, passed) => (
            Tone::Warning,
            format!(
                "{} approved; {} passed over, since they changed meanwhile.",
                records(approved),
                records(passed)
            ),
        ),
    }
}
