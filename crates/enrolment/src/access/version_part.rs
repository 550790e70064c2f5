//! A version of the record as people read it, with what proves it.

use notification::moment;
use record::time::UnixMillis;

use super::disclosure::{Anchor, Chain, Consent, Version};
use super::sections::{Fact, Part};
use super::words::label;

pub(super) fn version(version: &Version, chain: &Chain) -> Part {
    let mut facts = Vec::new();
    for field in version.fields.iter().flatten() {
        facts.push(Fact::new(label(&field.name), &field.value));
    }
    if version.fields.is_none() {
        let when = version.values_destroyed_at.map(moment);
        let when = when.unwrap_or_else(|| "yes".to_owned());
        facts.push(Fact::new("Values destroyed", when));
    }
    facts.push(Fact::code("Wallet", version.wallet.to_checksum(None)));
    if let Some(order) = &version.wallet_order {
        let before = order.change.old_wallet.to_checksum(None);
        facts.push(Fact::code(
            "Wallet before, changed by order of the authority",
            before,
        ));
        facts.push(Fact::code(
            "Signature of the authority",
            &order.signature.bytes,
        ));
        facts.push(Fact::code("Digest of its order (EIP-712)", order.digest));
    }
    if version.relation != crate::OWN_WALLET {
        facts.push(Fact::new("Signs for you", &version.relation));
    }
    facts.extend(version.consent.iter().flat_map(signed));
    let anchor = version.anchor.iter();
    facts.extend(anchor.flat_map(|anchor| anchored(anchor, chain)));
    let standing = match version.is_anchored {
        true => "",
        false => ", not on the chain",
    };
    Part::of(format!("Version {}{standing}", version.version), facts)
}

fn signed(consent: &Consent) -> [Fact; 3] {
    [
        Fact::new("Signed", moment(consent.received_at)),
        Fact::code("Signature", &consent.signature.bytes),
        Fact::code("Digest (EIP-712)", consent.digest),
    ]
}

fn anchored(anchor: &Anchor, chain: &Chain) -> [Fact; 7] {
    let since = moment(UnixMillis::from_seconds(anchor.timestamp));
    [
        Fact::new("On the chain since", since),
        Fact::code("Record proof", anchor.record_proof),
        Fact::code("Transaction", anchor.transaction),
        Fact::new("Block", anchor.block.to_string()),
        Fact::new("Chain id", chain.chain_id.to_string()),
        Fact::code("Relay contract", chain.relay.to_checksum(None)),
        Fact::code("Storage contract", chain.storage_layer.to_checksum(None)),
    ]
}
