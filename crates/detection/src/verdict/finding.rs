//! The outcome of judging a record.

use std::{collections::BTreeSet, fmt};

use chain::{OnChainVersion, RetirementReason};
use record::{
    B256,
    consent::TermsProblem,
    ids::{Uid, Version},
    proof::FieldName,
    wallet_change::ChangeProblem,
};

use super::{Obstacle, Verdict};

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// In one word.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// The version it is about.
    pub version: Option<Version>,
    /// What is at fault, where it can be told.
    pub parts: BTreeSet<Part>,
    /// The word on chain.
    pub proof_expected: Option<B256>,
    /// What the row gives; nothing when its cells do not open.
    pub proof_found: Option<B256>,
}

/// A part of a row that can be at fault. Shows itself as a column of `verifications.fields` holds it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A field of the record.
    Field(FieldName),
    /// The wallet address.
    Wallet,
    /// Whose wallet it is.
    Relation,
    /// The consent message.
    ConsentMessage,
    /// The owner's signature.
    ConsentSignature,
    /// The authority's order by which the wallet changed.
    WalletOrder,
    /// What binds the row to its place on chain.
    Anchor,
    /// The owner's data key.
    OwnerKey,
    /// The UID.
    Uid,
    /// The number of the draft.
    Draft,
    /// The index by which a nonce is refused the second time.
    NonceIndex,
    /// When the consent came, by which link, and to which draft.
    ConsentReceipt,
    /// The row of `records` itself: state, numbers, look-up indexes, times.
    Head,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Field(name) => name.as_str(),
            Self::Wallet => "wallet",
            Self::Relation => "relation",
            Self::ConsentMessage => "consent_message",
            Self::ConsentSignature => "consent_signature",
            Self::WalletOrder => "wallet_order",
            Self::Anchor => "anchor",
            Self::OwnerKey => "owner_key",
            Self::Uid => "uid",
            Self::Draft => "draft",
            Self::NonceIndex => "nonce_index",
            Self::ConsentReceipt => "consent_receipt",
            Self::Head => "head",
        })
    }
}

/// Why a verdict was given. [`Finding::explanation`] says each in plain words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// `unverifiable`: nothing can be told.
    Obstacle(Obstacle),
    /// `valid`: all of it is what the owner signed.
    Matches,
    /// `retired`: with valid evidence, and nothing is left of what was erased.
    Retired(RetirementReason),
    /// `retired`: with valid evidence, a moment ago; what is left is about to be destroyed.
    BeingDestroyed,
    /// `retired`: the authority voided every version, and there is no row.
    Voided,
    /// `retired_unproven`: no valid evidence.
    RetirementNotProven,
    /// `retired_unproven`: erased on chain, and data is still there.
    DataLeft,
    /// `missing`: anchored, and no row.
    NoRow,
    /// `forged`: the row claims a UID that the chain has not given.
    UidUnknown,
    /// `forged`: the row says it is anchored, and the chain does not know it.
    AnchorUnknown,
    /// `forged`: nothing of the row opens with our keys.
    NothingOpens,
    /// `forged`: the row has a version that the chain does not know.
    VersionUnknown,
    /// `forged`: the row still holds a version that the authority voided.
    VersionVoided,
    /// `consent_invalid`: the proof is anchored, the owner's consent is not there.
    Consent(ConsentProblem),
    /// `rolled_back`: this older version.
    OlderVersion(Version),
    /// `rolled_back`: cells of another draft or version of the same record.
    OtherDraft,
    /// `rolled_back`: all values open, and consent and anchor are gone, as it was before the owner signed.
    BeforeConsent,
    /// `rolled_back`: anchor and UID are gone, and the head is a genuine one of before they were there.
    BeforeAnchor,
    /// `swapped`: the row is another record's.
    OtherRecord,
    /// `swapped`: cells of another record.
    OtherRecordsCells,
    /// `altered`: cells do not open, or are gone.
    CellsBroken,
    /// `altered`: told by the leaves that were anchored.
    LeavesDiffer,
    /// `altered`: told by what the owner signed.
    SignedDiffers,
    /// `altered`: what was altered can't be told.
    NotTold,
    /// `pending`: nothing personal is stored, nothing will be anchored.
    Empty,
    /// `pending`, `overdue`: not approved yet.
    AwaitsApproval,
    /// `pending`, `overdue`: approved, not anchored yet.
    AwaitsAnchor,
    /// `overdue`: anchoring was refused.
    Rejected,
}

/// What is wrong with a consent whose proof is anchored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentProblem {
    /// The signature is not the wallet's over these details.
    Signature,
    /// No contract was seen to accept it.
    Contract,
    /// A contract accepted it, at another time than between offer and anchor.
    CheckBlock,
    /// The owner signed something else.
    Terms(TermsProblem),
    /// Another wallet than in this version, and no order for it is kept.
    WalletChanged(Version),
    /// Another wallet than before, and the order that is kept does not stand for it.
    WalletOrder(OrderProblem),
    /// This version is anchored and has no row, so nothing shows that the same owner signed both.
    OlderVersionGone(Version),
    /// The same signature already stands under this UID.
    NonceReused(Uid),
}

/// Why an order to change a wallet counts for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderProblem {
    /// Its cell does not open where it stands.
    Unreadable,
    /// It is about something else.
    Change(ChangeProblem),
    /// Nobody signed it who was the authority when the version was anchored.
    Signature,
    /// The authority's contract accepted it, at another time than between issue and anchor.
    CheckBlock,
}

impl Finding {
    pub(super) fn new(verdict: Verdict, reason: Reason) -> Self {
        Self {
            verdict,
            reason,
            version: None,
            parts: BTreeSet::new(),
            proof_expected: None,
            proof_found: None,
        }
    }

    /// About this version on chain, whose word is expected.
    pub(super) fn of(mut self, version: &OnChainVersion) -> Self {
        self.version = Some(version.version);
        self.proof_expected = Some(version.word);
        self
    }

    /// About this version.
    pub(super) fn at(mut self, version: Version) -> Self {
        self.version = Some(version);
        self
    }

    pub(super) fn found(mut self, proof: Option<B256>) -> Self {
        self.proof_found = proof;
        self
    }

    pub(super) fn with(mut self, parts: impl IntoIterator<Item = Part>) -> Self {
        self.parts.extend(parts);
        self
    }

    /// The parts at fault as `verifications.fields` holds them.
    #[must_use]
    pub fn fields(&self) -> Vec<String> {
        self.parts.iter().map(ToString::to_string).collect()
    }
}
