//! Wallet addresses.

use alloy_primitives::Address;

use super::FieldProblem;

/// A wallet address as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypedWallet {
    /// The address; shows itself with its EIP-55 checksum.
    pub address: Address,
    /// Whether it was typed in mixed case and so proved its own checksum. If not, ask to confirm its last characters.
    pub checksummed: bool,
}

/// A wallet address: mixed case must be its EIP-55 checksum, one case alone carries none.
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
    if mixed && address.to_checksum(None) != typed {
        return Err(FieldProblem::WalletChecksum);
    }
    Ok(TypedWallet {
        address,
        checksummed: mixed,
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
