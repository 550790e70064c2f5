//! Who may have a record erased, and what shows it once nothing else is left (docs/ERASURE.md).
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use proptest::prelude::*;
use record::erasure::{
    Binding, Ended, ErasureEvidence, ErasureOrder, ErasureStatement, Ground, Signatory,
};
use record::ids::Uid;
use record::proof::{Salt, retirement_evidence};
use record::signature::{ConsentSignature, EcdsaSignature};
use record::{Address, B256};
use secp256k1::{Message, PublicKey, SecretKey};

const SITE: (u64, Address) = (31_337, Address::repeat_byte(0x5e));

fn key(seed: u8) -> SecretKey {
    SecretKey::from_secret_bytes([seed; 32]).unwrap()
}

fn address(key: &SecretKey) -> Address {
    let public = PublicKey::from_secret_key(key).serialize_uncompressed();
    Address::from_raw_public_key(&public[1..])
}

fn signed(statement: &ErasureStatement, key: &SecretKey) -> EcdsaSignature {
    signed_digest(statement.digest(SITE.0, SITE.1), key)
}

fn signed_digest(digest: B256, key: &SecretKey) -> EcdsaSignature {
    let digest = Message::from_digest(digest.0);
    let signature = secp256k1::ecdsa::RecoverableSignature::sign_ecdsa_recoverable(digest, key);
    let (id, compact) = signature.serialize_compact();
    let mut bytes = [0; 65];
    bytes[..64].copy_from_slice(&compact);
    bytes[64] = id.to_u8();
    EcdsaSignature::normalise(&bytes).unwrap()
}

/// A record of this owner, the word that is anchored of it, and their request.
struct World {
    uid: Uid,
    word: B256,
    binding: Binding,
    statement: ErasureStatement,
}

impl World {
    fn new(owner: &SecretKey) -> Self {
        let uid = Uid::new(7).unwrap();
        let binding = Binding {
            version: 1,
            timestamp: 1_795_262_400,
            consent_hash: B256::repeat_byte(3),
            leaves: vec![B256::repeat_byte(4), B256::repeat_byte(5)],
        };
        let word = binding.word(address(owner), uid, SITE).unwrap();
        let statement = ErasureStatement {
            controller: "Nordhaven, 1 Harbour Street".to_owned(),
            uid: uid.get(),
            record_proof: word,
            requested_at: 1_795_300_000,
        };
        Self {
            uid,
            word,
            binding,
            statement,
        }
    }

    fn evidence(&self, by: &SecretKey, signatory: Signatory) -> ErasureEvidence {
        ErasureEvidence {
            statement: self.statement.clone(),
            signature: signed(&self.statement, by),
            salt: B256::repeat_byte(9),
            signatory,
        }
    }

    fn holds(&self, evidence: &ErasureEvidence, authorities: &[Address]) -> bool {
        evidence.holds(&Ground {
            site: SITE,
            uid: self.uid,
            first: Some(self.word),
            words: &[self.word, B256::repeat_byte(8)],
            authorities,
        })
    }
}

#[test]
fn the_owner_asks_and_the_authority_orders_and_nobody_else_does() {
    let (owner, authority, thief) = (key(1), key(2), key(3));
    let world = World::new(&owner);
    let authorities = [address(&authority)];
    let as_owner = || Signatory::Owner(world.binding.clone());
    let holds = |evidence| world.holds(&evidence, &authorities);
    assert!(holds(world.evidence(&owner, as_owner())));
    assert!(holds(world.evidence(&authority, Signatory::Authority)));
    for by in [&thief, &authority] {
        assert!(!holds(world.evidence(by, as_owner())));
    }
    for by in [&thief, &owner] {
        assert!(!holds(world.evidence(by, Signatory::Authority)));
    }
    assert!(!world.holds(&world.evidence(&authority, Signatory::Authority), &[]));
}

#[test]
fn a_statement_is_about_one_record_and_a_word_of_it() {
    let owner = key(1);
    let world = World::new(&owner);
    let evidence = world.evidence(&owner, Signatory::Owner(world.binding.clone()));
    let ground = Ground {
        site: SITE,
        uid: world.uid,
        first: Some(world.word),
        words: &[world.word],
        authorities: &[],
    };
    assert!(evidence.holds(&ground));
    let other_uid = Uid::new(8).unwrap();
    for changed in [
        Ground {
            uid: other_uid,
            ..ground
        },
        Ground {
            first: None,
            ..ground
        },
        // A word of the owner's wallet that came later.
        Ground {
            first: Some(B256::repeat_byte(8)),
            ..ground
        },
        Ground {
            site: (1, SITE.1),
            ..ground
        },
        Ground {
            site: (SITE.0, Address::ZERO),
            ..ground
        },
    ] {
        assert!(!evidence.holds(&changed), "{changed:?}");
    }
}

#[test]
fn the_evidence_is_the_published_hash_and_reads_back() {
    let owner = key(1);
    let world = World::new(&owner);
    let evidence = world.evidence(&owner, Signatory::Owner(world.binding.clone()));
    let digest = world.statement.digest(SITE.0, SITE.1);
    let signature = ConsentSignature::Ecdsa(evidence.signature);
    let salt = Salt::from_bytes([9; 32]);
    let expected = retirement_evidence(&salt, &digest, &signature);
    assert_eq!(evidence.on_chain(SITE), expected);
    let read = ErasureEvidence::from_json(&evidence.to_json());
    assert_eq!(read, Some(evidence.clone()));
    let ordered = world.evidence(&owner, Signatory::Authority);
    assert_eq!(
        ErasureEvidence::from_json(&ordered.to_json()),
        Some(ordered)
    );
    assert_eq!(ErasureEvidence::from_json(b"a reason"), None);
    assert_eq!(format!("{evidence:?}"), "ErasureEvidence");
}

#[test]
fn one_order_ends_each_record_that_it_names_and_no_other() {
    let (owner, authority) = (key(1), key(2));
    let world = World::new(&owner);
    let ended = |uid, word| Ended {
        uid,
        record_proof: word,
    };
    let other = ended(9, B256::repeat_byte(6));
    let order = ErasureOrder {
        controller: world.statement.controller.clone(),
        records: vec![other.clone(), ended(world.uid.get(), world.word)],
        ordered_at: world.statement.requested_at,
    };
    let evidence = |order: &ErasureOrder, by: &SecretKey| ErasureEvidence {
        statement: world.statement.clone(),
        signature: signed_digest(order.digest(SITE.0, SITE.1), by),
        salt: B256::repeat_byte(9),
        signatory: Signatory::AuthorityOfSeveral(order.clone()),
    };
    let authorities = [address(&authority)];
    let ordered = evidence(&order, &authority);
    assert!(world.holds(&ordered, &authorities));
    assert_eq!(
        ErasureEvidence::from_json(&ordered.to_json()),
        Some(ordered.clone())
    );
    assert_ne!(
        ordered.on_chain(SITE),
        world
            .evidence(&authority, Signatory::Authority)
            .on_chain(SITE)
    );
    assert!(!world.holds(&evidence(&order, &owner), &authorities));
    let mut changed = [order.clone(), order.clone(), order.clone(), order.clone()];
    changed[0].records.truncate(1);
    changed[1].controller.push('.');
    changed[2].ordered_at += 1;
    changed[3].records[1].record_proof = B256::repeat_byte(7);
    for changed in &changed {
        assert!(!world.holds(&evidence(changed, &authority), &authorities));
        // What was signed is another one.
        let mut swapped = ordered.clone();
        swapped.signatory = Signatory::AuthorityOfSeveral(changed.clone());
        assert!(!world.holds(&swapped, &authorities));
    }
    // Without the list it is another message.
    let mut alone = ordered;
    alone.signatory = Signatory::Authority;
    assert!(!world.holds(&alone, &authorities));
}

proptest! {
    /// A thief of every key of ours, and not of the wallet, makes up what they like.
    #[test]
    fn no_binding_makes_a_word_another_wallets(
        seed in 2_u8..255, version: u32, timestamp: u64, consent_hash: [u8; 32], leaves in proptest::collection::vec(any::<[u8; 32]>(), 0..7),
    ) {
        let world = World::new(&key(1));
        let binding = Binding {
            version,
            timestamp,
            consent_hash: consent_hash.into(),
            leaves: leaves.into_iter().map(B256::new).collect(),
        };
        let thief = key(seed);
        let as_owner = |binding| world.evidence(&thief, Signatory::Owner(binding));
        prop_assert!(!world.holds(&as_owner(binding), &[]));
        prop_assert!(!world.holds(&as_owner(world.binding.clone()), &[]));
    }

    /// Whatever is changed of what was signed, the signature is not the owner's any more.
    #[test]
    fn any_change_of_the_statement_breaks_it(which in 0..3, by in 1_u64..1_000) {
        let owner = key(1);
        let world = World::new(&owner);
        let mut evidence = world.evidence(&owner, Signatory::Owner(world.binding.clone()));
        let statement = &mut evidence.statement;
        match which {
            0 => statement.controller.push('.'),
            1 => statement.uid = statement.uid.wrapping_add(by),
            _ => statement.requested_at = statement.requested_at.wrapping_add(by),
        }
        prop_assert!(!world.holds(&evidence, &[]));
    }
}
