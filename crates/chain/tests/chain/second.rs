//! Two endpoints: what only one of them says does not count.

use std::time::Duration;

use chain::{Block, ChainError, ChainReader, OnChainRecord, Outage, SeenBlock};
use devstack::{Fault, RpcProxy};
use serde_json::{Value, json};

use crate::support::{Stage, uid, version, word};

/// A reader of two endpoints of one chain, each of which can be made to lie.
struct Two {
    stage: Stage,
    proxies: [RpcProxy; 2],
    reader: ChainReader,
}

impl Two {
    /// With one record on the chain.
    async fn set() -> Self {
        let stage = Stage::set().await;
        stage.anchor(1, word(7)).await;
        let url = stage.chain.rpc_url();
        let proxies = [
            RpcProxy::start(&url).await.unwrap(),
            RpcProxy::start(&url).await.unwrap(),
        ];
        let urls = [0, 1].map(|at| proxies[at].url().parse().unwrap());
        let reader =
            ChainReader::of_two([&urls[0], &urls[1]], stage.deployment.clone(), 0).unwrap();
        Self {
            stage,
            proxies,
            reader,
        }
    }

    async fn read(&self) -> Result<Option<OnChainRecord>, ChainError> {
        self.reader.check_pins().await?;
        let block = self.reader.final_block(None).await?;
        self.reader.record(uid(1), &block).await
    }

    async fn head(&self) -> Block {
        self.reader.head().await.unwrap()
    }
}

#[tokio::test]
async fn what_both_say_counts() {
    let two = Two::set().await;
    let record = two.read().await.unwrap().unwrap();
    assert_eq!(record.newest().word, word(7));
    let block = two.head().await;
    let anchored = two
        .reader
        .anchored(uid(1), version(1), word(7), block.number)
        .await;
    assert!(anchored.unwrap().is_some());
    assert!(two.proxies.iter().all(|proxy| proxy.count("eth_call") > 0));
}

#[tokio::test]
async fn what_only_one_says_is_a_disagreement_whichever_lies() {
    let two = Two::set().await;
    let lies: [(&str, Value); 4] = [
        ("eth_chainId", json!("0x1")),
        ("eth_getCode", json!("0x60")),
        ("eth_call", json!(format!("0x{}", "00".repeat(32)))),
        ("eth_getBlockByNumber", two.block_of_another_chain().await),
    ];
    for liar in &two.proxies {
        for (method, lie) in &lies {
            liar.fault(method, Fault::Answer(lie.clone()));
            let told = two.read().await;
            assert!(
                matches!(told, Err(ChainError::EndpointsDisagree { .. })),
                "{method}: {told:?}"
            );
            liar.heal_all();
            two.read().await.unwrap();
        }
        let block = two.head().await;
        liar.fault("eth_getLogs", Fault::Answer(json!([])));
        let told = two
            .reader
            .anchored(uid(1), version(1), word(7), block.number)
            .await;
        let what = "events";
        assert_eq!(told, Err(ChainError::EndpointsDisagree { what }));
        liar.heal_all();
    }
}

#[tokio::test]
async fn one_that_is_a_little_behind_is_waited_for_and_no_liar() {
    let two = Two::set().await;
    let before = two.head().await;
    two.proxies[1].end_at(before.number);
    two.stage.anchor(2, word(8)).await;
    assert_eq!(two.head().await, before, "as far as both have it");
    assert!(two.read().await.unwrap().is_some());

    two.proxies[1].heal_all();
    let after = two.head().await;
    two.proxies[0].end_at(before.number);
    let seen = SeenBlock {
        number: after.number,
        hash: after.hash,
    };
    let told = two.reader.final_block(Some(seen)).await;
    let (seen, head) = (after.number, before.number);
    assert_eq!(told, Err(ChainError::Behind { seen, head }));
}

#[tokio::test]
async fn one_that_does_not_answer_leaves_nothing_to_believe() {
    let two = Two::set().await;
    for silent in &two.proxies {
        silent.cut_all();
        let told = two.read().await;
        assert!(
            matches!(told, Err(ChainError::Unreachable { .. })),
            "{told:?}"
        );
        silent.heal_all();
        silent.babble();
        let told = two.read().await;
        assert!(
            matches!(
                told,
                Err(ChainError::Malformed { .. } | ChainError::Unreachable { .. })
            ),
            "{told:?}"
        );
        silent.heal_all();
    }
    two.proxies[1].slow(Duration::from_secs(11));
    let cause = Outage::TimedOut;
    assert_eq!(two.read().await, Err(ChainError::Unreachable { cause }));
}

impl Two {
    async fn block_of_another_chain(&self) -> Value {
        let mut block = self
            .stage
            .chain
            .rpc("eth_getBlockByNumber", json!(["latest", false]))
            .await
            .unwrap();
        block["hash"] = json!(format!("0x{}", "ab".repeat(32)));
        block
    }
}
