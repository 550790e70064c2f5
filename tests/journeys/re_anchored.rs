//! A thief of the controller's chain key and of entry-app's keys writes records anew and anchors what was written. The chain
//! then holds it; the owner's signature does not. The authority voids it, and the officer puts back what the owner signed.

use alloy::signers::local::PrivateKeySigner;
use anyhow::{Context, Result, ensure};
use devstack::{Fault, Site, SiteOptions};
use journeys::attacker::{Act, ControllerThief, Insider, KeyThief, Rewritten};
use journeys::steps::{Officer, enrol, options};
use journeys::{Browser, Lookout, Screen};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_thief_anchors_is_told_by_the_owners_signature() -> Result<()> {
    let site = Site::start(&SiteOptions {
        proxies: true,
        ..options()
    })
    .await?;
    enrol(&site, 6).await?;
    let desk = Browser::launch(Screen::Desktop).await?;
    let officer = Officer::open(&site, &desk).await?;
    let mut lookout = Lookout::new(&site, &officer);
    lookout.grid_shows(&[]).await?;
    let mut insider = Insider::at(&site).await?;

    anchor_new_fields_under_the_old_signature(&site, &mut insider, &mut lookout).await?;
    ensure!(officer.verify(1).await? == "Consent invalid");
    officer
        .tab()
        .see("the owner's wallet did not sign it")
        .await?;
    officer.tab().look("viewer-consent-invalid").await?;

    anchor_under_a_wallet_of_the_thiefs_own(&site, &mut insider, &mut lookout).await?;
    ensure!(officer.verify(2).await? == "Consent invalid");
    officer
        .tab()
        .see("signed by another wallet than version 1")
        .await?;

    anchor_one_signature_twice(&site, &mut insider, &mut lookout).await?;
    ensure!(officer.verify(7).await? == "Consent invalid");
    officer
        .tab()
        .see("a signature that the owner gave for record 3")
        .await?;
    let faults = [
        ("1", "Consent invalid", ""),
        ("2", "Consent invalid", ""),
        ("7", "Consent invalid", ""),
    ];
    lookout.grid_shows(&faults).await?;

    void_and_restore(&site, &officer, &mut lookout).await?;
    officer.tab().behaved()?;
    site.stop().await
}

/// Row and word appear together, so that the sweep meets no half of it: it waits for an answer of the chain meanwhile.
async fn anchor_and_commit(
    site: &Site,
    act: Act<'_>,
    chain: &ControllerThief,
    rewritten: &Rewritten,
) -> Result<()> {
    let proxy = site.viewer_proxy.as_ref().context("a proxy")?;
    proxy.fault("eth_call", Fault::Hold);
    chain
        .anchor(rewritten.uid, rewritten.timestamp, rewritten.proof)
        .await?;
    site.chain.mine(3).await?;
    act.commit().await?;
    proxy.heal("eth_call");
    Ok(())
}

/// (a) Record 1 with another name, the old message and signature, as version 2.
async fn anchor_new_fields_under_the_old_signature(
    site: &Site,
    insider: &mut Insider,
    lookout: &mut Lookout<'_>,
) -> Result<()> {
    let (keys, chain) = (KeyThief::at(site)?, ControllerThief::at(site)?);
    let timestamp = chain.timestamp().await?;
    let mut act = insider.begin().await?;
    let rewritten = keys
        .rewrite_under_old_signature(&mut act, 1, "Mallory Thornbury", timestamp)
        .await?;
    anchor_and_commit(site, act, &chain, &rewritten).await?;
    let incident = lookout
        .incident_about(&[("1", "Consent invalid", "")])
        .await?;
    let found = &incident.findings[0];
    ensure!(
        found.expected == found.found,
        "the row gives the word on the chain: {found:?}"
    );
    Ok(())
}

/// (b) Record 2 as it is, signed anew by the thief's own wallet, as version 2.
async fn anchor_under_a_wallet_of_the_thiefs_own(
    site: &Site,
    insider: &mut Insider,
    lookout: &mut Lookout<'_>,
) -> Result<()> {
    let (keys, chain) = (KeyThief::at(site)?, ControllerThief::at(site)?);
    let (word, timestamp) = (chain.word(2).await?, chain.timestamp().await?);
    let wallet = PrivateKeySigner::random();
    let mut act = insider.begin().await?;
    let added = keys
        .add_under_own_wallet(&mut act, 2, &wallet, word, timestamp)
        .await?;
    anchor_and_commit(site, act, &chain, &added).await?;
    lookout
        .incident_about(&[("2", "Consent invalid", "")])
        .await?;
    Ok(())
}

/// (c) All of record 3, signature and all, once more under the UID that comes next. The table's key on nonces is in the
/// way, and goes.
async fn anchor_one_signature_twice(
    site: &Site,
    insider: &mut Insider,
    lookout: &mut Lookout<'_>,
) -> Result<()> {
    insider
        .change_schema("ALTER TABLE consents DROP KEY consents_nonce_index")
        .await?;
    let (keys, chain) = (KeyThief::at(site)?, ControllerThief::at(site)?);
    let (next, timestamp) = (chain.next_uid().await?, chain.timestamp().await?);
    let mut act = insider.begin().await?;
    let copied = keys
        .copy_under_another_uid(&mut act, 3, next, timestamp)
        .await?;
    anchor_and_commit(site, act, &chain, &copied).await?;
    lookout
        .incident_about(&[("7", "Consent invalid", "")])
        .await?;
    Ok(())
}

/// The authority voids what the thief anchored. Then the thief's rows are no versions of anything, and the backup's copies
/// give the words that count.
async fn void_and_restore(
    site: &Site,
    officer: &Officer<'_>,
    lookout: &mut Lookout<'_>,
) -> Result<()> {
    let chain = ControllerThief::at(site)?;
    for (uid, version) in [(1, 2), (2, 2), (7, 1)] {
        chain.void(uid, version).await?;
        lookout
            .incident_about(&[(&uid.to_string(), "Forged", "")])
            .await?;
    }
    let faults = [
        ("1", "Forged", ""),
        ("2", "Forged", ""),
        ("7", "Forged", ""),
    ];
    lookout.grid_shows(&faults).await?;
    for uid in [1, 2] {
        officer.restore(uid).await?;
    }
    // Nobody ever signed for record 7: there is no copy to put back.
    officer.show(7).await?;
    officer.tab().follow("Restore…").await?;
    officer
        .tab()
        .see("The backup holds no copy of this record")
        .await?;
    lookout.grid_shows(&[("7", "Forged", "")]).await?;
    lookout.nothing_more().await
}
