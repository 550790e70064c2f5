//! Another chain behind the viewer: one with its own id, a copy of ours from before the records, and ours again.

use devstack::{Chain, ChainOptions, Mining};

use crate::harness::{Answer, Browser, Stage};

const ANOTHER: &str = "The endpoint serves another chain than the pinned one.";
const BEHIND: &str = "The chain is behind what was seen of it before.";

#[tokio::test(flavor = "multi_thread")]
async fn only_the_pinned_chain_is_believed() {
    let mut stage = Stage::with(2).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;

    // An empty one with another id, and one of our id with contracts of its own.
    for (chain_id, is_deployed) in [(31_338, false), (31_337, true)] {
        let chain = Chain::start(&options(chain_id)).await.unwrap();
        if is_deployed {
            // Their addresses are those of ours.
            chain.deploy().await.unwrap();
        }
        look_at(&mut stage, &chain).await;
        nothing_can_be_told(&stage, &officer, ANOTHER).await;
    }
    // All pins hold there, and no record is known: every row would look forged.
    let copy = Chain::start_deployed(&options(31_337)).await.unwrap();
    look_at(&mut stage, &copy).await;
    nothing_can_be_told(&stage, &officer, BEHIND).await;
    copy.mine(1_000).await.unwrap();
    nothing_can_be_told(&stage, &officer, ANOTHER).await;

    let real = stage.site.chain.rpc_url();
    stage.restart_viewer(&[("CHAIN_RPC_URL", &real)]).await;
    stage.until_all_valid(&officer).await;
    stage.assert_no_breach().await;
    stage.assert_breach_is_found(&officer, 1).await;
    stage.site.stop().await.unwrap();
}

fn options(chain_id: u64) -> ChainOptions {
    ChainOptions {
        mining: Mining::EachTransaction,
        chain_id,
        ..ChainOptions::default()
    }
}

async fn look_at(stage: &mut Stage, chain: &Chain) {
    stage
        .restart_viewer(&[("CHAIN_RPC_URL", &chain.rpc_url())])
        .await;
}

async fn nothing_can_be_told(stage: &Stage, officer: &Browser, told: &str) {
    assert_eq!(officer.verify(2).await, "Unverifiable");
    officer.submit("/records/verify-all", &[]).await;
    let words = format!("Not all records could be verified. {told} This is not a breach.");
    let is_told = |page: &Answer| {
        page.section("rounds").contains(&words)
            && page.banner().contains("Nothing can be verified right now.")
            && page.banner().contains(told)
            && page.badges() == ["Unverifiable", "Unverifiable"]
    };
    stage.until(officer, "/records", is_told).await;
    stage.assert_no_breach().await;
}
