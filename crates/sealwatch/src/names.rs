//! What databases and accounts are called on the database server.

use clap::Args;
use database::grants;

#[derive(Args, Clone)]
pub(crate) struct Names {
    /// Name of the main database
    #[arg(long, default_value = "sealwatch_main")]
    main: String,
    /// Name of the backup of records
    #[arg(long, default_value = "sealwatch_backup")]
    backup: String,
    /// Name of the backup of owner keys
    #[arg(long, default_value = "sealwatch_keys")]
    keys: String,
    /// What the names of the accounts begin with
    #[arg(long, default_value = "sealwatch")]
    users: String,
    /// Where the accounts may connect from, as the database server sees it
    #[arg(long, default_value = "%")]
    pub(crate) host: String,
}

impl Names {
    pub(crate) fn on_server(&self) -> grants::Names {
        grants::Names {
            main: self.main.clone(),
            backup: self.backup.clone(),
            keys: self.keys.clone(),
            users: self.users.clone(),
        }
    }
}
