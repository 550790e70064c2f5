//! A person's details, cleaned by `record::entry`, on their way into cells.

use alloy_primitives::Address;
use keyring::{ApplicationKeys, OwnerKey};
use rand::CryptoRng;
use record::ids::{Draft, Version};
use record::proof::{FieldName, ProofError};
use zeroize::Zeroizing;

use database::index;
use database::record_versions::RecordVersion;
use database::sealed::PlainVersion;

use crate::EnrolmentError;

/// What staff entered. Wiped when dropped; can't be printed.
pub struct Details {
    /// The person's name.
    pub name: Zeroizing<String>,
    /// E-mail address.
    pub email: Zeroizing<String>,
    /// Phone number, E.164.
    pub phone: Zeroizing<String>,
    /// Age in whole years.
    pub age: u8,
    /// Postal address.
    pub address: Zeroizing<String>,
    /// The wallet that signs.
    pub wallet: Address,
    /// Whose wallet it is: `self`, or a guardian's or proxy's relation in words.
    pub relation: Zeroizing<String>,
}

/// What `relation` says when the wallet is the data owner's own.
pub const OWN_WALLET: &str = "self";

impl Details {
    /// The cells of a draft, each field with a fresh salt.
    pub(crate) fn seal(
        &self,
        key: &OwnerKey,
        version: Version,
        draft: Draft,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<RecordVersion, EnrolmentError> {
        let plain = self.plain(version, draft, rng)?;
        let sealed = plain.seal(key, rng);
        Ok(sealed.expect("all fields of v1 are there"))
    }

    fn plain(
        &self,
        version: Version,
        draft: Draft,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<PlainVersion, ProofError> {
        let values = [
            ("address", self.address.clone()),
            ("age", Zeroizing::new(self.age.to_string())),
            ("email", self.email.clone()),
            ("name", self.name.clone()),
            ("phone", self.phone.clone()),
        ];
        let named = values
            .into_iter()
            .map(|(name, value)| Ok((FieldName::new(name)?, value)))
            .collect::<Result<Vec<_>, ProofError>>()?;
        PlainVersion::with_fresh_salts(
            version,
            draft,
            named,
            self.wallet,
            self.relation.clone(),
            rng,
        )
    }

    /// Whether a further version with these details, to be signed by this wallet, can follow one with those.
    pub(crate) fn can_follow(
        &self,
        anchored: &Self,
        wallet: Address,
    ) -> Result<(), EnrolmentError> {
        if self.wallet != wallet || self.relation != anchored.relation {
            return Err(EnrolmentError::OtherWallet);
        }
        match self.is_the_same_as(anchored) && wallet == anchored.wallet {
            true => Err(EnrolmentError::Unchanged),
            false => Ok(()),
        }
    }

    /// Whether every detail, wallet and relation aside, is that of the other.
    pub(crate) fn is_the_same_as(&self, other: &Self) -> bool {
        self.name == other.name
            && self.email == other.email
            && self.phone == other.phone
            && self.age == other.age
            && self.address == other.address
    }

    pub(crate) fn wallet_index(&self, keys: &ApplicationKeys) -> [u8; 32] {
        index::wallet(keys.index(), &self.wallet)
    }

    pub(crate) fn email_index(&self, keys: &ApplicationKeys) -> [u8; 32] {
        index::email(keys.index(), &self.email)
    }

    /// The values of a version in clear, to be edited.
    #[must_use]
    pub fn of(plain: &PlainVersion) -> Option<Self> {
        let text = |name| {
            plain
                .fields
                .get(name)
                .map(|field| Zeroizing::new(field.value().to_owned()))
        };
        Some(Self {
            name: text("name")?,
            email: text("email")?,
            phone: text("phone")?,
            age: text("age")?.parse().ok()?,
            address: text("address")?,
            wallet: plain.wallet,
            relation: plain.relation.clone(),
        })
    }
}
