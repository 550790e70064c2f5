//! What most would write first: one query and one call for each record, in Node.js (`one-by-one/`).

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use benchmarks::{DataSet, Spent};
use serde_json::{Value, json};

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/one-by-one/verify.js");
/// So many records are verified by it; the others take as long each.
const SAMPLE: u64 = 2_000;

/// What one record costs it.
pub fn of_one(data: &DataSet) -> Duration {
    let last = SAMPLE.min(data.count);
    let settings = json!({
        "database": data.database_url(),
        "rpc": data.rpc_url(),
        "keys": data.keys_dir(),
        "relay": data.deployment.relay,
        "chainId": data.deployment.chain_id,
        "first": 1,
        "last": last,
    });
    let mut node = Command::new("node")
        .arg(PROGRAM)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = node.stdin.take().unwrap();
    input.write_all(settings.to_string().as_bytes()).unwrap();
    drop(input);
    let told = node.wait_with_output().unwrap();
    assert!(told.status.success(), "the plain verifier failed");
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(told["verified"], last);
    Duration::from_micros(told["cpuMicros"].as_u64().unwrap()) / u32::try_from(last).unwrap()
}

/// As many records, each at this cost.
pub fn all(each: Duration, count: u64) -> Spent {
    Spent::nothing().plus(each, count)
}
