use std::time::Duration;

use database::erasures::Identity;
use database::record_events::{self, Actor, RecordEventKind};
use database::records::{self, Record, RecordState};
use database::request_way::RequestWay;
use database::sealed::{Anchor, Predecessor, SealedVersion, seal_cell};
use database::{access_copies, consents, outbox, owner_keys, record_versions};
use enrolment::access::{self, Asking, Particulars};
use enrolment::request::{Answering, answer_requests};
use enrolment::{Details, Entry, FreshLink, OWN_WALLET, Office, Place, Sending};
use keyring::{CellKind, OwnerKey, Ticket};
use rand::rngs::StdRng;
use record::consent::{Basis, Purpose};
use record::ids::{Draft, LinkId, RecordId, StaffId, SubmissionId, Uid, Version};
use record::proof::{Leaves, RecordProofInput, consent_hash};
use record::{Address, B256};
use sqlx::MySqlConnection;
use zeroize::Zeroizing;

use super::server::{DEPLOYMENT_RELAY, Server};

/// What staff typed, by field.
pub const PERSON: [(&str, &str); 5] = [
    ("address", "7 Lime Walk, 90210 Riverside"),
    ("age", "34"),
    ("email", "zoe@home.example"),
    ("name", "Zoë Ågren"),
    ("phone", "+4915123456789"),
];

/// Who holds the records, as owners sign it.
pub const IDENTITY: &str = "Riverside Health Centre, 1 Quay Street, Riverside";

/// What is anchored of every version.
pub const PROOF: B256 = B256::repeat_byte(0x17);

/// The desk at which people are entered, by the use cases of entry-app.
pub struct Desk<'a> {
    server: &'a Server,
    staff: StaffId,
}

/// A link as its owner has it.
pub struct Link {
    pub path: String,
    pub code: String,
    pub record: RecordId,
    /// The owner's key, to look behind the app.
    pub key: OwnerKey,
}

impl Link {
    /// A door below it.
    pub fn door(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }
}

impl<'a> Desk<'a> {
    pub(super) fn new(server: &'a Server) -> Self {
        Self {
            server,
            staff: StaffId::random(&mut rng()),
        }
    }

    /// Enters the person with this wallet; the link is shown at the desk.
    pub async fn enter(&self, wallet: Address) -> Link {
        self.enter_for(&person(("", ""), wallet)).await
    }

    pub async fn enter_for(&self, details: &Details) -> Link {
        let rng = &mut rng();
        let mut transaction = self.server.admin.begin().await.unwrap();
        let submission = SubmissionId::random(rng);
        let entered = enrolment::enter(
            &mut transaction,
            &self.office(),
            details,
            submission,
            Sending::AtTheDesk,
            rng,
        )
        .await;
        let Entry::New(record, link) = entered.unwrap() else {
            panic!("a fresh submission")
        };
        let link = self.link(&mut transaction, record.id, &link).await;
        transaction.commit().await.unwrap();
        link
    }

    /// A second link to the same record.
    pub async fn issue_again(&self, link: &Link) -> Link {
        self.issue(link, Sending::AtTheDesk).await
    }

    /// A second link, whose mail waits in the outbox.
    pub async fn send_again(&self, link: &Link) -> Link {
        self.issue(link, Sending::ByMail).await
    }

    async fn issue(&self, link: &Link, sending: Sending) -> Link {
        let mut transaction = self.server.admin.begin().await.unwrap();
        let rng = &mut rng();
        let issued = enrolment::issue(
            &mut transaction,
            &self.office(),
            link.record,
            None,
            sending,
            rng,
        )
        .await;
        let link = self
            .link(&mut transaction, link.record, &issued.unwrap())
            .await;
        transaction.commit().await.unwrap();
        link
    }

    /// Edits the record, which makes a new link.
    pub async fn correct(&self, old: &Link, changed: (&str, &str), wallet: Address) -> Link {
        let record = self.record(old).await;
        let place = record.uid.map(|uid| place(uid, record.version));
        let mut transaction = self.server.admin.begin().await.unwrap();
        let (details, rng) = (person(changed, wallet), &mut rng());
        let office = self.office();
        let edited = enrolment::edit(
            &mut transaction,
            &office,
            old.record,
            place.as_ref(),
            &details,
            Sending::AtTheDesk,
            rng,
        )
        .await;
        let link = self
            .link(&mut transaction, old.record, &edited.unwrap())
            .await;
        transaction.commit().await.unwrap();
        link
    }

    /// What approval and anchoring leave behind, as far as a correction looks at it.
    pub async fn anchor(&self, link: &Link, uid: Uid) {
        let now = self.server.clock.now();
        let mut record = self.record(link).await;
        let mut connection = self.server.admin.acquire().await.unwrap();
        record_versions::set_anchor(&mut connection, record.id, record.version, b"an anchor")
            .await
            .unwrap();
        (record.state, record.uid) = (RecordState::Anchored, Some(uid));
        records::update(&mut connection, &self.server.keys.front(), &mut record, now)
            .await
            .unwrap();
    }

    /// Begins a correction of an anchored record, which makes a link to it.
    pub async fn rectify(&self, old: &Link, changed: (&str, &str), wallet: Address) -> Link {
        let record = self.record(old).await;
        let place = place(record.uid.unwrap(), record.version.next().unwrap());
        let mut transaction = self.server.admin.begin().await.unwrap();
        let (details, rng) = (person(changed, wallet), &mut rng());
        let (office, sending) = (self.office(), Sending::AtTheDesk);
        let begun = enrolment::rectify(
            &mut transaction,
            &office,
            old.record,
            &place,
            &details,
            sending,
            rng,
        );
        let begun = begun.await.unwrap();
        let link = self.link(&mut transaction, old.record, &begun).await;
        transaction.commit().await.unwrap();
        link
    }

    /// Rewrites a cell under the owner's own key, as somebody who holds all keys could.
    pub async fn forge(
        &self,
        link: &Link,
        forge: impl FnOnce(&mut database::sealed::PlainVersion),
    ) {
        let mut connection = self.server.admin.acquire().await.unwrap();
        let record = self.record(link).await;
        let row = record_versions::load(&mut connection, record.id, record.version)
            .await
            .unwrap()
            .unwrap();
        let mut plain = row.open(&link.key).unwrap();
        forge(&mut plain);
        let row = plain.seal(&link.key, &mut rng()).unwrap();
        record_versions::put(&mut connection, &row).await.unwrap();
    }

    /// Asks for consent once more: a link to a further version with the same details.
    pub async fn ask_again(&self, old: &Link) -> Link {
        let record = self.record(old).await;
        let place = place(record.uid.unwrap(), record.version.next().unwrap());
        let mut transaction = self.server.admin.begin().await.unwrap();
        let (office, rng, sending) = (self.office(), &mut rng(), Sending::AtTheDesk);
        let begun =
            enrolment::ask_again(&mut transaction, &office, old.record, &place, sending, rng);
        let begun = begun.await.unwrap();
        let link = self.link(&mut transaction, old.record, &begun).await;
        transaction.commit().await.unwrap();
        link
    }

    /// Answers those who want to be let in without a link, as entry-app does.
    pub async fn answer(&self) {
        let office = self.office();
        let answering = Answering {
            keys: &self.server.keys,
            letterhead: office.letterhead(),
            identity: IDENTITY,
            particulars: particulars(),
            now: office.now,
        };
        let answered = answer_requests(&self.server.admin, &answering, &mut rng()).await;
        assert_eq!(answered.unwrap().done, 1);
    }

    /// Has a copy of everything made, as somebody asked for it by letter whom nobody knows yet.
    pub async fn make_copy(&self, link: &Link) {
        let office = self.office();
        let asking = Asking {
            id: LinkId::random(&mut rng()),
            record: link.record,
            way: RequestWay::ByLetter,
            identity: None,
            staff: Some(self.staff),
            letterhead: office.letterhead(),
            particulars: &particulars(),
            asked_at: office.now,
            now: office.now,
        };
        let mut transaction = self.server.admin.begin().await.unwrap();
        access::make(&mut transaction, &self.server.keys, &asking, &mut rng())
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }

    /// Knows the owner of the copy that can be opened, and tells them its code.
    pub async fn copy_code(&self, link: &Link) -> String {
        let (office, front) = (self.office(), self.server.keys.front());
        let mut transaction = self.server.admin.begin().await.unwrap();
        let copies = access_copies::of_record(&mut transaction, &front, link.record).await;
        let copy = copies.unwrap().rows.remove(0);
        let place = (link.record, copy.id);
        access::identify(&mut transaction, &office, place, Identity::Document)
            .await
            .unwrap();
        let copies = access_copies::of_record(&mut transaction, &front, link.record).await;
        let copy = copies.unwrap().rows.remove(0);
        let code = access::desk_code(&mut transaction, &office, &copy).await;
        transaction.commit().await.unwrap();
        code.unwrap().unwrap().to_string()
    }

    /// Destroys the values of the first version, as breach-viewer does once another one is anchored. Gives the word that the first
    /// one has.
    pub async fn redact_first(&self, link: &Link) -> B256 {
        let (front, now, first) = (
            self.server.keys.front(),
            self.server.clock.now(),
            Version::FIRST,
        );
        let mut connection = self.server.admin.acquire().await.unwrap();
        let values = record_versions::load(&mut connection, link.record, first).await;
        let consent = consents::load(&mut connection, link.record, first).await;
        let (values, consent) = (values.unwrap().unwrap(), consent.unwrap().unwrap());
        let opened = SealedVersion {
            values: values.clone(),
            consent: Some(consent.clone()),
        }
        .open(&link.key);
        let terms = opened.whole_message().unwrap();
        let terms = terms.terms(31_337, DEPLOYMENT_RELAY);
        let anchor = opened.anchor.unwrap().unwrap();
        let input = RecordProofInput {
            chain_id: 31_337,
            relay: DEPLOYMENT_RELAY,
            wallet: opened.wallet.unwrap(),
            uid: anchor.uid,
            version: first,
            timestamp: anchor.timestamp,
            consent_hash: consent_hash(&terms.digest, &opened.signature.unwrap().unwrap()),
            leaves: Leaves::new(anchor.leaves).unwrap(),
        };
        let (draft, kind) = (values.draft, CellKind::ConsentTerms);
        let cell = seal_cell(&link.key, first, draft, kind, &terms.to_json(), &mut rng());
        let redacted = consent.redacted(cell, &front);
        record_versions::redact(&mut connection, &values)
            .await
            .unwrap();
        consents::redact(&mut connection, &consent, &redacted)
            .await
            .unwrap();
        let (what, who) = (RecordEventKind::ValuesDestroyed, Actor::System);
        record_events::append(&mut connection, &front, link.record, what, who, now)
            .await
            .unwrap();
        input.record_proof()
    }

    /// Takes back whatever copy can be opened.
    pub async fn revoke_copy(&self, link: &Link) {
        let mut transaction = self.server.admin.begin().await.unwrap();
        access::revoke(&mut transaction, &self.office(), link.record)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }

    /// What the newest mail of a kind says: to whom, and its content.
    pub async fn mail(&self, kind: &str) -> (String, serde_json::Value) {
        let newest = "SELECT event_key FROM outbox WHERE kind = ? ORDER BY created_at DESC LIMIT 1";
        let event: Vec<u8> = sqlx::query_scalar(newest)
            .bind(kind)
            .fetch_one(&self.server.admin)
            .await
            .unwrap();
        let mut connection = self.server.admin.acquire().await.unwrap();
        let (front, event) = (self.server.keys.front(), event.try_into().unwrap());
        let mail = outbox::by_event_key(&mut connection, &front, &event).await;
        let mail = mail.unwrap().unwrap();
        let keys = &self.server.keys;
        let (to, payload) = match kind {
            "consent_link" | "copy_ready" => {
                (mail.open_link_recipient(keys), mail.open_link_payload(keys))
            }
            _ => (mail.open_recipient(&front), mail.open_payload(&front)),
        };
        let (to, payload) = (to.unwrap().unwrap(), payload.unwrap().unwrap());
        (to.to_string(), serde_json::from_slice(&payload).unwrap())
    }

    /// The address at which this owner takes consent back, as their mails have it.
    pub fn ticket(&self, link: &Link) -> String {
        let ticket = Ticket::of(link.record).to_url(&self.server.keys.front());
        format!("/w/{ticket}")
    }

    /// Seals where the newest version stands on the chain, as anchoring does.
    pub async fn seal_anchor(&self, link: &Link, uid: Uid) {
        let mut connection = self.server.admin.acquire().await.unwrap();
        let record = self.record(link).await;
        let values = record_versions::load(&mut connection, record.id, record.version).await;
        let plain = values.unwrap().unwrap().open(&link.key).unwrap();
        let anchor = Anchor {
            uid,
            timestamp: self.server.clock.now().as_seconds(),
            transaction: B256::repeat_byte(0x7a),
            block: 9,
            leaves: plain.fields.leaves().as_slice().to_vec(),
        };
        let cell = anchor.seal(&link.key, record.version, record.draft, &mut rng());
        let cell = cell.unwrap();
        record_versions::set_anchor(&mut connection, record.id, record.version, &cell)
            .await
            .unwrap();
    }

    /// Writes the head of the record anew.
    pub async fn change_head(&self, link: &Link, change: impl FnOnce(&mut Record)) {
        let mut connection = self.server.admin.acquire().await.unwrap();
        let mut record = self.record(link).await;
        change(&mut record);
        let (front, now) = (self.server.keys.front(), self.server.clock.now());
        records::update(&mut connection, &front, &mut record, now)
            .await
            .unwrap();
    }

    /// What giving up a signed correction of version 1 leaves behind.
    pub async fn give_up(&self, link: &Link) {
        let version = self.record(link).await.version;
        let mut connection = self.server.admin.acquire().await.unwrap();
        for removed in [
            consents::remove(&mut connection, link.record, version).await,
            record_versions::remove(&mut connection, link.record, version).await,
        ] {
            assert!(removed.unwrap());
        }
        self.change_head(link, |record| {
            record.state = RecordState::Anchored;
            (record.version, record.draft) = (Version::FIRST, Draft::FIRST);
        })
        .await;
    }

    pub async fn record(&self, link: &Link) -> Record {
        let mut connection = self.server.admin.acquire().await.unwrap();
        records::load(&mut connection, &self.server.keys.front(), link.record)
            .await
            .unwrap()
            .unwrap()
    }

    fn office(&self) -> Office<'a> {
        Office {
            keys: &self.server.keys,
            controller: "Riverside Health Centre",
            contact: "records@riverside.example",
            consent_url: &self.server.url,
            link_lifetime: Duration::from_hours(14 * 24),
            staff: self.staff,
            now: self.server.clock.now(),
        }
    }

    async fn link(
        &self,
        connection: &mut MySqlConnection,
        record: RecordId,
        fresh: &FreshLink,
    ) -> Link {
        let wrapped = owner_keys::of_record(connection, record)
            .await
            .unwrap()
            .unwrap();
        let (_, secret) = fresh.address.split_once("/c/").unwrap();
        Link {
            path: format!("/c/{secret}"),
            code: fresh.desk_code.to_string(),
            record,
            key: self.server.keys.unwrap_owner_key(&wrapped).unwrap(),
        }
    }
}

/// What copies say of controller and chain.
fn particulars() -> Particulars<'static> {
    Particulars {
        address: "1 Quay Street\nRiverside",
        officer: "privacy@riverside.example",
        site: (31_337, DEPLOYMENT_RELAY),
        storage_layer: Address::repeat_byte(0x57),
        basis: &|purpose: &Purpose| match purpose.lawful_basis.as_str() {
            basis if basis.starts_with("Consent") => Basis::Consent,
            basis if basis.ends_with("6(1)(f)") => Basis::Weighed,
            basis if basis.ends_with("direct marketing") => Basis::Marketing,
            _ => Basis::Other,
        },
    }
}

/// Where the chain would take this version.
fn place(uid: Uid, version: Version) -> Place {
    let follows = Predecessor { uid, proof: PROOF };
    Place { version, follows }
}

/// The person, with one detail changed.
pub fn person(changed: (&str, &str), wallet: Address) -> Details {
    let value = |wanted: &str| {
        let typed = PERSON
            .iter()
            .chain([&changed])
            .rev()
            .find(|(name, _)| *name == wanted);
        Zeroizing::new(typed.unwrap().1.to_owned())
    };
    Details {
        name: value("name"),
        email: value("email"),
        phone: value("phone"),
        age: value("age").parse().unwrap(),
        address: value("address"),
        wallet,
        relation: Zeroizing::new(OWN_WALLET.to_owned()),
    }
}

/// Use cases hold their randomness across waits, which the thread's own can't do.
fn rng() -> StdRng {
    rand::make_rng()
}
