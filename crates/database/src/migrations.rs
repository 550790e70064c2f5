//! The schema, embedded: `migrations/{main,backup,keys}` at the root of the repository.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use sha2::{Digest, Sha256};
use sqlx::SqlSafeStr as _;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::mysql::MySqlPool;

/// Version and description of each migration, and its SQL.
mod files {
    include!(concat!(env!("OUT_DIR"), "/migrations.rs"));
}

// Each is hashed once, and asked for whenever somebody asks whether we are ready.
static MAIN: LazyLock<Migrator> = LazyLock::new(|| migrator(files::MAIN));
static BACKUP: LazyLock<Migrator> = LazyLock::new(|| migrator(files::BACKUP));
static KEYS: LazyLock<Migrator> = LazyLock::new(|| migrator(files::KEYS));

fn migrator(files: &[(i64, &'static str, &'static str)]) -> Migrator {
    let migrations = files.iter().map(|(version, description, sql)| {
        let (description, sql) = ((*description).into(), sql.into_sql_str());
        Migration::new(*version, description, MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.collect())
}

/// The three databases of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Everything the apps work on.
    Main,
    /// Sealed copies of anchored record versions.
    Backup,
    /// Wrapped owner keys, apart from the copies.
    Keys,
}

impl Kind {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Main, Self::Backup, Self::Keys];

    fn migrator(self) -> &'static Migrator {
        match self {
            Self::Main => &MAIN,
            Self::Backup => &BACKUP,
            Self::Keys => &KEYS,
        }
    }

    /// Tells the schema that this software was built with from every other.
    pub(crate) fn checksum(self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for migration in self.migrator().iter() {
            hash.update(migration.version.to_be_bytes());
            hash.update(&migration.checksum);
        }
        hash.finalize().into()
    }
}

/// Brings a database to the newest schema; does nothing when it is there already.
/// Refuses a database that knows migrations which this software does not.
pub async fn migrate(kind: Kind, pool: &MySqlPool) -> Result<(), MigrateError> {
    kind.migrator().run(pool).await
}

/// Whether the database has exactly the schema that this software was built with.
/// One that was never migrated is an error.
pub async fn schema_is_current(kind: Kind, pool: &MySqlPool) -> Result<bool, sqlx::Error> {
    let applied: Vec<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations WHERE success = 1")
            .fetch_all(pool)
            .await?;
    let applied: BTreeSet<(i64, Vec<u8>)> = applied.into_iter().collect();
    let known = kind
        .migrator()
        .iter()
        .map(|migration| (migration.version, migration.checksum.to_vec()))
        .collect();
    Ok(applied == known)
}
