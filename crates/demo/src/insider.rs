//! Somebody with the database administrator's rights and without any key.

use std::path::PathBuf;

use anyhow::{Context, Result};
use devstack::Site;
use sqlx::mysql::MySqlQueryResult;
use sqlx::{Connection, MySqlConnection};
use url::Url;

use crate::sign_ins::write_private;

/// Overwrites a piece of the sealed e-mail address. Without a key nobody can do better.
pub(crate) const ALTER: &str = "UPDATE record_versions SET email = INSERT(email, LENGTH(email) - 20, 4, 'oops') \
                                WHERE record_id = (SELECT id FROM records WHERE uid = ?)";
const DELETE: &str = "DELETE FROM records WHERE uid = ?";
const READ_PHONE: &str =
    "SELECT phone FROM record_versions WHERE record_id = (SELECT id FROM records WHERE uid = ?)";
const WRITE_PHONE: &str =
    "UPDATE record_versions SET phone = ? WHERE record_id = (SELECT id FROM records WHERE uid = ?)";
const WRITE_ADDRESS: &str = "UPDATE record_versions SET address = ? WHERE record_id = (SELECT id FROM records WHERE uid = ?)";
/// A copy of a genuine row is the best that can be made without a key. It claims a UID that nobody has.
const FORGE: [&str; 2] = [
    "INSERT INTO record_versions SELECT ?, version, draft, name, email, phone, age, address, wallet, relation, anchor, wallet_order \
     FROM record_versions WHERE record_id = (SELECT id FROM records WHERE uid = ?)",
    "INSERT INTO records SELECT ?, uid + 1000, state, version, draft, wallet_index, email_index, RANDOM_BYTES(16), created_by, \
     created_at, updated_at, mac FROM records WHERE uid = ?",
];

/// Where the client's settings of the insider lie.
fn client_settings(site: &Site) -> PathBuf {
    site.dir().join("insider.cnf")
}

/// So that the person at the terminal can play the insider with a short command.
pub(crate) fn write_client_settings(site: &Site) -> Result<()> {
    let url = site.database().url();
    let text = format!(
        "[client]\nprotocol=tcp\nhost={}\nport={}\nuser={}\npassword={}\n",
        url.host_str().context("host")?,
        url.port().context("port")?,
        url.username(),
        url.password().unwrap_or_default(),
    );
    write_private(&client_settings(site), &text)
}

/// The command that alters the e-mail address of the record with this UID.
pub(crate) fn command_to_alter(site: &Site, uid: u64) -> String {
    let settings = client_settings(site);
    let here = std::env::current_dir().unwrap_or_default();
    let settings = settings.strip_prefix(&here).unwrap_or(&settings);
    let sql = ALTER.replace('?', &uid.to_string());
    format!(
        "mariadb --defaults-file={} {} -e \"{sql}\"",
        settings.display(),
        site.names().main
    )
}

/// The insider at work.
pub(crate) struct Insider {
    database: Url,
}

impl Insider {
    pub(crate) fn new(site: &Site) -> Self {
        Self {
            database: site.database().database_url(&site.names().main),
        }
    }

    /// The UID of a record, as every administrator can see it.
    pub(crate) async fn uid_of(&self, record: &str) -> Result<u64> {
        let id = hex::decode(record).context("a record's id")?;
        let mut connection = self.connect().await?;
        let uid: Option<u64> = sqlx::query_scalar("SELECT uid FROM records WHERE id = ?")
            .bind(id)
            .fetch_one(&mut connection)
            .await?;
        uid.context("the record has no UID yet")
    }

    /// Changes one sealed e-mail address.
    pub(crate) async fn alter_email(&self, uid: u64) -> Result<()> {
        self.run(ALTER, uid).await
    }

    /// Deletes one record.
    pub(crate) async fn delete(&self, uid: u64) -> Result<()> {
        self.run(DELETE, uid).await
    }

    /// The sealed postal address of a record, as every backup of the database holds it.
    pub(crate) async fn keep_address(&self, record: &str) -> Result<String> {
        let id = hex::decode(record).context("a record's id")?;
        let mut connection = self.connect().await?;
        let cell: Vec<u8> =
            sqlx::query_scalar("SELECT address FROM record_versions WHERE record_id = ?")
                .bind(id)
                .fetch_one(&mut connection)
                .await?;
        Ok(hex::encode(cell))
    }

    /// Puts a postal address back that was kept.
    pub(crate) async fn roll_back(&self, uid: u64, kept: &str) -> Result<()> {
        let cell = hex::decode(kept).context("a kept cell")?;
        let mut connection = self.connect().await?;
        let query = sqlx::query(WRITE_ADDRESS).bind(cell).bind(uid);
        changed_one(&query.execute(&mut connection).await?)
    }

    /// Exchanges the sealed phone numbers of two records.
    pub(crate) async fn swap_phones(&self, [one, other]: [u64; 2]) -> Result<()> {
        let mut connection = self.connect().await?;
        let mut act = connection.begin().await?;
        let mut cells: Vec<Vec<u8>> = Vec::new();
        for uid in [one, other] {
            let cell = sqlx::query_scalar(READ_PHONE).bind(uid);
            cells.push(cell.fetch_one(&mut *act).await?);
        }
        for (uid, cell) in [other, one].into_iter().zip(cells) {
            let query = sqlx::query(WRITE_PHONE).bind(cell).bind(uid);
            changed_one(&query.execute(&mut *act).await?)?;
        }
        Ok(act.commit().await?)
    }

    /// Inserts a record of this id that was never signed, made of what stands in the record of that UID.
    pub(crate) async fn forge(&self, record: &str, like: u64) -> Result<()> {
        let id = hex::decode(record).context("a record's id")?;
        let mut connection = self.connect().await?;
        let mut act = connection.begin().await?;
        for sql in FORGE {
            let query = sqlx::query(sql).bind(&id).bind(like);
            changed_one(&query.execute(&mut *act).await?)?;
        }
        Ok(act.commit().await?)
    }

    async fn run(&self, sql: &'static str, uid: u64) -> Result<()> {
        let mut connection = self.connect().await?;
        let done: MySqlQueryResult = sqlx::query(sql).bind(uid).execute(&mut connection).await?;
        changed_one(&done)
    }

    async fn connect(&self) -> Result<MySqlConnection> {
        Ok(MySqlConnection::connect(self.database.as_str()).await?)
    }
}

fn changed_one(done: &MySqlQueryResult) -> Result<()> {
    let rows = done.rows_affected();
    anyhow::ensure!(rows == 1, "the insider changed {rows} rows instead of one");
    Ok(())
}
