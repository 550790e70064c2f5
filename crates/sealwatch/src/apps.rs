//! Which database account stands behind which setting of which app.

use clap::ValueEnum;
use database::Kind;
use database::grants::Account;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum App {
    #[value(name = "entry-app")]
    Entry,
    #[value(name = "consent-dapp")]
    Consent,
    #[value(name = "breach-viewer")]
    Viewer,
    /// This command itself
    Sealwatch,
}

/// A setting that holds a database address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Address {
    pub(crate) setting: &'static str,
    pub(crate) account: Account,
    pub(crate) database: Kind,
}

const fn address(setting: &'static str, account: Account, database: Kind) -> Address {
    Address {
        setting,
        account,
        database,
    }
}

const ENTRY_APP: [Address; 3] = [
    address("DATABASE_URL", Account::Entry, Kind::Main),
    address("BACKUP_DATABASE_URL", Account::EntryBackup, Kind::Backup),
    address("KEY_BACKUP_DATABASE_URL", Account::EntryKeys, Kind::Keys),
];
const CONSENT_DAPP: [Address; 1] = [address("DATABASE_URL", Account::Consent, Kind::Main)];
const BREACH_VIEWER: [Address; 8] = [
    address("DATABASE_URL", Account::Viewer, Kind::Main),
    address("RESTORE_DATABASE_URL", Account::Restore, Kind::Main),
    address("BACKUP_DATABASE_URL", Account::Restore, Kind::Backup),
    address("KEY_BACKUP_DATABASE_URL", Account::Restore, Kind::Keys),
    address("ERASE_DATABASE_URL", Account::Erase, Kind::Main),
    address("ERASE_BACKUP_DATABASE_URL", Account::Erase, Kind::Backup),
    address("ERASE_KEY_BACKUP_DATABASE_URL", Account::Erase, Kind::Keys),
    address("WATCH_DATABASE_URL", Account::Watch, Kind::Main),
];
const SEALWATCH: [Address; 3] = [
    address("DATABASE_URL", Account::Migrate, Kind::Main),
    address("BACKUP_DATABASE_URL", Account::Migrate, Kind::Backup),
    address("KEY_BACKUP_DATABASE_URL", Account::Migrate, Kind::Keys),
];

impl App {
    pub(crate) const ALL: [Self; 4] = [Self::Entry, Self::Consent, Self::Viewer, Self::Sealwatch];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Entry => "entry-app",
            Self::Consent => "consent-dapp",
            Self::Viewer => "breach-viewer",
            Self::Sealwatch => "sealwatch",
        }
    }

    pub(crate) const fn addresses(self) -> &'static [Address] {
        match self {
            Self::Entry => &ENTRY_APP,
            Self::Consent => &CONSENT_DAPP,
            Self::Viewer => &BREACH_VIEWER,
            Self::Sealwatch => &SEALWATCH,
        }
    }

    /// Each account once.
    pub(crate) fn accounts(self) -> Vec<Account> {
        let mut accounts: Vec<_> = self.addresses().iter().map(|a| a.account).collect();
        accounts.dedup();
        accounts
    }
}
