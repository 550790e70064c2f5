//! What Prometheus finds of anchoring and of mail. No personal data.

use anchoring::Problem;
use database::RowError;
use database::outbox::{self, MailState};
use web_kit::metrics::{Metrics, Telling};

use crate::state::Desk;

const WEI_PER_ETHER: f64 = 1e18;

impl Telling for Desk {
    async fn tell(&self, metrics: &mut Metrics) -> Result<(), RowError> {
        self.tell_anchoring(metrics);
        let mut connection = self.pool.acquire().await?;
        let mut mails = Vec::with_capacity(MailState::ALL.len());
        for state in MailState::ALL {
            let count = outbox::count(&mut connection, *state).await?;
            mails.push((state.as_str(), count));
        }
        metrics.gauges("mails", "Mails in the outbox by state", "state", mails);
        Ok(())
    }
}

impl Desk {
    fn tell_anchoring(&self, metrics: &mut Metrics) {
        let status = self.anchoring.borrow().clone();
        let help = "Whether this process is the one that anchors";
        metrics.gauge("anchoring_leading", help, status.leading.into());
        let jobs = [
            ("queued", status.queued),
            ("in_flight", status.in_flight),
            ("rejected", status.rejected),
        ];
        let help = "Proofs on their way to the chain, and those that it refused";
        metrics.gauges("anchoring_jobs", help, "state", jobs);
        let help = "Whether this keeps anchoring from going on";
        let stands = |problem| u64::from(status.problem == Some(problem));
        let problems = Problem::ALL.map(|problem| (problem.code(), stands(problem)));
        metrics.gauges("anchoring_problem", help, "code", problems);
        if let Some(wei) = status.balance {
            let help = "What the controller's account holds for fees, in ether";
            metrics.measure("controller_balance_ether", help, ether(wei));
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "fifteen digits are enough to plan by"
)]
fn ether(wei: u128) -> f64 {
    wei as f64 / WEI_PER_ETHER
}
