//! Records whose owners' wallets are contracts: valid for ever once they accepted, whoever owns them later, and never by the word of a
//! thief.

use alloy::primitives::{Address, B256, keccak256};
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::SolValue as _;
use chain::Deployment;
use database::evidence;
use database::sealed::{Anchor, OpenedVersion, PlainVersion, SignedConsent, seal_consent};
use database::{consents, record_versions, records};
use demo::doors::{self, Owner, PEOPLE};
use devstack::{SiteOptions, wait_until};
use keyring::{ApplicationKeys, KeySet, OwnerKey};
use record::consent::{ConsentMessage, signed_fields};
use record::ids::{Draft, LinkId, Uid, Version};
use record::proof::{RecordProofInput, consent_hash};
use record::signature::ConsentSignature;
use record::time::Clock;
use serde_json::json;
use sqlx::Connection as _;
use sqlx::mysql::MySqlConnection;

use crate::harness::{Answer, Enrolled, LIMIT, Stage};
use crate::rounds::by_command;

impl Stage {
    async fn put_contract(&self, file: &str, name: &str, arguments: &[u8]) -> Address {
        let put = self.site.chain.put_contract(file, name, arguments).await;
        put.unwrap().parse().unwrap()
    }

    async fn owners_wallet(&self, owners: &[&PrivateKeySigner]) -> Address {
        let owners: Vec<Address> = owners.iter().map(|owner| owner.address()).collect();
        let arguments = (owners,).abi_encode_params();
        self.put_contract("OwnersWallet", "OwnersWallet", &arguments)
            .await
    }

    /// The next of the demo's people, with a wallet that is a contract; until their record is anchored.
    async fn enrol_by_contract(&mut self, keys: Vec<PrivateKeySigner>, wallet: Address) {
        let person = PEOPLE[self.people.len()];
        let text = wallet.to_string();
        let record = self.clerk.enter(&person, &text).await.unwrap();
        let link = doors::consent_link(&self.site, person.email).await.unwrap();
        let key = keys.first().cloned();
        let owner = Owner::of_contract(keys, wallet);
        owner.sign(&link, person.grants).await.unwrap();
        self.clerk.approve(&[&record]).await.unwrap();
        let anchored = wait_until("the record to be anchored", LIMIT, || async {
            let anchored = self.clerk.anchored().await?;
            Ok(anchored.contains(&record).then_some(()))
        });
        anchored.await.unwrap();
        self.people.push(Enrolled {
            person,
            key: key.unwrap_or_else(PrivateKeySigner::random),
            wallet: text,
            record,
        });
    }

    /// One of a wallet's owners puts somebody else in the place of all.
    async fn replace_owners(&self, wallet: Address, by: &PrivateKeySigner, heir: Address) {
        let (chain, by) = (&self.site.chain, by.address());
        let balance = json!([by, "0xde0b6b3a7640000"]);
        chain.rpc("anvil_setBalance", balance).await.unwrap();
        let impersonated = chain.rpc("anvil_impersonateAccount", json!([by])).await;
        impersonated.unwrap();
        let selector = hex::encode(&keccak256("replaceOwners(address[])")[..4]);
        let arguments = hex::encode((vec![heir],).abi_encode_params());
        let data = format!("0x{selector}{arguments}");
        let sent = json!({ "from": by, "to": wallet, "data": data });
        chain.transact(sent).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_contract_wallet_accepted_stays_valid_whoever_owns_it_later() {
    let options = SiteOptions {
        kept_states: 200,
        ..Stage::options()
    };
    let mut stage = Stage::start(2, options).await;
    let (one, other) = (PrivateKeySigner::random(), PrivateKeySigner::random());
    let wallet = stage.owners_wallet(&[&one, &other]).await;
    stage
        .enrol_by_contract(vec![one.clone(), other], wallet)
        .await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;

    let heir = PrivateKeySigner::random();
    stage.replace_owners(wallet, &one, heir.address()).await;
    assert_eq!(officer.verify(3).await, "Valid");
    // A process that remembers nothing asks again.
    stage.restart_viewer(&[]).await;
    let officer = stage.signed_in("data_protection_officer", "second").await;
    stage.until_all_valid(&officer).await;
    stage.assert_no_breach().await;

    stage.assert_breach_is_found(&officer, 3).await;
    let restored = officer.submit("/records/3/restore", &[]).await;
    assert!(restored.says("restored"), "{}", restored.body);
    stage.until_all_valid(&officer).await;

    a_node_without_old_states_is_told_and_is_no_breach(&mut stage).await;
    stage.site.stop().await.unwrap();
}

async fn a_node_without_old_states_is_told_and_is_no_breach(stage: &mut Stage) {
    let incidents = "SELECT COUNT(*) FROM incidents";
    let before = stage.number(incidents).await;
    stage.site.chain.mine(210).await.unwrap();
    stage.restart_viewer(&[]).await;
    let officer = stage.signed_in("data_protection_officer", "third").await;
    let untold = |grid: &Answer| grid.line(3).contains("Unverifiable");
    stage.until(&officer, "/records", untold).await;
    assert_eq!(officer.verify(3).await, "Unverifiable");
    for uid in [1, 2] {
        assert_eq!(officer.verify(uid).await, "Valid", "its neighbour {uid}");
    }
    let alarm = "SELECT COUNT(*) FROM operations_alarms WHERE kind = 'chain_forgets'";
    stage
        .until_number("the alarm", alarm, |count| count == 1)
        .await;
    let page = officer.get("/").await;
    assert!(page.says("it keeps no state that old"), "{}", page.body);
    let (code, told) = by_command(stage, &[]);
    assert_eq!(
        (code, &told["verified"]),
        (Some(2), &json!(false)),
        "{told}"
    );
    assert_eq!(told["verdicts"], json!({ "valid": 2, "unverifiable": 1 }));
    assert_eq!(stage.number(incidents).await, before);
    // It hides no breach.
    stage.alter_email(3).await;
    let altered = |grid: &Answer| grid.line(3).contains("Altered");
    stage.until(&officer, "/records", altered).await;
    // Nor does it call the backup's copy another one than was signed.
    let plan = officer.get("/records/3/restore").await;
    assert_eq!(plan.status, 503);
    assert!(plan.says("an archive node of the chain"), "{}", plan.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thief_of_all_our_keys_needs_the_owners_wallet() {
    let mut stage = Stage::with(2).await;
    let (one, other) = (PrivateKeySigner::random(), PrivateKeySigner::random());
    let wallet = stage.owners_wallet(&[&one, &other]).await;
    stage.enrol_by_contract(vec![one, other], wallet).await;
    let all = stage.put_contract("OddWallets", "AcceptsAll", &[]).await;
    stage.enrol_by_contract(Vec::new(), all).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;

    stage.site.chain.mine(10).await.unwrap();
    let thief = Thief::at(&stage).await;
    // A plain account's record under a contract of the thief's own.
    thief.re_anchor(1, Some(all), When::Now).await;
    // A signature that the owner's contract does not accept.
    thief.re_anchor(3, None, When::Now).await;
    // One that it accepts, by now; and at the time of the anchor it had not.
    thief.re_anchor(4, None, When::Earlier).await;
    for uid in [1, 3, 4] {
        let told = |grid: &Answer| grid.line(uid).contains("Consent invalid");
        stage.until(&officer, "/records", told).await;
        assert_eq!(officer.verify(uid).await, "Consent invalid");
    }
    assert_eq!(officer.verify(2).await, "Valid");
    let page = officer.get("/records/4").await;
    assert!(page.says("at another time than"), "{}", page.body);
    stage.site.stop().await.unwrap();
}

/// Holds all our keys, and the controller's of the chain.
struct Thief<'s> {
    stage: &'s Stage,
    keys: ApplicationKeys,
    deployment: Deployment,
    block: u64,
    /// The time of that block.
    now: u64,
}

/// What the thief says is the time.
enum When {
    Now,
    /// A second after the first version was anchored.
    Earlier,
}

/// A version that the thief makes up, and the word for it.
struct Forged {
    plain: PlainVersion,
    message: ConsentMessage,
    signature: ConsentSignature,
    anchor: Anchor,
    word: B256,
}

impl<'s> Thief<'s> {
    async fn at(stage: &'s Stage) -> Self {
        let keys = KeySet::load(&stage.site.key_dir()).unwrap();
        let chain = &stage.site.chain;
        let latest = chain
            .rpc("eth_getBlockByNumber", json!(["latest", false]))
            .await;
        let latest = latest.unwrap();
        let number = |name: &str| {
            let digits = latest[name].as_str().unwrap().trim_start_matches("0x");
            u64::from_str_radix(digits, 16).unwrap()
        };
        Self {
            stage,
            keys: keys.application().clone(),
            deployment: Deployment::load(&chain.deployment_file()).unwrap(),
            block: number("number"),
            now: number("timestamp"),
        }
    }

    /// Adds a second version with the same values under a signature of kind 2 that the thief made up, and anchors it.
    async fn re_anchor(&self, uid: u64, wallet: Option<Address>, when: When) {
        let mut connection = self.stage.connect().await;
        let mut transaction = connection.begin().await.unwrap();
        let uid = Uid::new(uid).unwrap();
        let row = evidence::by_uid(&mut transaction, uid).await;
        let row = row.unwrap().unwrap();
        let key = row.owner_key.as_ref().unwrap();
        let key = self.keys.unwrap_owner_key(key).unwrap();
        let query = "SELECT proof FROM anchoring_jobs WHERE uid = ?";
        let query = sqlx::query_scalar(query).bind(uid.get());
        let proof: Vec<u8> = query.fetch_one(&mut *transaction).await.unwrap();
        let before = row.versions[0].open(&key);
        let anchored = before.anchor.as_ref().unwrap().as_ref().unwrap();
        let timestamp = match when {
            When::Now => self.now,
            When::Earlier => anchored.timestamp + 1,
        };
        let forged = self.forge(&before, (uid, timestamp), &proof, wallet);
        self.write(&mut transaction, &key, &forged).await;
        self.anchor(uid, timestamp, forged.word).await;
        transaction.commit().await.unwrap();
    }

    fn forge(
        &self,
        before: &OpenedVersion,
        (uid, timestamp): (Uid, u64),
        previous_proof: &[u8],
        wallet: Option<Address>,
    ) -> Forged {
        let (fields, version) = (before.whole_fields().unwrap(), Version::new(2).unwrap());
        let wallet = wallet.unwrap_or(*before.wallet.as_ref().unwrap());
        let message = ConsentMessage {
            fields: signed_fields(&fields),
            wallet,
            uid: uid.get(),
            version: version.get(),
            previous_proof: B256::from_slice(previous_proof),
            issued_at: timestamp - 60,
            expires_at: timestamp + 60,
            nonce: rand::random::<[u8; 32]>().into(),
            ..before.whole_message().unwrap().clone()
        };
        let signature = ConsentSignature::contract(vec![7; 65], self.block).unwrap();
        let (chain_id, relay) = (self.deployment.chain_id, self.deployment.relay);
        let leaves = fields.leaves();
        let anchor = Anchor {
            uid,
            timestamp,
            transaction: B256::repeat_byte(7),
            block: self.block,
            leaves: leaves.as_slice().to_vec(),
        };
        let word = RecordProofInput {
            chain_id,
            relay,
            wallet,
            uid,
            version,
            timestamp,
            consent_hash: consent_hash(&message.digest(chain_id, relay), &signature),
            leaves,
        }
        .record_proof();
        let plain = PlainVersion {
            version,
            draft: Draft::FIRST,
            fields,
            wallet,
            relation: before.relation.as_ref().unwrap().clone(),
        };
        Forged {
            plain,
            message,
            signature,
            anchor,
            word,
        }
    }

    async fn write(&self, connection: &mut MySqlConnection, key: &OwnerKey, forged: &Forged) {
        let (front, now) = (self.keys.front(), Clock::system().now());
        let rng = &mut rand::rng();
        let (version, draft) = (forged.plain.version, forged.plain.draft);
        let mut values = forged.plain.seal(key, rng).unwrap();
        values.anchor = forged.anchor.seal(key, version, draft, rng);
        record_versions::insert(connection, &values).await.unwrap();
        let signed = SignedConsent {
            version,
            draft,
            link_id: LinkId::random(rng),
            message: &forged.message,
            signature: &forged.signature,
        };
        let consent = seal_consent(key, &front, &signed, rng, now);
        consents::insert(connection, &consent).await.unwrap();
        let head = records::lock(connection, &front, key.record_id()).await;
        let mut head = head.unwrap().unwrap();
        head.version = version;
        records::update(connection, &front, &mut head, now)
            .await
            .unwrap();
    }

    async fn anchor(&self, uid: Uid, timestamp: u64, word: B256) {
        let selector = hex::encode(&keccak256("addRecordProof(uint256,uint64,bytes32)")[..4]);
        let (uid, word) = (uid.get(), hex::encode(word));
        let accounts = devstack::Accounts::load().unwrap();
        let sent = json!({
            "from": accounts.named("controller").unwrap().address,
            "to": self.deployment.master_data,
            "data": format!("0x{selector}{uid:064x}{timestamp:064x}{word}"),
        });
        let sent = self.stage.site.chain.transact(sent).await;
        sent.unwrap_or_else(|error| panic!("record {uid} at {timestamp}: {error:#}"));
    }
}
