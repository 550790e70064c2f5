//! The main database with keys that were checked against it.

use anyhow::{Context, Result, bail};
use database::key_checks::{self, KeyCheck};
use database::{MySqlConnection, MySqlPool, PoolSettings};
use keyring::ApplicationKeys;
use web_kit::settings::{Database, Keys, Reader};

pub(crate) struct Door {
    pub(crate) pool: MySqlPool,
    pub(crate) keys: ApplicationKeys,
}

struct Settings {
    database: Database,
    keys: Keys,
}

fn settings(reader: &mut Reader) -> Option<Settings> {
    let database = Database::read(
        reader,
        "DATABASE_URL",
        "the main database, as an account that may write staff",
    );
    let keys = Keys::read(reader);
    Some(Settings {
        database: database?,
        keys: keys?,
    })
}

pub(crate) fn settings_help() -> String {
    Reader::describe(settings)
}

impl Door {
    /// Connects as the environment says. Wrong keys are refused: what they write, nobody could read.
    pub(crate) async fn open() -> Result<Self> {
        let settings = Reader::from_env().finish(settings)?;
        let pool = database::connect(&settings.database.url, &PoolSettings::default())
            .await
            .context("DATABASE_URL")?;
        let keys = settings.keys.application;
        check_keys(&mut *pool.acquire().await?, &keys).await?;
        Ok(Self { pool, keys })
    }
}

pub(crate) async fn check_keys(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
) -> Result<()> {
    match key_checks::verify(connection, keys)
        .await
        .context("the database is not ready; run `sealwatch migrate` first")?
    {
        KeyCheck::Right => Ok(()),
        KeyCheck::Missing => bail!("the database is not set up yet: run `sealwatch migrate` first"),
        KeyCheck::Wrong(problem) => {
            bail!("the key files do not belong to this database: {problem}")
        }
    }
}
