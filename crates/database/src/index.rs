//! Blind indexes: one function per column, so that every writer and every search cleans and hashes alike.

use alloy_primitives::Address;
use keyring::{IndexKey, SealedError};
use zeroize::Zeroizing;

/// Of a wallet address in `records`.
#[must_use]
pub fn wallet(key: &IndexKey, wallet: &Address) -> [u8; 32] {
    key.blind("records.wallet", wallet.as_slice())
}

/// Of an e-mail address in `records`; upper and lower case are one address here.
#[must_use]
pub fn email(key: &IndexKey, email: &str) -> [u8; 32] {
    key.blind("records.email", folded(email).as_bytes())
}

/// Of a login in `staff`; upper and lower case are one login.
#[must_use]
pub fn login(key: &IndexKey, login: &str) -> [u8; 32] {
    key.blind("staff.login", folded(login).as_bytes())
}

fn folded(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.trim().to_lowercase())
}

/// Opened bytes as text; what we sealed as text is nothing else.
pub(crate) fn text(opened: Zeroizing<Vec<u8>>) -> Result<Zeroizing<String>, SealedError> {
    match str::from_utf8(&opened) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(SealedError::Malformed),
    }
}
