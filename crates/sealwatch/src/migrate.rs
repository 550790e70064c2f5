//! `sealwatch migrate`

use std::io::Write;

use anyhow::{Context, Result, bail};
use database::key_checks::{self, KeyCheck};
use database::{Kind, MySqlConnection, MySqlPool, PoolSettings};
use keyring::ApplicationKeys;
use record::time::Clock;
use web_kit::settings::{Database, Keys, Reader};

struct Settings {
    main: Database,
    backup: Database,
    keys_backup: Database,
    keys: Keys,
}

fn settings(reader: &mut Reader) -> Option<Settings> {
    let main = Database::read(
        reader,
        "DATABASE_URL",
        "the main database, as an account that may create tables",
    );
    let backup = Database::read(
        reader,
        "BACKUP_DATABASE_URL",
        "the backup of records, as an account that may create tables",
    );
    let keys_backup = Database::read(
        reader,
        "KEY_BACKUP_DATABASE_URL",
        "the backup of owner keys, as an account that may create tables",
    );
    let keys = Keys::read(reader);
    Some(Settings {
        main: main?,
        backup: backup?,
        keys_backup: keys_backup?,
        keys: keys?,
    })
}

pub(crate) fn settings_help() -> String {
    Reader::describe(settings)
}

pub(crate) async fn run(out: &mut impl Write) -> Result<()> {
    let settings = Reader::from_env().finish(settings)?;
    let main = migrate(Kind::Main, "DATABASE_URL", &settings.main, out).await?;
    migrate(Kind::Backup, "BACKUP_DATABASE_URL", &settings.backup, out).await?;
    migrate(
        Kind::Keys,
        "KEY_BACKUP_DATABASE_URL",
        &settings.keys_backup,
        out,
    )
    .await?;
    store_key_checks(&mut *main.acquire().await?, &settings.keys.application).await?;
    writeln!(out, "The application keys are those of this database.")?;
    Ok(())
}

async fn migrate(
    kind: Kind,
    setting: &'static str,
    database: &Database,
    out: &mut impl Write,
) -> Result<MySqlPool> {
    let pool = database::connect(&database.url, &PoolSettings::default())
        .await
        .context(setting)?;
    database::migrate(kind, &pool).await.context(setting)?;
    writeln!(out, "{setting}: the schema is up to date.")?;
    Ok(pool)
}

/// Keys that do not open what is stored must not add a value of their own: two sets of keys would seem right.
async fn store_key_checks(connection: &mut MySqlConnection, keys: &ApplicationKeys) -> Result<()> {
    if let KeyCheck::Wrong(problem) = key_checks::verify(connection, keys).await? {
        bail!("the key files do not belong to this database: {problem}");
    }
    for version in keys.versions() {
        let cell = keys.check_cell(version, &mut rand::rng())?;
        key_checks::insert(connection, version, &cell, Clock::system().now()).await?;
    }
    Ok(())
}
