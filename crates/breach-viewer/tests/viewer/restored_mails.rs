//! Records restored one after the other: the officer gets few mails, which name all of them.

use std::time::Duration;

use devstack::{Mail, wait_until};
use record::time::Clock;

use crate::harness::{Answer, InProcess, LIMIT, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn restores_in_a_row_are_told_by_one_mail_a_minute() {
    let mut stage = Stage::with(5).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    let viewer = InProcess::start(&mut stage, Clock::adjustable(), &[]).await;
    let officer = viewer.browser();
    stage.sign_in(&officer, "officer").await;
    stage
        .sql("UPDATE record_versions SET email = REVERSE(email) WHERE record_id IN (SELECT id FROM records WHERE uid < 5)")
        .await;
    let all_found = |grid: &Answer| grid.badges() == ["Altered"; 4];
    stage
        .until(&officer, "/records?verdict=altered", all_found)
        .await;
    for uid in 1..=4 {
        let page = officer
            .submit(&format!("/records/{uid}/restore"), &[])
            .await;
        assert!(page.says("restored and verified again"), "{}", page.body);
    }
    // The first goes out at once, with what was restored by then.
    viewer.clock.advance(Duration::from_secs(61));
    let mails = until_told(&stage, &[1, 2, 3, 4]).await;
    assert!(mails <= 2, "{mails} mails");
    let waiting = "SELECT COUNT(*) FROM outbox WHERE kind = 'restored' AND state = 'waiting'";
    assert_eq!(stage.number(waiting).await, 0);
    viewer.clock.advance(Duration::from_secs(120));
    stage.alter_email(2).await;
    assert_eq!(officer.verify(2).await, "Altered");
    officer.submit("/records/2/restore", &[]).await;
    assert_eq!(until_told(&stage, &[1, 2, 2, 3, 4]).await, mails + 1);
    for uid in 1..=5 {
        assert_eq!(officer.verify(uid).await, "Valid", "record {uid}");
    }
    viewer.stop().await;
    stage.site.stop().await.unwrap();
}

/// Until the mails about restores name these UIDs, each as often as here; gives how many mails there are.
async fn until_told(stage: &Stage, expected: &[u64]) -> usize {
    let told = wait_until("the mails about restores", LIMIT, || async {
        let mails = stage.officer_mails().await;
        let restored = mails
            .iter()
            .filter(|mail| mail.subject.contains("restored"));
        let restored: Vec<&Mail> = restored.collect();
        let mut uids: Vec<u64> = restored.iter().flat_map(|mail| uids_of(mail)).collect();
        uids.sort_unstable();
        anyhow::ensure!(uids == expected, "{uids:?} instead of {expected:?}");
        Ok(Some(restored.len()))
    });
    told.await.unwrap()
}

fn uids_of(mail: &Mail) -> Vec<u64> {
    let mut lines = mail.text.lines().map(str::trim);
    let uids = lines.find_map(|line| line.strip_prefix("UIDs: "));
    let uids = uids.unwrap_or_default().split(", ");
    uids.filter_map(|uid| uid.parse().ok()).collect()
}
