//! Somebody with a wallet, who signs.

use alloy_primitives::keccak256;
use database::sealed::PlainVersion;
use rand::Rng as _;
use rand::rngs::StdRng;
use record::consent::{ConsentMessage, Purpose, signed_fields};
use record::signature::{ConsentSignature, EcdsaSignature};
use record::{Address, B256};
use secp256k1::{Message, PublicKey, SecretKey};

/// A person's wallet.
pub struct Owner {
    secret: SecretKey,
}

impl Owner {
    /// Somebody new.
    #[must_use]
    pub fn random(rng: &mut StdRng) -> Self {
        Self {
            secret: SecretKey::from_secret_bytes(bytes(rng)).unwrap(),
        }
    }

    /// The wallet's address.
    #[must_use]
    pub fn wallet(&self) -> Address {
        let public = PublicKey::from_secret_key(&self.secret).serialize_uncompressed();
        Address::from_slice(&keccak256(&public[1..])[12..])
    }

    /// Signs a message by its digest.
    #[must_use]
    pub fn sign(&self, digest: &B256) -> ConsentSignature {
        let signature = secp256k1::ecdsa::RecoverableSignature::sign_ecdsa_recoverable(
            Message::from_digest(digest.0),
            &self.secret,
        );
        let (recovery, bytes) = signature.serialize_compact();
        let bytes = [bytes.as_slice(), &[recovery.to_u8()]].concat();
        ConsentSignature::Ecdsa(EcdsaSignature::normalise(&bytes).unwrap())
    }
}

/// What a new owner is asked to sign at this time, in Unix seconds.
#[must_use]
pub fn message(plain: &PlainVersion, at: u64, rng: &mut StdRng) -> ConsentMessage {
    ConsentMessage {
        controller: "Nordhaven Clinic".to_owned(),
        notice: B256::repeat_byte(2),
        purposes: purposes(),
        fields: signed_fields(&plain.fields),
        wallet: plain.wallet,
        uid: 0,
        version: 1,
        previous_proof: B256::ZERO,
        issued_at: at - 60,
        expires_at: at + 86_400,
        nonce: B256::new(bytes(rng)),
    }
}

/// As many as a clinic has.
fn purposes() -> Vec<Purpose> {
    let purposes = [
        ("Your treatment", "Art. 6(1)(b) GDPR: contract", true),
        (
            "Keeping records",
            "Art. 6(1)(c) GDPR: legal obligation",
            true,
        ),
        ("Our newsletter", "Art. 6(1)(a) GDPR: consent", false),
    ];
    let of = |(name, lawful_basis, granted): (&str, &str, bool)| Purpose {
        name: name.to_owned(),
        lawful_basis: lawful_basis.to_owned(),
        granted,
    };
    purposes.map(of).into()
}

/// Random ones.
#[must_use]
pub fn bytes<const LENGTH: usize>(rng: &mut StdRng) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    rng.fill_bytes(&mut bytes);
    bytes
}
