//! All settings, read and checked at the start; `--help` prints them.

use std::sync::Arc;
use std::time::Duration;

use chain::{ControllerKey, Deployment};
use notification::{Recipient, Sender, SmtpServer};
use url::Url;
use web_kit::profile::ControllerProfile;
use web_kit::settings::{Chain, Database, Keys, Mail, Profile, Reader, Web, public_origin};

/// What the process was told.
pub struct Settings {
    /// Where it listens and how staff reach it.
    pub web: Web,
    /// The main database, by the account `entry`.
    pub database: Url,
    /// The backup of records, by an account that can only insert.
    pub backup: Url,
    /// The backup of owner keys, by an account that can insert and delete.
    pub key_backup: Url,
    /// Master and application keys.
    pub keys: Keys,
    /// The chain.
    pub chain: Chain<Deployment>,
    /// The controller's key on the chain.
    pub controller_key: ControllerKey,
    /// The most that a unit of gas may cost, in gwei.
    pub max_fee_gwei: u64,
    /// Who asks, and what for.
    pub profile: Arc<ControllerProfile>,
    /// Where consent-dapp is reached: consent links begin with it.
    pub consent_url: Url,
    /// How long an owner may object to another wallet.
    pub wallet_change_wait: Duration,
    /// The staff who hear of what is due to be erased.
    pub desk_email: Recipient,
    /// How mail leaves.
    pub mail: Mail<SmtpServer, Sender>,
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
        let backup = Database::read(
            reader,
            "BACKUP_DATABASE_URL",
            "the backup of records, by an account that can only insert",
        );
        let key_backup = Database::read(
            reader,
            "KEY_BACKUP_DATABASE_URL",
            "the backup of owner keys, by an account that can insert and delete",
        );
        let keys = Keys::read(reader);
        let chain = Chain::read(reader, Deployment::load);
        let controller_key = reader.file(
            "CONTROLLER_KEY_FILE",
            "file of the controller's key on the chain, as hex; mode 0600",
            ControllerKey::load,
        );
        let max_fee_gwei = reader.above_zero(
            "CHAIN_MAX_FEE_GWEI",
            "200",
            "the most that a unit of gas may cost, in gwei",
        );
        let profile = Profile::read(reader);
        let consent_url = public_origin(
            reader,
            "CONSENT_URL",
            "the address of consent-dapp, as owners open it; consent links begin with it",
        );
        let wait: Option<u32> = reader.or(
            "WALLET_CHANGE_WAIT_HOURS",
            "72",
            "hours that an owner has, from the mail on that tells them of it, to object to another wallet in their record; 0 does not wait",
        );
        let desk_email = reader.required(
            "DESK_EMAIL",
            "where staff read of records that are due to be erased; the same as of consent-dapp",
        );
        let mail = Mail::read(reader);
        Some(Self {
            web: web?,
            database: database?.url,
            backup: backup?.url,
            key_backup: key_backup?.url,
            keys: keys?,
            chain: chain?,
            controller_key: controller_key?,
            max_fee_gwei: max_fee_gwei?,
            profile: profile?,
            consent_url: consent_url?,
            wallet_change_wait: Duration::from_hours(wait?.into()),
            desk_email: desk_email?,
            mail: mail?,
        })
    }
}
