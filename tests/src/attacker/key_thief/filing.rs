//! The rows that entry-app and consent-dapp would write, written by the thief.

use alloy::primitives::Address;
use anyhow::{Context, Result, bail};
use database::records::{Entered, NewRecord, RecordState};
use database::sealed::{Anchor, PlainVersion, SignedConsent, seal_consent};
use database::{consents, index, owner_keys, record_versions, records};
use keyring::OwnerKey;
use record::ids::{Draft, LinkId, RecordId, StaffId, SubmissionId, Uid, Version};
use record::proof::Fields;

use super::{KeyThief, Signed, now, random_word};
use crate::attacker::Act;

/// Where on the chain a version is to stand.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    pub uid: u64,
    pub version: Version,
    pub timestamp: u64,
}

impl Spot {
    pub const fn new(uid: u64, version: Version, timestamp: u64) -> Self {
        Self {
            uid,
            version,
            timestamp,
        }
    }
}

/// A version to be filed.
pub(super) struct Filed<'a> {
    pub version: Version,
    /// UID and timestamp of the anchor cell, if it is to have one.
    pub anchored: Option<(u64, u64)>,
    pub signed: &'a Signed,
}

impl KeyThief {
    /// A new row of `records` with our MAC, and a key for it.
    pub(super) async fn file_record(
        &self,
        act: &mut Act<'_>,
        uid: Option<u64>,
        wallet: Address,
    ) -> Result<OwnerKey> {
        let mut rng = rand::rng();
        let front = self.keys.front();
        let id = RecordId::random(&mut rng);
        let new = NewRecord {
            id,
            wallet_index: index::wallet(self.keys.index(), &wallet),
            email_index: index::email(self.keys.index(), "nobody@example.org"),
            submission: SubmissionId::random(&mut rng),
            created_by: StaffId::random(&mut rng),
        };
        let connection = act.connection();
        let Entered::New(mut record) = records::insert(connection, &front, &new, now()).await?
        else {
            bail!("a random submission was there before");
        };
        record.uid = uid.and_then(Uid::new);
        record.state = RecordState::Anchored;
        records::update(connection, &front, &mut record, now()).await?;
        let key = self.keys.generate_owner_key(id, &mut rng);
        let wrapped = self.keys.wrap_owner_key(&key, &mut rng);
        owner_keys::insert(connection, &wrapped).await?;
        Ok(key)
    }

    /// A version with its consent, every cell sealed for its place.
    pub(super) async fn file_version(
        &self,
        act: &mut Act<'_>,
        key: &OwnerKey,
        filed: Filed<'_>,
    ) -> Result<()> {
        let mut rng = rand::rng();
        let (version, draft, signed) = (filed.version, Draft::FIRST, filed.signed);
        let plain = PlainVersion {
            version,
            draft,
            fields: copy(&signed.fields)?,
            wallet: signed.wallet,
            relation: "self".to_owned().into(),
        };
        let values = plain.seal(key, &mut rng);
        let mut values = values.context("all five fields")?;
        if let Some((uid, timestamp)) = filed.anchored {
            let anchor = Anchor {
                uid: Uid::new(uid).context("a UID")?,
                timestamp,
                transaction: random_word(),
                block: 1,
                leaves: plain.fields.leaves().as_slice().to_vec(),
            };
            values.anchor = anchor.seal(key, version, draft, &mut rng);
        }
        record_versions::insert(act.connection(), &values).await?;
        let consent = SignedConsent {
            version,
            draft,
            link_id: LinkId::random(&mut rng),
            message: &signed.message,
            signature: &signed.signature,
        };
        let consent = seal_consent(key, &self.keys.front(), &consent, &mut rng, now());
        consents::insert(act.connection(), &consent).await?;
        Ok(())
    }
}

fn copy(fields: &Fields) -> Result<Fields> {
    let mut copied = Fields::new();
    for (name, salted) in fields.iter() {
        copied.insert(
            name.clone(),
            salted.salt().clone(),
            salted.value().to_owned(),
        )?;
    }
    Ok(copied)
}
