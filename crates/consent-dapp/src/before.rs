//! What the owner signed before, where a link corrects it.

use database::consent_links::ConsentLink;
use database::sealed::{PlainVersion, open_cell};
use database::{consents, record_versions};
use enrolment::restriction::Limits;
use enrolment::withdrawal::TakenBack;
use keyring::{CellKind, OwnerKey};
use record::Address;
use record::consent::{Choice, ConsentMessage, Purpose};
use record::ids::RecordId;
use record::proof::SaltedValue;
use record::wallet_change::WalletOrder;
use sqlx::MySqlConnection;
use web_kit::error::Error;

use crate::app::App;
use crate::offer::OfferedPurpose;
use crate::tampering::{tampered, told, told_of_steps};

/// The values of the newest anchored version below that of the link.
pub struct Before {
    record: RecordId,
    plain: PlainVersion,
}

/// What the owner answered to it, and took back since.
pub struct AnswerBefore {
    purposes: Vec<Purpose>,
    taken: TakenBack,
    /// What the record may be used for meanwhile.
    pub limits: Limits,
}

impl Before {
    /// Of a link that corrects: one without such a version, or with one that can't be read, is not ours.
    pub async fn load(
        link: &ConsentLink,
        key: &OwnerKey,
        connection: &mut MySqlConnection,
    ) -> Result<Self, Error> {
        let (record, version) = (link.record_id, link.version);
        let row = record_versions::newest_anchored_below(connection, record, version).await?;
        let row = row.ok_or_else(|| tampered("what a correction corrects is gone"))?;
        let anchor = row.anchor.as_deref().unwrap_or_default();
        // Whoever only writes rows can't make another one pass for anchored.
        open_cell(key, row.version, row.draft, CellKind::Anchor, anchor).map_err(|cause| {
            tampered(format!(
                "what a correction corrects is not anchored: {cause}"
            ))
        })?;
        let plain = row.open(key).map_err(|cause| {
            tampered(format!("what a correction corrects does not open: {cause}"))
        })?;
        Ok(Self { record, plain })
    }

    /// Wallet and relation are beyond correction: others would let somebody else sign. Another wallet stands beside an order of the
    /// authority, whose signature is checked before anything is anchored.
    pub fn is_signed_by_the_same(
        &self,
        corrected: &PlainVersion,
        order: Option<&WalletOrder>,
    ) -> bool {
        let is_ordered = |order: &WalletOrder| {
            let change = &order.change;
            (change.old_wallet, change.new_wallet) == (self.plain.wallet, corrected.wallet)
                && change.version == corrected.version.get()
        };
        let wallet_fits = match order {
            None => self.plain.wallet == corrected.wallet,
            Some(order) => is_ordered(order),
        };
        wallet_fits && self.plain.relation == corrected.relation
    }

    /// The wallet that signed it.
    pub const fn wallet(&self) -> Address {
        self.plain.wallet
    }

    /// One field's value.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.plain.fields.get(name).map(SaltedValue::value)
    }

    /// What the owner answered then.
    pub async fn answer(
        &self,
        app: &App,
        key: &OwnerKey,
        connection: &mut MySqlConnection,
    ) -> Result<AnswerBefore, Error> {
        let front = &app.front;
        let (version, draft) = (self.plain.version, self.plain.draft);
        let consent = consents::load(connection, self.record, version).await?;
        let consent = consent.filter(|consent| consent.draft == draft);
        let consent =
            consent.ok_or_else(|| tampered("the consent to an anchored version is gone"))?;
        let kind = CellKind::ConsentMessage;
        let message = open_cell(key, version, draft, kind, &consent.message).map_err(|cause| {
            tampered(format!(
                "the consent to an anchored version does not open: {cause}"
            ))
        })?;
        let taken = TakenBack::load(connection, front, self.record, draft).await?;
        told(&taken);
        let purposes = ConsentMessage::from_json(&message.value)?.purposes;
        let (basis, signed) = (
            |one: &_| app.profile.basis(one),
            (purposes.as_slice(), draft),
        );
        let limits = Limits::of_signed(connection, front, self.record, signed, &basis).await?;
        told_of_steps(&limits);
        Ok(AnswerBefore {
            purposes,
            taken,
            limits,
        })
    }
}

impl AnswerBefore {
    /// In words, to be read beside the choice. It is the same one where name and lawful basis are the same.
    pub fn word(&self, choice: &OfferedPurpose) -> &'static str {
        let asked = self.purposes.iter().find(|purpose| {
            purpose.name == choice.name && purpose.lawful_basis == choice.lawful_basis
        });
        let is_taken_back = |purpose| self.taken.since(&Choice::from(purpose)).is_some();
        match asked {
            Some(purpose) if purpose.granted && is_taken_back(purpose) => "taken back",
            Some(purpose) if purpose.granted => "allowed",
            Some(_) => "not allowed",
            None => "not asked",
        }
    }
}
