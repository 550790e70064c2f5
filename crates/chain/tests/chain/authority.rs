//! Who the authority is, and was.

use crate::support::{Contracts, Stage, account};
use devstack::{ChainOptions, Mining};

impl Stage {
    /// The contracts get another owner; gives the block of it.
    async fn hand_over(&self, from: &str, to: &str) -> u64 {
        let storage = self.deployment.storage_layer;
        let heir = account(to);
        let offered = Contracts::transferOwnershipCall { newOwner: heir };
        self.act(from, storage, offered).await;
        self.act(to, storage, Contracts::acceptOwnershipCall {})
            .await;
        self.reader(0).await.head().await.unwrap().number
    }
}

#[tokio::test]
async fn an_order_counts_by_who_was_the_authority_then_and_for_an_hour_after() {
    for kept_states in [1_000, 50] {
        let options = ChainOptions {
            mining: Mining::EachTransaction,
            kept_states,
            ..ChainOptions::default()
        };
        let stage = Stage::on(devstack::Chain::start_deployed(&options).await.unwrap());
        let reader = stage.reader(0).await;
        let (first, second) = (account("authority"), account("owner-01"));
        stage.chain.mine(400).await.unwrap();
        let before = reader.head().await.unwrap().number;
        let block = stage.hand_over("authority", "owner-01").await;
        stage.chain.mine(400).await.unwrap();
        // Also where the node keeps no state that old.
        for (at, expected) in [
            (before, vec![first]),
            (block - 1, vec![first]),
            (block, vec![second, first]),
            (block + 300 - 1, vec![second, first]),
            (block + 300, vec![second]),
            (block + 399, vec![second]),
        ] {
            let told = reader.authorities(at).await.unwrap();
            assert_eq!(told, expected, "{at}, {kept_states} states");
        }
        let head = reader.head().await.unwrap();
        assert_eq!(reader.authority(&head).await.unwrap(), second);
        assert_eq!(reader.authority_at(before).await.unwrap(), first);
    }
}
