//! Where owners' keys lie, wrapped, and what is sealed under them.

use anyhow::{Context, Result, ensure};
use database::key_checks;
use database::rewrapping::KeyTable;
use database::{MySqlPool, PoolSettings};
use keyring::ApplicationKeys;
use web_kit::settings::{Database, Reader};

use crate::door::check_keys;

struct Settings {
    main: Database,
    backup: Database,
}

/// Everything that holds an owner's key, or something under it.
pub(super) struct Owners {
    pub(super) main: MySqlPool,
    /// The backup of records.
    pub(super) records: MySqlPool,
    /// The backup of owner keys.
    pub(super) keys: MySqlPool,
}

fn settings(reader: &mut Reader) -> Option<Settings> {
    let main = main_settings(reader);
    let backup = Database::read(
        reader,
        "KEY_BACKUP_DATABASE_URL",
        "the backup of owner keys, as the same account",
    );
    Some(Settings {
        main: main?,
        backup: backup?,
    })
}

fn main_settings(reader: &mut Reader) -> Option<Database> {
    Database::read(
        reader,
        "DATABASE_URL",
        "the main database, as the account that runs `sealwatch migrate`",
    )
}

pub(crate) fn settings_help() -> String {
    Reader::describe(settings)
}

fn records_settings(reader: &mut Reader) -> Option<Database> {
    Database::read(
        reader,
        "BACKUP_DATABASE_URL",
        "the backup of records, as the same account",
    )
}

fn owners_settings(reader: &mut Reader) -> Option<(Settings, Database)> {
    let (keys, records) = (settings(reader), records_settings(reader));
    Some((keys?, records?))
}

pub(crate) fn owners_settings_help() -> String {
    Reader::describe(owners_settings)
}

/// All three databases, which these keys belong to, and by which may be wrapped.
pub(super) async fn owners(keys: &ApplicationKeys) -> Result<Owners> {
    let records = Reader::from_env().finish(records_settings)?;
    let [(_, main), (_, backup)] = both(keys).await?;
    let records = database::connect(&records.url, &PoolSettings::default())
        .await
        .context("BACKUP_DATABASE_URL")?;
    Ok(Owners {
        main,
        records,
        keys: backup,
    })
}

/// The main database, which these keys belong to.
pub(super) async fn main(keys: &ApplicationKeys) -> Result<MySqlPool> {
    let database = Reader::from_env().finish(main_settings)?;
    connect("DATABASE_URL", &database, keys).await
}

/// Both tables of wrapped keys, which these keys belong to, and by which may be wrapped.
pub(super) async fn both(keys: &ApplicationKeys) -> Result<[(KeyTable, MySqlPool); 2]> {
    let settings = Reader::from_env().finish(settings)?;
    let main = connect("DATABASE_URL", &settings.main, keys).await?;
    let version = keys.current_version();
    ensure!(
        !key_checks::is_retired(&mut *main.acquire().await?, keys, version).await?,
        "application key version {version} is retired, and the key file here knows no newer one in use: copy the newest file to this host"
    );
    let backup = database::connect(&settings.backup.url, &PoolSettings::default())
        .await
        .context("KEY_BACKUP_DATABASE_URL")?;
    Ok([(KeyTable::InUse, main), (KeyTable::Backups, backup)])
}

async fn connect(
    name: &'static str,
    database: &Database,
    keys: &ApplicationKeys,
) -> Result<MySqlPool> {
    let pool = database::connect(&database.url, &PoolSettings::default())
        .await
        .context(name)?;
    check_keys(&mut *pool.acquire().await?, keys).await?;
    Ok(pool)
}

/// In words.
pub(super) const fn name_of(table: KeyTable) -> &'static str {
    match table {
        KeyTable::InUse => "main database",
        KeyTable::Backups => "backup of keys",
    }
}
