//! The verdict of one record.

use chain::OnChainRecord;
use database::evidence::Evidence;
use detection::verdict::{Facts, Row, Verdict, judge};
use record::time::Clock;

use crate::data_set::{DataSet, PATIENCE};

/// Opens its row and judges it beside what the chain holds, the owner's signature included.
pub fn verdict(data: &DataSet, evidence: &Evidence, words: &OnChainRecord) -> Verdict {
    let row = Row::open(evidence, &data.keys);
    judge(&Facts {
        obstacle: None,
        chain_id: data.deployment.chain_id,
        relay: data.deployment.relay,
        chain: Some(words),
        row: Some(&row),
        jobs: &[],
        nonce_also_at: None,
        retirement_is_proven: false,
        is_being_destroyed: false,
        is_left: false,
        patience: PATIENCE,
        now: Clock::system().now(),
    })
    .verdict
}
