//! From columns, as the log gave them, to rows.

use std::collections::BTreeMap;

use database::consents::Consent;
use database::record_versions::RecordVersion;
use database::records::{Head, Record};
use keyring::WrappedOwnerKey;
use record::ids::{Draft, KeyId, LinkId, RecordId, StaffId, SubmissionId, Uid, Version};
use record::time::UnixMillis;

use crate::watch::PieceValue;

/// One row by its columns. What lacks one, or holds another type, is no row.
pub(super) struct Columns<'r>(pub(super) &'r BTreeMap<String, PieceValue>);

impl Columns<'_> {
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        match self.0.get(name)? {
            PieceValue::Number(number) => Some(*number),
            _ => None,
        }
    }

    fn short(&self, name: &str) -> Option<u32> {
        u32::try_from(self.number(name)?).ok()
    }

    fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        self.0.get(name)?.bytes()
    }

    /// The log leaves out the zeros at the end of a column of fixed length.
    fn fixed<const N: usize>(&self, name: &str) -> Option<[u8; N]> {
        let mut bytes = self.bytes(name)?;
        bytes.resize(bytes.len().max(N), 0);
        bytes.try_into().ok()
    }

    pub(super) fn head(&self) -> Option<Head> {
        let mac = self.bytes("mac")?;
        let record = self.record()?;
        Some(Head { record, mac })
    }

    fn record(&self) -> Option<Record> {
        Some(Record {
            id: RecordId::from_bytes(self.fixed("id")?),
            uid: self.number("uid").and_then(Uid::new),
            state: String::from_utf8(self.bytes("state")?).ok()?.parse().ok()?,
            version: Version::new(self.short("version")?)?,
            draft: Draft::new(self.short("draft")?),
            wallet_index: self.fixed("wallet_index")?,
            email_index: self.fixed("email_index")?,
            submission: SubmissionId::from_bytes(self.fixed("submission")?),
            created_by: StaffId::from_bytes(self.fixed("created_by")?),
            created_at: UnixMillis(self.number("created_at")?),
            updated_at: UnixMillis(self.number("updated_at")?),
        })
    }

    pub(super) fn version(&self) -> Option<RecordVersion> {
        Some(RecordVersion {
            record_id: RecordId::from_bytes(self.fixed("record_id")?),
            version: Version::new(self.short("version")?)?,
            draft: Draft::new(self.short("draft")?),
            name: self.bytes("name")?,
            email: self.bytes("email")?,
            phone: self.bytes("phone")?,
            age: self.bytes("age")?,
            address: self.bytes("address")?,
            wallet: self.bytes("wallet")?,
            relation: self.bytes("relation")?,
            anchor: self.bytes("anchor"),
            wallet_order: self.bytes("wallet_order"),
        })
    }

    pub(super) fn consent(&self) -> Option<Consent> {
        Some(Consent {
            record_id: RecordId::from_bytes(self.fixed("record_id")?),
            version: Version::new(self.short("version")?)?,
            draft: Draft::new(self.short("draft")?),
            link_id: LinkId::from_bytes(self.fixed("link_id")?),
            message: self.bytes("message")?,
            signature: self.bytes("signature")?,
            nonce_index: self.fixed("nonce_index")?,
            received_at: UnixMillis(self.number("received_at")?),
            mac: self.bytes("mac")?,
        })
    }

    pub(super) fn key(&self) -> Option<WrappedOwnerKey> {
        Some(WrappedOwnerKey {
            key_id: KeyId::from_bytes(self.fixed("key_id")?),
            record_id: RecordId::from_bytes(self.fixed("record_id")?),
            app_key_version: self.short("app_key_version")?,
            bytes: self.bytes("wrapped")?,
        })
    }
}
