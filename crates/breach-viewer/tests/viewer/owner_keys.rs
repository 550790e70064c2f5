//! Owners get other keys while the apps run (docs/KEY_ROTATION.md): nobody is accused, nothing is lost, what somebody changed stays
//! changed, and the keys before open nothing.

use alloy::signers::local::PrivateKeySigner;
use database::corrections::{self, Correction};
use database::sealed::seal_cell;
use database::{access_copies, consent_links, owner_keys};
use devstack::wait_until;
use keyring::{CellKind, KeySet, OwnerKey};
use record::ids::{CorrectionId, Draft, RecordId, Version};
use record::time::{Clock, UnixMillis};

use crate::harness::{Answer, Browser, LIMIT, Stage};

const NOTE: &str = "I never lived there.";

/// Every column of the main database that holds something under an owner's key.
const CELLS: [(&str, &[&str]); 6] = [
    (
        "record_versions",
        &[
            "name",
            "email",
            "phone",
            "age",
            "address",
            "wallet",
            "relation",
            "anchor",
            "wallet_order",
        ],
    ),
    ("consents", &["message", "signature"]),
    ("corrections", &["note", "answer"]),
    ("wallet_changes", &["content"]),
    ("retentions", &["prolongations"]),
    ("restriction_steps", &["note"]),
];

impl Stage {
    /// So many people with nothing under way, and a newer application key in use.
    async fn with_older_keys(people: usize) -> Self {
        let stage = Self::with(people).await;
        stage.forget_links().await;
        stage.site.change_keys("add", &[]).await.unwrap();
        stage.until_apps_read_keys(1).await;
        stage.site.change_keys("use", &["--now"]).await.unwrap();
        stage.until_apps_read_keys(2).await;
        stage
    }

    /// What consent-dapp does an hour after somebody signed: until then their link brings the receipt.
    async fn forget_links(&self) {
        let keys = KeySet::load(&self.site.key_dir()).unwrap();
        let later = UnixMillis(Clock::system().now().0 + 7_200_000);
        let mut connection = self.connect().await;
        let forgotten =
            consent_links::forget_used(&mut connection, &keys.application().front(), later).await;
        assert_eq!(forgotten.unwrap(), self.people.len());
    }

    async fn until_apps_read_keys(&self, times: usize) {
        for app in ["entry-app", "breach-viewer"] {
            let log = self.site.dir().join(format!("logs/{app}.log"));
            let read = wait_until(app, LIMIT, || async {
                let log = std::fs::read_to_string(&log)?;
                let found = log.matches("application keys read anew").count();
                Ok((found >= times).then_some(()))
            });
            read.await.unwrap();
        }
    }

    async fn rotate(&self) {
        self.site.change_keys("rotate-owners", &[]).await.unwrap();
    }

    /// What the command says where it could not do all.
    async fn rotate_in_part(&self) -> String {
        let done = self.site.change_keys("rotate-owners", &[]).await;
        format!("{:#}", done.unwrap_err())
    }

    async fn key_of(&self, uid: usize) -> OwnerKey {
        let keys = KeySet::load(&self.site.key_dir()).unwrap();
        let id: RecordId = self.people[uid - 1].record.parse().unwrap();
        let mut connection = self.connect().await;
        let wrapped = owner_keys::of_record(&mut connection, id).await.unwrap();
        keys.application()
            .unwrap_owner_key(&wrapped.unwrap())
            .unwrap()
    }

    /// How many cells of a record, copies included, name another key than its own.
    async fn cells_under_others(&self, uid: usize) -> i64 {
        let backup = &self.site.names().backup;
        let copies = format!("{backup}.record_backups");
        let of_copies = [&["name", "wallet", "anchor", "message", "signature"][..]].concat();
        let tables = CELLS
            .iter()
            .map(|(table, columns)| ((*table).to_owned(), columns.to_vec()));
        let mut found = 0;
        for (table, columns) in tables.chain([(copies, of_copies)]) {
            for column in columns {
                found += self
                    .number(&format!(
                        "SELECT COUNT(*) FROM {table} t JOIN owner_keys k ON k.record_id = t.record_id
                         WHERE t.record_id = X'{}' AND t.{column} <> '' AND SUBSTR(t.{column}, 6, 16) <> k.key_id",
                        self.people[uid - 1].record
                    ))
                    .await;
            }
        }
        found
    }

    /// How many keys of a record its backup has, and how many copies of its versions the other one.
    async fn kept_of(&self, uid: usize) -> (i64, i64) {
        let (names, id) = (self.site.names(), &self.people[uid - 1].record);
        let keys = format!(
            "SELECT COUNT(*) FROM {}.owner_key_backups WHERE record_id = X'{id}'",
            names.keys
        );
        let copies = format!(
            "SELECT COUNT(*) FROM {}.record_backups WHERE record_id = X'{id}'",
            names.backup
        );
        (self.number(&keys).await, self.number(&copies).await)
    }

    async fn assert_rotated(&self, uid: usize, before: &OwnerKey) {
        assert_ne!(
            self.key_of(uid).await.key_id(),
            before.key_id(),
            "record {uid}"
        );
        assert_eq!(self.cells_under_others(uid).await, 0, "record {uid}");
        assert_eq!(self.kept_of(uid).await, (1, 1), "record {uid}");
    }

    async fn restore(&self, officer: &Browser, uid: u64) {
        self.alter_email(uid).await;
        let altered = |grid: &Answer| grid.line(uid).contains("Altered");
        self.until(officer, "/records", altered).await;
        let page = officer
            .submit(&format!("/records/{uid}/restore"), &[])
            .await;
        assert!(
            page.says(&format!(
                "Record {uid} is restored and verified again: Valid."
            )),
            "{}",
            page.body
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_get_other_keys_while_the_apps_run() {
    let mut stage = Stage::with(3).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    let before = [
        stage.key_of(1).await,
        stage.key_of(2).await,
        stage.key_of(3).await,
    ];
    // Keys as new as the application key are left alone, and so is everybody for whom one is asked that is not there.
    stage.rotate().await;
    assert_eq!(stage.key_of(1).await.key_id(), before[0].key_id());
    stage.site.change_keys("add", &[]).await.unwrap();
    stage.until_apps_read_keys(1).await;
    stage.site.change_keys("use", &["--now"]).await.unwrap();
    stage.until_apps_read_keys(2).await;

    let waiting = stage.rotate_in_part().await;
    assert!(
        waiting.contains("since a link that the owner may still open holds the key: 3"),
        "{waiting}"
    );
    stage.forget_links().await;
    let (desk, request) = stage.restrict(1).await;
    words_are_under_their_keys(&stage, &desk).await;
    stage
        .clerk
        .make_copy(&stage.people[2].record)
        .await
        .unwrap();
    let neighbour = stage.cells_of(3).await;
    stage
        .site
        .change_keys("rotate-owners", &["--dry-run"])
        .await
        .unwrap_err();
    assert_eq!(stage.key_of(1).await.key_id(), before[0].key_id());

    let waiting = stage.rotate_in_part().await;
    assert!(waiting.contains("Owners: 2 have another key"), "{waiting}");
    assert!(
        waiting.contains(
            "since a copy of everything that the owner may still open holds the key: 1 (UIDs: 3)"
        ),
        "{waiting}"
    );
    for uid in [1, 2] {
        stage.assert_rotated(uid, &before[uid - 1]).await;
    }
    assert_eq!(stage.cells_of(3).await, neighbour);
    assert!(
        desk.get(&request).await.says(NOTE),
        "the words are there still"
    );
    stage.until_all_valid(&officer).await;

    end_copies(&stage, 3).await;
    stage.rotate().await;
    stage.assert_rotated(3, &before[2]).await;
    let newer = stage.key_of(1).await;
    stage
        .site
        .change_keys("rotate-owners", &["--uid", "1"])
        .await
        .unwrap();
    stage.assert_rotated(1, &newer).await;
    stage.until_all_valid(&officer).await;
    stage.restart_viewer(&[]).await;
    stage.until_all_valid(&officer).await;
    stage.assert_no_breach().await;
    assert_eq!(
        stage.number("SELECT COUNT(*) FROM operations_alarms").await,
        0
    );
    stage.restore(&officer, 1).await;
    assert!(
        desk.get(&request).await.says(NOTE),
        "the words are there still"
    );
    stage.until_all_valid(&officer).await;
    stage.site.stop().await.unwrap();
}

/// A note and an answer to it, a change of the wallet that is asked for, and a reason to keep the record for longer.
async fn words_are_under_their_keys(stage: &Stage, desk: &Browser) {
    let record = format!("/records/{}", stage.people[1].record);
    let wallet = PrivateKeySigner::random().address().to_string();
    let asked = [("wallet", wallet.as_str()), ("identity", "document")];
    desk.submit(&format!("{record}/wallet-change"), &asked)
        .await;
    let longer = [
        ("until", "2030-01-01"),
        ("reason", "A court has asked for it."),
    ];
    desk.submit(&format!("{record}/keep"), &longer).await;
    let key = stage.key_of(2).await;
    let sealed = |kind, text: &str| {
        let (version, draft) = (Version::FIRST, Draft::FIRST);
        seal_cell(
            &key,
            version,
            draft,
            kind,
            text.as_bytes(),
            &mut rand::rng(),
        )
    };
    let wish = Correction {
        id: CorrectionId::random(&mut rand::rng()),
        record_id: key.record_id(),
        version: Version::FIRST,
        draft: Draft::FIRST,
        note: sealed(CellKind::CorrectionNote, NOTE),
        answer: Some(sealed(
            CellKind::CorrectionAnswer,
            "It is so in the register.",
        )),
        asked_at: Clock::system().now(),
        resolved_at: Some(Clock::system().now()),
    };
    let mut connection = stage.connect().await;
    corrections::insert(&mut connection, &wish).await.unwrap();
    for table in ["wallet_changes", "retentions", "corrections"] {
        let rows = format!(
            "SELECT COUNT(*) FROM {table} WHERE record_id = X'{}'",
            stage.people[1].record
        );
        assert_eq!(stage.number(&rows).await, 1, "{table}");
    }
}

async fn end_copies(stage: &Stage, uid: usize) {
    let keys = KeySet::load(&stage.site.key_dir()).unwrap();
    let id: RecordId = stage.people[uid - 1].record.parse().unwrap();
    let mut connection = stage.connect().await;
    let front = keys.application().front();
    let ended = access_copies::end_all_of(&mut connection, &front, id).await;
    assert_eq!(ended.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_changed_is_told_and_left_as_it_is() {
    let mut stage = Stage::with_older_keys(3).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    let before = [
        stage.key_of(1).await,
        stage.key_of(2).await,
        stage.key_of(3).await,
    ];
    stage.restrict(3).await;
    // Nobody has told of it yet.
    stage.site.viewer.stop().await.unwrap();
    stage.alter_email(2).await;
    stage
        .sql("UPDATE restriction_steps SET way = 'in_person'")
        .await;
    let cells = [stage.cells_of(2).await, stage.cells_of(3).await];

    let told = stage.rotate_in_part().await;
    assert!(told.contains("Owners: 1 have another key"), "{told}");
    assert!(
        told.contains("a row of record_versions is missing, or not as we wrote it"),
        "{told}"
    );
    assert!(told.contains("left as it is): 1 (UIDs: 2)"), "{told}");
    assert!(
        told.contains("a row of restriction_steps is missing, or not as we wrote it"),
        "{told}"
    );
    stage.assert_rotated(1, &before[0]).await;
    assert_eq!([stage.cells_of(2).await, stage.cells_of(3).await], cells);
    for uid in [2, 3] {
        assert_eq!(stage.key_of(uid).await.key_id(), before[uid - 1].key_id());
        assert_eq!(stage.kept_of(uid).await, (1, 1));
    }
    stage.site.viewer.resume().await.unwrap();
    let altered = |grid: &Answer| grid.line(2).contains("Altered");
    let grid = stage.until(&officer, "/records", altered).await;
    assert!(grid.line(1).contains("Valid") && grid.line(3).contains("Valid"));
    let told = stage.rotate_in_part().await;
    assert!(told.contains("(UIDs: 2)"), "{told}");

    let page = officer.submit("/records/2/restore", &[]).await;
    assert!(
        page.says("Record 2 is restored and verified again: Valid."),
        "{}",
        page.body
    );
    stage
        .sql("UPDATE restriction_steps SET way = 'by_letter'")
        .await;
    stage.rotate().await;
    for uid in [2, 3] {
        stage.assert_rotated(uid, &before[uid - 1]).await;
    }
    for uid in 1..=3 {
        assert_eq!(officer.verify(uid).await, "Valid", "record {uid}");
    }
    stage.site.stop().await.unwrap();
}

/// Held up by a row that is locked it is killed there: before the rows are written, and after that.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_killed_is_finished_by_the_next() {
    let stage = Stage::with_older_keys(2).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    let before = [stage.key_of(1).await, stage.key_of(2).await];
    let (desk, request) = stage.restrict(1).await;

    killed_before_the_rows(&stage).await;
    assert_eq!(stage.kept_of(1).await, (2, 2));
    assert_eq!(stage.key_of(1).await.key_id(), before[0].key_id());
    stage.until_all_valid(&officer).await;
    // What is restored meanwhile goes back under the key that the owner's words are under.
    stage.restore(&officer, 1).await;
    assert_eq!(stage.key_of(1).await.key_id(), before[0].key_id());
    assert!(desk.get(&request).await.says(NOTE));
    stage.rotate().await;
    stage.assert_rotated(1, &before[0]).await;
    stage.assert_rotated(2, &before[1]).await;

    let newer = stage.key_of(1).await;
    killed_behind_the_rows(&stage, &newer).await;
    assert_eq!(stage.kept_of(1).await, (2, 2));
    let in_use = stage.key_of(1).await.key_id();
    assert_ne!(in_use, newer.key_id(), "the rows are written");
    stage.until_all_valid(&officer).await;
    // Without a backup of the key in use, what the one before opens is all that could bring the record back.
    let damage = format!(
        "UPDATE {}.owner_key_backups SET wrapped = REVERSE(wrapped) WHERE key_id = X'{in_use}'",
        stage.site.names().keys
    );
    stage.sql(&damage).await;
    let told = stage.rotate_in_part().await;
    assert!(
        told.contains("that open by no key of their owner: 1"),
        "{told}"
    );
    assert_eq!(stage.kept_of(1).await, (2, 2), "nothing is taken away");
    stage.sql(&damage).await;
    stage.rotate().await;
    stage.assert_rotated(1, &newer).await;
    assert_eq!(
        stage.key_of(1).await.key_id(),
        in_use,
        "that was all there was to do"
    );
    stage.restore(&officer, 1).await;
    assert!(desk.get(&request).await.says(NOTE));
    stage.until_all_valid(&officer).await;
    stage.site.stop().await.unwrap();
}

/// The new key and the copies under it are there, and nothing uses them.
async fn killed_before_the_rows(stage: &Stage) {
    let id = &stage.people[0].record;
    let key = format!("SELECT 1 FROM owner_keys WHERE record_id = X'{id}' FOR UPDATE");
    let backup = &stage.site.names().backup;
    let copies =
        format!("SELECT COUNT(*) = 2 FROM {backup}.record_backups WHERE record_id = X'{id}'");
    // That one alone: the server may let a neighbour in the index wait for the locked row as well.
    killed(stage, &key, &["--uid", "1"], &copies).await;
}

/// The rows are under the new key, and key and copies of before are there still.
async fn killed_behind_the_rows(stage: &Stage, before: &OwnerKey) {
    let id = &stage.people[0].record;
    let backup = &stage.site.names().backup;
    let copy = format!(
        "SELECT CAST(MAX(id) AS SIGNED) FROM {backup}.record_backups WHERE record_id = X'{id}'"
    );
    let copy = stage.number(&copy).await;
    let copy = format!("SELECT 1 FROM {backup}.record_backups WHERE id = {copy} FOR UPDATE");
    let replaced = format!(
        "SELECT COUNT(*) = 0 FROM owner_keys WHERE key_id = X'{}'",
        before.key_id()
    );
    killed(stage, &copy, &["--uid", "1"], &replaced).await;
}

/// Runs the command into a lock, and kills it there as soon as the query says so.
async fn killed(stage: &Stage, lock: &str, more: &[&str], query: &str) {
    let holding = stage.holding(lock).await;
    let reached = wait_until("held up", LIMIT, || async {
        Ok((stage.number(query).await == 1).then_some(()))
    });
    tokio::select! {
        done = stage.site.change_keys("rotate-owners", more) => panic!("it was not held up: {done:?}"),
        reached = reached => reached.unwrap(),
    }
    // Dropped above, the command is killed; the server takes back what it had not committed.
    drop(holding);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_erased_is_left_alone_and_stays_erased() {
    let mut stage = Stage::with_older_keys(2).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    let before = [stage.key_of(1).await, stage.key_of(2).await];
    // Granted, and not destroyed yet.
    stage.site.viewer.stop().await.unwrap();
    let id = stage.erase(1).await;
    let told = stage.rotate_in_part().await;
    assert!(
        told.contains("since the record is being erased: 1 (UIDs: 1)"),
        "{told}"
    );
    assert_eq!(stage.key_of(1).await.key_id(), before[0].key_id());
    stage.assert_rotated(2, &before[1]).await;
    stage.site.viewer.resume().await.unwrap();
    stage.until_destroyed(id, 1).await;

    stage.rotate().await;
    assert_eq!(stage.left_of(id, 1).await, 0);
    let nobody = stage.site.change_keys("rotate-owners", &["--uid", "1"]);
    let nobody = format!("{:#}", nobody.await.unwrap_err());
    assert!(nobody.contains("there is no record 1"), "{nobody}");
    assert_eq!(officer.verify(1).await, "Retired");
    assert_eq!(officer.verify(2).await, "Valid");
    stage.assert_no_breach().await;
    stage.site.stop().await.unwrap();
}
