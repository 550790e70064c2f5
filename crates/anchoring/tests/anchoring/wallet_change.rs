//! A further version with another wallet: anchored with the authority's order for it, and refused without.

use alloy::signers::{SignerSync as _, local::PrivateKeySigner};
use database::{
    anchoring_jobs::JobState,
    index, record_backups,
    record_versions::{self, RecordVersion},
    records,
    sealed::seal_cell,
};
use devstack::Accounts;
use keyring::CellKind;
use record::{
    B256,
    signature::ConsentSignature,
    wallet_change::{WalletChange, WalletOrder},
};

use crate::people::Person;
use crate::stage::Stage;

fn authority() -> PrivateKeySigner {
    let accounts = Accounts::load().unwrap();
    accounts.private_key("authority").unwrap().parse().unwrap()
}

impl Stage {
    /// The same person's next version, signed by another wallet.
    async fn with_heir(&self, person: Person, follows: B256) -> (Person, WalletChange) {
        let heir = PrivateKeySigner::random();
        let now = self.clock.now().as_seconds();
        let old_wallet = person.wallet.address();
        let person = Person {
            wallet: heir,
            ..person
        };
        let person = self.rectified(person, "Person Heir", follows).await;
        let change = WalletChange {
            controller: "Clinic".to_owned(),
            old_wallet,
            new_wallet: person.wallet.address(),
            uid: person.message.uid,
            version: person.message.version,
            previous_proof: follows,
            issued_at: now - 120,
            expires_at: now + 3_600,
            nonce: B256::repeat_byte(1),
        };
        (person, change)
    }

    fn ordered(&self, change: WalletChange, by: &PrivateKeySigner) -> WalletOrder {
        let site = (self.deployment.chain_id, self.deployment.relay);
        let signature = by.sign_hash_sync(&change.digest(site)).unwrap();
        WalletOrder {
            change,
            signature: ConsentSignature::ecdsa(&signature.as_bytes()).unwrap(),
        }
    }

    async fn put_order(&self, person: &Person, order: Option<&WalletOrder>) {
        let (version, draft) = (person.plain.version, person.plain.draft);
        let (kind, rng) = (CellKind::WalletOrder, &mut rand::rng());
        let mut connection = self.connection().await;
        let row = record_versions::load(&mut connection, person.id, version).await;
        let ordered = RecordVersion {
            wallet_order: order
                .map(|order| seal_cell(&person.key, version, draft, kind, &order.to_json(), rng)),
            ..row.unwrap().unwrap()
        };
        record_versions::put(&mut connection, &ordered)
            .await
            .unwrap();
    }

    /// What comes of its anchoring beside this order.
    async fn refuses(&self, person: &Person, order: Option<&WalletOrder>) {
        self.put_order(person, order).await;
        self.approve(person.id).await;
        self.until_all_are(&[person.id], JobState::Rejected).await;
        let problem = self.job(person.id).await.problem;
        assert_eq!(problem.as_deref(), Some("wallet_changed"));
    }
}

#[tokio::test]
async fn another_wallet_is_anchored_by_the_authority_s_order_alone() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(2).await;
    let process = stage.start();
    let ids: Vec<_> = people.iter().map(|person| person.id).collect();
    stage.mine_until_all_are(&ids, JobState::Anchored).await;
    let mut people = people.into_iter();
    let (person, neighbour) = (people.next().unwrap(), people.next().unwrap());
    let follows = stage.job(person.id).await.proof.unwrap();
    let (person, change) = stage.with_heir(person, follows).await;

    stage.refuses(&person, None).await;
    let thief = PrivateKeySigner::random();
    for other in [&thief, &person.wallet] {
        let order = stage.ordered(change.clone(), other);
        stage.refuses(&person, Some(&order)).await;
    }
    type Edit = fn(&mut WalletChange);
    let edits: [Edit; 5] = [
        |one| one.old_wallet = one.new_wallet,
        |one| one.uid += 1,
        |one| one.version += 1,
        |one| one.previous_proof = B256::ZERO,
        |one| one.expires_at = one.issued_at,
    ];
    for edit in edits {
        let mut edited = change.clone();
        edit(&mut edited);
        let order = stage.ordered(edited, &authority());
        stage.refuses(&person, Some(&order)).await;
    }

    let order = stage.ordered(change, &authority());
    stage.put_order(&person, Some(&order)).await;
    stage.approve(person.id).await;
    stage.until_all_are(&[person.id], JobState::Sent).await;
    stage
        .mine_until_all_are(&[person.id], JobState::Anchored)
        .await;
    let uid = stage.assert_anchored(&person).await;
    stage.assert_anchored(&neighbour).await;
    let mut connection = stage.connection().await;
    let record = records::load(&mut connection, &stage.front, person.id).await;
    let wallet = index::wallet(stage.keys.index(), &person.wallet.address());
    assert_eq!(
        record.unwrap().unwrap().wallet_index,
        wallet,
        "it is found by it"
    );
    let mut backup = stage.backup.acquire().await.unwrap();
    let copies = record_backups::of_uid(&mut backup, uid).await.unwrap();
    let values = &copies[0].backup.values;
    assert_eq!(values.version, person.plain.version);
    let copied = values.open_wallet_order(&person.key).unwrap().unwrap();
    assert!(copied == order);
    process.stop().await;
}
