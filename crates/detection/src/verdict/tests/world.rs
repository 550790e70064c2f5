//! A record as the applications write it, for tests to break.

use std::time::Duration;

use chain::{OnChainRecord, OnChainVersion, WalletAnswer, WalletQuestion};
use database::{
    evidence::Evidence,
    record_versions::RecordVersion,
    records::{Head, Record, RecordState},
    sealed::{Anchor, PlainVersion, SealedVersion, SignedConsent, seal_cell, seal_consent},
};
use keyring::{ApplicationKeys, CellKind, KeySet, OwnerKey};
use rand::{SeedableRng, rngs::StdRng};
use record::{
    Address, B256,
    consent::{ConsentMessage, ConsentTerms, Purpose, signed_fields},
    ids::{Draft, LinkId, RecordId, StaffId, SubmissionId, Uid, Version},
    proof::{FieldName, Fields, RecordProofInput, Salt, V1_FIELDS, consent_hash},
    signature::ConsentSignature,
    time::UnixMillis,
    wallet_change::{WalletChange, WalletOrder},
};
use secp256k1::{Message, PublicKey, SecretKey, ecdsa::RecoverableSignature};
use zeroize::Zeroizing;

use super::super::*;

pub const CHAIN_ID: u64 = 31337;
pub const RELAY: Address = Address::repeat_byte(0x5e);
/// Version n is anchored n days after this.
pub const START: u64 = 1_795_262_400;
pub const DAY: u64 = 86_400;

/// Somebody with a wallet.
#[derive(Clone, Copy)]
pub struct Person(SecretKey);

impl Person {
    pub fn new(n: u8) -> Self {
        Self(SecretKey::from_secret_bytes([n; 32]).unwrap())
    }

    pub fn wallet(&self) -> Address {
        let public = PublicKey::from_secret_key(&self.0).serialize_uncompressed();
        Address::from_raw_public_key(&public[1..])
    }

    pub fn sign(&self, message: &ConsentMessage) -> ConsentSignature {
        self.sign_digest(message.digest(CHAIN_ID, RELAY))
    }

    pub fn sign_digest(&self, digest: B256) -> ConsentSignature {
        let digest = Message::from_digest(digest.0);
        let (id, compact) =
            RecoverableSignature::sign_ecdsa_recoverable(digest, &self.0).serialize_compact();
        ConsentSignature::ecdsa(&[&compact[..], &[id.to_u8()]].concat()).unwrap()
    }
}

/// Who owns the contracts.
pub fn authority() -> Person {
    Person::new(50)
}

/// The chain's answer where this is the authority.
pub fn told_by(authority: &Person) -> OrderAnswer {
    OrderAnswer::Told {
        authorities: vec![authority.wallet()],
        contract: None,
    }
}

pub trait Signed {
    fn signed_by(person: &Person, change: WalletChange) -> WalletOrder;
}

impl Signed for WalletOrder {
    fn signed_by(person: &Person, change: WalletChange) -> WalletOrder {
        let signature = person.sign_digest(change.digest((CHAIN_ID, RELAY)));
        WalletOrder { change, signature }
    }
}

/// A version before it is sealed.
#[derive(Clone)]
pub struct Plain {
    pub fields: Fields,
    pub wallet: Address,
    pub message: ConsentMessage,
    pub signature: ConsentSignature,
}

impl Plain {
    /// The word that the controller anchors, with the digest of the message made anew or of the message as kept.
    pub fn word(&self, uid: u64, version: u32, digest: &B256) -> B256 {
        RecordProofInput {
            chain_id: CHAIN_ID,
            relay: RELAY,
            wallet: self.wallet,
            uid: Uid::new(uid).unwrap(),
            version: Version::new(version).unwrap(),
            timestamp: timestamp(version),
            consent_hash: consent_hash(digest, &self.signature),
            leaves: self.fields.leaves(),
        }
        .record_proof()
    }

    pub fn rebuilt_digest(&self) -> B256 {
        self.message
            .rebuilt(&self.fields, self.wallet)
            .digest(CHAIN_ID, RELAY)
    }

    /// The same with another value in one field, its salt kept or new.
    pub fn with(&self, field: &str, value: &str, salt: Option<[u8; 32]>) -> Self {
        let mut fields = Fields::new();
        for (name, old) in self.fields.iter() {
            let mine = name.as_str() == field;
            let salt = salt
                .filter(|_| mine)
                .map_or_else(|| old.salt().clone(), Salt::from_bytes);
            let value = if mine { value } else { old.value() };
            fields.insert(name.clone(), salt, value.to_owned()).unwrap();
        }
        Self {
            fields,
            ..self.clone()
        }
    }
}

pub fn timestamp(version: u32) -> u64 {
    START + u64::from(version) * DAY
}

pub fn version(number: u32) -> Version {
    Version::new(number).unwrap()
}

/// One record: its rows, its chain, its keys.
pub struct World {
    pub uid: u64,
    pub owner: Person,
    pub keys: ApplicationKeys,
    pub key: OwnerKey,
    pub rng: StdRng,
    pub evidence: Evidence,
    pub chain: Option<OnChainRecord>,
    pub jobs: Vec<Job>,
    pub nonce_also_at: Option<Uid>,
    pub retirement_is_proven: bool,
    pub is_being_destroyed: bool,
    pub is_left: bool,
    pub obstacle: Option<Obstacle>,
    /// What the chain tells of every order.
    pub order_answer: Option<OrderAnswer>,
    pub now: UnixMillis,
}

impl World {
    /// A record with so many versions, all in order. Draft 1 was signed and anchored: draft 0 was corrected.
    pub fn anchored(versions: u32) -> Self {
        Self::of_uid(
            7,
            versions,
            &KeySet::generate(&mut StdRng::seed_from_u64(1)),
        )
    }

    /// The same as UID `uid`, with these keys.
    pub fn of_uid(uid: u64, versions: u32, keys: &KeySet) -> Self {
        let mut world = Self::entered(uid, keys);
        for number in 1..=versions {
            let plain = world.signed(number, &format!("9 Elm Road, flat {number}"));
            world.put(number, Draft::new(1), &plain);
            world.anchor(number, &plain, plain.rebuilt_digest());
        }
        world.evidence.claimed_uid = Some(uid);
        world.write_head();
        world
    }

    /// A row without versions, unknown to the chain.
    pub fn entered(uid: u64, keys: &KeySet) -> Self {
        let mut rng = StdRng::seed_from_u64(uid);
        let record_id = RecordId::random(&mut rng);
        let key = keys.application().generate_owner_key(record_id, &mut rng);
        let wrapped = keys.application().wrap_owner_key(&key, &mut rng);
        Self {
            uid,
            owner: Person::new(u8::try_from(uid).unwrap()),
            keys: keys.application().clone(),
            key,
            rng,
            evidence: Evidence {
                record_id,
                claimed_uid: None,
                entered_at: UnixMillis::from_seconds(START),
                head: None,
                owner_key: Some(wrapped),
                versions: vec![],
                stray_versions: 0,
            },
            chain: None,
            jobs: vec![],
            nonce_also_at: None,
            retirement_is_proven: false,
            is_being_destroyed: false,
            is_left: false,
            obstacle: None,
            order_answer: Some(told_by(&authority())),
            now: UnixMillis::from_seconds(START + 100 * DAY),
        }
    }

    /// Details with fresh salts, and the owner's signature under them.
    pub fn signed(&mut self, number: u32, address: &str) -> Plain {
        let owner = self.owner;
        self.signed_by(&owner, number, address)
    }

    pub fn signed_by(&mut self, person: &Person, number: u32, address: &str) -> Plain {
        let mut fields = Fields::new();
        let values = V1_FIELDS.into_iter().zip([
            address,
            "34",
            "ann@example.org",
            "Ann Lee",
            "+442079460018",
        ]);
        for (name, value) in values {
            let salt = Salt::random(&mut self.rng);
            fields
                .insert(FieldName::new(name).unwrap(), salt, value.to_owned())
                .unwrap();
        }
        let message = self.message(number, &fields, person.wallet());
        Plain {
            signature: person.sign(&message),
            wallet: person.wallet(),
            fields,
            message,
        }
    }

    pub fn message(&mut self, number: u32, fields: &Fields, wallet: Address) -> ConsentMessage {
        let previous = number.checked_sub(2).and_then(|index| {
            Some(
                self.chain
                    .as_ref()?
                    .versions
                    .get(usize::try_from(index).unwrap())?
                    .word,
            )
        });
        ConsentMessage {
            controller: "Example Clinic".into(),
            notice: B256::repeat_byte(1),
            purposes: vec![Purpose {
                name: "Treatment".into(),
                lawful_basis: "Art. 6(1)(b)".into(),
                granted: true,
            }],
            fields: signed_fields(fields),
            wallet,
            uid: if number == 1 { 0 } else { self.uid },
            version: number,
            previous_proof: previous.unwrap_or_default(),
            issued_at: timestamp(number) - DAY,
            expires_at: timestamp(number) + DAY,
            nonce: B256::new(*Salt::random(&mut self.rng).as_bytes()),
        }
    }

    /// Seals the values of a version.
    pub fn sealed(&mut self, number: u32, draft: Draft, plain: &Plain) -> RecordVersion {
        let plain = PlainVersion {
            version: version(number),
            draft,
            fields: plain.fields.clone(),
            wallet: plain.wallet,
            relation: Zeroizing::new("the owner's own wallet".to_owned()),
        };
        plain.seal(&self.key, &mut self.rng).unwrap()
    }

    /// Writes a version with consent and anchor cell, as the applications do, in the place of the one that was there.
    pub fn put(&mut self, number: u32, draft: Draft, plain: &Plain) {
        let mut values = self.sealed(number, draft, plain);
        let anchor = self.anchor_of(number, plain);
        values.anchor = anchor.seal(&self.key, version(number), draft, &mut self.rng);
        let front = self.keys.front();
        let signed = SignedConsent {
            version: version(number),
            draft,
            link_id: LinkId::from_bytes([1; 16]),
            message: &plain.message,
            signature: &plain.signature,
        };
        let consent = seal_consent(&self.key, &front, &signed, &mut self.rng, self.now);
        self.evidence
            .versions
            .retain(|v| v.values.version != version(number));
        self.evidence.versions.push(SealedVersion {
            values,
            consent: Some(consent),
        });
        self.evidence.versions.sort_by_key(|v| v.values.version);
        self.write_head();
    }

    /// Writes the head as the applications do: of the newest version, with its MAC.
    pub fn write_head(&mut self) {
        let newest = self.evidence.versions.last().map(|newest| &newest.values);
        let state = match self.evidence.versions.last() {
            Some(newest) if newest.values.anchor.is_some() => RecordState::Anchored,
            Some(newest) if newest.consent.is_some() => RecordState::Consented,
            _ => RecordState::AwaitingConsent,
        };
        self.write_head_in(
            state,
            newest.map_or(Version::FIRST, |newest| newest.version),
            newest.map_or(Draft::FIRST, |newest| newest.draft),
        );
    }

    pub fn write_head_in(&mut self, state: RecordState, version: Version, draft: Draft) {
        let record = Record {
            id: self.evidence.record_id,
            uid: self.evidence.claimed_uid.and_then(Uid::new),
            state,
            version,
            draft,
            wallet_index: [1; 32],
            email_index: [2; 32],
            submission: SubmissionId::from_bytes([3; 16]),
            created_by: StaffId::from_bytes([4; 16]),
            created_at: self.evidence.entered_at,
            updated_at: self.evidence.entered_at,
        };
        self.evidence.head = Some(Head::of(record, &self.keys.front()));
    }

    pub fn anchor_of(&self, number: u32, plain: &Plain) -> Anchor {
        Anchor {
            uid: Uid::new(self.uid).unwrap(),
            timestamp: timestamp(number),
            transaction: B256::repeat_byte(9),
            block: 100,
            leaves: plain.fields.leaves().as_slice().to_vec(),
        }
    }

    pub fn sealed_anchor(&mut self, number: u32, draft: Draft, anchor: &Anchor) -> Option<Vec<u8>> {
        anchor.seal(&self.key, version(number), draft, &mut self.rng)
    }

    /// Anchors a word as this version, as the controller's key can.
    pub fn anchor(&mut self, number: u32, plain: &Plain, digest: B256) {
        let word = plain.word(self.uid, number, &digest);
        let uid = Uid::new(self.uid).unwrap();
        let chain = self.chain.get_or_insert_with(|| OnChainRecord {
            uid,
            versions: vec![],
            timestamp: 0,
            block: 0,
            retired: None,
        });
        chain.versions.push(OnChainVersion {
            version: version(number),
            word,
            voided: false,
        });
        chain.timestamp = timestamp(number);
        chain.block = u64::from(number);
    }

    pub fn void(&mut self, number: usize) {
        self.chain.as_mut().unwrap().versions[number - 1].voided = true;
    }

    /// Destroys the values of a version, as is done once another one has replaced it.
    pub fn redact(&mut self, number: u32) {
        let terms = self.plain(number).message.terms(CHAIN_ID, RELAY);
        self.redact_to(number, &terms);
    }

    /// The same, and what stays of the message is this.
    pub fn redact_to(&mut self, number: u32, terms: &ConsentTerms) {
        let (place, front) = ((version(number), Draft::new(1)), self.keys.front());
        let (kind, json) = (CellKind::ConsentTerms, terms.to_json());
        let cell = seal_cell(&self.key, place.0, place.1, kind, &json, &mut self.rng);
        let row = self.row(number);
        row.values = row.values.redacted();
        row.consent = Some(row.consent.as_ref().unwrap().redacted(cell, &front));
    }

    /// The stored version.
    pub fn row(&mut self, number: u32) -> &mut SealedVersion {
        self.evidence
            .versions
            .iter_mut()
            .find(|v| v.values.version == version(number))
            .unwrap()
    }

    /// What the stored version holds.
    pub fn plain(&mut self, number: u32) -> Plain {
        let opened = self
            .evidence
            .version(version(number))
            .unwrap()
            .open(&self.key);
        Plain {
            fields: opened.whole_fields().unwrap(),
            message: opened.whole_message().unwrap().clone(),
            wallet: opened.wallet.unwrap(),
            signature: opened.signature.unwrap().unwrap(),
        }
    }

    /// The verdict without a row.
    pub fn judge_without_row(&self) -> Finding {
        judge(&self.facts(None))
    }

    pub fn judge(&self) -> Finding {
        judge(&self.facts(Some(&self.opened())))
    }

    /// The row, with what the chain tells of its orders.
    pub fn opened(&self) -> Row {
        let mut row = Row::open(&self.evidence, &self.keys);
        let orders = self.chain.iter().flat_map(|chain| row.orders(chain));
        let versions: Vec<Version> = orders.map(|(version, _)| version).collect();
        for (version, answer) in versions.into_iter().zip(self.order_answer.iter().cycle()) {
            row.order_answered(version, answer.clone());
        }
        row
    }

    /// A further version that another wallet signs, anchored beside what the authority has to order for it.
    pub fn change_wallet(&mut self, number: u32, person: &Person) {
        let change = self.change(number, person);
        let plain = self.signed_by(person, number, &format!("9 Elm Road, flat {number}"));
        self.put(number, Draft::new(1), &plain);
        self.anchor(number, &plain, plain.rebuilt_digest());
        self.order(number, &WalletOrder::signed_by(&authority(), change));
    }

    /// What the authority is to sign before this version is anchored.
    pub fn change(&mut self, number: u32, person: &Person) -> WalletChange {
        let before = usize::try_from(number - 2).unwrap();
        let row = self.row(number - 1).clone();
        WalletChange {
            controller: "Example Clinic".into(),
            old_wallet: row.open(&self.key).wallet.unwrap(),
            new_wallet: person.wallet(),
            uid: self.uid,
            version: number,
            previous_proof: self.chain.as_ref().unwrap().versions[before].word,
            issued_at: timestamp(number) - DAY,
            expires_at: timestamp(number) + DAY,
            nonce: B256::repeat_byte(8),
        }
    }

    /// Puts an order beside a version, sealed with the real keys.
    pub fn order(&mut self, number: u32, order: &WalletOrder) {
        let (place, kind) = ((version(number), Draft::new(1)), CellKind::WalletOrder);
        let cell = seal_cell(
            &self.key,
            place.0,
            place.1,
            kind,
            &order.to_json(),
            &mut self.rng,
        );
        self.row(number).values.wallet_order = Some(cell);
    }

    /// The order that stands beside a version.
    pub fn order_of(&mut self, number: u32) -> WalletOrder {
        let row = self.row(number).clone();
        row.values.open_wallet_order(&self.key).unwrap().unwrap()
    }

    /// The verdict where contract wallets were asked whatever there is to be asked, and all gave this answer.
    pub fn judge_with_contract(&self, answer: WalletAnswer) -> Finding {
        let mut row = self.opened();
        for (version, _) in self.questions() {
            row.answered(version, answer);
        }
        judge(&self.facts(Some(&row)))
    }

    /// What contract wallets are asked.
    pub fn questions(&self) -> Vec<(Version, WalletQuestion)> {
        let row = Row::open(&self.evidence, &self.keys);
        row.questions(self.chain.as_ref().unwrap(), (CHAIN_ID, RELAY))
    }

    pub fn facts<'a>(&'a self, row: Option<&'a Row>) -> Facts<'a> {
        Facts {
            obstacle: self.obstacle,
            chain_id: CHAIN_ID,
            relay: RELAY,
            chain: self.chain.as_ref(),
            row,
            jobs: &self.jobs,
            nonce_also_at: self.nonce_also_at,
            retirement_is_proven: self.retirement_is_proven,
            is_being_destroyed: self.is_being_destroyed,
            is_left: self.is_left,
            patience: Patience {
                consent: Duration::from_secs(30 * DAY),
                anchoring: Duration::from_secs(3600),
            },
            now: self.now,
        }
    }
}

/// The cells of a version by the name that a finding gives them.
pub fn cells(row: &mut SealedVersion) -> Vec<(&'static str, &mut Vec<u8>)> {
    let values = &mut row.values;
    let mut cells = vec![
        ("address", &mut values.address),
        ("age", &mut values.age),
        ("email", &mut values.email),
        ("name", &mut values.name),
        ("phone", &mut values.phone),
        ("wallet", &mut values.wallet),
        ("relation", &mut values.relation),
    ];
    cells.extend(values.anchor.as_mut().map(|cell| ("anchor", cell)));
    let order = values.wallet_order.as_mut();
    cells.extend(order.map(|cell| ("wallet_order", cell)));
    if let Some(consent) = &mut row.consent {
        cells.push(("consent_message", &mut consent.message));
        cells.push(("consent_signature", &mut consent.signature));
    }
    cells
}

/// One cell of a version.
pub fn cell<'a>(row: &'a mut SealedVersion, name: &str) -> &'a mut Vec<u8> {
    cells(row)
        .into_iter()
        .find(|(cell, _)| *cell == name)
        .unwrap()
        .1
}

/// What a finding says, in short.
pub fn said(finding: &Finding) -> (Verdict, Vec<String>) {
    (finding.verdict, finding.fields())
}

/// A verdict with the parts at fault.
pub fn is(verdict: Verdict, parts: &[&str]) -> (Verdict, Vec<String>) {
    (verdict, parts.iter().map(ToString::to_string).collect())
}
