//! A record that its owner has had erased: nothing is left, its verdict says so, and nothing brings the person back for long.

use alloy::primitives::{B256, keccak256};
use alloy::signers::SignerSync as _;
use alloy::signers::local::PrivateKeySigner;
use database::anchoring_jobs;
use database::erasures::{self, Erasure, ErasureState, Identity};
use database::request_way::RequestWay;
use demo::doors::Owner;
use keyring::KeySet;
use record::erasure::{Binding, Ended, ErasureEvidence, ErasureOrder, ErasureStatement, Signatory};
use record::ids::{ErasureId, RecordId, Uid};
use record::signature::EcdsaSignature;
use record::time::UnixMillis;

use crate::harness::{Answer, Browser, LIMIT, Stage};

/// Tables that hold something of a person, by the record's id.
const OF_RECORD: [&str; 4] = ["record_versions", "consents", "owner_keys", "corrections"];

impl Stage {
    /// Its owner asks and signs, the clerk grants it.
    pub async fn erase(&self, uid: usize) -> RecordId {
        let person = &self.people[uid - 1];
        let owner = Owner::new(person.key.clone());
        owner
            .ask_erasure(&self.site, person.person.email)
            .await
            .unwrap();
        self.clerk.erase(&person.record).await.unwrap();
        person.record.parse().unwrap()
    }

    pub async fn until_destroyed(&self, id: RecordId, times: i64) {
        let destroyed = format!(
            "SELECT COUNT(*) FROM record_events WHERE kind = 'destroyed' AND record_id = X'{id}'"
        );
        self.until_number("everything destroyed", &destroyed, |count| count == times)
            .await;
    }

    /// Rows that stand there about a record, copies included.
    pub async fn left_of(&self, id: RecordId, uid: u64) -> i64 {
        let names = self.site.names();
        let (backup, keys) = (&names.backup, &names.keys);
        let mut left = 0;
        for table in OF_RECORD {
            let rows = format!("SELECT COUNT(*) FROM {table} WHERE record_id = X'{id}'");
            left += self.number(&rows).await;
        }
        for rows in [
            format!("SELECT COUNT(*) FROM records WHERE id = X'{id}' OR uid = {uid}"),
            format!("SELECT COUNT(*) FROM {backup}.record_backups WHERE uid = {uid}"),
            format!("SELECT COUNT(*) FROM {keys}.owner_key_backups WHERE record_id = X'{id}'"),
            format!(
                "SELECT COUNT(*) FROM consent_links WHERE record_id = X'{id}' AND wrapped_key <> ''"
            ),
            format!(
                "SELECT COUNT(*) FROM access_copies WHERE record_id = X'{id}' AND content <> ''"
            ),
            format!(
                "SELECT COUNT(*) FROM restriction_steps
                 WHERE record_id = X'{id}' AND (content IS NOT NULL OR note IS NOT NULL)"
            ),
        ] {
            left += self.number(&rows).await;
        }
        left
    }

    async fn until_retired(&self, officer: &Browser, uid: u64) {
        let retired = |grid: &Answer| grid.line(uid).contains("Retired<");
        self.until(officer, "/records", retired).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_record_is_gone_and_stays_gone() {
    let mut stage = Stage::with(3).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    let neighbour = stage.cells_of(2).await;
    stage
        .clerk
        .make_copy(&stage.people[0].record)
        .await
        .unwrap();
    stage.restrict(1).await;
    keep_a_dump(&stage).await;
    let id = stage.erase(1).await;
    stage.until_destroyed(id, 1).await;
    assert_eq!(stage.left_of(id, 1).await, 0);
    let kept = format!("SELECT COUNT(*) FROM restriction_steps WHERE record_id = X'{id}'");
    assert_eq!(stage.number(&kept).await, 1, "that there was a step");
    stage.until_retired(&officer, 1).await;
    assert_eq!(officer.verify(1).await, "Retired");
    the_owner_has_a_receipt(&stage, id).await;
    assert_eq!(stage.cells_of(2).await, neighbour);
    for uid in [2, 3] {
        assert_eq!(officer.verify(uid).await, "Valid");
    }
    stage.assert_no_breach().await;
    let day = "SELECT CAST(destroyed_at AS SIGNED) FROM erasures";
    let destroyed_at = stage.number(day).await;
    let alarms = "SELECT COUNT(*) FROM operations_alarms";
    assert_eq!(stage.number(alarms).await, 0);

    the_dump_brings_nobody_back(&stage, &officer, id).await;
    nor_do_parts_of_it(&mut stage, &officer, id).await;
    assert_eq!(stage.number(day).await, destroyed_at, "as the receipt says");
    assert_eq!(stage.cells_of(2).await, neighbour);
    nothing_is_restored(&stage, &officer).await;
    stage.site.stop().await.unwrap();
}

/// All of it, keys and the backups' copies included.
async fn keep_a_dump(stage: &Stage) {
    let names = stage.site.names();
    let copies = [
        (format!("{}.record_backups", names.backup), "dump_backup"),
        (format!("{}.owner_key_backups", names.keys), "dump_keys"),
    ];
    let tables = [
        "records",
        "record_versions",
        "consents",
        "owner_keys",
        "consent_links",
        "access_copies",
    ];
    let rows = tables.map(|table| (table.to_owned(), table));
    for (table, name) in rows.iter().map(|(table, name)| (table, *name)) {
        stage
            .sql_schema(&format!(
                "CREATE TABLE dump_{name} AS SELECT * FROM {table}"
            ))
            .await;
    }
    for (table, name) in &copies {
        stage
            .sql_schema(&format!("CREATE TABLE {name} AS SELECT * FROM {table}"))
            .await;
    }
}

async fn the_owner_has_a_receipt(stage: &Stage, id: RecordId) {
    let person = &stage.people[0].person;
    let is_receipt =
        |mail: &devstack::Mail| mail.is_to(person.email) && mail.subject.contains("the receipt");
    let receipt = stage.site.inbox.wait_for(LIMIT, is_receipt).await.unwrap();
    for wanted in ["UID 1", "ended in block", "application key 1"] {
        assert!(receipt.text.contains(wanted), "{}", receipt.text);
    }
    let last_name = person.name.rsplit(' ').next().unwrap();
    assert!(!receipt.text.contains(last_name));
    // What the row keeps proves who asked, and names nobody to who has no key of ours.
    let keys = KeySet::load(&stage.site.key_dir()).unwrap();
    let mut connection = stage.connect().await;
    let kept = erasures::of_record(&mut connection, keys.application(), id).await;
    let kept = kept.unwrap().rows.remove(0);
    assert!(kept.destroyed_at.is_some());
    assert_eq!(kept.key_version, Some(1));
    // Once it is sent the mail holds nothing any more.
    let wiped = "SELECT COUNT(*) FROM outbox WHERE kind = 'record_erased' AND recipient IS NULL AND payload IS NULL";
    stage
        .until_number("a wiped mail", wiped, |count| count == 1)
        .await;
}

/// Nobody asked: its time was over, and the authority ordered it together with another one's.
#[tokio::test(flavor = "multi_thread")]
async fn a_record_whose_time_is_over_goes_on_the_authoritys_order() {
    let stage = Stage::with(3).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    let rows = "SELECT COUNT(*) FROM retentions";
    stage
        .until_number("their days", rows, |count| count == 3)
        .await;
    let id = release(&stage).await;
    stage.until_destroyed(id, 1).await;
    assert_eq!(stage.left_of(id, 1).await, 0);
    assert_eq!(stage.number(rows).await, 2, "its day goes with it");
    stage.until_retired(&officer, 1).await;
    assert_eq!(officer.verify(1).await, "Retired");
    the_owner_has_a_receipt(&stage, id).await;
    let receipts = stage
        .site
        .inbox
        .messages_to(stage.people[0].person.email)
        .await
        .unwrap();
    let receipt = receipts
        .iter()
        .find(|mail| mail.subject.contains("the receipt"))
        .unwrap();
    assert!(
        receipt.text.contains("You did not ask for it"),
        "{}",
        receipt.text
    );
    // The order names the second one as well, and by itself ends nothing.
    for uid in [2, 3] {
        assert_eq!(officer.verify(uid).await, "Valid");
    }
    stage.assert_no_breach().await;
    stage.site.stop().await.unwrap();
}

/// As entry-app does it, but for the job.
async fn release(stage: &Stage) -> RecordId {
    let site = (
        31_337,
        deployment(stage)["relay"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap(),
    );
    let keys = KeySet::load(&stage.site.key_dir()).unwrap();
    let keys = keys.application();
    let mut connection = stage.connect().await;
    let mut records = Vec::new();
    for uid in [1, 2] {
        let jobs = anchoring_jobs::by_uid(&mut connection, keys, Uid::new(uid).unwrap()).await;
        let record_proof = jobs.unwrap().rows[0].proof.unwrap();
        records.push(Ended { uid, record_proof });
    }
    let order = ErasureOrder {
        controller: "Nordhaven Clinic".to_owned(),
        records,
        ordered_at: 1_795_300_800,
    };
    let accounts = devstack::Accounts::load().unwrap();
    let authority: PrivateKeySigner = accounts.private_key("authority").unwrap().parse().unwrap();
    let signature = authority
        .sign_hash_sync(&order.digest(site.0, site.1))
        .unwrap();
    let evidence = ErasureEvidence {
        statement: order.statement(&order.records[0]),
        signature: EcdsaSignature::normalise(&signature.as_bytes()).unwrap(),
        salt: B256::repeat_byte(5),
        signatory: Signatory::AuthorityOfSeveral(order),
    };
    let at = UnixMillis::from_seconds(1_795_300_800);
    let id = stage.people[0].record.parse().unwrap();
    let mut erasure = Erasure {
        id: ErasureId::random(&mut rand::rng()),
        record_id: id,
        uid: Uid::FIRST,
        state: ErasureState::Granted,
        way: RequestWay::Retention,
        identity: None,
        asked_at: at,
        due_at: at,
        decided_by: None,
        decided_at: None,
        content: None,
        destroyed_at: None,
        key_version: None,
    };
    erasure.fill(keys, &evidence.to_json(), &mut rand::rng());
    erasures::insert(&mut connection, keys, &erasure)
        .await
        .unwrap();
    let end = format!(
        "{:064x}{:064x}{}",
        1,
        1,
        hex::encode(evidence.on_chain(site))
    );
    call(stage, "retireRecord(uint256,uint8,bytes32)", &end).await;
    id
}

/// Somebody puts everything back as it was, with the row that says why it is gone taken out.
async fn the_dump_brings_nobody_back(stage: &Stage, officer: &Browser, id: RecordId) {
    let names = stage.site.names();
    let of_person = format!("record_id = X'{id}'");
    let put_back = format!(
        "START TRANSACTION;
         INSERT INTO records SELECT * FROM dump_records WHERE id = X'{id}';
         INSERT INTO record_versions SELECT * FROM dump_record_versions WHERE {of_person};
         INSERT INTO consents SELECT * FROM dump_consents WHERE {of_person};
         INSERT INTO owner_keys SELECT * FROM dump_owner_keys WHERE {of_person};
         INSERT INTO {}.record_backups SELECT * FROM dump_backup WHERE {of_person};
         INSERT INTO {}.owner_key_backups SELECT * FROM dump_keys WHERE {of_person};
         DELETE FROM erasures WHERE {of_person};
         COMMIT",
        names.backup, names.keys
    );
    for (before, times) in [("", 2), ("SET sql_log_bin = 0; ", 3)] {
        stage.sql_script(&format!("{before}{put_back}")).await;
        is_destroyed_again(stage, officer, id, times).await;
    }
    for uid in [2, 3] {
        assert_eq!(officer.verify(uid).await, "Valid");
    }
}

async fn is_destroyed_again(stage: &Stage, officer: &Browser, id: RecordId, times: i64) {
    stage.until_destroyed(id, times).await;
    assert_eq!(stage.left_of(id, 1).await, 0);
    // It was told each time, whoever was first to come across it.
    let told =
        "SELECT COUNT(*) FROM incident_findings WHERE verdict = 'retired_unproven' AND uid = 1";
    assert_eq!(stage.number(told).await, times - 1);
    stage.until_retired(officer, 1).await;
}

/// Rows that claim no UID, that have no head, or that stand in links, copies made for the owner and backups alone.
async fn nor_do_parts_of_it(stage: &mut Stage, officer: &Browser, id: RecordId) {
    let of_person = format!("record_id = X'{id}'");
    let parts = [
        format!(
            "INSERT INTO records SELECT * FROM dump_records WHERE id = X'{id}';
             UPDATE records SET uid = NULL WHERE id = X'{id}';
             INSERT INTO owner_keys SELECT * FROM dump_owner_keys WHERE {of_person}"
        ),
        format!("INSERT INTO owner_keys SELECT * FROM dump_owner_keys WHERE {of_person}"),
        format!("INSERT INTO consents SELECT * FROM dump_consents WHERE {of_person}"),
        format!(
            "UPDATE consent_links JOIN dump_consent_links USING (id)
             SET consent_links.wrapped_key = dump_consent_links.wrapped_key, consent_links.desk_code = dump_consent_links.desk_code,
                 consent_links.offer = dump_consent_links.offer, consent_links.mac = dump_consent_links.mac
             WHERE consent_links.record_id = X'{id}'"
        ),
        format!(
            "UPDATE access_copies JOIN dump_access_copies USING (id)
             SET access_copies.wrapped_key = dump_access_copies.wrapped_key, access_copies.desk_code = dump_access_copies.desk_code,
                 access_copies.content = dump_access_copies.content, access_copies.state = dump_access_copies.state,
                 access_copies.mac = dump_access_copies.mac
             WHERE access_copies.record_id = X'{id}'"
        ),
    ];
    for (part, times) in parts.iter().zip(4..) {
        stage
            .sql_script(&format!("START TRANSACTION; {part}; COMMIT"))
            .await;
        is_destroyed_again(stage, officer, id, times).await;
    }
    let (names, left) = (stage.site.names(), format!("record_id = X'{id}'"));
    let (backup, keys) = (names.backup.clone(), names.keys.clone());
    stage
        .sql_script(&format!(
            "INSERT INTO {backup}.record_backups SELECT * FROM dump_backup WHERE {left};
             INSERT INTO {keys}.owner_key_backups SELECT * FROM dump_keys WHERE {left};
             INSERT INTO corrections (id, record_id, version, draft, note, asked_at)
             VALUES (RANDOM_BYTES(16), X'{id}', 1, 0, 'a note that no verdict sees', 0)"
        ))
        .await;
    // They are looked for once an hour, and when the viewer starts.
    stage.restart_viewer(&[]).await;
    let copies = format!(
        "SELECT (SELECT COUNT(*) FROM {backup}.record_backups WHERE {left})
              + (SELECT COUNT(*) FROM {keys}.owner_key_backups WHERE {left})
              + (SELECT COUNT(*) FROM corrections WHERE {left})"
    );
    stage
        .until_number("no copies", &copies, |count| count == 0)
        .await;
}

async fn nothing_is_restored(stage: &Stage, officer: &Browser) {
    let plan = officer.get("/records/1/restore").await;
    assert!(plan.says("must not come back"), "{}", plan.body);
    let refused = officer.post("/records/1/restore", &[]).await;
    assert_ne!(refused.status, 200);
    let rows = "SELECT COUNT(*) FROM records WHERE uid = 1";
    assert_eq!(stage.number(rows).await, 0);
}

/// It goes back as one that is being erased, and is.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_restored_before_its_end_ends_all_the_same() {
    let stage = Stage::with(2).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    stage.site.chain.pause_mining().await.unwrap();
    let id = stage.erase(1).await;
    stage.alter_email(1).await;
    let told = |grid: &Answer| grid.line(1).contains("Altered");
    stage.until(&officer, "/records", told).await;
    let restored = officer.submit("/records/1/restore", &[]).await;
    assert!(restored.says("restored"), "{}", restored.body);
    let erasing = "SELECT COUNT(*) FROM records WHERE uid = 1 AND state = 'erasing'";
    assert_eq!(stage.number(erasing).await, 1);
    stage.site.chain.resume_mining().await.unwrap();
    stage.until_destroyed(id, 1).await;
    assert_eq!(stage.left_of(id, 1).await, 0);
    assert_eq!(officer.verify(2).await, "Valid");
    stage.site.stop().await.unwrap();
}

/// Whoever steals the controller's key can end a record on the chain; nothing is destroyed on that.
#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_asked_for_is_told_and_destroys_nothing() {
    let stage = Stage::with(2).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    let cells = stage.cells_of(1).await;
    retire(&stage, 1).await;
    let told = |grid: &Answer| grid.line(1).contains("Retired, unproven");
    stage.until(&officer, "/records", told).await;
    let open =
        "SELECT COUNT(*) FROM incident_findings WHERE verdict = 'retired_unproven' AND uid = 1";
    stage
        .until_number("the finding", open, |count| count == 1)
        .await;
    assert_eq!(officer.verify(2).await, "Valid");
    assert_eq!(stage.cells_of(1).await, cells);
    // Of a record that has ended nothing is shown, whoever ended it.
    let revealed = officer.post("/records/1/reveal", &[]).await;
    assert_eq!(revealed.status, 409);
    assert!(revealed.says("has ended on the chain"));
    stage.site.stop().await.unwrap();
}

/// Not even on the signature of a wallet whose word the thief of all our keys appended.
#[tokio::test(flavor = "multi_thread")]
async fn a_thief_of_all_our_keys_has_nothing_destroyed() {
    let stage = Stage::with(3).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    let cells = stage.cells_of(1).await;
    forge(&stage).await;
    let told = |grid: &Answer| grid.line(1).contains("Retired, unproven");
    stage.until(&officer, "/records", told).await;
    let finding =
        "SELECT COUNT(*) FROM incident_findings WHERE verdict = 'retired_unproven' AND uid = 1";
    stage
        .until_number("the finding", finding, |count| count == 1)
        .await;
    // They are looked at in turns: once the other one is destroyed, this one has been looked at as well.
    let other = stage.erase(2).await;
    stage.until_destroyed(other, 1).await;
    assert_eq!(officer.verify(1).await, "Retired, unproven");
    assert_eq!(stage.cells_of(1).await, cells);
    assert_eq!(officer.verify(3).await, "Valid");
    stage.site.stop().await.unwrap();
}

/// Appends a word of the thief's wallet, asks in its name, grants it with our own keys, and ends the record.
async fn forge(stage: &Stage) {
    let thief = PrivateKeySigner::random();
    let deployment = deployment(stage);
    let site = (
        31_337,
        deployment["relay"].as_str().unwrap().parse().unwrap(),
    );
    let uid = Uid::new(1).unwrap();
    let anchored = "SELECT CAST(chain_timestamp AS SIGNED) FROM anchoring_jobs WHERE uid = 1";
    let at = u64::try_from(stage.number(anchored).await).unwrap() + 1;
    let binding = Binding {
        version: 2,
        timestamp: at,
        consent_hash: B256::repeat_byte(3),
        leaves: vec![B256::repeat_byte(4)],
    };
    let word = binding.word(thief.address(), uid, site).unwrap();
    let statement = ErasureStatement {
        controller: "Riverside Health Centre".to_owned(),
        uid: 1,
        record_proof: word,
        requested_at: at,
    };
    let signature = thief
        .sign_hash_sync(&statement.digest(site.0, site.1))
        .unwrap();
    let evidence = ErasureEvidence {
        statement,
        signature: EcdsaSignature::normalise(&signature.as_bytes()).unwrap(),
        salt: B256::repeat_byte(5),
        signatory: Signatory::Owner(binding),
    };
    let keys = KeySet::load(&stage.site.key_dir()).unwrap();
    let mut erasure = Erasure {
        id: ErasureId::random(&mut rand::rng()),
        record_id: stage.people[0].record.parse().unwrap(),
        uid,
        state: ErasureState::Granted,
        way: RequestWay::Link,
        identity: Some(Identity::Wallet),
        asked_at: UnixMillis::from_seconds(at),
        due_at: UnixMillis::from_seconds(at),
        decided_by: None,
        decided_at: None,
        content: None,
        destroyed_at: None,
        key_version: None,
    };
    erasure.fill(keys.application(), &evidence.to_json(), &mut rand::rng());
    let mut connection = stage.connect().await;
    erasures::insert(&mut connection, keys.application(), &erasure)
        .await
        .unwrap();
    let append = format!("{:064x}{at:064x}{}", 1, hex::encode(word));
    call(stage, "addRecordProof(uint256,uint64,bytes32)", &append).await;
    let end = format!(
        "{:064x}{:064x}{}",
        1,
        1,
        hex::encode(evidence.on_chain(site))
    );
    call(stage, "retireRecord(uint256,uint8,bytes32)", &end).await;
}

async fn retire(stage: &Stage, uid: u64) {
    let evidence = "9".repeat(64);
    let arguments = format!("{uid:064x}{:064x}{evidence}", 1);
    call(stage, "retireRecord(uint256,uint8,bytes32)", &arguments).await;
}

fn deployment(stage: &Stage) -> serde_json::Value {
    let deployment = std::fs::read_to_string(stage.site.chain.deployment_file()).unwrap();
    serde_json::from_str(&deployment).unwrap()
}

/// By the controller's own key.
async fn call(stage: &Stage, function: &str, arguments: &str) {
    let accounts = devstack::Accounts::load().unwrap();
    let controller = accounts.named("controller").unwrap().address.clone();
    let selector = hex::encode(&keccak256(function)[..4]);
    let sent = serde_json::json!([{
        "from": controller, "to": deployment(stage)["master_data"], "data": format!("0x{selector}{arguments}"),
    }]);
    let chain = &stage.site.chain;
    chain.rpc("eth_sendTransaction", sent).await.unwrap();
}
