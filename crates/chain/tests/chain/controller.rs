//! Signing and sending as the controller.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::support::{Contracts, Stage, account, uid, version, word};
use chain::{
    ChainReader, Controller, ControllerKey, Deployment, FeeError, Fees, KeyFileError, MAX_PAGE,
    MasterDataCall, RetirementReason, SendOutcome, TransactionError,
};
use devstack::{Accounts, wait_until};
use keyring::KeyFileProblem;
use record::B256;
use serde_json::json;
use tempfile::TempDir;

const CAP: u128 = 500_000_000_000;

fn key_file(text: &str, mode: u32) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("controller.key");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    (dir, path)
}

async fn controller_as(stage: &Stage, name: &str) -> Controller {
    let key = Accounts::load().unwrap().private_key(name).unwrap();
    let (_dir, path) = key_file(&format!("{key}\n"), 0o600);
    Controller::load(stage.reader(0).await, &path, CAP).unwrap()
}

/// Blocks only on demand, once the contracts are there.
async fn stage_without_blocks() -> Stage {
    let stage = Stage::set().await;
    stage
        .chain
        .rpc("evm_setAutomine", json!([false]))
        .await
        .unwrap();
    stage
}

async fn fees(controller: &Controller) -> Fees {
    controller.fees().await.unwrap().unwrap()
}

fn add(number: u64, timestamp: u64) -> MasterDataCall {
    MasterDataCall::AddRecordProof {
        uid: uid(number),
        timestamp,
        proof: word(1),
    }
}

#[tokio::test]
async fn the_account_knows_what_it_may_do() {
    let stage = Stage::set().await;
    let controller = controller_as(&stage, "controller").await;
    assert_eq!(controller.address(), account("controller"));
    let head = controller.reader().head().await.unwrap();
    let standing = controller.standing(&head).await.unwrap();
    assert!(standing.is_controller && !standing.paused);
    assert_eq!(standing.nonce, 0);
    assert!(standing.balance > 1_000_000_000_000_000_000);

    stage
        .act(
            "authority",
            stage.deployment.storage_layer,
            Contracts::pauseCall {},
        )
        .await;
    let head = controller.reader().head().await.unwrap();
    assert!(controller.standing(&head).await.unwrap().paused);
    let other = controller_as(&stage, "owner-01").await;
    assert!(!other.standing(&head).await.unwrap().is_controller);
}

#[tokio::test]
async fn a_signed_proof_is_sent_once_and_mined() {
    let stage = stage_without_blocks().await;
    let controller = controller_as(&stage, "controller").await;
    let reader = controller.reader();
    let head = reader.head().await.unwrap();
    let master_data = reader.newest_master_data(&head).await.unwrap();
    assert_eq!(master_data, stage.deployment.master_data);
    let fees = fees(&controller).await;
    let sign = |nonce, number, fees| {
        controller
            .sign_call(master_data, nonce, &add(number, head.timestamp), fees)
            .unwrap()
    };
    let transaction = sign(0, 1, fees);
    assert_eq!(
        transaction,
        sign(0, 1, fees),
        "signing again gives the same bytes"
    );
    assert!(!controller.is_known(transaction.hash).await.unwrap());
    assert_eq!(
        controller.send(&transaction.raw).await.unwrap(),
        SendOutcome::Accepted
    );
    assert_eq!(
        controller.send(&transaction.raw).await.unwrap(),
        SendOutcome::AlreadyKnown
    );
    assert!(controller.is_known(transaction.hash).await.unwrap());
    assert_eq!(controller.receipt(transaction.hash).await.unwrap(), None);
    assert_eq!(controller.nonce(&head).await.unwrap(), 0);

    stage.chain.mine(1).await.unwrap();
    let receipt = controller.receipt(transaction.hash).await.unwrap().unwrap();
    let head = reader.head().await.unwrap();
    assert!(receipt.succeeded);
    assert_eq!(
        (receipt.block, receipt.block_hash),
        (head.number, head.hash)
    );
    assert_eq!(controller.nonce(&head).await.unwrap(), 1);
    assert_eq!(
        controller
            .nonce(&reader.final_block(None).await.unwrap())
            .await
            .unwrap(),
        1
    );
    let known = reader.record(uid(1), &head).await.unwrap().unwrap();
    assert_eq!(known.version(version(1)).unwrap().word, word(1));
    let again = controller.send(&transaction.raw).await.unwrap();
    assert!(
        matches!(again, SendOutcome::NonceUsed | SendOutcome::AlreadyKnown),
        "{again:?}"
    );

    // A UID that is not the next one is reverted, and uses up its nonce.
    let gap = sign(1, 3, fees);
    assert_eq!(
        controller.send(&gap.raw).await.unwrap(),
        SendOutcome::Accepted
    );
    stage.chain.mine(1).await.unwrap();
    assert!(
        !controller
            .receipt(gap.hash)
            .await
            .unwrap()
            .unwrap()
            .succeeded
    );
}

#[tokio::test]
async fn a_replacement_carries_the_same_content_and_is_taken() {
    let stage = stage_without_blocks().await;
    let controller = controller_as(&stage, "controller").await;
    let head = controller.reader().head().await.unwrap();
    let now = fees(&controller).await;
    let first = controller
        .sign_call(
            stage.deployment.master_data,
            0,
            &add(1, head.timestamp),
            now,
        )
        .unwrap();
    assert_eq!(
        controller.send(&first.raw).await.unwrap(),
        SendOutcome::Accepted
    );
    let second = controller
        .sign_replacement(&first.raw, now)
        .unwrap()
        .unwrap();
    assert_eq!(second.nonce, first.nonce);
    assert_ne!(second.hash, first.hash);
    assert_eq!(
        controller.send(&second.raw).await.unwrap(),
        SendOutcome::Accepted
    );
    stage.chain.mine(1).await.unwrap();
    assert_eq!(controller.receipt(first.hash).await.unwrap(), None);
    assert!(
        controller
            .receipt(second.hash)
            .await
            .unwrap()
            .unwrap()
            .succeeded
    );
    let head = controller.reader().head().await.unwrap();
    let known = controller
        .reader()
        .record(uid(1), &head)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(known.newest().word, word(1));

    // An empty transfer at a used fee of almost nothing replaces nothing.
    let filler = controller.sign_empty(1, now).unwrap();
    assert_eq!(
        controller.send(&filler.raw).await.unwrap(),
        SendOutcome::Accepted
    );
    let cheaper = Fees {
        max_priority_fee_per_gas: 0,
        ..now
    };
    let cheaper = controller.sign_empty(1, cheaper).unwrap();
    assert_eq!(
        controller.send(&cheaper.raw).await.unwrap(),
        SendOutcome::FeeTooLow
    );
}

#[tokio::test]
async fn fees_stop_at_the_cap() {
    let stage = Stage::set().await;
    let key = Accounts::load().unwrap().private_key("controller").unwrap();
    let (_dir, path) = key_file(&key, 0o600);
    let poor = Controller::load(stage.reader(0).await, &path, 1).unwrap();
    assert_eq!(poor.fees().await.unwrap(), Err(FeeError::AboveCap));
    let now = Fees {
        max_fee_per_gas: CAP,
        max_priority_fee_per_gas: 1,
    };
    let controller = controller_as(&stage, "controller").await;
    let dear = controller.sign_empty(0, now).unwrap();
    assert_eq!(
        controller.sign_replacement(&dear.raw, now).unwrap(),
        Err(FeeError::AboveCap)
    );
}

#[tokio::test]
async fn an_account_without_money_is_told() {
    let stage = Stage::set().await;
    let controller = controller_as(&stage, "controller").await;
    stage
        .chain
        .rpc("anvil_setBalance", json!([account("controller"), "0x1"]))
        .await
        .unwrap();
    let filler = controller.sign_empty(0, fees(&controller).await).unwrap();
    assert_eq!(
        controller.send(&filler.raw).await.unwrap(),
        SendOutcome::NoFunds
    );
}

#[tokio::test]
async fn transactions_of_others_are_not_taken_for_ours() {
    let stage = Stage::set().await;
    let controller = controller_as(&stage, "controller").await;
    let other = controller_as(&stage, "owner-01").await;
    let now = fees(&controller).await;
    let own = controller.sign_empty(0, now).unwrap();
    controller.check_own(&own.raw).unwrap();
    let foreign = other.sign_empty(0, now).unwrap();
    assert_eq!(
        controller.check_own(&foreign.raw),
        Err(TransactionError::Foreign)
    );
    assert_eq!(
        controller.sign_replacement(&foreign.raw, now).unwrap_err(),
        TransactionError::Foreign
    );
    assert_eq!(
        controller.check_own(&own.raw[1..]),
        Err(TransactionError::Malformed)
    );
    let mut longer = own.raw.clone();
    longer.push(0);
    assert_eq!(
        controller.check_own(&longer),
        Err(TransactionError::Malformed)
    );
    // On another chain the same bytes are nobody's.
    let url = stage.chain.rpc_url().parse().unwrap();
    let pins = Deployment {
        chain_id: 1,
        ..stage.deployment.clone()
    };
    let key = Accounts::load().unwrap().private_key("controller").unwrap();
    let (_dir, path) = key_file(&key, 0o600);
    let elsewhere = ChainReader::new(&url, pins, 0).unwrap();
    let elsewhere = Controller::load(elsewhere, &path, CAP).unwrap();
    assert_eq!(
        elsewhere.check_own(&own.raw),
        Err(TransactionError::Foreign)
    );
}

#[test]
fn a_key_file_is_a_private_file_that_holds_a_key() {
    let key = B256::repeat_byte(1).to_string();
    let load = |path: &Path| ControllerKey::load(path).map(drop);
    let refused = |path: &Path| match load(path) {
        Err(KeyFileError::File(error)) => error.problem,
        other => panic!("{other:?}"),
    };
    for mode in [0o644, 0o640, 0o604, 0o620] {
        let (_dir, path) = key_file(&key, mode);
        assert!(matches!(refused(&path), KeyFileProblem::Exposed(_)));
    }
    for text in ["", "0x12", "not a key", &"0".repeat(64), &"f".repeat(64)] {
        let (_dir, path) = key_file(text, 0o600);
        assert!(matches!(load(&path), Err(KeyFileError::NotAKey)));
    }
    let nowhere = Path::new("/nowhere/controller.key");
    assert!(matches!(refused(nowhere), KeyFileProblem::Read(_)));
    let (dir, path) = key_file(key.trim_start_matches("0x"), 0o600);
    load(&path).unwrap();
    let folder = dir.path();
    assert!(matches!(refused(folder), KeyFileProblem::Malformed(_)));
}

#[tokio::test]
async fn a_full_page_fits_one_call() {
    let stage = stage_without_blocks().await;
    let controller = controller_as(&stage, "controller").await;
    let reader = controller.reader();
    let (head, fees) = (reader.head().await.unwrap(), fees(&controller).await);
    let count = MAX_PAGE + 1;
    for nonce in 0..count {
        let (to, call) = (stage.deployment.master_data, add(nonce + 1, head.timestamp));
        let signed = controller.sign_call(to, nonce, &call, fees);
        let sent = controller.send(&signed.unwrap().raw).await.unwrap();
        assert_eq!(sent, SendOutcome::Accepted);
    }
    let all_mined = async || {
        stage.chain.mine(1).await?;
        let head = reader.head().await?;
        Ok((controller.nonce(&head).await? == count).then_some(head))
    };
    let head = wait_until("the blocks", Duration::from_secs(30), all_mined)
        .await
        .unwrap();
    let page = reader.records(uid(1), count, &head).await.unwrap();
    assert_eq!(page.len() as u64, MAX_PAGE);
    assert_eq!(page.last().unwrap().uid, uid(MAX_PAGE));
    let rest = reader
        .records(uid(MAX_PAGE + 1), count, &head)
        .await
        .unwrap();
    assert_eq!(rest.len(), 1);
}

#[tokio::test]
async fn a_proof_can_be_tried_out() {
    let stage = Stage::set().await;
    let controller = controller_as(&stage, "controller").await;
    let other = controller_as(&stage, "owner-01").await;
    let try_out = async |account: &Controller, number: u64| {
        let head = account.reader().head().await.unwrap();
        let (to, time) = (stage.deployment.master_data, head.timestamp);
        account
            .would_be_taken(to, &add(number, time), &head)
            .await
            .unwrap()
    };
    assert!(try_out(&controller, 1).await);
    assert!(!try_out(&controller, 2).await, "not the next one");
    assert!(!try_out(&other, 1).await, "not a controller");
    stage
        .act(
            "authority",
            stage.deployment.storage_layer,
            Contracts::pauseCall {},
        )
        .await;
    assert!(!try_out(&controller, 1).await, "paused");
}

#[tokio::test]
async fn an_erasure_is_written_once() {
    let stage = Stage::set().await;
    let controller = controller_as(&stage, "controller").await;
    stage.anchor(1, word(1)).await;
    let reader = controller.reader();
    let to = stage.deployment.master_data;
    let erase = |number| MasterDataCall::Erase {
        uid: uid(number),
        evidence: word(9),
    };
    let head = reader.head().await.unwrap();
    assert!(
        controller
            .would_be_taken(to, &erase(1), &head)
            .await
            .unwrap()
    );
    assert!(
        !controller
            .would_be_taken(to, &erase(2), &head)
            .await
            .unwrap()
    );
    let (nonce, fees) = (
        controller.nonce(&head).await.unwrap(),
        fees(&controller).await,
    );
    let signed = controller.sign_call(to, nonce, &erase(1), fees).unwrap();
    assert_eq!(
        controller.send(&signed.raw).await.unwrap(),
        SendOutcome::Accepted
    );
    let retired = wait_until("the block", Duration::from_secs(30), async || {
        let head = reader.head().await?;
        let record = reader.record(uid(1), &head).await?;
        Ok(record
            .and_then(|record| record.retired)
            .map(|retired| (head, retired)))
    });
    let (head, retired) = retired.await.unwrap();
    assert_eq!(retired.reason, RetirementReason::Erased);
    assert_eq!(retired.evidence, word(9));
    assert!(
        !controller
            .would_be_taken(to, &erase(1), &head)
            .await
            .unwrap()
    );
    let authority = account("authority");
    assert_eq!(reader.authority(&head).await.unwrap(), authority);
    let then = reader.authority_at(retired.block).await.unwrap();
    assert_eq!(then, authority);
}
