//! Rows opened, with what the chain says of them beside their words: the contracts of contract wallets, and who the authority was.

use chain::{OnChainRecord, WalletAnswer};
use database::evidence::Evidence;

use super::{Examined, Examiner};
use crate::obstacle::{Hindrance, alarm_of};
use crate::verdict::{Obstacle, Reason, Row};

impl Examiner {
    /// Opens rows beside what the chain says of them. All contract wallets among their owners are asked together, and the authority is
    /// looked for where a wallet was changed; where there is neither, nothing is asked.
    pub(super) async fn opened<'r>(
        &self,
        rows: impl IntoIterator<Item = (&'r OnChainRecord, Option<&'r Evidence>)>,
    ) -> Result<Vec<Option<Row>>, Hindrance> {
        let deployment = self.parts.chain.deployment();
        let site = (deployment.chain_id, deployment.relay);
        let open = |row: &Evidence| Row::open(row, &self.parts.keys);
        let (mut chains, mut opened) = (Vec::new(), Vec::new());
        for (chain, row) in rows {
            chains.push(chain);
            opened.push(row.map(open));
        }
        let (mut askers, mut questions) = (Vec::new(), Vec::new());
        for (at, (chain, row)) in chains.into_iter().zip(&mut opened).enumerate() {
            let Some(row) = row else { continue };
            for (version, question) in row.questions(chain, site) {
                askers.push((at, version));
                questions.push(question);
            }
            self.ask_about_orders(chain, row).await?;
        }
        if questions.is_empty() {
            return Ok(opened);
        }
        let answers: Vec<WalletAnswer> = self.parts.chain.ask_wallets(&questions).await?;
        for ((at, version), answer) in askers.into_iter().zip(answers) {
            if let Some(row) = opened[at].as_mut() {
                row.answered(version, answer);
            }
        }
        Ok(opened)
    }

    /// Raises the alarm where a node could not tell what a wallet answered. The records around it are judged all the same.
    pub(super) async fn note_forgotten(&self, examined: &[Examined]) -> Result<(), Hindrance> {
        let reason = Reason::Obstacle(Obstacle::ChainForgets);
        let Some(first) = examined.iter().find(|one| one.finding.reason == reason) else {
            return Ok(());
        };
        let uid = first.uid.map(record::ids::Uid::get);
        tracing::error!(
            uid,
            "the node keeps no state old enough to ask a contract wallet, or for the authority then"
        );
        let mut connection = self.parts.pool.acquire().await?;
        let kind = alarm_of(Obstacle::ChainForgets);
        match self.raise_alarm(&mut connection, kind).await {
            Err(hindrance) if hindrance.concerns_one_thing() => {
                tracing::warn!(cause = ?hindrance, "an alarm could not be noted");
                Ok(())
            }
            raised => raised,
        }
    }
}
