//! A transaction that is too large to be held comes in parts, and what XA has prepared is not held at all then.

use binary_log::{Follower, News, Position, Transaction};
use tokio::time::timeout;

use super::stage::{LIMIT, Stage, inserted, quiet};

/// All parts of the next transaction that did anything to our database, or of which the log does not hold all.
async fn parts(follower: &mut Follower) -> Vec<Transaction> {
    let next = async {
        let mut parts: Vec<Transaction> = Vec::new();
        loop {
            if let News::Transaction(one) = follower.next().await.unwrap()
                && (!parts.is_empty() || !one.changes.is_empty() || !one.is_whole)
            {
                parts.push(*one);
                if !parts[parts.len() - 1].goes_on {
                    return parts;
                }
            }
        }
    };
    timeout(LIMIT, next).await.expect("nothing comes")
}

fn numbers(parts: &[Transaction]) -> Vec<u64> {
    let numbers = parts.iter().flat_map(|part| inserted(&part.changes));
    numbers.collect()
}

async fn follow(stage: &Stage, from: Position, longest: usize) -> Follower {
    let server = stage.server.clone().in_parts_of(longest);
    server.follow(from, stage.number).await.unwrap()
}

#[tokio::test]
async fn what_is_too_large_comes_in_parts_and_ends() {
    let mut stage = Stage::new().await;
    let mut follower = follow(&stage, stage.newest().await, 1).await;
    stage
        .run(
            "BEGIN; INSERT INTO t VALUES (1, 1, NULL, 'a'); INSERT INTO t VALUES (2, 2, NULL, 'b'); \
             INSERT INTO t VALUES (3, 3, NULL, 'c'); COMMIT",
        )
        .await;
    stage.insert(4).await;
    let first = parts(&mut follower).await;
    assert!(first.len() >= 3, "{}", first.len());
    assert_eq!(numbers(&first), [1, 2, 3]);
    assert!(
        first
            .iter()
            .all(|part| part.is_whole && part.place == first[0].place)
    );
    let second = parts(&mut follower).await;
    assert_eq!(numbers(&second), [4]);
    quiet(&mut follower).await;
    drop(follower);
    // Who stops amid a transaction is given all of it again, and who stops behind it none.
    let [before, .., end] = first.as_slice() else {
        panic!("one part");
    };
    let mut again = follow(&stage, before.position.clone(), 1).await;
    assert_eq!(numbers(&parts(&mut again).await), [1, 2, 3]);
    drop(again);
    let mut behind = follow(&stage, end.position.clone(), usize::MAX).await;
    let whole = parts(&mut behind).await;
    assert_eq!((whole.len(), numbers(&whole)), (1, vec![4]));
}

#[tokio::test]
async fn what_is_prepared_and_too_large_is_told_as_not_whole() {
    let mut stage = Stage::new().await;
    let mut follower = follow(&stage, stage.newest().await, 2000).await;
    let name = stage.databases.suffix().to_owned();
    let prepare = |rows: u32| {
        format!(
            "XA START '{name}'; INSERT INTO t SELECT UNHEX(LPAD(HEX(i), 32, '0')), i, REPEAT('x', 200), 'word' \
             FROM (WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) SELECT i FROM n) AS many; \
             XA END '{name}'; XA PREPARE '{name}'"
        )
    };
    stage.run(&prepare(100)).await;
    quiet(&mut follower).await;
    stage.run(&format!("XA COMMIT '{name}'")).await;
    let large = parts(&mut follower).await;
    let [large] = large.as_slice() else {
        panic!("{} parts", large.len());
    };
    assert!(!large.is_whole && large.changes.is_empty());
    // The next one is none of it.
    stage.run("DELETE FROM t WHERE number <> 1").await;
    let deleted = parts(&mut follower).await;
    assert!(deleted.iter().all(|part| part.is_whole));
    stage.run("DELETE FROM t").await;
    parts(&mut follower).await;
    stage.run(&prepare(2)).await;
    quiet(&mut follower).await;
    stage.run(&format!("XA COMMIT '{name}'")).await;
    let small = parts(&mut follower).await;
    assert!(small.iter().all(|part| part.is_whole));
    assert_eq!(numbers(&small), [1, 2]);
}
