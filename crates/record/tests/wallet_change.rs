//! What an order of the authority to change a wallet is about, to the byte (docs/LOST_WALLET.md).
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use proptest::prelude::*;
use record::consent::{Standing, TermsProblem};
use record::ids::{Uid, Version};
use record::signature::ConsentSignature;
use record::wallet_change::{ChangeProblem, WalletChange, WalletOrder};
use record::{Address, B256};

const SITE: (u64, Address) = (31_337, Address::repeat_byte(0x5e));
const OLD: Address = Address::repeat_byte(1);
const NEW: Address = Address::repeat_byte(2);
const BEFORE: B256 = B256::repeat_byte(3);

fn change() -> WalletChange {
    WalletChange {
        controller: "Example Clinic, 2 High Street".to_owned(),
        old_wallet: OLD,
        new_wallet: NEW,
        uid: 7,
        version: 2,
        previous_proof: BEFORE,
        issued_at: 100,
        expires_at: 200,
        nonce: B256::repeat_byte(4),
    }
}

fn check(change: &WalletChange, timestamp: u64) -> Result<(), ChangeProblem> {
    let standing = Standing {
        uid: Uid::new(7).unwrap(),
        version: Version::new(2).unwrap(),
        previous_proofs: &[BEFORE],
    };
    change.check((OLD, NEW), &standing, timestamp)
}

#[test]
fn it_stands_for_its_own_change_of_wallet_alone() {
    assert_eq!(check(&change(), 100), Ok(()));
    assert_eq!(check(&change(), 200), Ok(()));
    let terms = |problem| Err(ChangeProblem::Terms(problem));
    for timestamp in [0, 99, 201, u64::MAX] {
        assert_eq!(check(&change(), timestamp), terms(TermsProblem::Time));
    }
    type Edit = fn(&mut WalletChange);
    let edits: [(Edit, Result<(), ChangeProblem>); 7] = [
        (|one| one.old_wallet = NEW, Err(ChangeProblem::Wallets)),
        (|one| one.new_wallet = OLD, Err(ChangeProblem::Wallets)),
        (|one| one.uid = 8, terms(TermsProblem::Uid)),
        (|one| one.uid = 0, terms(TermsProblem::Uid)),
        (|one| one.version = 3, terms(TermsProblem::Version)),
        (
            |one| one.previous_proof = B256::ZERO,
            terms(TermsProblem::PreviousProof),
        ),
        (|one| one.expires_at = 149, terms(TermsProblem::Time)),
    ];
    for (edit, problem) in edits {
        let mut edited = change();
        edit(&mut edited);
        assert_eq!(check(&edited, 150), problem);
    }
}

#[test]
fn every_member_is_signed() {
    type Edit = fn(&mut WalletChange);
    let edits: [Edit; 9] = [
        |one| one.controller.push('.'),
        |one| one.old_wallet = NEW,
        |one| one.new_wallet = OLD,
        |one| one.uid += 1,
        |one| one.version += 1,
        |one| one.previous_proof = B256::ZERO,
        |one| one.issued_at += 1,
        |one| one.expires_at += 1,
        |one| one.nonce = B256::ZERO,
    ];
    let mut digests = vec![change().digest(SITE)];
    for edit in edits {
        let mut edited = change();
        edit(&mut edited);
        digests.push(edited.digest(SITE));
    }
    digests.push(change().digest((1, SITE.1)));
    digests.push(change().digest((SITE.0, Address::ZERO)));
    let all = digests.len();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), all);
}

proptest! {
    #[test]
    fn an_order_reads_back_as_it_was_written(bytes in prop::collection::vec(any::<u8>(), 0..200), block: u64) {
        let order = WalletOrder {
            change: change(),
            signature: ConsentSignature::contract(bytes, block).unwrap(),
        };
        prop_assert_eq!(WalletOrder::from_json(&order.to_json()), Some(order.clone()));
        prop_assert_eq!(WalletChange::from_json(&change().to_json()), Some(change()));
        // Neither is taken for the other.
        prop_assert_eq!(WalletChange::from_json(&order.to_json()), None);
        prop_assert_eq!(WalletOrder::from_json(&change().to_json()), None);
        // Nothing of it is said where it might be logged.
        let said = format!("{order:?}");
        prop_assert_eq!(said, "WalletOrder(WalletChange(7, 2))");
    }
}
