//! A version whose cells opened, and what it recomputes.

use database::sealed::OpenedVersion;
use record::{
    Address, B256,
    consent::{ConsentMessage, ConsentTerms, Standing, TermsProblem},
    ids::{Uid, Version},
    proof::{FieldName, Leaves, RecordProofInput, SaltedValue, consent_hash},
    signature::ConsentSignature,
};

use super::VersionRow;

/// The deployment that proofs are made for.
#[derive(Clone, Copy)]
pub(super) struct Site {
    pub chain_id: u64,
    pub relay: Address,
}

/// Where on chain a version is compared.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    pub uid: Uid,
    pub version: Version,
    pub timestamp: u64,
}

/// All that goes into a record proof from the row's side.
pub(super) struct Content<'a> {
    pub said: Said<'a>,
    pub leaves: &'a Leaves,
    pub wallet: Address,
    pub signature: &'a ConsentSignature,
}

/// What the owner signed, as far as it is there.
pub(super) enum Said<'a> {
    /// The values, and the message that says what else they agreed to.
    Values {
        fields: Vec<(&'a FieldName, &'a SaltedValue)>,
        message: &'a ConsentMessage,
    },
    /// The values were destroyed: the digest of it all, which nothing is made anew from, and the terms.
    Terms(&'a ConsentTerms),
}

/// A row that recomputes the word on chain, and the digest with which it does.
pub(super) struct Match {
    pub digest: B256,
    /// Whether that digest is of the message made anew from the row; else the row only keeps a message that says other things.
    pub rebuilt: bool,
}

impl<'a> Content<'a> {
    /// The whole of it, if every cell that a proof covers opened.
    pub fn of(row: &'a VersionRow) -> Option<Self> {
        let opened = row.opened.as_ref()?;
        Some(Self {
            said: Said::of(opened)?,
            leaves: row.leaves.as_ref()?,
            wallet: *opened.wallet.as_ref().ok()?,
            signature: opened.signature.as_ref()?.as_ref().ok()?,
        })
    }

    /// The digest of the message made anew from the row; of one whose values were destroyed, the digest that is kept: the word
    /// on the chain tells whether it is right, and the signature whether the owner signed it.
    pub fn rebuilt_digest(&self, site: Site) -> B256 {
        match &self.said {
            Said::Values { fields, message } => message.rebuilt_digest(
                fields.iter().copied(),
                self.wallet,
                site.chain_id,
                site.relay,
            ),
            Said::Terms(terms) => terms.digest,
        }
    }

    /// The digest of the message as it is kept.
    fn kept_digest(&self, site: Site) -> B256 {
        match &self.said {
            Said::Values { message, .. } => message.digest(site.chain_id, site.relay),
            Said::Terms(terms) => terms.digest,
        }
    }

    /// Whether what was signed is for this version of this record, and was anchored within its time.
    pub fn check_terms(&self, standing: &Standing<'_>, timestamp: u64) -> Result<(), TermsProblem> {
        match &self.said {
            Said::Values { message, .. } => message.check_terms(standing, timestamp),
            Said::Terms(terms) => terms.check(standing, timestamp),
        }
    }

    /// Whether a contract wallet was asked at a block of the time between offer and anchor.
    pub const fn covers_check(&self, block_time: u64, timestamp: u64) -> bool {
        match &self.said {
            Said::Values { message, .. } => message.covers_check(block_time, timestamp),
            Said::Terms(terms) => terms.covers_check(block_time, timestamp),
        }
    }

    /// The proof that this row gives at a spot.
    pub fn proof(&self, site: Site, spot: Spot) -> B256 {
        self.proof_with(site, spot, &self.rebuilt_digest(site))
    }

    fn proof_with(&self, site: Site, spot: Spot, digest: &B256) -> B256 {
        proof(
            site,
            spot,
            self.wallet,
            digest,
            self.signature,
            self.leaves.clone(),
        )
    }

    /// Whether this row gives the word. Whoever re-anchors a row under an old signature may have hashed the digest of the old message:
    /// that also is a match, of a consent that does not stand for this row.
    pub fn matches(&self, site: Site, spot: Spot, word: B256) -> Option<Match> {
        let rebuilt = self.rebuilt_digest(site);
        if self.proof_with(site, spot, &rebuilt) == word {
            return Some(Match {
                digest: rebuilt,
                rebuilt: true,
            });
        }
        let kept = self.kept_digest(site);
        let matched = kept != rebuilt && self.proof_with(site, spot, &kept) == word;
        matched.then_some(Match {
            digest: kept,
            rebuilt: false,
        })
    }
}

impl<'a> Said<'a> {
    fn of(opened: &'a OpenedVersion) -> Option<Self> {
        if opened.is_redacted {
            return opened.terms().map(Self::Terms);
        }
        Some(Self::Values {
            fields: opened.all_fields()?,
            message: opened.whole_message()?,
        })
    }
}

/// The record proof of these parts.
pub(super) fn proof(
    site: Site,
    spot: Spot,
    wallet: Address,
    digest: &B256,
    signature: &ConsentSignature,
    leaves: Leaves,
) -> B256 {
    RecordProofInput {
        chain_id: site.chain_id,
        relay: site.relay,
        wallet,
        uid: spot.uid,
        version: spot.version,
        timestamp: spot.timestamp,
        consent_hash: consent_hash(digest, signature),
        leaves,
    }
    .record_proof()
}
