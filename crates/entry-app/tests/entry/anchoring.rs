//! From the approval to the block, as the record's page shows it.

use std::time::Duration;

use database::anchoring_jobs::{self, JobState};
use database::records::{self, RecordState};
use devstack::wait_until;
use record::ids::Uid;

use crate::harness::{Answer, Browser, Owner, Server, Setup, Typed};

const LIMIT: Duration = Duration::from_secs(60);

async fn approved(server: &Server, clerk: &Browser) -> String {
    let owner = Owner::new();
    let typed = Typed::default().with("wallet", &owner.address());
    let page = clerk.entered(&typed).await;
    owner.sign(server, &page, true).await;
    let answer = clerk.post(&format!("{page}/approve"), &[]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    page
}

/// Looks again and again until the page of the progress shows what is waited for.
async fn until(clerk: &Browser, page: &str, wanted: impl Fn(&Answer) -> bool) -> Answer {
    let path = format!("{page}/progress");
    wait_until("the progress", LIMIT, || async {
        let answer = clerk.get(&path).await;
        anyhow::ensure!(wanted(&answer), "{}", answer.section("anchoring"));
        Ok(Some(answer))
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn the_page_follows_the_proof_to_its_block() {
    let server = Server::start_with(Setup::on_a_chain().await).await;
    let clerk = server.clerk().await;
    let page = approved(&server, &clerk).await;
    let shown = clerk.get(&page).await;
    let refresh = format!("data-refresh=\"{page}/progress\"");
    assert!(shown.says(&refresh), "it refreshes by itself");

    // A record that is read just before its end, and its job after it, refresh once more.
    let ended = |page: &Answer| page.says("Final on the chain") && !page.says("data-refresh");
    let last = until(&clerk, &page, ended).await;
    assert!(last.says("<h1>Record 1</h1>"), "{}", last.body);
    assert_eq!(last.badges()[0], "Anchored");
    let facts = last.section("anchoring");
    assert!(facts.contains("<dt>UID</dt><dd>1</dd>"), "{facts}");
    let chain = server.chain.as_ref().unwrap();
    let hash = last.between(
        "Transaction</dt><dd><span class=\"copyable\"><code title=\"",
        "\"",
    );
    let receipt = chain
        .rpc("eth_getTransactionReceipt", serde_json::json!([hash]))
        .await
        .unwrap();
    let block = last.between("Block</dt><dd>", "<").parse::<u64>().unwrap();
    assert_eq!(receipt["blockNumber"], format!("{block:#x}"), "{hash}");
    for step in ["Transaction prepared", "Transaction in a block", "Anchored"] {
        assert!(last.section("history").contains(step), "{step}");
    }
    let list = clerk.get("/records?state=anchored").await;
    assert!(list.says("data-label=\"UID\">1</td>"), "{}", list.body);
}

#[tokio::test]
async fn details_that_somebody_changed_after_the_signature_are_not_anchored() {
    let server = Server::start_with(Setup::on_a_chain().await).await;
    let clerk = server.clerk().await;
    let owner = Owner::new();
    let typed = Typed::default().with("wallet", &owner.address());
    let page = clerk.entered(&typed).await;
    owner.sign(&server, &page, true).await;
    server.run("UPDATE record_versions SET email = phone").await;
    clerk.post(&format!("{page}/approve"), &[]).await;

    let last = until(&clerk, &page, |page| page.says("Nothing was anchored.")).await;
    assert_eq!(last.badges()[0], "Not anchored");
    assert!(
        last.section("anchoring")
            .contains("altered behind our back")
    );
    let again = clerk.post(&format!("{page}/approve"), &[]).await;
    assert_eq!(
        again.status, 303,
        "it may be approved again once it is put right"
    );
}

#[tokio::test]
async fn while_the_chain_is_away_every_page_says_that_proofs_wait() {
    let mut server = Server::start_with(Setup::on_a_chain().await).await;
    let clerk = server.clerk().await;
    server.chain.as_mut().unwrap().stop().await.unwrap();
    let page = approved(&server, &clerk).await;
    let banner = |page: &Answer| page.between("<div id=\"banner\">", "</div>");
    let waiting = until(&clerk, &page, |page| {
        banner(page).contains("Anchoring waits.")
    })
    .await;
    assert!(
        waiting
            .section("anchoring")
            .contains("The chain is out of reach.")
    );
    assert!(banner(&clerk.get("/records").await).contains("Nothing is lost."));

    server.chain.as_mut().unwrap().resume().await.unwrap();
    until(&clerk, &page, |page| page.says("Final on the chain")).await;
    until(&clerk, &page, |page| banner(page).trim().is_empty()).await;
}

/// As it stands after the database was put back to an older dump and the record then restored from its backup.
#[tokio::test]
async fn a_restored_record_counts_as_anchored_whatever_its_job_says() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = approved(&server, &clerk).await;
    let (mut connection, front) = (server.admin.acquire().await.unwrap(), server.keys.front());
    let mut record = server.record(&page).await;
    record.state = RecordState::Anchored;
    record.uid = Uid::new(7);
    let now = server.clock.now();
    records::update(&mut connection, &front, &mut record, now)
        .await
        .unwrap();
    let jobs = anchoring_jobs::of_record(&mut connection, &server.keys, record.id).await;
    let mut job = jobs.unwrap().rows.remove(0);
    job.state = JobState::Rejected;
    job.problem = Some("not_approved".to_owned());
    anchoring_jobs::update(&mut connection, &server.keys, &mut job, now)
        .await
        .unwrap();

    let shown = clerk.get(&page).await;
    assert_eq!(shown.badges()[0], "Anchored");
    let anchoring = shown.section("anchoring");
    assert!(anchoring.contains("Final on the chain") && anchoring.contains("<dd>7</dd>"));
    assert!(!shown.says("Nothing was anchored") && !shown.says("Approve again"));
}
