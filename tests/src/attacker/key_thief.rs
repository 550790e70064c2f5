//! Somebody who has read entry-app's key files: seals as entry-app seals.

use alloy::primitives::Address;
use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use anyhow::{Context, Result};
use database::records::{Entered, NewRecord, RecordState};
use database::sealed::{Anchor, PlainVersion, SealedVersion, SignedConsent, seal_consent};
use database::{consents, evidence, index, owner_keys, record_versions, records};
use devstack::Site;
use keyring::{ApplicationKeys, OwnerKey, Place};
use record::B256;
use record::consent::{ConsentMessage, signed_fields};
use record::ids::{Draft, LinkId, RecordId, StaffId, SubmissionId, Uid, Version};
use record::proof::{FieldName, Fields, RecordProofInput, Salt, consent_hash};
use record::signature::ConsentSignature;
use record::time::UnixMillis;

use super::insider::Act;
use crate::steps::{CHAIN_ID, application_keys};

/// Holds the master key and the application keys.
pub struct KeyThief {
    keys: ApplicationKeys,
    relay: Address,
}

/// A record that its owner never saw.
pub struct Forgery<'a> {
    /// The UID that it claims; none to look like one that waits.
    pub uid: Option<u64>,
    /// The values, by the names of the fields.
    pub values: [(&'a str, &'a str); 5],
    /// A key of the forger's own, which signs for the invented owner.
    pub signer: &'a PrivateKeySigner,
}

/// What a version says once the thief has rewritten it, and the proof to anchor for it.
pub struct Rewritten {
    /// The record's UID.
    pub uid: u64,
    /// The timestamp that went into the proof.
    pub timestamp: u64,
    /// The word to anchor.
    pub proof: B256,
}

impl KeyThief {
    /// Reads the key files.
    ///
    /// # Errors
    /// When they are not there.
    pub fn at(site: &Site) -> Result<Self> {
        let deployment = chain::Deployment::load(&site.chain.deployment_file())?;
        Ok(Self {
            keys: application_keys(site)?,
            relay: deployment.relay,
        })
    }

    /// Puts another value into a field of a record's first version, sealed as it should be.
    ///
    /// # Errors
    /// When the record is not there.
    pub async fn write_field(
        &self,
        act: &mut Act<'_>,
        uid: u64,
        field: &str,
        value: &str,
    ) -> Result<()> {
        let (key, sealed) = self.take(act, uid).await?;
        let name = FieldName::new(field)?;
        let place = Place::field(sealed.values.version, sealed.values.draft, name.as_str());
        let mut rng = rand::rng();
        let salt = Salt::random(&mut rng);
        let cell = key.seal(&place, salt.as_bytes(), value.as_bytes(), &mut rng);
        act.run(&format!(
            "UPDATE record_versions SET {field} = X'{}' WHERE record_id = X'{}' AND version = {}",
            hex::encode(cell),
            sealed.values.record_id,
            sealed.values.version,
        ))
        .await
    }

    /// Invents a whole record: sealed, signed, filed with our MAC.
    ///
    /// # Errors
    /// When the database refuses it.
    pub async fn forge(&self, act: &mut Act<'_>, forgery: &Forgery<'_>) -> Result<RecordId> {
        let mut rng = rand::rng();
        let (now, front) = (now(), self.keys.front());
        let id = RecordId::random(&mut rng);
        let key = self.keys.generate_owner_key(id, &mut rng);
        let wallet = forgery.signer.address();
        let fields = fields(forgery.values)?;
        let message = self.message(&fields, wallet, now);
        let signature = self.sign(&message, forgery.signer)?;
        let plain = plain(Version::FIRST, fields, wallet);
        let mut values = plain.seal(&key, &mut rng, now).context("all five fields")?;
        if let Some(uid) = forgery.uid {
            let anchor = invented_anchor(uid, now, &plain.fields)?;
            values.anchor = anchor.seal(&key, Version::FIRST, Draft::FIRST, &mut rng);
        }
        let new = NewRecord {
            id,
            wallet_index: index::wallet(self.keys.index(), &wallet),
            email_index: index::email(self.keys.index(), "nobody@example.org"),
            submission: SubmissionId::random(&mut rng),
            created_by: StaffId::random(&mut rng),
        };
        let connection = act.connection();
        let Entered::New(mut record) = records::insert(connection, &front, &new, now).await? else {
            anyhow::bail!("a random submission was there before");
        };
        record.uid = forgery.uid.and_then(Uid::new);
        record.state = RecordState::Anchored;
        records::update(connection, &front, &mut record, now).await?;
        owner_keys::insert(connection, &self.keys.wrap_owner_key(&key, &mut rng), now).await?;
        record_versions::insert(connection, &values).await?;
        let signed = SignedConsent {
            version: Version::FIRST,
            draft: Draft::FIRST,
            link_id: LinkId::random(&mut rng),
            message: &message,
            signature: &signature,
        };
        let consent = seal_consent(&key, &front, &signed, &mut rng, now);
        consents::insert(connection, &consent).await?;
        Ok(id)
    }

    /// Writes new details over a record, under the signature that its owner gave for the old ones, as its version 2.
    ///
    /// # Errors
    /// When the record is not there.
    pub async fn rewrite_under_old_signature(
        &self,
        act: &mut Act<'_>,
        uid: u64,
        name: &str,
        timestamp: u64,
    ) -> Result<Rewritten> {
        let (key, sealed) = self.take(act, uid).await?;
        let opened = sealed.open(&key);
        let mut fields = Fields::new();
        for (field, salted) in opened.whole_fields().context("a whole record")?.iter() {
            let value = if field.as_str() == "name" {
                name
            } else {
                salted.value()
            };
            fields.insert(field.clone(), salted.salt().clone(), value.to_owned())?;
        }
        let wallet = opened.wallet?;
        let message = opened.message.context("a consent")??;
        let signature = opened.signature.context("a consent")??;
        // The thief makes the digest that a verifier would make anew from the row.
        let digest = message
            .rebuilt(&fields, wallet)
            .digest(CHAIN_ID, self.relay);
        let second = second();
        let proof = self.proof(
            uid,
            &fields,
            wallet,
            timestamp,
            consent_hash(&digest, &signature),
        )?;
        act.run(&format!(
            "DELETE FROM record_versions WHERE record_id = X'{}'",
            key.record_id()
        ))
        .await?;
        act.run(&format!(
            "DELETE FROM consents WHERE record_id = X'{}'",
            key.record_id()
        ))
        .await?;
        let whole = Whole {
            uid,
            timestamp,
            second,
            fields,
            wallet,
            message: &message,
            signature: &signature,
        };
        self.write_second(act, &key, whole).await?;
        Ok(Rewritten {
            uid,
            timestamp,
            proof,
        })
    }

    /// Adds a version 2 with details of the thief's choice, signed by a wallet of the thief's own.
    ///
    /// # Errors
    /// When the record is not there.
    pub async fn add_under_own_wallet(
        &self,
        act: &mut Act<'_>,
        uid: u64,
        signer: &PrivateKeySigner,
        previous_proof: B256,
        timestamp: u64,
    ) -> Result<Rewritten> {
        let (key, sealed) = self.take(act, uid).await?;
        let fields = sealed.open(&key).whole_fields().context("a whole record")?;
        let wallet = signer.address();
        let mut message = self.message(&fields, wallet, UnixMillis::from_seconds(timestamp));
        message.uid = uid;
        message.version = 2;
        message.previous_proof = previous_proof;
        let signature = self.sign(&message, signer)?;
        let digest = message.digest(CHAIN_ID, self.relay);
        let second = second();
        let proof = self.proof(
            uid,
            &fields,
            wallet,
            timestamp,
            consent_hash(&digest, &signature),
        )?;
        let whole = Whole {
            uid,
            timestamp,
            second,
            fields,
            wallet,
            message: &message,
            signature: &signature,
        };
        self.write_second(act, &key, whole).await?;
        Ok(Rewritten {
            uid,
            timestamp,
            proof,
        })
    }

    /// The record's owner key, and its first version.
    async fn take(&self, act: &mut Act<'_>, uid: u64) -> Result<(OwnerKey, SealedVersion)> {
        let uid = Uid::new(uid).context("a UID")?;
        let row = evidence::by_uid(act.connection(), uid).await?;
        let row = row.context("the record")?;
        let key = row.owner_key.as_ref().context("the owner's key")?;
        let key = self.keys.unwrap_owner_key(key)?;
        let sealed = row.versions.into_iter().next().context("a version")?;
        Ok((key, sealed))
    }

    async fn write_second(
        &self,
        act: &mut Act<'_>,
        key: &OwnerKey,
        whole: Whole<'_>,
    ) -> Result<()> {
        let mut rng = rand::rng();
        let (version, draft) = (whole.second, Draft::FIRST);
        let leaves = whole.fields.leaves().as_slice().to_vec();
        let plain = plain(version, whole.fields, whole.wallet);
        let mut values = plain
            .seal(key, &mut rng, now())
            .context("all five fields")?;
        let anchor = Anchor {
            uid: Uid::new(whole.uid).context("a UID")?,
            timestamp: whole.timestamp,
            transaction: random_word(),
            block: 1,
            leaves,
        };
        values.anchor = anchor.seal(key, version, draft, &mut rng);
        record_versions::insert(act.connection(), &values).await?;
        let signed = SignedConsent {
            version,
            draft,
            link_id: LinkId::random(&mut rng),
            message: whole.message,
            signature: whole.signature,
        };
        let consent = seal_consent(key, &self.keys.front(), &signed, &mut rng, now());
        consents::insert(act.connection(), &consent).await?;
        Ok(())
    }

    fn proof(
        &self,
        uid: u64,
        fields: &Fields,
        wallet: Address,
        timestamp: u64,
        consent_hash: B256,
    ) -> Result<B256> {
        let input = RecordProofInput {
            chain_id: CHAIN_ID,
            relay: self.relay,
            wallet,
            uid: Uid::new(uid).context("a UID")?,
            version: second(),
            timestamp,
            consent_hash,
            leaves: fields.leaves(),
        };
        Ok(input.record_proof())
    }

    fn message(&self, fields: &Fields, wallet: Address, now: UnixMillis) -> ConsentMessage {
        const HOUR: u64 = 3600;
        ConsentMessage {
            controller: "Nordhaven Clinic".to_owned(),
            notice: B256::repeat_byte(7),
            purposes: Vec::new(),
            fields: signed_fields(fields),
            wallet,
            uid: 0,
            version: 1,
            previous_proof: B256::ZERO,
            issued_at: now.as_seconds() - HOUR,
            expires_at: now.as_seconds() + HOUR,
            nonce: random_word(),
        }
    }

    fn sign(
        &self,
        message: &ConsentMessage,
        signer: &PrivateKeySigner,
    ) -> Result<ConsentSignature> {
        let digest = message.digest(CHAIN_ID, self.relay);
        let signature = signer.sign_hash_sync(&digest)?;
        Ok(ConsentSignature::ecdsa(&signature.as_bytes())?)
    }
}

/// A second version, before it is sealed.
struct Whole<'a> {
    uid: u64,
    timestamp: u64,
    second: Version,
    fields: Fields,
    wallet: Address,
    message: &'a ConsentMessage,
    signature: &'a ConsentSignature,
}

fn plain(version: Version, fields: Fields, wallet: Address) -> PlainVersion {
    PlainVersion {
        version,
        draft: Draft::FIRST,
        fields,
        wallet,
        relation: "self".to_owned().into(),
    }
}

fn fields(values: [(&str, &str); 5]) -> Result<Fields> {
    let mut fields = Fields::new();
    for (name, value) in values {
        fields.insert(
            FieldName::new(name)?,
            Salt::random(&mut rand::rng()),
            value.to_owned(),
        )?;
    }
    Ok(fields)
}

fn invented_anchor(uid: u64, now: UnixMillis, fields: &Fields) -> Result<Anchor> {
    Ok(Anchor {
        uid: Uid::new(uid).context("a UID")?,
        timestamp: now.as_seconds(),
        transaction: random_word(),
        block: 1,
        leaves: fields.leaves().as_slice().to_vec(),
    })
}

fn random_word() -> B256 {
    B256::from(rand::random::<[u8; 32]>())
}

fn second() -> Version {
    Version::FIRST
        .next()
        .expect("there is a number after the first")
}

fn now() -> UnixMillis {
    record::time::Clock::system().now()
}
