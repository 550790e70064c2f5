//! Verify all: a pass over all records at once, with its progress in view.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Redirect;
use detection::verdict::Obstacle;
use detection::{alarm_of, is_no_breach, words};
use tokio::sync::watch;
use web_kit::components::Tone;
use web_kit::error::Result;
use web_kit::sign_in::SignedIn;

use crate::state::{VerifyAll, Watchtower};
use crate::urls;

/// Starts the pass, unless one is at work.
pub async fn submit(person: SignedIn, State(tower): State<Watchtower>) -> Result<Redirect> {
    let started = tower.verify_all.send_if_modified(|state| match state {
        VerifyAll::Running(_) => false,
        other => {
            *other = VerifyAll::Running(None);
            true
        }
    });
    if started {
        // It lives on when the browser goes, and ends with the process.
        tokio::spawn(run(tower.verify_all.clone(), pass(tower)));
    } else {
        person
            .leave_notice(Tone::Neutral, "All records are being verified already.")
            .await?;
    }
    Ok(Redirect::to(&urls::records(None, None)))
}

/// Sees a pass through: one that panics sets the button free again.
async fn run(
    progress: Arc<watch::Sender<VerifyAll>>,
    pass: impl Future<Output = ()> + Send + 'static,
) {
    if let Err(error) = tokio::spawn(pass).await {
        tracing::error!(%error, "the pass over all records broke off");
        progress.send_replace(VerifyAll::Hindered(
            "It broke off; please start it again.".to_owned(),
        ));
    }
}

async fn pass(tower: Watchtower) {
    let progress = tower.verify_all.clone();
    let tell = {
        let progress = progress.clone();
        move |round: &database::sweep_rounds::SweepRound| {
            progress.send_replace(VerifyAll::Running(Some(round.clone())));
        }
    };
    let outcome = tokio::select! {
        outcome = detection::verify_all(&tower.registrar, tell) => outcome,
        () = tower.lifetime.ended() => return,
    };
    match outcome {
        Ok(round) => {
            progress.send_replace(VerifyAll::Done(round));
        }
        Err(hindrance) => {
            tracing::warn!(cause = ?hindrance, "all records could not be verified");
            let obstacle = tower.registrar.obstacle(&hindrance).await;
            progress.send_replace(VerifyAll::Hindered(why(obstacle)));
            if let Err(again) = tower.registrar.raise(obstacle).await {
                tracing::warn!(cause = ?again, "an alarm could not be noted");
            }
        }
    }
}

fn why(obstacle: Obstacle) -> String {
    let alarm = alarm_of(obstacle);
    match is_no_breach(alarm) {
        true => format!("{} This is not a breach.", words(alarm)),
        false => words(alarm).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_pass_that_panics_leaves_the_button_free() {
        let progress = Arc::new(watch::Sender::new(VerifyAll::Running(None)));
        run(progress.clone(), async { panic!("out of luck") }).await;
        assert!(matches!(*progress.borrow(), VerifyAll::Hindered(_)));
    }
}
