use alloy::signers::SignerSync as _;
use alloy::signers::local::PrivateKeySigner;
use chain::Deployment;
use database::consent_links::{self, LinkState};
use database::corrections::{self, Correction};
use database::record_events::{self, Actor, RecordEventKind};
use database::records::{self, Record, RecordState};
use database::sealed::{self, PlainVersion, SignedConsent};
use database::{MySqlConnection, consents, notices, owner_keys, record_versions};
use keyring::{CellKind, OwnerKey};
use record::B256;
use record::consent::{ConsentMessage, Purpose, signed_fields};
use record::ids::{CorrectionId, LinkId};
use record::signature::ConsentSignature;

use super::server::{Server, id_of};

const NOTICE: &str = "What we do with your details, and your rights.";

/// A data owner, who does in the tables what consent-dapp does for one.
pub struct Owner {
    pub wallet: PrivateKeySigner,
}

impl Owner {
    pub fn new() -> Self {
        Self {
            wallet: PrivateKeySigner::random(),
        }
    }

    /// The address as staff type it.
    pub fn address(&self) -> String {
        self.wallet.address().to_string()
    }

    /// Signs the record behind this page; research is the owner's own choice.
    pub async fn sign(&self, server: &Server, page: &str, research: bool) {
        self.sign_for(server, page, vec![RESEARCH.granted(research)])
            .await;
    }

    /// The same of these purposes.
    pub async fn sign_for(&self, server: &Server, page: &str, purposes: Vec<Purpose>) {
        let mut transaction = server.admin.begin().await.unwrap();
        let opened = Stored::load(server, &mut transaction, page).await;
        let now = server.clock.now();
        let notice = notices::keep(&mut transaction, NOTICE, now).await.unwrap();
        let message = message(server, &opened.plain, purposes, notice);
        let (chain_id, relay) = pins(server);
        let digest = message.digest(chain_id, relay);
        let signature = self.wallet.sign_hash_sync(&digest).unwrap();
        let signature = ConsentSignature::ecdsa(&signature.as_bytes()).unwrap();
        let front = server.keys.front();
        let signed = SignedConsent {
            version: opened.record.version,
            draft: opened.record.draft,
            link_id: opened.link.unwrap(),
            message: &message,
            signature: &signature,
        };
        let consent = sealed::seal_consent(&opened.key, &front, &signed, &mut rand::rng(), now);
        consents::insert(&mut transaction, &consent).await.unwrap();
        let answer = (
            RecordState::Consented,
            LinkState::Used,
            RecordEventKind::Consented,
        );
        opened.answer(server, &mut transaction, answer).await;
        transaction.commit().await.unwrap();
    }

    /// Asks for a correction in these words.
    pub async fn ask(&self, server: &Server, page: &str, words: &str) {
        let mut transaction = server.admin.begin().await.unwrap();
        let opened = Stored::load(server, &mut transaction, page).await;
        opened.wish(server, &mut transaction, words).await;
        let answer = (
            RecordState::CorrectionRequested,
            LinkState::Corrected,
            RecordEventKind::CorrectionRequested,
        );
        opened.answer(server, &mut transaction, answer).await;
        transaction.commit().await.unwrap();
    }

    /// The same without a link, after the record was anchored.
    pub async fn wish(&self, server: &Server, page: &str, words: &str) {
        let mut transaction = server.admin.begin().await.unwrap();
        let opened = Stored::load(server, &mut transaction, page).await;
        opened.wish(server, &mut transaction, words).await;
        transaction.commit().await.unwrap();
    }

    /// Declines: values and key are destroyed.
    pub async fn decline(&self, server: &Server, page: &str) {
        let mut transaction = server.admin.begin().await.unwrap();
        let opened = Stored::load(server, &mut transaction, page).await;
        let id = opened.record.id;
        record_versions::destroy(&mut transaction, id)
            .await
            .unwrap();
        owner_keys::destroy(&mut transaction, id).await.unwrap();
        let answer = (
            RecordState::Declined,
            LinkState::Declined,
            RecordEventKind::Declined,
        );
        opened.answer(server, &mut transaction, answer).await;
        transaction.commit().await.unwrap();
    }
}

/// A purpose of the profile.
pub struct Asked(&'static str, &'static str);

pub const RESEARCH: Asked = Asked("Research", "Consent, Art. 6(1)(a)");
pub const ACCOUNTS: Asked = Asked("Bookkeeping", "Law, Art. 6(1)(c)");

pub const SURVEY: Asked = Asked("Surveys", "Our interest in good care, Art. 6(1)(f)");
pub const OFFERS: Asked = Asked("Offers", "Our interest in business, Art. 6(1)(f)");

impl Asked {
    pub fn granted(&self, granted: bool) -> Purpose {
        Purpose {
            name: self.0.to_owned(),
            lawful_basis: self.1.to_owned(),
            granted,
        }
    }
}

fn message(
    server: &Server,
    plain: &PlainVersion,
    purposes: Vec<Purpose>,
    notice: B256,
) -> ConsentMessage {
    let now = server.clock.now().as_seconds();
    ConsentMessage {
        controller: "Riverside Health Centre".to_owned(),
        notice,
        purposes,
        fields: signed_fields(&plain.fields),
        wallet: plain.wallet,
        uid: 0,
        version: plain.version.get(),
        previous_proof: B256::ZERO,
        issued_at: now - 600,
        expires_at: now + 3_600,
        nonce: B256::from(rand::random::<[u8; 32]>()),
    }
}

/// A record with what its link opens.
struct Stored {
    record: Record,
    key: OwnerKey,
    plain: PlainVersion,
    /// The one that is open.
    link: Option<LinkId>,
}

impl Stored {
    /// What its owner wants corrected.
    async fn wish(&self, server: &Server, connection: &mut MySqlConnection, words: &str) {
        let (version, draft) = (self.record.version, self.record.draft);
        let (kind, rng) = (CellKind::CorrectionNote, &mut rand::rng());
        let wish = Correction {
            id: CorrectionId::random(&mut rand::rng()),
            record_id: self.record.id,
            version,
            draft,
            note: sealed::seal_cell(&self.key, version, draft, kind, words.as_bytes(), rng),
            asked_at: server.clock.now(),
            resolved_at: None,
            answer: None,
        };
        corrections::insert(connection, &wish).await.unwrap();
    }

    async fn load(server: &Server, connection: &mut MySqlConnection, page: &str) -> Self {
        let (front, id) = (server.keys.front(), id_of(page));
        let record = records::lock(connection, &front, id)
            .await
            .unwrap()
            .unwrap();
        let wrapped = owner_keys::of_record(connection, id)
            .await
            .unwrap()
            .unwrap();
        let key = server.keys.unwrap_owner_key(&wrapped).unwrap();
        let row = record_versions::load(connection, id, record.version).await;
        let plain = row.unwrap().unwrap().open(&key).unwrap();
        let links = consent_links::of_record(connection, &front, id)
            .await
            .unwrap();
        let open = links
            .rows
            .iter()
            .find(|link| link.is_open(server.clock.now()));
        Self {
            record,
            key,
            plain,
            link: open.map(|link| link.id),
        }
    }

    /// Moves record, link and history.
    async fn answer(
        self,
        server: &Server,
        connection: &mut MySqlConnection,
        (state, link, event): (RecordState, LinkState, RecordEventKind),
    ) {
        let (front, now, id) = (server.keys.front(), server.clock.now(), self.record.id);
        records::change_state(connection, &front, id, self.record.state, state, now)
            .await
            .unwrap();
        consent_links::close(connection, &front, self.link.unwrap(), link)
            .await
            .map(drop)
            .unwrap();
        record_events::append(connection, &front, id, event, Actor::Owner, now)
            .await
            .unwrap();
    }
}

fn pins(server: &Server) -> (u64, record::Address) {
    let file = &server.settings["CHAIN_DEPLOYMENT_FILE"];
    let deployment = Deployment::load(std::path::Path::new(file)).unwrap();
    (deployment.chain_id, deployment.relay)
}
