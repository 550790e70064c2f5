//! All settings, read and checked at the start; `--help` prints them.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use chain::Deployment;
use notification::{Recipient, Sender, SmtpServer};
use url::Url;
use web_kit::profile::ControllerProfile;
use web_kit::settings::{Chain, Database, Keys, Mail, Profile, Reader, SecondEndpoint, Web};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// What the process was told.
pub struct Settings {
    /// Where it listens and how officers reach it.
    pub web: Web,
    /// The main database, by the account `viewer`.
    pub database: Url,
    /// The main database, by the account `restore`.
    pub restore: Url,
    /// The backup of records, by the account `restore`.
    pub backup: Url,
    /// The backup of owner keys, by the account `restore`.
    pub key_backup: Url,
    /// The main database, by the account `erase`.
    pub erase: Url,
    /// The backup of records, by the account `erase`.
    pub erase_backup: Url,
    /// The backup of owner keys, through the same.
    pub erase_key_backup: Url,
    /// For how long after it was signed a version keeps its values, also where a correction has replaced them.
    pub receipt: Duration,
    /// The server of the main database, by the account `watch`.
    pub watch: Option<Url>,
    /// How much of its log may be held, in KiB.
    pub watch_memory: NonZeroU32,
    /// Master and application keys.
    pub keys: Keys,
    /// What the controller uses the data for, to tell what restricts a record.
    pub profile: Arc<ControllerProfile>,
    /// The chain.
    pub chain: Chain<Deployment>,
    /// A second, independent endpoint of it.
    pub second_endpoint: Option<Url>,
    /// How mail leaves.
    pub mail: Mail<SmtpServer, Sender>,
    /// Who hears of breaches.
    pub officer_email: Recipient,
    /// Records that the sweep examines in a second.
    pub sweep_rate: u32,
    /// How long a record may wait for its owner and its approval.
    pub consent_patience: Duration,
    /// How long an approved record may wait for its anchor.
    pub anchoring_patience: Duration,
    /// Within which the authority must be told of an incident.
    pub incident_clock: Duration,
}

impl Settings {
    /// Reads them all; every problem is noted.
    pub fn read(reader: &mut Reader) -> Option<Self> {
        let web = Web::read(reader);
        let database = Database::read(
            reader,
            "DATABASE_URL",
            "the main database, by the account of this app",
        );
        let restore = Database::read(
            reader,
            "RESTORE_DATABASE_URL",
            "the main database, by the account that restores",
        );
        let backup = Database::read(
            reader,
            "BACKUP_DATABASE_URL",
            "the backup of records, by the account that restores",
        );
        let key_backup = Database::read(
            reader,
            "KEY_BACKUP_DATABASE_URL",
            "the backup of owner keys, by the account that restores",
        );
        let erase = Database::read(
            reader,
            "ERASE_DATABASE_URL",
            "the main database, by the account that destroys replaced values and erased records",
        );
        let erase_backup = Database::read(
            reader,
            "ERASE_BACKUP_DATABASE_URL",
            "the backup of records, by the account that destroys replaced values and erased records",
        );
        let erase_key_backup = Database::read(
            reader,
            "ERASE_KEY_BACKUP_DATABASE_URL",
            "the backup of owner keys, by the account that destroys replaced values and erased records",
        );
        let receipt_minutes: Option<u32> = reader.or(
            "REPLACED_VALUES_MINUTES",
            "120",
            "minutes after its signature until the values of a version that a correction has replaced may be destroyed; not less than the hour for which its owner may fetch the receipt",
        );
        let watch = Database::read_optional(
            reader,
            "WATCH_DATABASE_URL",
            "the main database, by the account that follows the server's binary log; without it the sweep alone finds breaches",
        );
        let watch_memory = reader.or(
            "WATCH_MEMORY_KIB",
            "131072",
            "KiB of the binary log that may be held at once; of a larger transaction only the first rows are kept as evidence",
        );
        let keys = Keys::read(reader);
        let profile = Profile::read(reader);
        let chain = Chain::read(reader, Deployment::load);
        let second_endpoint = SecondEndpoint::read(reader);
        let mail = Mail::read(reader);
        let officer_email = reader.required(
            "OFFICER_EMAIL",
            "mail address of the data-protection officer, who hears of breaches",
        );
        let sweep_rate = reader.above_zero(
            "SWEEP_RATE",
            "100",
            "records that the sweep examines in a second",
        );
        let consent_days: Option<u32> = reader.above_zero(
            "CONSENT_PATIENCE_DAYS",
            "30",
            "days after which a record without approval is overdue",
        );
        let anchoring_minutes: Option<u32> = reader.above_zero(
            "ANCHORING_PATIENCE_MINUTES",
            "30",
            "minutes after which an approved record is overdue",
        );
        let clock_hours: Option<u32> = reader.above_zero(
            "INCIDENT_CLOCK_HOURS",
            "72",
            "hours within which the authority must be told of a breach (GDPR Art. 33)",
        );
        Some(Self {
            web: web?,
            database: database?.url,
            restore: restore?.url,
            backup: backup?.url,
            key_backup: key_backup?.url,
            erase: erase?.url,
            erase_backup: erase_backup?.url,
            erase_key_backup: erase_key_backup?.url,
            receipt: MINUTE * receipt_minutes?,
            watch: watch?.map(|watch| watch.url),
            watch_memory: watch_memory?,
            keys: keys?,
            profile: profile?,
            chain: chain?,
            second_endpoint: second_endpoint?,
            mail: mail?,
            officer_email: officer_email?,
            sweep_rate: sweep_rate?,
            consent_patience: DAY * consent_days?,
            anchoring_patience: MINUTE * anchoring_minutes?,
            incident_clock: HOUR * clock_hours?,
        })
    }
}
