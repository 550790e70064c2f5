//! What stands on the chain, at a final block.

use crate::support::{Stage, account, uid, version, word};
use chain::{Block, ChainError, MAX_PAGE, OnChainVersion, Retirement, RetirementReason};
use record::B256;
use serde_json::json;

const fn on_chain(number: u8, version: record::ids::Version, voided: bool) -> OnChainVersion {
    OnChainVersion {
        version,
        word: B256::repeat_byte(number),
        voided,
    }
}

#[tokio::test]
async fn a_record_comes_with_all_its_versions() {
    let stage = Stage::set().await;
    let first = stage.anchor(1, word(0x11)).await;
    stage.anchor(2, word(0x21)).await;
    stage.pass_a_minute().await;
    let second = stage.anchor(1, word(0x12)).await;
    stage.void(1, 1).await;
    stage.retire(2, 1, word(0x2e)).await;
    let reader = stage.reader(0).await;
    let now = reader.final_block(None).await.unwrap();

    let one = reader.record(uid(1), &now).await.unwrap().unwrap();
    assert!(second > first);
    assert_eq!(one.timestamp, second);
    assert_eq!(
        one.versions,
        [
            on_chain(0x11, version(1), true),
            on_chain(0x12, version(2), false)
        ]
    );
    assert_eq!(one.retired, None);
    assert_eq!(one.newest().version, version(2));

    let two = reader.record(uid(2), &now).await.unwrap().unwrap();
    assert_eq!(two.versions, [on_chain(0x21, version(1), false)]);
    let retired = Retirement {
        reason: RetirementReason::Erased,
        block: now.number,
        evidence: word(0x2e),
    };
    assert_eq!(two.retired, Some(retired));

    assert_eq!(reader.record(uid(3), &now).await.unwrap(), None);
    assert_eq!(reader.record(uid(u64::MAX), &now).await.unwrap(), None);
    assert_eq!(reader.next_uid(&now).await.unwrap(), uid(3));
}

#[tokio::test]
async fn pages_run_over_the_uids_and_end_with_them() {
    let stage = Stage::set().await;
    for number in 1..=7 {
        stage.anchor(u64::from(number), word(number)).await;
    }
    let reader = stage.reader(0).await;
    let now = reader.final_block(None).await.unwrap();
    let uids = async |first: u64, count: u64| {
        let page = reader.records(uid(first), count, &now).await.unwrap();
        page.iter()
            .map(|record| record.uid.get())
            .collect::<Vec<_>>()
    };
    assert_eq!(uids(1, 3).await, [1, 2, 3]);
    assert_eq!(uids(4, 100).await, [4, 5, 6, 7]);
    assert_eq!(uids(8, 100).await, [0; 0]);
    assert_eq!(uids(1, MAX_PAGE * 1_000).await, [1, 2, 3, 4, 5, 6, 7]);
}

#[tokio::test]
async fn the_past_is_read_as_it_was() {
    let stage = Stage::set().await;
    stage.anchor(1, word(0x11)).await;
    let reader = stage.reader(2).await;
    stage.chain.mine(2).await.unwrap();
    let before = reader.final_block(None).await.unwrap();
    stage.pass_a_minute().await;
    stage.anchor(1, word(0x12)).await;
    stage.anchor(2, word(0x21)).await;
    stage.retire(1, 2, word(0x1e)).await;
    stage.chain.mine(2).await.unwrap();

    let old = reader.record(uid(1), &before).await.unwrap().unwrap();
    assert_eq!(old.versions, [on_chain(0x11, version(1), false)]);
    assert_eq!(old.retired, None);
    assert_eq!(reader.record(uid(2), &before).await.unwrap(), None);
    let now = reader.final_block(Some(before.into())).await.unwrap();
    assert_eq!(reader.records(uid(1), 10, &now).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_block_is_final_at_the_depth_asked_for() {
    let stage = Stage::set().await;
    stage.chain.mine(5).await.unwrap();
    let reader = stage.reader(3).await;
    let head = reader.head().await.unwrap();
    let last = reader.final_block(None).await.unwrap();
    assert_eq!(last.number, head.number - 3);

    // Nothing is final before the contracts are.
    let deep = stage.reader(1_000).await;
    let seen = stage.deployment.deployment_block;
    assert_eq!(
        deep.final_block(None).await,
        Err(ChainError::Behind { seen, head: 0 })
    );
}

#[tokio::test]
async fn an_anchored_proof_is_found_by_its_event() {
    let stage = Stage::set().await;
    let timestamp = stage.anchor(1, word(0x11)).await;
    let reader = stage.reader(0).await;
    let block = reader.head().await.unwrap();
    stage.anchor(2, word(0x21)).await;
    let now = reader.head().await.unwrap();
    let found = reader
        .anchored(uid(1), version(1), word(0x11), now.number)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((found.block, found.timestamp), (block.number, timestamp));
    let receipt = stage
        .chain
        .rpc("eth_getTransactionReceipt", json!([found.transaction]))
        .await;
    assert_eq!(
        receipt.unwrap()["from"],
        json!(account("controller"))
            .to_string()
            .to_lowercase()
            .trim_matches('"')
    );

    for (of, at, proof) in [
        (uid(1), version(1), word(0x21)),
        (uid(1), version(2), word(0x11)),
        (uid(2), version(1), word(0x11)),
    ] {
        assert_eq!(
            reader.anchored(of, at, proof, now.number).await.unwrap(),
            None
        );
    }
    // Not before it happened.
    assert_eq!(
        reader
            .anchored(uid(2), version(1), word(0x21), block.number)
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn the_storage_layer_tells_the_same_by_itself() {
    let stage = Stage::set().await;
    for number in 1..=5 {
        stage.anchor(u64::from(number), word(number)).await;
    }
    stage.pass_a_minute().await;
    stage.anchor(2, word(0x22)).await;
    stage.void(3, 1).await;
    stage.retire(4, 1, word(0x4e)).await;
    let reader = stage.reader(0).await;
    let now = reader.final_block(None).await.unwrap();
    for (first, last) in [(1, 5), (2, 4), (5, 5)] {
        let stored = reader.stored(uid(first), uid(last), &now).await.unwrap();
        let count = last - first + 1;
        assert_eq!(
            stored,
            reader.records(uid(first), count, &now).await.unwrap()
        );
    }
    assert_eq!(
        reader.stored(uid(4), uid(6), &now).await,
        Err(ChainError::Disagreement { uid: uid(6) })
    );
}

#[tokio::test]
async fn events_name_the_records_that_were_touched_since() {
    let stage = Stage::set().await;
    for number in 1..=4 {
        stage.anchor(u64::from(number), word(number)).await;
    }
    let reader = stage.reader(0).await;
    let before = reader.final_block(None).await.unwrap();
    stage.pass_a_minute().await;
    stage.anchor(3, word(0x33)).await;
    stage.void(1, 1).await;
    stage.retire(2, 1, word(0x2e)).await;
    let now = reader.final_block(None).await.unwrap();
    let touched = |from, to| reader.touched(from..=to);
    let since = touched(before.number + 1, now.number).await.unwrap();
    assert_eq!(since, [3..=3, 1..=1, 2..=2]);
    assert_eq!(touched(now.number, now.number).await.unwrap(), [2..=2]);
    let all = touched(0, now.number).await.unwrap();
    assert_eq!(all, [1..=1, 2..=2, 3..=3, 4..=4, 3..=3, 1..=1, 2..=2]);
    assert!(reader.holds(&before).await.unwrap());
    let other = Block {
        hash: word(9),
        ..before
    };
    assert!(!reader.holds(&other).await.unwrap());
}
