//! The bytes of a sealed cell: what its header says, and how it is written and read.

use record::ids::{Draft, KeyId, RecordId, Version};

use crate::encoding::Reader;

pub(crate) const FORMAT: u8 = 1;

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CellKind {
    /// A field of the record; the cell's name is the field's.
    Field = 1,
    /// UID, timestamp, transaction and block of an anchored version.
    Anchor = 2,
    /// The consent message the owner signed.
    ConsentMessage = 3,
    /// The owner's signature.
    ConsentSignature = 4,
    /// The wallet address.
    Wallet = 5,
    /// Whose wallet it is: the owner's own, a guardian's, a proxy's.
    Relation = 6,
    /// What the owner wants corrected.
    CorrectionNote = 7,
    /// The code given at the desk.
    DeskCode = 8,
    /// What a consent link offers: nonce, times, notice.
    Offer = 9,
    /// What a further version follows: UID and anchored proof.
    Predecessor = 10,
    /// What stays of a consent message once the values of its version were destroyed.
    ConsentTerms = 11,
    /// Why staff did not correct what the owner asked them to.
    CorrectionAnswer = 12,
    /// A copy of everything that is held about the owner.
    AccessCopy = 13,
    /// The authority's order by which this version has another wallet than the one before.
    WalletOrder = 14,
    /// What is known of a change of wallet before that: the new wallet, then what the authority is to sign.
    WalletChange = 15,
    /// Why the record is kept for longer than its purposes do, and until when.
    Prolongations = 16,
    /// What the owner or staff wrote about a restriction or an objection.
    RestrictionNote = 17,
}

impl CellKind {
    /// Every kind.
    pub const ALL: [Self; 17] = [
        Self::Field,
        Self::Anchor,
        Self::ConsentMessage,
        Self::ConsentSignature,
        Self::Wallet,
        Self::Relation,
        Self::CorrectionNote,
        Self::DeskCode,
        Self::Offer,
        Self::Predecessor,
        Self::ConsentTerms,
        Self::CorrectionAnswer,
        Self::AccessCopy,
        Self::WalletOrder,
        Self::WalletChange,
        Self::Prolongations,
        Self::RestrictionNote,
    ];

    const fn code(self) -> u8 {
        self as u8
    }

    fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// Where in a record a cell belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The record's version.
    pub version: Version,
    /// The draft of that version.
    pub draft: Draft,
    /// What the cell holds.
    pub kind: CellKind,
    /// The field's name; empty for the other kinds.
    pub name: &'a str,
}

impl<'a> Place<'a> {
    /// The place of a field.
    #[must_use]
    pub const fn field(version: Version, draft: Draft, name: &'a str) -> Self {
        Self {
            version,
            draft,
            kind: CellKind::Field,
            name,
        }
    }

    /// The place of a cell that there is one of per version and draft.
    #[must_use]
    pub const fn of(version: Version, draft: Draft, kind: CellKind) -> Self {
        Self {
            version,
            draft,
            kind,
            name: "",
        }
    }
}

/// What a cell says about itself. Holds no personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The version of the application key that wrapped the owner key when the cell was sealed.
    pub app_key_version: u32,
    /// The owner key that sealed it.
    pub key_id: KeyId,
    /// The record it belongs to.
    pub record_id: RecordId,
    /// The record's version.
    pub version: Version,
    /// The draft of that version.
    pub draft: Draft,
    /// What it holds.
    pub kind: CellKind,
    /// The field's name; empty for the other kinds.
    pub name: String,
}

impl Header {
    /// Reads the header of a cell without opening it: what it says is not authenticated. `None` when the bytes are not
    /// a cell.
    #[must_use]
    pub fn read(cell: &[u8]) -> Option<Self> {
        HeaderRef::split(cell).map(|(header, _, _)| header.to_owned())
    }
}

/// A header that borrows its name.
#[derive(Clone, Copy)]
pub(crate) struct HeaderRef<'a> {
    pub(crate) app_key_version: u32,
    pub(crate) key_id: KeyId,
    pub(crate) record_id: RecordId,
    pub(crate) place: Place<'a>,
}

impl<'a> HeaderRef<'a> {
    pub(crate) fn write(&self) -> Vec<u8> {
        let name = self.place.name.as_bytes();
        let name_length = u16::try_from(name.len()).expect("field names have at most 64 bytes");
        let mut out = Vec::with_capacity(64 + name.len());
        out.push(FORMAT);
        out.extend_from_slice(&self.app_key_version.to_be_bytes());
        out.extend_from_slice(self.key_id.as_bytes());
        out.extend_from_slice(self.record_id.as_bytes());
        out.extend_from_slice(&self.place.version.get().to_be_bytes());
        out.extend_from_slice(&self.place.draft.get().to_be_bytes());
        out.push(self.place.kind.code());
        out.extend_from_slice(&name_length.to_be_bytes());
        out.extend_from_slice(name);
        out
    }

    /// The header, its bytes, and the sealed rest.
    pub(crate) fn split(cell: &'a [u8]) -> Option<(Self, &'a [u8], &'a [u8])> {
        let mut reader = Reader(cell);
        if reader.u8()? != FORMAT {
            return None;
        }
        let app_key_version = reader.u32()?;
        let key_id = KeyId::from_bytes(reader.array()?);
        let record_id = RecordId::from_bytes(reader.array()?);
        let version = Version::new(reader.u32()?)?;
        let draft = Draft::new(reader.u32()?);
        let kind = CellKind::from_code(reader.u8()?)?;
        let name_length = reader.u16()?;
        let name = str::from_utf8(reader.bytes(name_length.into())?).ok()?;
        let header = Self {
            app_key_version,
            key_id,
            record_id,
            place: Place {
                version,
                draft,
                kind,
                name,
            },
        };
        let (bytes, sealed) = cell.split_at(cell.len() - reader.0.len());
        Some((header, bytes, sealed))
    }

    pub(crate) fn to_owned(self) -> Header {
        Header {
            app_key_version: self.app_key_version,
            key_id: self.key_id,
            record_id: self.record_id,
            version: self.place.version,
            draft: self.place.draft,
            kind: self.place.kind,
            name: self.place.name.to_owned(),
        }
    }
}
