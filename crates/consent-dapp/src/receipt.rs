//! The receipt: what was signed, with all that it takes to check it later without us.

use database::consents::{self, Consent};
use database::notices;
use database::sealed::open_cell;
use enrolment::withdrawal::TakenBack;
use keyring::{CellKind, OwnerKey};
use record::B256;
use record::consent::{Choice, ConsentMessage};
use record::signature::ConsentSignature;
use serde::Serialize;
use serde_json::Value;
use web_kit::error::{Error, Result};

use crate::admission::read_offer;
use crate::app::App;
use crate::tampering::{tampered, told};
use crate::visit::Visit;

const FORMAT: &str = "sealwatch/v1/receipt";

/// One owner's receipt. It holds their details in clear and is theirs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// Names this format.
    pub format: &'static str,
    /// Who asked.
    pub controller: String,
    /// The purposes that the owner allowed, of those that were theirs to allow.
    pub granted: Vec<String>,
    /// The wallet that signed, with its checksum.
    pub wallet: String,
    /// The signature as `0x` hex: r‖s‖v, or whatever a contract wallet takes.
    pub signature: String,
    /// Of a contract wallet: the block at which it accepted the signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check_block: Option<u64>,
    /// What it signs (EIP-712).
    pub digest: B256,
    /// The contract that the signature is made out to.
    pub relay: String,
    /// The chain of that contract.
    pub chain_id: u64,
    /// Unix milliseconds.
    pub received_at: u64,
    /// The whole message.
    pub message: ConsentMessage,
    /// The notice that the message names by its hash.
    pub notice: String,
    /// The message as a wallet took it.
    pub typed_data: Value,
    /// The purposes and what became of each, in the order shown.
    #[serde(skip)]
    pub outcomes: Vec<Outcome>,
    /// What its owner took back since.
    #[serde(skip)]
    taken: TakenBack,
}

/// One purpose and the owner's answer.
pub struct Outcome {
    /// The purpose.
    pub name: String,
    /// Its lawful basis.
    pub lawful_basis: String,
    /// Whether it was the owner's to choose.
    pub is_choice: bool,
    /// Whether it goes ahead.
    pub granted: bool,
}

impl Receipt {
    /// Of the consent that this link brought.
    pub async fn load(app: &App, visit: &Visit) -> Result<Self> {
        let key = visit.owner_key()?;
        let offer = read_offer(&visit.link, &key)?
            .ok_or_else(|| Error::internal("a used link without an offer"))?;
        let mut connection = app.database.acquire().await?;
        let consent =
            consents::load(&mut connection, visit.link.record_id, visit.link.version).await?;
        let consent = consent
            .filter(|consent| consent.link_id == visit.link.id)
            .ok_or_else(|| tampered("a used link without its consent"))?;
        let notice = notices::text(&mut connection, &offer.notice).await?;
        let (message, signature) = open(&consent, &key)?;

        let choices: Vec<&str> = offer.choices().map(|choice| choice.name.as_str()).collect();
        let outcomes: Vec<Outcome> = message
            .purposes
            .iter()
            .map(|purpose| Outcome {
                name: purpose.name.clone(),
                lawful_basis: purpose.lawful_basis.clone(),
                is_choice: choices.contains(&purpose.name.as_str()),
                granted: purpose.granted,
            })
            .collect();
        let (chain_id, relay) = (app.network.chain_id, app.network.relay);
        let (record, draft) = (visit.link.record_id, consent.draft);
        let taken = TakenBack::load(&mut connection, &app.front, record, draft).await?;
        told(&taken);
        Ok(Self {
            taken,
            format: FORMAT,
            controller: message.controller.clone(),
            granted: outcomes
                .iter()
                .filter(|o| o.is_choice && o.granted)
                .map(|o| o.name.clone())
                .collect(),
            wallet: message.wallet.to_string(),
            signature: format!("0x{}", hex::encode(signature.bytes())),
            check_block: match signature {
                ConsentSignature::Ecdsa(_) => None,
                ConsentSignature::Contract { check_block, .. } => Some(check_block),
            },
            digest: message.digest(chain_id, relay),
            relay: relay.to_string(),
            chain_id,
            received_at: consent.received_at.0,
            typed_data: message.typed_data(chain_id, relay),
            notice: notice.ok_or_else(|| tampered("the notice of a consent is gone"))?,
            outcomes,
            message,
        })
    }

    /// What its owner allows, and has not taken back.
    pub fn withdrawable(&self) -> Vec<Choice> {
        self.choices()
            .into_iter()
            .filter(|outcome| outcome.granted && !self.is_taken_back(outcome))
            .map(Outcome::choice)
            .collect()
    }

    /// Whether the owner took this back since.
    pub fn is_taken_back(&self, outcome: &Outcome) -> bool {
        self.taken.since(&outcome.choice()).is_some()
    }

    /// One of the details that were signed; empty where there is none.
    pub fn value(&self, name: &str) -> &str {
        let mut fields = self.message.fields.iter();
        let field = fields.find(|field| field.name.as_str() == name);
        field.map_or("", |field| field.value.as_str())
    }

    /// What the owner had to choose.
    pub fn choices(&self) -> Vec<&Outcome> {
        self.outcomes
            .iter()
            .filter(|outcome| outcome.is_choice)
            .collect()
    }
}

fn open(consent: &Consent, key: &OwnerKey) -> Result<(ConsentMessage, ConsentSignature)> {
    let cell = |kind, cell| open_cell(key, consent.version, consent.draft, kind, cell);
    let message = cell(CellKind::ConsentMessage, &consent.message)?;
    let signature = cell(CellKind::ConsentSignature, &consent.signature)?;
    Ok((
        ConsentMessage::from_json(&message.value)?,
        ConsentSignature::from_stored(&signature.value)?,
    ))
}

impl Outcome {
    fn choice(&self) -> Choice {
        Choice {
            name: self.name.clone(),
            lawful_basis: self.lawful_basis.clone(),
        }
    }

    /// In words.
    pub const fn word(&self) -> &'static str {
        match (self.is_choice, self.granted) {
            (true, true) => "allowed",
            (true, false) => "not allowed",
            (false, _) => "does not rest on consent",
        }
    }
}
