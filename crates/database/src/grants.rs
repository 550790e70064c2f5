//! The accounts of least right, as SQL: who may do what on which table. `migrations/README.md` says why.

use crate::migrations::Kind;

/// An account of the database server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// entry-app on the main database.
    Entry,
    /// entry-app on the backup database: it can only add copies.
    EntryBackup,
    /// entry-app on the key backup: it can add and destroy, and read nothing.
    EntryKeys,
    /// consent-dapp on the main database: it moves the records whose links it is shown, and sees no staff.
    Consent,
    /// breach-viewer on the main database: it reads all, and changes no record.
    Viewer,
    /// breach-viewer's verified restore: reads both backups, writes records back.
    Restore,
    /// breach-viewer's destroying of values that were replaced, and of records that were retired: it reads records and deletes
    /// them, in the backups as well, where it is the only account that may, and writes nothing of them but emptied columns.
    Erase,
    /// breach-viewer's watch: follows the server's binary log and sees triggers, and no row by SQL.
    Watch,
    /// The operator's command: makes and changes tables.
    Migrate,
}

impl Account {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Entry,
        Self::EntryBackup,
        Self::EntryKeys,
        Self::Consent,
        Self::Viewer,
        Self::Restore,
        Self::Erase,
        Self::Watch,
        Self::Migrate,
    ];

    /// The end of the account's user name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::EntryBackup => "entry_backup",
            Self::EntryKeys => "entry_keys",
            Self::Consent => "consent",
            Self::Viewer => "viewer",
            Self::Restore => "restore",
            Self::Erase => "erase",
            Self::Watch => "watch",
            Self::Migrate => "migrate",
        }
    }

    /// The databases that the account may enter.
    #[must_use]
    pub fn databases(self) -> &'static [Kind] {
        match self {
            Self::Entry | Self::Consent | Self::Viewer | Self::Watch => &[Kind::Main],
            Self::EntryBackup => &[Kind::Backup],
            Self::EntryKeys => &[Kind::Keys],
            Self::Erase | Self::Restore | Self::Migrate => &Kind::ALL,
        }
    }
}

/// What things are called on this server.
#[derive(Debug, Clone)]
pub struct Names {
    /// The main database.
    pub main: String,
    /// The backup database.
    pub backup: String,
    /// The key backup.
    pub keys: String,
    /// Put before [`Account::name`] to give the user name: `sealwatch` gives `sealwatch_entry`.
    pub users: String,
}

impl Names {
    /// The name of a database.
    #[must_use]
    pub fn database(&self, kind: Kind) -> &str {
        match kind {
            Kind::Main => &self.main,
            Kind::Backup => &self.backup,
            Kind::Keys => &self.keys,
        }
    }

    /// The user name of an account.
    #[must_use]
    pub fn user(&self, account: Account) -> String {
        format!("{}_{}", self.users, account.name())
    }
}

/// The statements that make an account with this password, or give an existing one this password. To be run by an
/// administrator of the server; they hold the password, so they belong in no log.
#[must_use]
pub fn create_user(account: Account, names: &Names, host: &str, password: &str) -> Vec<String> {
    let user = user_at(account, names, host);
    let password = text(password);
    vec![
        format!("CREATE USER IF NOT EXISTS {user} IDENTIFIED BY {password}"),
        format!("ALTER USER {user} IDENTIFIED BY {password}"),
    ]
}

/// The statements that give an account exactly its rights, taking away any others first. To be run by an administrator
/// of the server, once the databases exist (for [`Account::Migrate`]) or are migrated (for the others). The account must exist.
#[must_use]
pub fn grants(account: Account, names: &Names, host: &str) -> Vec<String> {
    let user = user_at(account, names, host);
    let mut statements = vec![format!("REVOKE ALL PRIVILEGES, GRANT OPTION FROM {user}")];
    if account == Account::Migrate {
        for kind in Kind::ALL {
            let database = identifier(&pattern(names, kind));
            statements.push(format!("GRANT ALL PRIVILEGES ON {database}.* TO {user}"));
        }
        return statements;
    }
    if account == Account::Watch {
        let database = identifier(&pattern(names, Kind::Main));
        // A replica's rights are the server's; both servers know them by these names.
        statements.push(format!(
            "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO {user}"
        ));
        // To see triggers. Beside a binary log nobody makes one by it alone.
        statements.push(format!("GRANT TRIGGER ON {database}.* TO {user}"));
    }
    for kind in account.databases() {
        let database = identifier(names.database(*kind));
        let rights = rights(account, *kind);
        // Readiness compares the schema.
        let schema = [("_sqlx_migrations", "SELECT")];
        for (table, rights) in schema.iter().chain(rights) {
            let table = identifier(table);
            statements.push(format!("GRANT {rights} ON {database}.{table} TO {user}"));
        }
    }
    statements
}

/// In a right on a whole database, `_` and `%` of its name are wildcards.
fn pattern(names: &Names, kind: Kind) -> String {
    names.database(kind).replace('_', "\\_").replace('%', "\\%")
}

/// The table of rights.
fn rights(account: Account, kind: Kind) -> &'static [(&'static str, &'static str)] {
    match (account, kind) {
        (Account::Entry, Kind::Main) => ENTRY,
        (Account::Consent, Kind::Main) => CONSENT,
        (Account::Viewer, Kind::Main) => VIEWER,
        (Account::Restore, Kind::Main) => RESTORE,
        (Account::Erase, Kind::Main) => ERASE,
        (Account::EntryBackup, Kind::Backup) => {
            &[("record_backups", "INSERT"), ("erasures", "INSERT")]
        }
        // A condition of DELETE needs the right to read its column.
        (Account::EntryKeys, Kind::Keys) => {
            &[("owner_key_backups", "INSERT, DELETE, SELECT (record_id)")]
        }
        (Account::Erase, Kind::Backup) => &[
            ("record_backups", "SELECT, INSERT, DELETE"),
            ("erasures", "SELECT"),
        ],
        (Account::Erase, Kind::Keys) => &[("owner_key_backups", "DELETE, SELECT (record_id)")],
        (Account::Restore, Kind::Backup) => &[("record_backups", "SELECT")],
        (Account::Restore, Kind::Keys) => &[("owner_key_backups", "SELECT")],
        _ => &[],
    }
}

const ENTRY: &[(&str, &str)] = &[
    // Who an account is and what it may do stays as it was made.
    (
        "staff",
        "SELECT, INSERT, \
         UPDATE (password_hash, disabled_at, email, link_hash, link_expires_at, signed_out_at, revision, mac)",
    ),
    ("staff_events", "SELECT, INSERT"),
    ("sessions", "SELECT, INSERT, UPDATE, DELETE"),
    ("sign_in_attempts", "SELECT, INSERT, UPDATE, DELETE"),
    ("records", "SELECT, INSERT, UPDATE"),
    // A rectification that is given up leaves nothing behind.
    ("record_versions", "SELECT, INSERT, UPDATE, DELETE"),
    ("owner_keys", "SELECT, INSERT"),
    ("consents", "SELECT, DELETE"),
    ("consent_links", "SELECT, INSERT, UPDATE"),
    ("notices", "SELECT, INSERT"),
    ("corrections", "SELECT, INSERT, UPDATE"),
    ("withdrawals", "SELECT, INSERT"),
    ("owner_requests", "SELECT, UPDATE"),
    ("erasures", "SELECT, INSERT, UPDATE"),
    ("access_copies", "SELECT, INSERT, UPDATE"),
    ("wallet_changes", "SELECT, INSERT, UPDATE"),
    ("retentions", "SELECT, INSERT, UPDATE"),
    ("restriction_steps", "SELECT, INSERT"),
    ("record_events", "SELECT, INSERT"),
    // To tell owners of those that concern them. All columns: the MAC covers them.
    ("incidents", "SELECT"),
    ("incident_findings", "SELECT"),
    ("anchoring_jobs", "SELECT, INSERT, UPDATE"),
    ("anchoring_transactions", "SELECT, INSERT"),
    ("leases", "SELECT, INSERT, UPDATE, DELETE"),
    ("outbox", "SELECT, INSERT, UPDATE"),
    ("key_checks", "SELECT"),
    ("access_log", "SELECT, INSERT"),
    ("chain_progress", "SELECT, INSERT, UPDATE"),
    ("operations_alarms", "SELECT, INSERT, UPDATE, DELETE"),
];

const CONSENT: &[(&str, &str)] = &[
    ("consent_links", "SELECT, UPDATE"),
    ("records", "SELECT, UPDATE"),
    ("record_versions", "SELECT, DELETE"),
    // Declining destroys the key; which key it is, is all that may be read.
    ("owner_keys", "DELETE, SELECT (record_id)"),
    ("consents", "SELECT, INSERT"),
    ("notices", "SELECT, INSERT"),
    ("corrections", "INSERT, DELETE, SELECT (record_id, version)"),
    ("withdrawals", "SELECT, INSERT"),
    ("owner_requests", "SELECT, INSERT, UPDATE, DELETE"),
    // To open one, to count wrong codes and to empty it; whose it is and how it was asked for stays.
    (
        "access_copies",
        "SELECT, UPDATE (wrapped_key, desk_code, content, state, identity, code_attempts, opened_at, mac)",
    ),
    // To say that a record is restricted.
    ("restriction_steps", "SELECT"),
    ("record_events", "INSERT"),
    // Declining withdraws the mails of the owner's links; no address and no content of any mail may be read.
    (
        "outbox",
        "INSERT, \
         SELECT (id, event_key, kind, state, attempts, next_attempt_at, created_at, sent_at, problem), \
         UPDATE (recipient, payload, state, mac)",
    ),
    ("key_checks", "SELECT"),
    ("operations_alarms", "SELECT, INSERT, UPDATE"),
];

const VIEWER: &[(&str, &str)] = &[
    ("staff", "SELECT"),
    // Who signs in, and who is refused a page.
    ("staff_events", "SELECT, INSERT"),
    ("sessions", "SELECT, INSERT, UPDATE, DELETE"),
    ("sign_in_attempts", "SELECT, INSERT, UPDATE, DELETE"),
    ("records", "SELECT"),
    ("record_versions", "SELECT"),
    ("owner_keys", "SELECT"),
    ("consents", "SELECT"),
    // To see what the table is like, and nothing that stands in it.
    ("corrections", "REFERENCES"),
    // To tell planted ones.
    ("consent_links", "SELECT"),
    ("notices", "SELECT"),
    ("record_events", "SELECT, INSERT"),
    ("withdrawals", "SELECT"),
    ("owner_requests", "SELECT"),
    ("erasures", "SELECT"),
    ("access_copies", "SELECT"),
    ("wallet_changes", "SELECT"),
    ("retentions", "SELECT"),
    ("restriction_steps", "SELECT"),
    ("anchoring_jobs", "SELECT"),
    ("anchoring_transactions", "SELECT"),
    ("leases", "SELECT, INSERT, UPDATE, DELETE"),
    ("outbox", "SELECT, INSERT, UPDATE"),
    ("key_checks", "SELECT"),
    ("verifications", "SELECT, INSERT, UPDATE, DELETE"),
    ("sweep_rounds", "SELECT, INSERT, UPDATE, DELETE"),
    ("sweep_parts", "SELECT, INSERT, UPDATE, DELETE"),
    ("incidents", "SELECT, INSERT, UPDATE"),
    ("incident_findings", "SELECT, INSERT, UPDATE"),
    ("incident_events", "SELECT, INSERT"),
    // The MAC covers the row's number, which is known only once the row stands.
    ("incident_evidence", "SELECT, INSERT, UPDATE (mac)"),
    ("watch_progress", "SELECT, INSERT, UPDATE"),
    ("schema_baselines", "SELECT, INSERT"),
    ("access_log", "SELECT, INSERT"),
    ("chain_progress", "SELECT, INSERT, UPDATE"),
    ("row_counts", "SELECT, INSERT, UPDATE"),
    ("operations_alarms", "SELECT, INSERT, UPDATE, DELETE"),
];

const RESTORE: &[(&str, &str)] = &[
    ("records", "SELECT, INSERT, UPDATE, DELETE"),
    ("record_versions", "SELECT, INSERT, UPDATE, DELETE"),
    ("consents", "SELECT, INSERT, UPDATE, DELETE"),
    ("owner_keys", "SELECT, INSERT, DELETE"),
    ("record_events", "INSERT"),
    // The step of the incident and the mail stand in the transaction of the restore.
    ("incident_events", "INSERT"),
    ("outbox", "INSERT"),
];

const ERASE: &[(&str, &str)] = &[
    ("records", "SELECT, DELETE"),
    (
        "record_versions",
        "SELECT, DELETE, UPDATE (name, email, phone, age, address)",
    ),
    ("consents", "SELECT, DELETE, UPDATE (message, mac)"),
    ("owner_keys", "SELECT, DELETE"),
    // A condition of DELETE needs the right to read its column.
    ("corrections", "DELETE, SELECT (record_id)"),
    (
        "consent_links",
        "SELECT, UPDATE (wrapped_key, desk_code, predecessor, offer, state, code_attempts, mac)",
    ),
    (
        "access_copies",
        "SELECT, UPDATE (wrapped_key, desk_code, content, state, identity, code_attempts, opened_at, mac)",
    ),
    ("wallet_changes", "SELECT, UPDATE (content, state, mac)"),
    ("retentions", "DELETE, SELECT (record_id)"),
    ("restriction_steps", "SELECT, UPDATE (content, note, mac)"),
    ("erasures", "SELECT, INSERT, UPDATE"),
    ("record_events", "INSERT"),
    // The receipt stands in the transaction that destroys.
    ("outbox", "INSERT"),
];

fn user_at(account: Account, names: &Names, host: &str) -> String {
    format!("{}@{}", text(&names.user(account)), text(host))
}

fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

fn text(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names {
            main: "seal_main".to_owned(),
            backup: "seal_backup".to_owned(),
            keys: "seal_keys".to_owned(),
            users: "sealwatch".to_owned(),
        }
    }

    #[test]
    fn a_right_on_a_whole_database_reaches_no_similar_name() {
        let statements = grants(Account::Migrate, &names(), "localhost");
        let wanted = "GRANT ALL PRIVILEGES ON `seal\\_main`.* TO 'sealwatch_migrate'@'localhost'";
        assert!(
            statements.iter().any(|statement| statement == wanted),
            "{statements:?}"
        );
    }

    #[test]
    fn names_and_passwords_are_quoted() {
        let mut names = names();
        names.users = "o'neil\\".to_owned();
        let statements = create_user(Account::Entry, &names, "%", "a'b\\c");
        assert_eq!(
            statements[0],
            "CREATE USER IF NOT EXISTS 'o''neil\\\\_entry'@'%' IDENTIFIED BY 'a''b\\\\c'"
        );
    }
}
