//! Somebody on their way through entry-app and consent-dapp, one transaction for each step as the apps have it.

use std::time::Duration;

use benchmarks::{Owner, message};
use database::consent_links::{self, ConsentLink, LinkState};
use database::record_events::{self, Actor, RecordEventKind};
use database::records::{self, RecordState};
use database::sealed::{PlainVersion, SignedConsent, seal_cell, seal_consent};
use database::{
    MySqlConnection, consents, corrections, notices, outbox, owner_keys, record_versions,
};
use enrolment::{Details, Entry, FreshLink, OWN_WALLET, Office, Sending};
use keyring::{CellKind, LinkSecret, OwnerKey};
use notification::{EventKey, Mail};
use rand::rngs::StdRng;
use record::consent::ConsentMessage;
use record::ids::{RecordId, SubmissionId};
use zeroize::Zeroizing;

use crate::life::{Apps, CLERK};

const CONTROLLER: &str = "Nordhaven Clinic";
const NOTICE: &str = "Who we are, what we keep, why, how long, and what you may ask of us.";
const DAY: Duration = Duration::from_secs(24 * 3600);
/// As consent-dapp's: no value has this index.
const NO_INDEX: [u8; 32] = [0; 32];

/// What a person waits for.
#[derive(Clone, Copy)]
pub enum Stage {
    /// To open their link.
    Entered,
    /// To sign.
    Opened,
    /// To be approved.
    Signed,
}

/// One person.
pub struct Person {
    pub id: RecordId,
    owner: Owner,
    email: String,
    link: FreshLink,
    asked: Option<ConsentMessage>,
}

impl Person {
    /// entry-app: the form is sent.
    pub async fn enter(apps: &Apps, number: u64, rng: &mut StdRng) -> Self {
        let owner = Owner::random(rng);
        let email = format!("somebody{number}@example.org");
        let text = |text: &str| Zeroizing::new(text.to_owned());
        let details = Details {
            name: text(&format!("Somebody Number {number}")),
            email: text(&email),
            phone: text("+442071830000"),
            age: 42,
            address: text(&format!("{number} Long Acre, London WC2E 9LH")),
            wallet: owner.wallet(),
            relation: text(OWN_WALLET),
        };
        let submission = SubmissionId::random(rng);
        let mut transaction = apps.entry.begin().await.unwrap();
        let (office, sending) = (office(apps), Sending::ByMail);
        let entry = enrolment::enter(
            &mut transaction,
            &office,
            &details,
            submission,
            sending,
            rng,
        );
        let entry = entry.await.unwrap();
        transaction.commit().await.unwrap();
        let Entry::New(record, link) = entry else {
            panic!("a fresh submission was sent before")
        };
        Self {
            id: record.id,
            owner,
            email,
            link,
            asked: None,
        }
    }

    /// entry-app: the link is lost, and another goes out.
    pub async fn get_another_link(&mut self, apps: &Apps, rng: &mut StdRng) {
        let mut transaction = apps.entry.begin().await.unwrap();
        let (office, sending) = (office(apps), Sending::ByMail);
        let link = enrolment::issue(&mut transaction, &office, self.id, None, sending, rng);
        self.link = link.await.unwrap();
        self.asked = None;
        transaction.commit().await.unwrap();
    }

    /// consent-dapp: the code is right, and what is asked is kept.
    pub async fn open(&mut self, apps: &Apps, rng: &mut StdRng) {
        let now = apps.now();
        let mut transaction = apps.consent.begin().await.unwrap();
        let (mut link, key) = self.held(apps, &mut transaction).await;
        let plain = values(&mut transaction, &link, &key).await;
        let asked = message(&plain, now.as_seconds(), rng);
        self.note(apps, &mut transaction, RecordEventKind::LinkOpened)
            .await;
        notices::keep(&mut transaction, NOTICE, now).await.unwrap();
        let (version, draft, kind) = (link.version, link.draft, CellKind::Offer);
        let offer = seal_cell(&key, version, draft, kind, &asked.to_json(), rng);
        link.offer = Some(offer);
        consent_links::update(&mut transaction, &apps.front, &link)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        self.asked = Some(asked);
    }

    /// consent-dapp: the owner signs.
    pub async fn sign(&self, apps: &Apps, rng: &mut StdRng) {
        let (now, front) = (apps.now(), &apps.front);
        let mut transaction = apps.consent.begin().await.unwrap();
        let record = records::lock(&mut transaction, front, self.id).await;
        let mut record = record.unwrap().unwrap();
        let (mut link, key) = self.held(apps, &mut transaction).await;
        let message = self.asked.as_ref().unwrap();
        let deployment = &apps.deployment;
        let digest = message.digest(deployment.chain_id, deployment.relay);
        let signed = SignedConsent {
            version: link.version,
            draft: link.draft,
            link_id: link.id,
            message,
            signature: &self.owner.sign(&digest),
        };
        let consent = seal_consent(&key, front, &signed, rng, now);
        consents::insert(&mut transaction, &consent).await.unwrap();
        link.end(LinkState::Used);
        consent_links::update(&mut transaction, front, &link)
            .await
            .unwrap();
        record.state = RecordState::Consented;
        records::update(&mut transaction, front, &mut record, now)
            .await
            .unwrap();
        self.note(apps, &mut transaction, RecordEventKind::Consented)
            .await;
        self.tell_signed(apps, &mut transaction).await;
        transaction.commit().await.unwrap();
    }

    /// consent-dapp: the owner says no, and everything is destroyed.
    pub async fn decline(&self, apps: &Apps) {
        let (now, front) = (apps.now(), &apps.front);
        let mut transaction = apps.consent.begin().await.unwrap();
        let record = records::lock(&mut transaction, front, self.id).await;
        let mut record = record.unwrap().unwrap();
        let (link, _) = self.held(apps, &mut transaction).await;
        record_versions::destroy(&mut transaction, self.id)
            .await
            .unwrap();
        corrections::destroy(&mut transaction, self.id)
            .await
            .unwrap();
        owner_keys::destroy(&mut transaction, self.id)
            .await
            .unwrap();
        consent_links::close(&mut transaction, front, link.id, LinkState::Declined)
            .await
            .unwrap();
        let event = EventKey::of_consent_link(link.id);
        outbox::withdraw(&mut transaction, front, event.as_bytes())
            .await
            .unwrap();
        record.state = RecordState::Declined;
        (record.wallet_index, record.email_index) = (NO_INDEX, NO_INDEX);
        records::update(&mut transaction, front, &mut record, now)
            .await
            .unwrap();
        self.note(apps, &mut transaction, RecordEventKind::Declined)
            .await;
        transaction.commit().await.unwrap();
    }

    /// entry-app: staff approve, and the job is queued.
    pub async fn is_approved(&self, apps: &Apps) {
        let mut transaction = apps.entry.begin().await.unwrap();
        anchoring::approve(&mut transaction, &apps.keys, self.id, CLERK, apps.now())
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }

    /// The link by its secret, locked, and the owner's key that is wrapped in it.
    async fn held(&self, apps: &Apps, connection: &mut MySqlConnection) -> (ConsentLink, OwnerKey) {
        let (_, secret) = self.link.address.split_once("/c/").unwrap();
        let secret = LinkSecret::from_url(secret).unwrap();
        let hash = apps.front.hash_secret(&secret);
        let found = consent_links::by_secret_hash(connection, &apps.front, &hash).await;
        let found = found.unwrap().unwrap();
        let link = consent_links::lock(connection, &apps.front, found.id).await;
        let link = link.unwrap().unwrap();
        let key = secret.unwrap(&link.wrapped_key, link.id, link.record_id);
        (link, key.unwrap())
    }

    async fn note(&self, apps: &Apps, connection: &mut MySqlConnection, what: RecordEventKind) {
        let (front, now) = (&apps.front, apps.now());
        record_events::append(connection, front, self.id, what, Actor::Owner, now)
            .await
            .unwrap();
    }

    async fn tell_signed(&self, apps: &Apps, connection: &mut MySqlConnection) {
        let now = apps.now();
        let desk = Mail::ConsentGiven {
            record: self.id,
            url: None,
        };
        let owner = Mail::ConsentReceived {
            first_name: "Somebody".to_owned(),
            controller: CONTROLLER.to_owned(),
            contact: "desk@example.org".to_owned(),
            received_at: now,
            withdrawal_url: None,
        };
        for (kind, recipient, mail) in [
            ("consent_given", "desk@example.org", desk),
            ("consent_received", self.email.as_str(), owner),
        ] {
            let event = EventKey::of(kind, self.id.as_bytes());
            notification::enqueue(connection, &apps.front, now, event, recipient, &mail)
                .await
                .unwrap();
        }
    }
}

fn office(apps: &Apps) -> Office<'_> {
    Office {
        keys: &apps.keys,
        controller: CONTROLLER,
        contact: "records@riverside.example",
        consent_url: &apps.consent_url,
        link_lifetime: DAY,
        staff: CLERK,
        now: apps.now(),
    }
}

async fn values(
    connection: &mut MySqlConnection,
    link: &ConsentLink,
    key: &OwnerKey,
) -> PlainVersion {
    let row = record_versions::load(connection, link.record_id, link.version).await;
    row.unwrap().unwrap().open(key).unwrap()
}
