//! Approving several records of the list at once.

use anchoring::ApprovalError;
use axum::extract::State;
use axum::response::Redirect;
use record::ids::RecordId;
use web_kit::components::Tone;
use web_kit::error::Result;
use web_kit::form::FormState;
use web_kit::sign_in::SignedIn;

use database::records::RecordState;

use super::parse_id;
use crate::state::Desk;
use crate::urls;

/// What came of the ticked records.
#[derive(Default)]
struct Outcome {
    approved: usize,
    /// Not waiting for approval any more.
    passed_over: usize,
    /// Changed behind our back.
    refused: usize,
}

/// Approves each ticked record in a transaction of its own: one that can't be approved holds up no other.
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
    let mut outcome = Outcome::default();
    for id in ids {
        match approve(&person, &desk, id).await {
            Ok(()) => outcome.approved += 1,
            Err(ApprovalError::NotWaiting | ApprovalError::Unknown) => outcome.passed_over += 1,
            Err(ApprovalError::PutBack) => {
                super::approve::put_back(&desk).await?;
                outcome.refused += 1;
            }
            Err(ApprovalError::Row(error)) if error.is_tampering() => {
                tracing::error!(%error, "ALARM: a planted or altered row was refused");
                outcome.refused += 1;
            }
            Err(error) => return Err(error.into()),
        }
    }
    let next = match outcome.approved {
        0 => RecordState::Consented,
        _ => RecordState::Approved,
    };
    let (tone, text) = outcome.words();
    person.leave_notice(tone, text).await?;
    Ok(Redirect::to(&urls::records(Some(next))))
}

async fn approve(person: &SignedIn, desk: &Desk, id: RecordId) -> Result<(), ApprovalError> {
    let mut transaction = desk.pool.begin().await.map_err(database::RowError::from)?;
    let (by, now) = (person.staff_id(), desk.clock.now());
    anchoring::approve(&mut transaction, &desk.keys, id, by, now).await?;
    transaction
        .commit()
        .await
        .map_err(database::RowError::from)?;
    Ok(())
}

impl Outcome {
    fn words(&self) -> (Tone, String) {
        if self.approved + self.passed_over + self.refused == 0 {
            return (Tone::Neutral, "No record was ticked.".to_owned());
        }
        let mut text = match self.approved {
            0 => "No record was approved.".to_owned(),
            1 => "1 record approved. Its proof goes to the chain by itself.".to_owned(),
            many => format!("{many} records approved. Their proofs go to the chain by themselves."),
        };
        if self.passed_over > 0 {
            text += &format!(
                " Passed over, since they changed meanwhile: {}.",
                self.passed_over
            );
        }
        if self.refused > 0 {
            text += &format!(
                " Refused, since someone changed them behind Sealwatch's back: {}. Please tell your data-protection officer.",
                self.refused
            );
        }
        let tone = match (self.passed_over, self.refused) {
            (0, 0) => Tone::Good,
            (_, 0) => Tone::Warning,
            _ => Tone::Bad,
        };
        (tone, text)
    }
}
