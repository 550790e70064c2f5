//! Wallet addresses.

use alloy_primitives::Address;

use super::FieldProblem;

/// A wallet address as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypedWallet {
    /// The address; shows itself with its EIP-55 checksum.
    pub address: Address,
    /// Whether it proved its own checksum, as it was typed. If not, ask to confirm its last characters.
    pub checksummed: bool,
}

/// A wallet address: mixed case must be its EIP-55 checksum. One case alone carries none, but for the few addresses whose
/// checksum it is: a mistyped one would fit it as seldom as any other.
pub fn clean_wallet(typed: &str) -> Result<TypedWallet, FieldProblem> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Err(FieldProblem::Missing);
    }
    let digits = typed.strip_prefix("0x").ok_or(FieldProblem::WalletForm)?;
    let mut bytes = [0; 20];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| FieldProblem::WalletForm)?;
    let address = Address::new(bytes);
    if address.is_zero() {
        return Err(FieldProblem::WalletZero);
    }
    let has = |case: fn(&u8) -> bool| digits.bytes().any(|b| case(&b));
    let mixed = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
    let checksummed = address.to_checksum(None) == typed;
    if mixed && !checksummed {
        return Err(FieldProblem::WalletChecksum);
    }
    Ok(TypedWallet {
        address,
        checksummed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // From EIP-55 itself.
    const ADDRESSES: [&str; 4] = [
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ];

    #[test]
    fn checksums_are_checked_and_told_apart_from_none() {
        for address in ADDRESSES {
            let typed = clean_wallet(&format!(" {address}\n"));
            assert_eq!(
                typed.map(|w| (w.address.to_string(), w.checksummed)),
                Ok((address.into(), true))
            );
            for plain in [
                address.to_lowercase(),
                format!("0x{}", address[2..].to_uppercase()),
            ] {
                let typed = clean_wallet(&plain);
                assert_eq!(
                    typed.map(|w| (w.address.to_string(), w.checksummed)),
                    Ok((address.into(), false))
                );
            }
        }
    }

    /// Also from EIP-55: about one address in two thousand is such a one.
    #[test]
    fn a_checksum_can_be_in_one_case() {
        for address in [
            "0x52908400098527886E0F7030069857D2E4169EE7",
            "0xde709f2102306220921060314715629080e2fb77",
        ] {
            let typed = clean_wallet(address);
            assert_eq!(typed.map(|w| w.checksummed), Ok(true), "{address}");
        }
        let lower = clean_wallet("0x52908400098527886e0f7030069857d2e4169ee7");
        assert_eq!(lower.map(|w| w.checksummed), Ok(false));
    }

    #[test]
    fn one_wrong_letter_is_noticed() {
        let wrong = ADDRESSES[0].replacen("5aA", "5aa", 1);
        assert_eq!(clean_wallet(&wrong), Err(FieldProblem::WalletChecksum));
    }

    #[test]
    fn what_is_no_wallet_is_refused() {
        assert_eq!(clean_wallet(" "), Err(FieldProblem::Missing));
        assert_eq!(
            clean_wallet(&format!("0x{}", "0".repeat(40))),
            Err(FieldProblem::WalletZero)
        );
        for bad in [
            &ADDRESSES[0][2..],
            &ADDRESSES[0][..41],
            "0x",
            "vitalik.eth",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAedff",
            "0xg",
        ] {
            assert_eq!(clean_wallet(bad), Err(FieldProblem::WalletForm), "{bad}");
        }
    }
}
