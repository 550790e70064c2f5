//! What binds a record to its owner's wallet on the chain, as the record's own rows tell.

use alloy_primitives::{Address, B256};
use database::records::Record;
use database::sealed::SealedVersion;
use database::{MySqlConnection, consents, owner_keys, record_versions};
use keyring::{ApplicationKeys, OwnerKey};
use record::erasure::{Binding, ErasureEvidence, ErasureStatement, Ground, Signatory};
use record::ids::{Uid, Version};
use record::proof::consent_hash;
use record::signature::EcdsaSignature;
use record::time::UnixMillis;

use crate::EnrolmentError;
use crate::wallet_change;

/// The first version, with what binds its word to its owner's wallet. It stays when its values are destroyed.
pub struct Held {
    /// The record on chain.
    pub uid: Uid,
    /// Its first word.
    pub word: B256,
    /// The wallet that signed for it; none where that is not the owner's any more, or may not be.
    pub wallet: Option<Address>,
    binding: Binding,
}

impl Held {
    /// Of an anchored record; none of another. `site` is chain and relay.
    ///
    /// # Errors
    /// When a cell does not open, or the database can't be reached.
    pub async fn load(
        connection: &mut MySqlConnection,
        keys: &ApplicationKeys,
        record: &Record,
        site: (u64, Address),
    ) -> Result<Option<Self>, EnrolmentError> {
        match Self::read(connection, keys, record, site).await {
            // Without a lock the owner's key may have been replaced between two of the reads.
            Err(error) if error.is_tampering() => Self::read(connection, keys, record, site).await,
            held => held,
        }
    }

    async fn read(
        connection: &mut MySqlConnection,
        keys: &ApplicationKeys,
        record: &Record,
        site: (u64, Address),
    ) -> Result<Option<Self>, EnrolmentError> {
        let (id, version) = (record.id, Version::FIRST);
        let Some(uid) = record.uid else {
            return Ok(None);
        };
        let values = record_versions::load(connection, id, version).await?;
        let values =
            values.ok_or_else(|| EnrolmentError::unreadable("the first version is gone"))?;
        let consent = consents::load(connection, id, version).await?;
        let wrapped = owner_keys::of_record(connection, id).await?;
        let key = wrapped.and_then(|wrapped| keys.unwrap_owner_key(&wrapped).ok());
        let sealed = SealedVersion { values, consent };
        let key = key.ok_or_else(|| EnrolmentError::unreadable("the owner's key is gone"))?;
        let held = Self::of(&sealed.open(&key), uid, version, site);
        let mut held =
            held.ok_or_else(|| EnrolmentError::unreadable("what is anchored does not open"))?;
        let newest = newest_wallet(connection, record, &key).await?;
        let is_lost = wallet_change::current(connection, keys, record).await?;
        held.wallet = held
            .wallet
            .filter(|first| *first == newest && is_lost.is_none());
        Ok(Some(held))
    }

    fn of(
        opened: &database::sealed::OpenedVersion,
        uid: Uid,
        version: Version,
        site: (u64, Address),
    ) -> Option<Self> {
        let anchor = opened.anchor.as_ref()?.as_ref().ok()?;
        let wallet = *opened.wallet.as_ref().ok()?;
        let signature = opened.signature.as_ref()?.as_ref().ok()?;
        let digest = match opened.terms() {
            Some(terms) => terms.digest,
            None => opened
                .whole_message()?
                .rebuilt(&opened.whole_fields()?, wallet)
                .digest(site.0, site.1),
        };
        let binding = Binding {
            version: version.get(),
            timestamp: anchor.timestamp,
            consent_hash: consent_hash(&digest, signature),
            leaves: anchor.leaves.clone(),
        };
        Some(Self {
            uid,
            word: binding.word(wallet, uid, site)?,
            wallet: Some(wallet),
            binding,
        })
    }

    /// What is to be signed about it.
    #[must_use]
    pub fn statement(&self, controller: &str, at: UnixMillis) -> ErasureStatement {
        ErasureStatement {
            controller: controller.to_owned(),
            uid: self.uid.get(),
            record_proof: self.word,
            requested_at: at.as_seconds(),
        }
    }

    /// A statement that its owner signed, with what shows that it was they; none where it was not, or that wallet is not theirs any more.
    #[must_use]
    pub fn signed_by_owner(
        &self,
        statement: ErasureStatement,
        signature: EcdsaSignature,
        site: (u64, Address),
    ) -> Option<ErasureEvidence> {
        let evidence = ErasureEvidence {
            statement,
            signature,
            salt: B256::new(rand::random()),
            signatory: Signatory::Owner(self.binding.clone()),
        };
        let ground = Ground {
            site,
            uid: self.uid,
            first: Some(self.word),
            words: &[],
            authorities: &[],
        };
        let is_theirs = self.wallet.is_some() && evidence.holds(&ground);
        is_theirs.then_some(evidence)
    }
}

/// The wallet that signed the newest version that is anchored.
async fn newest_wallet(
    connection: &mut MySqlConnection,
    record: &Record,
    key: &OwnerKey,
) -> Result<Address, EnrolmentError> {
    let (id, version) = (record.id, record.version);
    let values = match record.has_correction_under_way() {
        true => record_versions::newest_anchored_below(connection, id, version).await?,
        false => record_versions::load(connection, id, version).await?,
    };
    let values = values.ok_or_else(|| EnrolmentError::unreadable("the newest version is gone"))?;
    let sealed = SealedVersion {
        values,
        consent: None,
    };
    sealed.open(key).wallet.map_err(EnrolmentError::unreadable)
}
