//! A row beside what the chain knows of it.

use chain::{OnChainRecord, OnChainVersion};
use record::{B256, consent::CHECK_SLACK, ids::Version, proof::Leaves};

use super::{
    Facts, Row, VersionRow,
    cells::Faults,
    content::{Content, Match, Site, Spot},
};

/// A record that the chain knows, with its row.
pub(super) struct Known<'a> {
    pub facts: &'a Facts<'a>,
    pub chain: &'a OnChainRecord,
    pub row: &'a Row,
    /// The newest version that is not voided.
    pub newest: &'a OnChainVersion,
}

/// The version that is not what the chain says.
pub(super) struct Fault<'a> {
    /// The version on chain.
    pub version: &'a OnChainVersion,
    /// The row compared with it: its own or, where that is gone, the newest before it.
    pub row: Option<&'a VersionRow>,
}

impl<'a> Known<'a> {
    pub fn site(&self) -> Site {
        Site {
            chain_id: self.facts.chain_id,
            relay: self.facts.relay,
        }
    }

    /// Where this row is compared with this version. The chain tells the newest timestamp; those before it stand in the anchor cells,
    /// and are believed when the word comes out.
    pub fn spot(&self, version: Version, row: &VersionRow) -> Option<Spot> {
        let timestamp = if version == self.chain.newest().version {
            self.chain.timestamp
        } else {
            row.anchor()?.timestamp
        };
        Some(Spot {
            uid: self.chain.uid,
            version,
            timestamp,
        })
    }

    /// Whether the version before this one was anchored when a contract wallet was asked about this one: its message names that. Somebody
    /// who owned the wallet earlier, and does not any more, could else date what they sign back to then.
    pub fn could_follow(&self, version: Version, block_time: u64) -> bool {
        let before = self
            .counting_before(version)
            .and_then(|one| self.row.versions.get(&one.version));
        let anchor = before.and_then(VersionRow::anchor);
        anchor.is_none_or(|anchor| anchor.timestamp <= block_time.saturating_add(CHECK_SLACK))
    }

    /// Whether everything that was asked about versions that count was told.
    pub fn is_told(&self) -> bool {
        let counting = self.chain.versions.iter().filter(|one| !one.voided);
        let mut rows = counting.filter_map(|one| self.row.versions.get(&one.version));
        rows.all(VersionRow::is_told)
    }

    /// Whether the row gives the word of this version.
    pub fn matched<'r>(
        &self,
        version: &OnChainVersion,
        row: &'r VersionRow,
    ) -> Option<(Content<'r>, Spot, Match)> {
        let content = Content::of(row)?;
        let spot = self.spot(version.version, row)?;
        let matched = content.matches(self.site(), spot, version.word)?;
        Some((content, spot, matched))
    }

    /// The proof that the row gives for this version, if it gives one.
    pub fn proof_found(&self, version: Version, row: &VersionRow) -> Option<B256> {
        let content = Content::of(row)?;
        Some(content.proof(self.site(), self.spot(version, row)?))
    }

    /// Versions on chain before this one, the newest first; voided ones too.
    pub fn before(&self, version: Version) -> impl Iterator<Item = &'a OnChainVersion> {
        self.chain
            .versions
            .iter()
            .rev()
            .filter(move |one| one.version < version)
    }

    /// The newest version before this one that counts.
    pub fn counting_before(&self, version: Version) -> Option<&'a OnChainVersion> {
        self.before(version).find(|one| !one.voided)
    }

    /// The row of this version or, where there is none, the newest before it.
    pub fn row_for(&self, version: Version) -> Option<&'a VersionRow> {
        self.row
            .versions
            .range(..=version)
            .next_back()
            .map(|(_, row)| row)
    }

    /// The cells at fault. Only a version that another one replaced may do without its values.
    pub fn faults(&self, row: &VersionRow) -> Faults {
        match row.version < self.newest.version {
            true => Faults::of_replaced(self.row, row),
            false => Faults::of(self.row, row),
        }
    }

    /// Whether all that no proof covers is in order as well: relation, anchor, index, receipt, and no needless order.
    pub fn is_whole(&self, version: &OnChainVersion, row: &VersionRow) -> bool {
        self.faults(row).is_empty()
            && row.nonce_fits
            && row.receipt_fits
            && row.version == version.version
            && self.order_fits(row)
            && self.anchor_fits(version, row)
    }

    /// Whether there is an order to change the wallet only where that changes, as far as the wallet before can be told.
    pub fn order_fits(&self, row: &VersionRow) -> bool {
        if row.wallet_order().is_none() {
            return true;
        }
        let Some(before) = self.counting_before(row.version) else {
            return false;
        };
        let wallet = |row: &VersionRow| row.opened.as_ref()?.wallet.as_ref().ok().copied();
        let before = self.row.versions.get(&before.version).and_then(wallet);
        before.is_none_or(|before| wallet(row) != Some(before))
    }

    /// Whether the anchor cell says what the chain says. It may be absent only while the job has not finished.
    pub fn anchor_fits(&self, version: &OnChainVersion, row: &VersionRow) -> bool {
        let Some(anchor) = row.anchor() else {
            return !row.has_anchor_cell() && self.facts.in_flight(version.version);
        };
        let timestamp_fits = self
            .spot(version.version, row)
            .is_some_and(|spot| spot.timestamp == anchor.timestamp);
        let fits = |leaves: &Leaves| leaves.as_slice() == anchor.leaves;
        anchor.uid == self.chain.uid && timestamp_fits && row.leaves.as_ref().is_some_and(fits)
    }

    /// Whether the head is ours, and of the versions that stand beside it.
    pub fn head_fits(&self) -> bool {
        self.row.head_is_ours() && self.row.head_names_newest()
    }

    /// Whether the row carries its UID. It may lack it only while its first job has not finished.
    pub fn uid_fits(&self) -> bool {
        match self.row.claimed_uid {
            Some(uid) => uid == self.chain.uid.get(),
            None => self.facts.awaits_uid(),
        }
    }
}
