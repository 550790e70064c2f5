//! EIP-712 as far as we need it: one domain, and structs whose members are one word each.

use std::sync::LazyLock;

use alloy_primitives::{Address, B256, U256, keccak256};
use serde_json::{Value, json};

const DOMAIN: &str =
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
const NAME: &str = "Sealwatch";
const VERSION: &str = "1";

/// Type, name and version: the same for every message.
static DOMAIN_HEAD: LazyLock<[B256; 3]> = LazyLock::new(|| [DOMAIN, NAME, VERSION].map(text));

/// The domain of one deployment.
pub(crate) fn domain((chain_id, relay): &(u64, Address)) -> B256 {
    let [kind, name, version] = *DOMAIN_HEAD;
    hash_struct([kind, name, version, number(*chain_id), relay.into_word()])
}

/// What a wallet signs of a message in a domain.
pub(crate) fn digest(domain: B256, message: B256) -> B256 {
    let mut signed = [0; 66];
    signed[..2].copy_from_slice(b"\x19\x01");
    signed[2..34].copy_from_slice(domain.as_slice());
    signed[34..].copy_from_slice(message.as_slice());
    keccak256(signed)
}

/// The type's hash first, then the members.
pub(crate) fn hash_struct<const N: usize>(words: [B256; N]) -> B256 {
    keccak256(words.map(|word| word.0).as_flattened())
}

pub(crate) fn list(words: impl Iterator<Item = B256>) -> B256 {
    let words: Vec<[u8; 32]> = words.map(|word| word.0).collect();
    keccak256(words.as_flattened())
}

pub(crate) fn text(text: &str) -> B256 {
    keccak256(text)
}

pub(crate) fn number(number: u64) -> B256 {
    U256::from(number).into()
}

/// A message as wallets take it (`eth_signTypedData_v4`): `types` are those of the message, the domain's is added.
pub(crate) fn json(
    mut types: Value,
    primary_type: &str,
    message: &impl serde::Serialize,
    (chain_id, relay): (u64, Address),
) -> Value {
    types["EIP712Domain"] = json!([
        { "name": "name", "type": "string" },
        { "name": "version", "type": "string" },
        { "name": "chainId", "type": "uint256" },
        { "name": "verifyingContract", "type": "address" },
    ]);
    json!({
        "types": types,
        "primaryType": primary_type,
        "domain": {
            "name": NAME,
            "version": VERSION,
            "chainId": chain_id,
            "verifyingContract": relay,
        },
        "message": message,
    })
}
