//! The owner's details, opened by the owner's key.

use database::consent_links::ConsentLink;
use database::record_versions;
use database::sealed::PlainVersion;
use keyring::OwnerKey;
use record::Address;
use record::ids::Version;
use record::proof::{Fields, SaltedValue};
use sqlx::MySqlConnection;

use crate::app::App;
use crate::before::Before;
use crate::refusal::Refusal;
use crate::standing::passed_over;
use crate::tampering::tampered;

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
    /// What the owner signed before: there where the link corrects it, and nowhere else.
    before: Option<Before>,
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
    /// Reads and opens the row that this link is for, and where it is a correction, what that corrects.
    pub async fn load(
        app: &App,
        link: &ConsentLink,
        key: &OwnerKey,
        connection: &mut MySqlConnection,
    ) -> Result<Self, Refusal> {
        let row = record_versions::load(connection, link.record_id, link.version).await?;
        let Some(row) = row.filter(|row| row.draft == link.draft) else {
            return Err(without_a_row(app, link, connection).await?);
        };
        let plain = row
            .open(key)
            .map_err(|cause| tampered(format!("the draft of a link does not open: {cause}")))?;
        let order = row.open_wallet_order(key).transpose();
        let order = order.map_err(|cause| {
            tampered(format!("the order beside a draft does not open: {cause}"))
        })?;
        let before = match link.corrects() {
            true => Some(Before::load(link, key, connection).await?),
            false => None,
        };
        if before
            .as_ref()
            .is_some_and(|before| !before.is_signed_by_the_same(&plain, order.as_ref()))
        {
            return Err(tampered("a correction names another wallet or relation").into());
        }
        Ok(Self { plain, before })
    }

    /// The fields with their salts.
    pub const fn fields(&self) -> &Fields {
        &self.plain.fields
    }

    /// The registered wallet.
    pub const fn wallet(&self) -> Address {
        self.plain.wallet
    }

    /// The wallet that signed before, where that was another one.
    pub fn wallet_before(&self) -> Option<Address> {
        let before = self.before.as_ref().map(Before::wallet);
        before.filter(|before| *before != self.wallet())
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
            let before = before.and_then(|before| before.value(detail.name));
            detail.before = before.filter(|before| *before != detail.value);
        }
        details
    }

    /// What the owner signed before, where these correct it.
    pub const fn before(&self) -> Option<&Before> {
        self.before.as_ref()
    }

    /// Who signs in the owner's place: a guardian or proxy, in the words of the desk.
    pub fn signs_for_owner(&self) -> Option<&str> {
        let relation = self.plain.relation.as_str();
        (relation != OWN_WALLET).then_some(relation)
    }
}

/// Why the row of a link's draft is gone: the draft was given up or replaced, or somebody took the row alone.
async fn without_a_row(
    app: &App,
    link: &ConsentLink,
    connection: &mut MySqlConnection,
) -> Result<Refusal, Refusal> {
    Ok(match passed_over(link, &app.front, connection).await? {
        Some(closed) => closed.into(),
        None => tampered("the draft that a link is for is gone").into(),
    })
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
