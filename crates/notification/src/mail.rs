//! What can be told by mail.

use record::ids::{RecordId, Uid};
use record::time::UnixMillis;
use serde::{Deserialize, Serialize, Serializer};

/// So many UIDs stand in a mail; the incident's page has them all.
pub(crate) const MOST_UIDS: usize = 50;

/// Kinds of mail to the data-protection officer, who must not be left untold.
pub(crate) const OFFICERS_KINDS: [&str; 3] = ["breach_found", "restored", "operations_alarm"];

/// One mail: everything it says, but its recipient. It can't be printed, since it may hold a code or why staff refused. What
/// holds a link is a [`LinkMail`].
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Mail {
    /// To staff: an owner asked for a correction.
    CorrectionAsked {
        /// The record.
        record: RecordId,
        /// The record's page, where it is known.
        url: Option<String>,
    },
    /// To staff: an owner signed, the record waits for approval.
    ConsentGiven {
        /// The record.
        record: RecordId,
        /// The record's page, where it is known.
        url: Option<String>,
    },
    /// To the data owner: their signature arrived.
    ConsentReceived {
        /// The owner's first name ([`crate::first_name`]).
        first_name: String,
        /// The controller's name.
        controller: String,
        /// How the owner reaches the controller.
        contact: String,
        /// When it arrived.
        received_at: UnixMillis,
        /// Where the owner takes consent back. It shows nothing of anybody.
        #[serde(default)]
        withdrawal_url: Option<String>,
    },
    /// To staff: an owner did not want a correction, the record is as it was.
    CorrectionDeclined {
        /// The record.
        record: RecordId,
        /// The record's page, where it is known.
        url: Option<String>,
    },
    /// To the data owner: staff gave up a correction that the owner had signed.
    CorrectionDropped {
        /// The owner's first name ([`crate::first_name`]).
        first_name: String,
        /// The controller's name.
        controller: String,
        /// How the owner reaches the controller.
        contact: String,
        /// Where the owner takes consent back. It shows nothing of anybody.
        #[serde(default)]
        withdrawal_url: Option<String>,
    },
    /// To the address in a record that a correction is to replace. Names neither address.
    AddressCorrected {
        /// The owner's first name ([`crate::first_name`]).
        first_name: String,
        /// The controller's name.
        controller: String,
        /// How the owner reaches the controller.
        contact: String,
        /// Where the owner takes consent back. It shows nothing of anybody.
        #[serde(default)]
        withdrawal_url: Option<String>,
    },
    /// To the data owner: their wallet is said to be lost, and another one is to sign. Names neither wallet.
    WalletChangeAsked {
        /// The owner's first name ([`crate::first_name`]).
        first_name: String,
        /// The controller's name.
        controller: String,
        /// How the owner reaches the controller.
        contact: String,
        /// Before when nothing comes of it.
        not_before: UnixMillis,
        /// Where the owner takes consent back. It shows nothing of anybody.
        #[serde(default)]
        withdrawal_url: Option<String>,
    },
    /// To the data owner: the wallet stays.
    WalletChangeGivenUp {
        /// The owner's first name ([`crate::first_name`]).
        first_name: String,
        /// The controller's name.
        controller: String,
        /// How the owner reaches the controller.
        contact: String,
        /// Where the owner takes consent back. It shows nothing of anybody.
        #[serde(default)]
        withdrawal_url: Option<String>,
    },
    /// To somebody of the staff, at the address of before: the link for their password went to another one. Names neither.
    StaffAddressChanged {
        /// Their first name ([`crate::first_name`]).
        first_name: String,
        /// The controller's name.
        controller: String,
        /// How the controller is reached.
        contact: String,
    },
    /// To the data owner: the code that lets them in without a link.
    OwnerCode {
        /// The owner's first name ([`crate::first_name`]).
        first_name: String,
        /// The controller's name.
        controller: String,
        /// How the owner reaches the controller.
        contact: String,
        /// As `7KQ4M-2XHFP`.
        code: String,
        /// When the code stops working.
        expires_at: UnixMillis,
    },
    /// To the data owner: staff did not correct what they were asked to.
    CorrectionRefused {
        /// The owner's first name ([`crate::first_name`]).
        first_name: String,
        /// The controller's name.
        controller: String,
        /// How the owner reaches the controller.
        contact: String,
        /// How the owner reaches its data-protection officer.
        officer: String,
        /// Why, in the words of staff.
        reason: String,
        /// Where the owner takes consent back. It shows nothing of anybody.
        #[serde(default)]
        withdrawal_url: Option<String>,
    },
    /// To the data owner: consent was taken back.
    ConsentWithdrawn {
        /// The owner's first name ([`crate::first_name`]).
        first_name: String,
        /// The controller's name.
        controller: String,
        /// How the owner reaches the controller.
        contact: String,
        /// When.
        at: UnixMillis,
        /// Where the owner sees what it is, and takes more of it back.
        withdrawal_url: String,
    },
    /// To staff: an owner took consent back.
    WithdrawalNoted {
        /// The record.
        record: RecordId,
        /// The record's page, where it is known.
        url: Option<String>,
    },
    /// To staff: an owner asked to have their record erased.
    ErasureAsked {
        /// The record.
        record: RecordId,
        /// The record's page, where it is known.
        url: Option<String>,
    },
    /// To the data owner: that they asked is on file, and until when they have an answer.
    ErasureReceived {
        /// The owner's first name ([`crate::first_name`]).
        first_name: String,
        /// The controller's name.
        controller: String,
        /// How the owner reaches the controller.
        contact: String,
        /// By when.
        due_at: UnixMillis,
        /// Whether their wallet signed it.
        is_signed: bool,
        /// Where they sign it, and do what else they may.
        withdrawal_url: String,
    },
    /// To the data owner: their record is not erased.
    ErasureRefused {
        /// The owner's first name ([`crate::first_name`]).
        first_name: String,
        /// The controller's name.
        controller: String,
        /// How the owner reaches the controller.
        contact: String,
        /// How the owner reaches its data-protection officer.
        officer: String,
        /// Why, in the words of staff.
        reason: String,
        /// Where the owner takes consent back. It shows nothing of anybody.
        #[serde(default)]
        withdrawal_url: Option<String>,
    },
    /// To staff: records are due to be erased, or become so.
    RetentionDue {
        /// How many are due, as far as they are counted.
        due: u64,
        /// How many more become due within the days.
        soon: u64,
        /// Which days.
        days: u32,
        /// The page that lists them.
        url: String,
    },
    /// To the data owner: the receipt of an erasure.
    RecordErased {
        /// The owner's first name ([`crate::first_name`]).
        first_name: String,
        /// Who held the record, as the owner signed it.
        controller: String,
        /// Whether nobody asked: nothing permitted to keep it any longer.
        #[serde(default)]
        was_due: bool,
        /// What was destroyed.
        destroyed: Destroyed,
    },
    /// To staff: an owner asked to have the use of their record restricted, or objected to a use.
    RestrictionAsked {
        /// The record.
        record: RecordId,
        /// The record's page, where it is known.
        url: Option<String>,
    },
    /// To staff: an owner took back that they asked to have the use of their record restricted.
    RestrictionWithdrawn {
        /// The record.
        record: RecordId,
        /// The record's page, where it is known.
        url: Option<String>,
    },
    /// To the data owner: a step of what they asked to have restricted, or objected to. Names neither ground nor purposes.
    Restriction {
        /// The owner's first name ([`crate::first_name`]).
        first_name: String,
        /// The controller's name.
        controller: String,
        /// How the owner reaches the controller.
        contact: String,
        /// What happened.
        news: RestrictionNews,
        /// Where the owner sees what it is about, and does what else they may.
        withdrawal_url: String,
    },
    /// To the data owner: staff do not do what they asked for, and it is about to be lifted.
    RestrictionRefused {
        /// The owner's first name ([`crate::first_name`]).
        first_name: String,
        /// The controller's name.
        controller: String,
        /// How the owner reaches the controller.
        contact: String,
        /// How the owner reaches its data-protection officer.
        officer: String,
        /// Whether they had objected to a use.
        is_objection: bool,
        /// Why, in the words of staff.
        reason: String,
        /// Where the owner does what else they may.
        withdrawal_url: String,
    },
    /// To the data-protection officer: an incident was opened.
    BreachFound {
        /// The incident's number.
        incident: u64,
        /// When it was detected.
        detected_at: UnixMillis,
        /// Whether it was told of before, and more was found since.
        #[serde(default)]
        again: bool,
        /// Whether the numbers are what there is at most: somebody else may have written some of the rows.
        #[serde(default)]
        at_most: bool,
        /// What was found, by verdict.
        found: Vec<Found>,
        /// The records of it that the chain knows; a mail names the first of them.
        #[serde(serialize_with = "first_uids")]
        uids: Vec<Uid>,
        /// The incident's page.
        url: String,
    },
    /// To the data-protection officer: records were restored and verified again. Those that wait to be sent go out as one.
    Restored {
        /// The incident's number.
        incident: u64,
        /// When; of several, the last of them.
        restored_at: UnixMillis,
        /// Which records; a mail names the first of them.
        #[serde(serialize_with = "first_uids")]
        uids: Vec<Uid>,
        /// How many they are.
        count: u64,
        /// The incident's page.
        url: String,
    },
    /// To the data-protection officer: something keeps the system from working as it should.
    OperationsAlarm {
        /// What is wrong, in words (`the chain does not answer`).
        what: String,
        /// Whether records can't be verified meanwhile.
        hinders: bool,
        /// Whether somebody may have brought it about to hide a breach.
        #[serde(default)]
        may_be_meant: bool,
        /// Since when.
        since: UnixMillis,
        /// Whether more of it was noticed since the mail before.
        #[serde(default)]
        more: bool,
        /// The viewer's page.
        url: String,
    },
}

/// A mail with a link whose secret unwraps its owner's key, or makes a password: the front keys neither write nor read it. It can't be
/// printed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LinkMail {
    /// To the data owner: the link to their details.
    ConsentLink {
        /// The owner's first name ([`crate::first_name`]).
        first_name: String,
        /// The controller's name.
        controller: String,
        /// The link.
        url: String,
        /// When the link stops working.
        expires_at: UnixMillis,
        /// Whether it corrects what the owner has signed before.
        #[serde(default)]
        corrects: bool,
        /// Whether nothing of that changes but, maybe, what the owner allows.
        #[serde(default)]
        asks_again: bool,
        /// Where the owner takes consent back. It shows nothing of anybody.
        #[serde(default)]
        withdrawal_url: Option<String>,
    },
    /// To the data owner: a copy of everything that is held about them is ready.
    CopyReady {
        /// The owner's first name ([`crate::first_name`]).
        first_name: String,
        /// The controller's name.
        controller: String,
        /// How the owner reaches the controller.
        contact: String,
        /// The link to it.
        url: String,
        /// When the link stops working.
        expires_at: UnixMillis,
        /// Where the owner asks for a new one, and does what else they may.
        withdrawal_url: String,
    },
    /// To somebody of the staff: the link by which they choose their password.
    StaffLink {
        /// Their first name ([`crate::first_name`]).
        first_name: String,
        /// The controller's name.
        controller: String,
        /// How the controller is reached.
        contact: String,
        /// The link.
        url: String,
        /// When the link stops working.
        expires_at: UnixMillis,
        /// Whether they had a password before.
        is_reset: bool,
    },
}

/// What an owner is told of a restriction or an objection.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum RestrictionNews {
    /// They asked for a restriction, which holds from now on.
    Received {
        /// By when they have an answer.
        due_at: UnixMillis,
    },
    /// They objected, and the record is restricted meanwhile.
    Objected {
        /// By when they have an answer.
        due_at: UnixMillis,
    },
    /// They objected to direct marketing, which has ended.
    MarketingEnded,
    /// It stays restricted.
    Granted,
    /// What they objected to has ended, and the restriction is about to.
    Upheld,
    /// The restriction is about to end.
    Ending {
        /// Why, in the words of staff.
        reason: String,
    },
    /// The restriction has ended.
    Lifted,
    /// They took back that they asked for it, and it has ended.
    Withdrawn,
}

/// What an erasure destroyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destroyed {
    /// The record's number on the chain.
    pub uid: Uid,
    /// When.
    pub at: UnixMillis,
    /// How many versions of the record.
    pub versions: u64,
    /// The block that says so.
    pub block: u64,
    /// The word on the chain that stands for who asked, as hex.
    pub evidence: String,
    /// The application key that wrapped the owner's, where one stood there.
    pub key_version: Option<u32>,
}

/// How many records have one verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The verdict's name, as `altered`.
    pub verdict: String,
    /// How many records.
    pub count: u64,
}

impl Mail {
    /// The name of its kind, as the outbox keeps it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::CorrectionAsked { .. } => "correction_asked",
            Self::ConsentGiven { .. } => "consent_given",
            Self::ConsentReceived { .. } => "consent_received",
            Self::CorrectionDeclined { .. } => "correction_declined",
            Self::CorrectionDropped { .. } => "correction_dropped",
            Self::AddressCorrected { .. } => "address_corrected",
            Self::WalletChangeAsked { .. } => "wallet_change_asked",
            Self::WalletChangeGivenUp { .. } => "wallet_change_given_up",
            Self::StaffAddressChanged { .. } => "staff_address_changed",
            Self::OwnerCode { .. } => "owner_code",
            Self::CorrectionRefused { .. } => "correction_refused",
            Self::ConsentWithdrawn { .. } => "consent_withdrawn",
            Self::WithdrawalNoted { .. } => "withdrawal_noted",
            Self::ErasureAsked { .. } => "erasure_asked",
            Self::ErasureReceived { .. } => "erasure_received",
            Self::ErasureRefused { .. } => "erasure_refused",
            Self::RetentionDue { .. } => "retention_due",
            Self::RecordErased { .. } => "record_erased",
            Self::RestrictionAsked { .. } => "restriction_asked",
            Self::RestrictionWithdrawn { .. } => "restriction_withdrawn",
            Self::Restriction { .. } => "restriction",
            Self::RestrictionRefused { .. } => "restriction_refused",
            Self::BreachFound { .. } => "breach_found",
            Self::Restored { .. } => "restored",
            Self::OperationsAlarm { .. } => "operations_alarm",
        }
    }
}

impl LinkMail {
    const CONSENT_LINK: &str = "consent_link";
    const COPY_READY: &str = "copy_ready";
    const STAFF_LINK: &str = "staff_link";

    /// The name of its kind, as the outbox keeps it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ConsentLink { .. } => Self::CONSENT_LINK,
            Self::CopyReady { .. } => Self::COPY_READY,
            Self::StaffLink { .. } => Self::STAFF_LINK,
        }
    }

    /// Whether mails of this kind are of these.
    pub(crate) fn is_kind(kind: &str) -> bool {
        [Self::CONSENT_LINK, Self::COPY_READY, Self::STAFF_LINK].contains(&kind)
    }
}

/// A whole table at fault must not make a mail that the outbox can't hold.
fn first_uids<S: Serializer>(uids: &[Uid], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(uids.iter().take(MOST_UIDS))
}
