//! What was read of a row: every cell opened at its place, or why it did not open.

use std::collections::BTreeMap;

use chain::WalletAnswer;
use database::{
    consents,
    evidence::Evidence,
    records::RecordState,
    sealed::{Anchor, Cell, OpenedVersion, SealedVersion},
};
use keyring::{ApplicationKeys, OwnerKey, UnwrapError};
use record::{
    Address,
    ids::{Draft, RecordId, Uid, Version},
    proof::Leaves,
    time::UnixMillis,
    wallet_change::WalletOrder,
};

use super::Part;

/// A row with its versions, opened.
pub struct Row {
    /// Its id.
    pub record_id: RecordId,
    /// The UID it claims.
    pub claimed_uid: Option<u64>,
    /// When it says it was entered.
    pub entered_at: UnixMillis,
    /// What its head says of it.
    pub head: HeadState,
    /// What became of its owner key.
    pub owner_key: KeyState,
    /// Its versions.
    pub versions: BTreeMap<Version, VersionRow>,
    /// Whether there are versions with a number that there is not.
    pub has_stray_versions: bool,
}

/// The row of `records` itself: what stands there for no proof to cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadState {
    /// Its MAC holds, and it says this.
    Ours {
        /// The newest version.
        version: Version,
        /// The newest draft of that version.
        draft: Draft,
        /// Where the record is on its way. Never makes a verdict better.
        state: RecordState,
    },
    /// Its MAC does not hold, or a column can't be read.
    NotOurs,
}

/// What became of an owner key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It unwraps.
    Opens,
    /// There is none.
    Absent,
    /// It is the key of another record.
    OfAnotherRecord,
    /// It was altered.
    Broken,
}

/// One version of a row.
pub struct VersionRow {
    /// Its number.
    pub version: Version,
    /// The draft it claims to be.
    pub draft: Draft,
    /// What each cell gave; nothing without an owner key.
    pub opened: Option<OpenedVersion>,
    /// The leaves of its fields, where every one opened: made once for all that is compared with them. Where the values were
    /// destroyed, the leaves that stayed.
    pub(super) leaves: Option<Leaves>,
    /// Whether the consent is filed under the nonce that its message carries.
    pub nonce_fits: bool,
    /// Whether the consent's row is as consent-dapp wrote it: when it came, by which link, to which draft.
    pub receipt_fits: bool,
    /// What the contract at the wallet's address answers at the check block; only asked for kind 2.
    pub contract_answer: Option<WalletAnswer>,
    /// What the chain tells of who could order its change of wallet; only asked for where there is an order.
    pub order_answer: Option<OrderAnswer>,
}

/// What the chain tells of an order to change a wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderAnswer {
    /// Whose order counts for the block that anchored the version.
    Told {
        /// Who was the authority.
        authorities: Vec<Address>,
        /// What its contract answers about the signature; only asked for kind 2.
        contract: Option<WalletAnswer>,
    },
    /// The node can't tell: it keeps neither state nor events of that block.
    NotTold,
}

impl OrderAnswer {
    pub(super) fn is_told(&self) -> bool {
        match self {
            Self::Told { contract, .. } => *contract != Some(WalletAnswer::NotTold),
            Self::NotTold => false,
        }
    }
}

impl Row {
    /// Opens what the tables hold. Wants the right keys: check the key-check cells first.
    #[must_use]
    pub fn open(evidence: &Evidence, keys: &ApplicationKeys) -> Self {
        let record_id = evidence.record_id;
        let (owner_key, key) = match evidence
            .owner_key
            .as_ref()
            .map(|k| keys.unwrap_owner_key(k))
        {
            None => (KeyState::Absent, None),
            Some(Ok(key)) if key.record_id() == record_id => (KeyState::Opens, Some(key)),
            Some(Ok(_)) => (KeyState::OfAnotherRecord, None),
            Some(Err(UnwrapError::Elsewhere {
                record_id: other, ..
            })) if other != record_id => (KeyState::OfAnotherRecord, None),
            Some(Err(_)) => (KeyState::Broken, None),
        };
        let opened = |sealed| VersionRow::open(sealed, key.as_ref(), keys);
        Self {
            record_id,
            claimed_uid: evidence.claimed_uid,
            entered_at: evidence.entered_at,
            head: HeadState::of(evidence, keys),
            owner_key,
            versions: evidence
                .versions
                .iter()
                .map(opened)
                .map(|v| (v.version, v))
                .collect(),
            has_stray_versions: evidence.stray_versions > 0,
        }
    }

    /// The UID that the newest anchor cell names: sealed by us, whatever the row claims.
    #[must_use]
    pub fn anchored_uid(&self) -> Option<Uid> {
        let anchors = self.versions.values().rev().filter_map(VersionRow::anchor);
        anchors.map(|anchor| anchor.uid).next()
    }

    /// Whether the head carries our MAC.
    pub(super) fn head_is_ours(&self) -> bool {
        self.head != HeadState::NotOurs
    }

    /// Whether the head names the newest version that there is, and its draft.
    pub(super) fn head_names_newest(&self) -> bool {
        let newest = self.versions.values().next_back();
        match (self.head, newest) {
            (HeadState::Ours { version, draft, .. }, Some(newest)) => {
                (version, draft) == (newest.version, newest.draft)
            }
            _ => false,
        }
    }

    /// Whether nothing personal is left of it: no version and no key.
    pub(super) fn holds_nothing(&self) -> bool {
        self.versions.is_empty() && !self.has_stray_versions && self.owner_key == KeyState::Absent
    }
}

impl HeadState {
    fn of(evidence: &Evidence, keys: &ApplicationKeys) -> Self {
        match evidence.own_head(&keys.front()) {
            Some(head) => Self::Ours {
                version: head.version,
                draft: head.draft,
                state: head.state,
            },
            None => Self::NotOurs,
        }
    }
}

impl VersionRow {
    fn open(sealed: &SealedVersion, key: Option<&OwnerKey>, keys: &ApplicationKeys) -> Self {
        let opened = key.map(|key| sealed.open(key));
        let message = opened.as_ref().and_then(OpenedVersion::whole_message);
        let front = keys.front();
        let receipt_fits = sealed
            .consent
            .as_ref()
            .is_none_or(|consent| consent.is_ours(&front));
        let nonce_fits = match (message, &sealed.consent) {
            (Some(message), Some(consent)) => {
                consents::nonce_index(&front, &message.nonce) == consent.nonce_index
            }
            // Without a message there is nothing to compare; that it is gone is told elsewhere. Of one whose values were
            // destroyed the receipt's MAC covers the index.
            _ => true,
        };
        let leaves = opened.as_ref().and_then(leaves);
        Self {
            version: sealed.values.version,
            draft: sealed.values.draft,
            opened,
            leaves,
            nonce_fits,
            receipt_fits,
            contract_answer: None,
            order_answer: None,
        }
    }

    /// What of a consent's row is wrong though its cells open.
    pub(super) fn unfit_index_or_receipt(&self) -> Option<Part> {
        match (self.nonce_fits, self.receipt_fits) {
            (false, _) => Some(Part::NonceIndex),
            (true, false) => Some(Part::ConsentReceipt),
            (true, true) => None,
        }
    }

    /// Whether its values were destroyed.
    #[must_use]
    pub fn is_redacted(&self) -> bool {
        self.opened
            .as_ref()
            .is_some_and(|opened| opened.is_redacted)
    }

    /// The anchor cell's content, when it opened.
    pub(super) fn anchor(&self) -> Option<&Anchor> {
        self.opened.as_ref()?.anchor.as_ref()?.as_ref().ok()
    }

    /// The order to change the wallet, when there is a cell.
    pub(super) fn wallet_order(&self) -> Option<&Cell<WalletOrder>> {
        self.opened.as_ref()?.wallet_order.as_ref()
    }

    /// Whether everything that was asked about it was told.
    pub(super) fn is_told(&self) -> bool {
        let order = self.order_answer.as_ref();
        self.contract_answer != Some(WalletAnswer::NotTold)
            && order.is_none_or(OrderAnswer::is_told)
    }

    /// Whether there is an anchor cell, whatever it holds.
    pub(super) fn has_anchor_cell(&self) -> bool {
        self.opened
            .as_ref()
            .is_some_and(|opened| opened.anchor.is_some())
    }
}

fn leaves(opened: &OpenedVersion) -> Option<Leaves> {
    if opened.is_redacted {
        let anchor = opened.anchor.as_ref()?.as_ref().ok()?;
        return Leaves::new(anchor.leaves.clone()).ok();
    }
    Leaves::of(opened.all_fields()?).ok()
}
