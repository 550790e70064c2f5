//! The end of a record whose erasure was granted: once, on evidence that holds, whatever crashes in between.

use alloy::signers::{SignerSync as _, local::PrivateKeySigner};
use anchoring::Rejection;
use chain::{OnChainRecord, RetirementReason};
use database::{
    anchoring_jobs::{self, AnchoringJob, JobState},
    erasures::{self, Erasure, ErasureState, Identity},
    record_events::{self, RecordEventKind},
    records::{self, RecordState},
    request_way::RequestWay,
};
use devstack::Accounts;
use record::{
    Address, B256,
    erasure::{Binding, ErasureEvidence, ErasureStatement, Signatory},
    ids::{ErasureId, RecordId, Uid},
    proof::consent_hash,
    signature::EcdsaSignature,
};

use crate::{
    people::{Person, ids},
    stage::{CLERK, Stage},
};

impl Stage {
    const fn site(&self) -> (u64, Address) {
        (self.deployment.chain_id, self.deployment.relay)
    }

    /// An anchored person.
    async fn held(&self, name: &str) -> Person {
        let person = self.approved(name).await;
        let process = self.start();
        self.mine_until_all_are(&[person.id], JobState::Anchored)
            .await;
        process.stop().await;
        person
    }

    /// What somebody signed about a person's record.
    async fn evidence(
        &self,
        person: &Person,
        by: &PrivateKeySigner,
        as_owner: bool,
    ) -> ErasureEvidence {
        let job = self.job(person.id).await;
        let statement = ErasureStatement {
            controller: "Clinic".to_owned(),
            uid: job.uid.unwrap().get(),
            record_proof: job.proof.unwrap(),
            requested_at: self.clock.now().as_seconds(),
        };
        let (chain_id, relay) = self.site();
        let signature = by.sign_hash_sync(&statement.digest(chain_id, relay));
        let consent = person.message.digest(chain_id, relay);
        let binding = Binding {
            version: 1,
            timestamp: job.chain_timestamp.unwrap(),
            consent_hash: consent_hash(&consent, &person.signature),
            leaves: person.plain.fields.leaves().as_slice().to_vec(),
        };
        ErasureEvidence {
            statement,
            signature: EcdsaSignature::normalise(&signature.unwrap().as_bytes()).unwrap(),
            salt: B256::new(rand::random()),
            signatory: match as_owner {
                true => Signatory::Owner(binding),
                false => Signatory::Authority,
            },
        }
    }

    /// As entry-app grants it.
    async fn grant(&self, person: &Person, evidence: &ErasureEvidence) -> AnchoringJob {
        let (now, rng) = (self.clock.now(), &mut rand::rng());
        let mut transaction = self.pool.begin().await.unwrap();
        let job = anchoring::retire(&mut transaction, &self.keys, person.id, CLERK, now).await;
        let mut erasure = Erasure {
            id: ErasureId::random(rng),
            record_id: person.id,
            uid: Uid::new(evidence.statement.uid).unwrap(),
            state: ErasureState::Granted,
            way: RequestWay::Link,
            identity: Some(Identity::Wallet),
            asked_at: now,
            due_at: now,
            decided_by: Some(CLERK),
            decided_at: Some(now),
            content: None,
            destroyed_at: None,
            key_version: None,
        };
        erasure.fill(&self.keys, &evidence.to_json(), rng);
        erasures::insert(&mut transaction, &self.keys, &erasure)
            .await
            .unwrap();
        let record = records::lock(&mut transaction, &self.front, person.id).await;
        let mut record = record.unwrap().unwrap();
        record.state = RecordState::Erasing;
        records::update(&mut transaction, &self.front, &mut record, now)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        job.unwrap()
    }

    async fn retirement(&self, id: RecordId) -> AnchoringJob {
        let mut connection = self.connection().await;
        let jobs = anchoring_jobs::of_record(&mut connection, &self.keys, id).await;
        let mut jobs = jobs.unwrap().rows.into_iter();
        jobs.find(|job| job.version.is_none()).unwrap()
    }

    async fn mine_until_ended(&self, id: RecordId) {
        self.mine_until("the end", || async {
            self.retirement(id).await.state == JobState::Anchored
        })
        .await;
    }

    async fn on_chain(&self, uid: u64) -> OnChainRecord {
        let (head, uid) = (self.head().await, Uid::new(uid).unwrap());
        let reader = self.reader(&self.chain.rpc_url(), 0);
        reader.record(uid, &head).await.unwrap().unwrap()
    }

    async fn assert_ended(&self, person: &Person, evidence: &ErasureEvidence) {
        let retired = self.on_chain(evidence.statement.uid).await.retired.unwrap();
        assert_eq!(retired.reason, RetirementReason::Erased);
        assert_eq!(retired.evidence, evidence.on_chain(self.site()));
        let job = self.retirement(person.id).await;
        assert_eq!(
            (job.proof, job.block_number, job.problem),
            (Some(retired.evidence), Some(retired.block), None)
        );
        let mut connection = self.connection().await;
        let record = records::load(&mut connection, &self.front, person.id).await;
        assert_eq!(record.unwrap().unwrap().state, RecordState::Erasing);
        let history = record_events::of_record(&mut connection, &self.front, person.id).await;
        let is_end = |step: &&record_events::RecordEvent| step.kind == RecordEventKind::Retired;
        assert_eq!(history.unwrap().rows.iter().filter(is_end).count(), 1);
    }

    async fn until_rejected(&self, id: RecordId) -> Option<Rejection> {
        let process = self.start();
        self.until("the rejection", || async {
            self.retirement(id).await.state == JobState::Rejected
        })
        .await;
        process.stop().await;
        let job = self.retirement(id).await;
        job.problem.as_deref().and_then(Rejection::from_code)
    }
}

fn authority() -> PrivateKeySigner {
    let accounts = Accounts::load().unwrap();
    accounts.private_key("authority").unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_record_ends_once_on_its_owners_signature_and_its_neighbour_goes_on() {
    let stage = Stage::without_blocks().await;
    let (person, stays) = (
        stage.held("Ada Example").await,
        stage.held("Bo Other").await,
    );
    let evidence = stage.evidence(&person, &person.wallet, true).await;
    stage.grant(&person, &evidence).await;
    let process = stage.start();
    stage.mine_until_ended(person.id).await;
    stage.assert_ended(&person, &evidence).await;
    assert!(stage.on_chain(2).await.retired.is_none());
    stage.assert_anchored(&stays).await;
    process.stop().await;
}

#[tokio::test]
async fn the_authority_may_order_it() {
    let stage = Stage::without_blocks().await;
    let person = stage.held("Ada Example").await;
    let evidence = stage.evidence(&person, &authority(), false).await;
    stage.grant(&person, &evidence).await;
    let process = stage.start();
    stage.mine_until_ended(person.id).await;
    stage.assert_ended(&person, &evidence).await;
    process.stop().await;
}

#[tokio::test]
async fn on_anybody_elses_signature_nothing_ends() {
    let stage = Stage::without_blocks().await;
    let person = stage.held("Ada Example").await;
    let thief = PrivateKeySigner::random();
    let evidence = stage.evidence(&person, &thief, true).await;
    let job = stage.grant(&person, &evidence).await;
    assert_eq!(
        stage.until_rejected(person.id).await,
        Some(Rejection::NotRequested)
    );
    stage.sql("DELETE FROM erasures").await;
    let as_authority = stage.evidence(&person, &thief, false).await;
    let again = stage.grant(&person, &as_authority).await;
    assert_eq!(again.id, job.id, "the one that was rejected");
    assert_eq!(
        stage.until_rejected(person.id).await,
        Some(Rejection::NotRequested)
    );
    assert!(stage.on_chain(1).await.retired.is_none());
    // With the right one it goes on.
    stage.sql("DELETE FROM erasures").await;
    let evidence = stage.evidence(&person, &person.wallet, true).await;
    stage.grant(&person, &evidence).await;
    let process = stage.start();
    stage.mine_until_ended(person.id).await;
    stage.assert_ended(&person, &evidence).await;
    process.stop().await;
}

#[tokio::test]
async fn a_grant_that_somebody_changed_or_planted_ends_nothing() {
    let stage = Stage::without_blocks().await;
    let person = stage.held("Ada Example").await;
    let evidence = stage.evidence(&person, &person.wallet, true).await;
    stage.grant(&person, &evidence).await;
    stage.sql("UPDATE erasures SET due_at = due_at + 1").await;
    assert_eq!(
        stage.until_rejected(person.id).await,
        Some(Rejection::NotRequested)
    );
    stage.sql("UPDATE erasures SET due_at = due_at - 1").await;
    stage.sql("UPDATE records SET state = 'anchored'").await;
    let mut transaction = stage.pool.begin().await.unwrap();
    let now = stage.clock.now();
    anchoring::retire(&mut transaction, &stage.keys, person.id, CLERK, now)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(
        stage.until_rejected(person.id).await,
        Some(Rejection::RowUnreadable)
    );
    assert!(stage.on_chain(1).await.retired.is_none());
}

#[tokio::test]
async fn proofs_and_ends_stand_in_one_line() {
    let stage = Stage::without_blocks().await;
    let person = stage.held("Ada Example").await;
    let before = stage.approved("Bo Before").await;
    let evidence = stage.evidence(&person, &person.wallet, true).await;
    stage.grant(&person, &evidence).await;
    let after = stage.approved("Cy After").await;
    let process = stage.start();
    stage.mine_until_ended(person.id).await;
    let people = [before, after];
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_ended(&person, &evidence).await;
    for (uid, other) in [(2, &people[0]), (3, &people[1])] {
        assert_eq!(stage.assert_anchored(other).await.get(), uid);
    }
    process.stop().await;
}

#[tokio::test]
async fn a_kill_at_any_moment_ends_it_once_all_the_same() {
    let stage = Stage::without_blocks().await;
    let person = stage.held("Ada Example").await;
    let evidence = stage.evidence(&person, &person.wallet, true).await;
    stage.grant(&person, &evidence).await;
    for state in [JobState::Sent, JobState::Mined] {
        let process = stage.start();
        stage
            .mine_until("the state", || async {
                let now = stage.retirement(person.id).await.state;
                now == state || now == JobState::Mined || now == JobState::Anchored
            })
            .await;
        process.kill().await;
    }
    let process = stage.start();
    stage.mine_until_ended(person.id).await;
    stage.assert_ended(&person, &evidence).await;
    process.stop().await;
    let job = stage.retirement(person.id).await;
    assert_eq!(job.attempts, 1);
}

/// The chain forgets the block, and takes the transaction anew.
#[tokio::test]
async fn a_reorganisation_does_not_lose_it() {
    let stage = Stage::without_blocks().await;
    let person = stage.held("Ada Example").await;
    let evidence = stage.evidence(&person, &person.wallet, true).await;
    stage.grant(&person, &evidence).await;
    let process = stage.start();
    stage
        .mine_until("the block", || async {
            stage.retirement(person.id).await.state == JobState::Mined
        })
        .await;
    stage.chain.reorganise(1).await.unwrap();
    stage.mine_until_ended(person.id).await;
    stage.assert_ended(&person, &evidence).await;
    process.stop().await;
}
