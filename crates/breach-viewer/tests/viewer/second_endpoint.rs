//! Two endpoints of the chain: while they tell different things nothing is valid, and nobody is accused of a breach.

use devstack::{Fault, RpcProxy};
use serde_json::json;

use crate::harness::{Answer, Stage};

const DISAGREE: &str =
    "The two endpoints of the chain tell different things: one of them lies or is broken.";

#[tokio::test(flavor = "multi_thread")]
async fn what_only_one_endpoint_says_is_not_believed() {
    let mut stage = Stage::with(2).await;
    let second = RpcProxy::start(&stage.site.chain.rpc_url()).await.unwrap();
    let setting = ("CHAIN_SECOND_RPC_URL", second.url());
    stage.restart_viewer(&[setting]).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;

    let word = json!(format!("0x{}", "ab".repeat(32)));
    second.fault("eth_call", Fault::Answer(word));
    assert_eq!(officer.verify(1).await, "Unverifiable");
    let is_told = |page: &Answer| {
        page.banner().contains(DISAGREE) && page.badges() == ["Unverifiable", "Unverifiable"]
    };
    stage.until(&officer, "/records", is_told).await;
    let record = officer.get("/records/1").await;
    assert!(record.says("Nothing can be told right now."));

    second.heal_all();
    stage.until_all_valid(&officer).await;
    stage.assert_no_breach().await;
    stage.assert_breach_is_found(&officer, 2).await;
    stage.site.stop().await.unwrap();
}
