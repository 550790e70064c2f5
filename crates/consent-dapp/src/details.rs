//! The owner's details, opened by the owner's key.

use database::consent_links::ConsentLink;
use database::record_versions;
use database::sealed::PlainVersion;
use keyring::OwnerKey;
use record::Address;
use record::ids::Version;
use record::proof::{Fields, SaltedValue};
use sqlx::MySqlConnection;
use web_kit::error::Error;

/// In the order in which people read them.
const LABELS: [(&str, &str); 5] = [
    ("name", "Name"),
    ("email", "E-mail"),
    ("phone", "Phone"),
    ("age", "Age"),
    ("address", "Postal address"),
];

/// What entry-app writes where the wallet is the owner's own.
const OWN_WALLET: &str = "self";

/// What staff entered, as it stands in the sealed row right now.
pub struct Details {
    plain: PlainVersion,
    /// What the owner signed before, where this corrects it.
    before: Option<PlainVersion>,
}

/// One detail on a page.
pub struct Detail<'a> {
    /// The field's name in the message.
    pub name: &'a str,
    /// What people call it.
    pub label: &'a str,
    /// Its value.
    pub value: &'a str,
    /// The value that the owner signed before, where that is another one.
    pub before: Option<&'a str>,
}

impl Details {
    /// Reads and opens the row that this link is for.
    pub async fn load(
        link: &ConsentLink,
        key: &OwnerKey,
        connection: &mut MySqlConnection,
    ) -> Result<Self, Error> {
        let row = record_versions::load(connection, link.record_id, link.version).await?;
        let row = row.filter(|row| row.draft == link.draft);
        let row = row.ok_or_else(|| Error::internal("the draft that a link is for is gone"))?;
        let before = match link.version.previous() {
            Some(before) => record_versions::load(connection, link.record_id, before).await?,
            None => None,
        };
        Ok(Self {
            plain: row.open(key)?,
            before: before.map(|row| row.open(key)).transpose()?,
        })
    }

    /// The fields with their salts.
    pub const fn fields(&self) -> &Fields {
        &self.plain.fields
    }

    /// The registered wallet.
    pub const fn wallet(&self) -> Address {
        self.plain.wallet
    }

    /// The version they belong to.
    pub const fn version(&self) -> Version {
        self.plain.version
    }

    /// One field's value; empty where there is none.
    pub fn value(&self, name: &str) -> &str {
        self.plain.fields.get(name).map_or("", SaltedValue::value)
    }

    /// The fields as a page shows them.
    pub fn shown(&self) -> Vec<Detail<'_>> {
        let fields = self.plain.fields.iter();
        let mut details = shown(fields.map(|(name, field)| (name.as_str(), field.value())));
        for detail in &mut details {
            let before = self.before.as_ref();
            let before = before.and_then(|before| before.fields.get(detail.name));
            detail.before = before
                .map(SaltedValue::value)
                .filter(|before| *before != detail.value);
        }
        details
    }

    /// Whether they correct what the owner has signed before.
    pub const fn correct(&self) -> bool {
        self.before.is_some()
    }

    /// Who signs in the owner's place: a guardian or proxy, in the words of the desk.
    pub fn signs_for_owner(&self) -> Option<&str> {
        let relation = self.plain.relation.as_str();
        (relation != OWN_WALLET).then_some(relation)
    }
}

/// Puts fields into the order in which people read them, those without a label last.
pub fn shown<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Detail<'a>> {
    let place = |name: &str| {
        LABELS
            .iter()
            .position(|(known, _)| *known == name)
            .unwrap_or(LABELS.len())
    };
    let mut details: Vec<Detail<'a>> = fields
        .into_iter()
        .map(|(name, value)| Detail {
            name,
            label: LABELS.get(place(name)).map_or(name, |(_, label)| label),
            value,
            before: None,
        })
        .collect();
    details.sort_by_key(|detail| place(detail.name));
    details
}
