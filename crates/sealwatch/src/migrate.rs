//! `sealwatch migrate`

use std::io::Write;

use anyhow::{Context, Result, bail};
use database::key_checks::{self, KeyCheck};
use database::{Kind, MySqlConnection, MySqlPool, PoolSettings};
use keyring::ApplicationKeys;
use record::time::Clock;
use url::Url;
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
    let main = schema(Kind::Main, "DATABASE_URL", &settings.main.url, out).await?;
    schema(
        Kind::Backup,
        "BACKUP_DATABASE_URL",
        &settings.backup.url,
        out,
    )
    .await?;
    schema(
        Kind::Keys,
        "KEY_BACKUP_DATABASE_URL",
        &settings.keys_backup.url,
        out,
    )
    .await?;
    store_key_checks(&mut *main.acquire().await?, &settings.keys.application).await?;
    writeln!(out, "The application keys are those of this database.")?;
    Ok(())
}

/// Brings one database to the newest schema; `name` is what a person knows it by.
pub(crate) async fn schema(
    kind: Kind,
    name: &str,
    url: &Url,
    out: &mut impl Write,
) -> Result<MySqlPool> {
    let name = name.to_owned();
    let pool = database::connect(url, &PoolSettings::default())
        .await
        .context(name.clone())?;
    database::migrate(kind, &pool).await.context(name.clone())?;
    writeln!(out, "{name}: the schema is up to date.")?;
    Ok(pool)
}

/// Keys that do not open what is stored must not add a value of their own: two sets of keys would seem right.
pub(crate) async fn store_key_checks(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
) -> Result<()> {
    if let KeyCheck::Wrong(problem) = key_checks::verify(connection, keys).await? {
        bail!("the key files do not belong to this database: {problem}");
    }
    let now = Clock::system().now();
    Ok(key_checks::store(connection, keys, now, &mut rand::rng()).await?)
}
