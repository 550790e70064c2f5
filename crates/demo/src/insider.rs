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

    async fn run(&self, sql: &'static str, uid: u64) -> Result<()> {
        let mut connection = self.connect().await?;
        let done: MySqlQueryResult = sqlx::query(sql).bind(uid).execute(&mut connection).await?;
        anyhow::ensure!(
            done.rows_affected() == 1,
            "the insider changed {} rows instead of one",
            done.rows_affected()
        );
        Ok(())
    }

    async fn connect(&self) -> Result<MySqlConnection> {
        Ok(MySqlConnection::connect(self.database.as_str()).await?)
    }
}
