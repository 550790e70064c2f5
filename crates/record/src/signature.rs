//! The owner's signature: brought to one form before it is stored, and read back as who signed.

use std::fmt;

use alloy_primitives::{Address, B256};
use secp256k1::{
    Message,
    constants::CURVE_ORDER,
    ecdsa::{RecoverableSignature, RecoveryId},
};

/// Longest signature that a contract wallet may give: a wallet of many owners joins theirs.
pub const MAX_CONTRACT_SIGNATURE: usize = 16 * 1024;

/// Half the order of the curve: an `s` above it has a twin below that signs the same.
const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
];

/// Bytes that are not a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// 65 bytes r‖s‖v, or the 64 of EIP-2098.
    #[error("a signature is 65 bytes, or 64 in the compact form")]
    Length,
    /// v is 0, 1, 27 or 28.
    #[error("the last byte of the signature is not 0, 1, 27 or 28")]
    RecoveryByte,
    /// r or s is zero, or not below the order of the curve.
    #[error("the signature is out of range")]
    OutOfRange,
    /// No public key answers to this signature and digest.
    #[error("no wallet made this signature")]
    Unrecoverable,
    /// Longer than [`MAX_CONTRACT_SIGNATURE`].
    #[error("the contract wallet's signature is too long")]
    TooLong,
    /// The stored bytes are not what this crate stores.
    #[error("the stored signature is malformed")]
    Stored,
}

/// An ECDSA signature in its one stored form: r‖s‖v, low s, v 27 or 28.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct EcdsaSignature([u8; 65]);

/// What proves that the wallet's owner agreed. There is no unsigned kind.
#[derive(Clone, PartialEq, Eq)]
pub enum ConsentSignature {
    /// Kind 1: a key's signature.
    Ecdsa(EcdsaSignature),
    /// Kind 2: what a contract wallet accepted by ERC-1271 at a block; its owners may change later.
    Contract {
        /// The signature as given.
        bytes: Vec<u8>,
        /// The block at which the contract called it valid.
        check_block: u64,
    },
}

impl EcdsaSignature {
    /// Reads any form that wallets give (v 0, 1, 27 or 28; compact EIP-2098; high s) and brings it to the stored one.
    pub fn normalise(bytes: &[u8]) -> Result<Self, SignatureError> {
        let (mut compact, odd) = match bytes.len() {
            65 => (first_64(bytes), recovery_bit(bytes[64])?),
            // EIP-2098 keeps the recovery bit in the highest bit of s, which is free in a low s.
            64 => {
                let mut compact = first_64(bytes);
                let odd = compact[32] & 0x80 != 0;
                compact[32] &= 0x7f;
                (compact, odd)
            }
            _ => return Err(SignatureError::Length),
        };
        let (r, s) = compact.split_at(32);
        if [r, s]
            .iter()
            .any(|n| n.iter().all(|b| *b == 0) || *n >= CURVE_ORDER.as_slice())
        {
            return Err(SignatureError::OutOfRange);
        }
        let high = s > HALF_ORDER.as_slice();
        if high {
            negate_s(&mut compact);
        }
        let mut stored = [0; 65];
        stored[..64].copy_from_slice(&compact);
        stored[64] = 27 + u8::from(odd ^ high);
        Ok(Self(stored))
    }

    /// The wallet whose key made this signature over `digest`.
    pub fn recover(&self, digest: &B256) -> Result<Address, SignatureError> {
        let id = RecoveryId::from_u8_masked(self.0[64] - 27);
        let signature = RecoverableSignature::from_compact(&self.0[..64], id)
            .map_err(|_| SignatureError::OutOfRange)?;
        let key = signature
            .recover(Message::from_digest(digest.0))
            .map_err(|_| SignatureError::Unrecoverable)?;
        Ok(Address::from_raw_public_key(
            &key.serialize_uncompressed()[1..],
        ))
    }

    /// r‖s‖v.
    pub const fn as_bytes(&self) -> &[u8; 65] {
        &self.0
    }
}

impl ConsentSignature {
    /// A key's signature, brought to its stored form.
    pub fn ecdsa(bytes: &[u8]) -> Result<Self, SignatureError> {
        EcdsaSignature::normalise(bytes).map(Self::Ecdsa)
    }

    /// A contract wallet's, valid at `check_block`.
    pub fn contract(bytes: Vec<u8>, check_block: u64) -> Result<Self, SignatureError> {
        if bytes.len() > MAX_CONTRACT_SIGNATURE {
            return Err(SignatureError::TooLong);
        }
        Ok(Self::Contract { bytes, check_block })
    }

    /// 1 for ECDSA, 2 for ERC-1271.
    pub const fn kind(&self) -> u8 {
        match self {
            Self::Ecdsa(_) => 1,
            Self::Contract { .. } => 2,
        }
    }

    /// The block of the contract's answer; 0 for ECDSA.
    pub const fn check_block(&self) -> u64 {
        match self {
            Self::Ecdsa(_) => 0,
            Self::Contract { check_block, .. } => *check_block,
        }
    }

    /// The signature's bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Ecdsa(signature) => &signature.0,
            Self::Contract { bytes, .. } => bytes,
        }
    }

    /// How many, as it is hashed.
    pub(crate) fn length(&self) -> u32 {
        u32::try_from(self.bytes().len()).expect("at most MAX_CONTRACT_SIGNATURE")
    }

    /// What the sealed cell holds: `u8 kind ‖ u64 check_block ‖ signature`.
    pub fn to_stored(&self) -> Vec<u8> {
        let mut stored = vec![self.kind()];
        stored.extend(self.check_block().to_be_bytes());
        stored.extend(self.bytes());
        stored
    }

    /// Reads [`ConsentSignature::to_stored`] back; takes no other form than the one it writes.
    pub fn from_stored(stored: &[u8]) -> Result<Self, SignatureError> {
        let (head, bytes) = stored.split_at_checked(9).ok_or(SignatureError::Stored)?;
        let mut block = [0; 8];
        block.copy_from_slice(&head[1..]);
        let signature = match head[0] {
            1 => Self::ecdsa(bytes)?,
            2 => Self::contract(bytes.to_vec(), u64::from_be_bytes(block))?,
            _ => return Err(SignatureError::Stored),
        };
        if signature.to_stored() != stored {
            return Err(SignatureError::Stored);
        }
        Ok(signature)
    }
}

/// Shows kind and length: a signature ties a wallet to a person.
impl fmt::Debug for ConsentSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "ConsentSignature(kind {}, {} bytes)",
            self.kind(),
            self.bytes().len()
        )
    }
}

fn first_64(bytes: &[u8]) -> [u8; 64] {
    let mut compact = [0; 64];
    compact.copy_from_slice(&bytes[..64]);
    compact
}

fn recovery_bit(v: u8) -> Result<bool, SignatureError> {
    match v {
        0 | 27 => Ok(false),
        1 | 28 => Ok(true),
        _ => Err(SignatureError::RecoveryByte),
    }
}

/// s → order − s, the twin that signs the same with the other recovery bit.
fn negate_s(compact: &mut [u8; 64]) {
    let mut borrow = 0_u16;
    for (byte, order) in compact[32..].iter_mut().zip(CURVE_ORDER).rev() {
        let difference = 256 + u16::from(order) - u16::from(*byte) - borrow;
        borrow = u16::from(difference < 256);
        *byte = difference.to_le_bytes()[0];
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]
    use alloy_primitives::{address, hex};
    use proptest::prelude::*;
    use secp256k1::SecretKey;

    use super::*;

    // The first test account of anvil.
    const WALLET: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
    const DIGEST: B256 = B256::repeat_byte(0x42);

    fn sign(digest: &B256) -> [u8; 65] {
        let key = hex!("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
        let key = SecretKey::from_secret_bytes(key).unwrap();
        let (id, compact) =
            RecoverableSignature::sign_ecdsa_recoverable(Message::from_digest(digest.0), &key)
                .serialize_compact();
        let mut signature = [0; 65];
        signature[..64].copy_from_slice(&compact);
        signature[64] = 27 + id.to_u8();
        signature
    }

    fn high_s_twin(signature: &[u8; 65]) -> [u8; 65] {
        let mut compact = first_64(signature);
        negate_s(&mut compact);
        let mut twin = [0; 65];
        twin[..64].copy_from_slice(&compact);
        twin[64] = 27 + 28 - signature[64];
        twin
    }

    proptest! {
        #[test]
        fn every_form_comes_to_the_stored_one(digest: [u8; 32]) {
            let digest = B256::new(digest);
            let signature = sign(&digest);
            let stored = EcdsaSignature::normalise(&signature).unwrap();
            prop_assert_eq!(stored.as_bytes(), &signature);
            prop_assert_eq!(stored.recover(&digest), Ok(WALLET));
            let mut zero_based = signature;
            zero_based[64] -= 27;
            let mut compact = first_64(&signature);
            compact[32] |= (signature[64] - 27) << 7;
            let high = high_s_twin(&signature);
            prop_assert!(high[32..64] > HALF_ORDER[..]);
            for form in [&zero_based[..], &compact[..], &high[..]] {
                prop_assert!(EcdsaSignature::normalise(form).unwrap() == stored);
            }
        }

        #[test]
        fn noise_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            if let Ok(signature) = EcdsaSignature::normalise(&bytes) {
                let _ = signature.recover(&DIGEST);
            }
            let _ = ConsentSignature::from_stored(&bytes);
        }

        #[test]
        fn stored_signatures_read_back(
            bytes in proptest::collection::vec(any::<u8>(), 0..300), block: u64
        ) {
            let contract = ConsentSignature::contract(bytes, block).unwrap();
            prop_assert!(ConsentSignature::from_stored(&contract.to_stored()).unwrap() == contract);
        }
    }

    #[test]
    fn another_digest_gives_another_wallet() {
        let signature = EcdsaSignature::normalise(&sign(&DIGEST)).unwrap();
        assert_ne!(signature.recover(&B256::repeat_byte(0x43)), Ok(WALLET));
    }

    #[test]
    fn what_is_no_signature_is_refused() {
        let good = sign(&DIGEST);
        let with = |at: usize, bytes: &[u8]| {
            let mut bad = good;
            bad[at..at + bytes.len()].copy_from_slice(bytes);
            EcdsaSignature::normalise(&bad).err()
        };
        assert_eq!(
            EcdsaSignature::normalise(&good[..63]).err(),
            Some(SignatureError::Length)
        );
        assert_eq!(with(64, &[29]), Some(SignatureError::RecoveryByte));
        assert_eq!(with(0, &[0; 32]), Some(SignatureError::OutOfRange));
        assert_eq!(with(32, &[0; 32]), Some(SignatureError::OutOfRange));
        assert_eq!(with(0, &CURVE_ORDER), Some(SignatureError::OutOfRange));
        assert_eq!(with(32, &[0xff; 32]), Some(SignatureError::OutOfRange));
    }

    #[test]
    fn only_the_stored_form_is_read_back() {
        let good = ConsentSignature::ecdsa(&sign(&DIGEST)).unwrap();
        let stored = good.to_stored();
        assert!(ConsentSignature::from_stored(&stored).unwrap() == good);
        let mut block = stored.clone();
        block[8] = 1;
        let mut kind = stored.clone();
        kind[0] = 3;
        let mut high = stored.clone();
        high[9..].copy_from_slice(&high_s_twin(&sign(&DIGEST)));
        for bad in [&block[..], &kind, &high, &stored[..8], &[]] {
            assert_eq!(
                ConsentSignature::from_stored(bad).err(),
                Some(SignatureError::Stored)
            );
        }
    }

    #[test]
    fn contract_signatures_have_a_longest_length() {
        let longest = vec![0; MAX_CONTRACT_SIGNATURE];
        assert!(ConsentSignature::contract(longest.clone(), 1).is_ok());
        let longer = [longest, vec![0]].concat();
        assert_eq!(
            ConsentSignature::contract(longer, 1).err(),
            Some(SignatureError::TooLong)
        );
    }
}
