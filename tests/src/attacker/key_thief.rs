//! Somebody who has read entry-app's key files: seals and files as entry-app does.

mod filing;

use alloy::primitives::Address;
use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use anyhow::{Context, Result};
use database::evidence;
use database::sealed::SealedVersion;
use devstack::Site;
use keyring::{ApplicationKeys, OwnerKey, Place};
use record::B256;
use record::consent::{ConsentMessage, signed_fields};
use record::ids::{Uid, Version};
use record::proof::{FieldName, Fields, RecordProofInput, Salt, consent_hash};
use record::signature::ConsentSignature;
use record::time::{Clock, UnixMillis};

use self::filing::{Filed, Spot};
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

/// What is to be anchored for a row that the thief wrote.
pub struct Rewritten {
    /// The record's UID.
    pub uid: u64,
    /// The timestamp that went into the proof.
    pub timestamp: u64,
    /// The word to anchor.
    pub proof: B256,
}

/// A record as it was signed.
struct Signed {
    fields: Fields,
    wallet: Address,
    message: ConsentMessage,
    signature: ConsentSignature,
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
        let place = Place::field(sealed.values.version, sealed.values.draft, field);
        let mut rng = rand::rng();
        let salt = Salt::random(&mut rng);
        let cell = key.seal(&place, salt.as_bytes(), value.as_bytes(), &mut rng);
        let cell = format!("X'{}'", hex::encode(cell));
        act.put_cell(field, uid, &cell).await
    }

    /// Invents a whole record: sealed, signed, filed with our MAC.
    ///
    /// # Errors
    /// When the database refuses it.
    pub async fn forge(&self, act: &mut Act<'_>, forgery: &Forgery<'_>) -> Result<()> {
        let mut fields = Fields::new();
        for (name, value) in forgery.values {
            let salt = Salt::random(&mut rand::rng());
            fields.insert(FieldName::new(name)?, salt, value.to_owned())?;
        }
        let message = offer(&fields, forgery.signer.address(), now().as_seconds());
        let signed = self.sign(fields, message, forgery.signer)?;
        let key = self.file_record(act, forgery.uid, signed.wallet).await?;
        let anchored = forgery.uid.map(|uid| (uid, now().as_seconds()));
        let filed = Filed {
            version: Version::FIRST,
            anchored,
            signed: &signed,
        };
        self.file_version(act, &key, filed).await
    }

    /// Writes another name over a record, under the signature that its owner gave for the old one, as its version 2.
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
        let mut signed = open(&key, &sealed)?;
        let mut fields = Fields::new();
        for (field, salted) in signed.fields.iter() {
            let value = match field.as_str() {
                "name" => name,
                _ => salted.value(),
            };
            fields.insert(field.clone(), salted.salt().clone(), value.to_owned())?;
        }
        signed.fields = fields;
        for table in ["record_versions", "consents"] {
            let record = key.record_id();
            act.run(&format!(
                "DELETE FROM {table} WHERE record_id = X'{record}'"
            ))
            .await?;
        }
        self.write_and_prove(act, &key, Spot::new(uid, second(), timestamp), &signed)
            .await
    }

    /// Adds a version 2 with the same details, signed by a wallet of the thief's own.
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
        let fields = open(&key, &sealed)?.fields;
        let mut message = offer(&fields, signer.address(), timestamp);
        (message.uid, message.version) = (uid, second().get());
        message.previous_proof = previous_proof;
        let signed = self.sign(fields, message, signer)?;
        self.write_and_prove(act, &key, Spot::new(uid, second(), timestamp), &signed)
            .await
    }

    /// Copies a whole record, what its owner signed included, under another UID and a key of its own.
    ///
    /// # Errors
    /// When the record is not there.
    pub async fn copy_under_another_uid(
        &self,
        act: &mut Act<'_>,
        from: u64,
        uid: u64,
        timestamp: u64,
    ) -> Result<Rewritten> {
        let (key, sealed) = self.take(act, from).await?;
        let signed = open(&key, &sealed)?;
        let key = self.file_record(act, Some(uid), signed.wallet).await?;
        self.write_and_prove(
            act,
            &key,
            Spot::new(uid, Version::FIRST, timestamp),
            &signed,
        )
        .await
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

    async fn write_and_prove(
        &self,
        act: &mut Act<'_>,
        key: &OwnerKey,
        spot: Spot,
        signed: &Signed,
    ) -> Result<Rewritten> {
        let filed = Filed {
            version: spot.version,
            anchored: Some((spot.uid, spot.timestamp)),
            signed,
        };
        self.file_version(act, key, filed).await?;
        // The digest that a verifier makes anew from the row.
        let message = signed.message.rebuilt(&signed.fields, signed.wallet);
        let digest = message.digest(CHAIN_ID, self.relay);
        let input = RecordProofInput {
            chain_id: CHAIN_ID,
            relay: self.relay,
            wallet: signed.wallet,
            uid: Uid::new(spot.uid).context("a UID")?,
            version: spot.version,
            timestamp: spot.timestamp,
            consent_hash: consent_hash(&digest, &signed.signature),
            leaves: signed.fields.leaves(),
        };
        Ok(Rewritten {
            uid: spot.uid,
            timestamp: spot.timestamp,
            proof: input.record_proof(),
        })
    }

    fn sign(
        &self,
        fields: Fields,
        message: ConsentMessage,
        signer: &PrivateKeySigner,
    ) -> Result<Signed> {
        let signature = signer.sign_hash_sync(&message.digest(CHAIN_ID, self.relay))?;
        Ok(Signed {
            fields,
            wallet: signer.address(),
            message,
            signature: ConsentSignature::ecdsa(&signature.as_bytes())?,
        })
    }
}

fn open(key: &OwnerKey, sealed: &SealedVersion) -> Result<Signed> {
    let opened = sealed.open(key);
    Ok(Signed {
        fields: opened.whole_fields().context("a whole record")?,
        message: opened.whole_message().context("a consent")?.clone(),
        wallet: opened.wallet?,
        signature: opened.signature.context("a consent")??,
    })
}

/// A message as consent-dapp would offer it for a first version.
fn offer(fields: &Fields, wallet: Address, at: u64) -> ConsentMessage {
    const HOUR: u64 = 3600;
    ConsentMessage {
        controller: "Nordhaven Clinic".to_owned(),
        notice: B256::repeat_byte(7),
        purposes: Vec::new(),
        fields: signed_fields(fields),
        wallet,
        uid: 0,
        version: Version::FIRST.get(),
        previous_proof: B256::ZERO,
        issued_at: at - HOUR,
        expires_at: at + HOUR,
        nonce: random_word(),
    }
}

fn second() -> Version {
    Version::FIRST
        .next()
        .expect("there is a number after the first")
}

fn random_word() -> B256 {
    B256::from(rand::random::<[u8; 32]>())
}

fn now() -> UnixMillis {
    Clock::system().now()
}
