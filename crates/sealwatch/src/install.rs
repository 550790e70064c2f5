//! `sealwatch install`: databases, schema and accounts in one go, for who administers the database server. Those who may
//! not let a program do this use `sealwatch migrate` and `sealwatch grants`.

mod address_files;

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use database::grants::{self, Account};
use database::{Kind, MySqlPool, PoolSettings};
use secrecy::{ExposeSecret, SecretString};
use sqlx::AssertSqlSafe;
use url::Url;
use web_kit::settings::{Keys, Reader};

use crate::apps::App;
use crate::migrate;
use crate::names::Names;
use address_files::AddressFiles;

#[derive(Args)]
pub(crate) struct Install {
    /// Directory for the files with the accounts' addresses; made when it is missing
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    #[command(flatten)]
    names: Names,
}

struct Settings {
    server: Url,
    keys: Keys,
}

fn settings(reader: &mut Reader) -> Option<Settings> {
    let server = reader.secret(
        "DATABASE_ADMIN_URL",
        "the database server's administrator, mysql://account:password@host:port",
    );
    let keys = Keys::read(reader);
    let server = server.and_then(|url| administrator(reader, url));
    Some(Settings {
        server: server?,
        keys: keys?,
    })
}

fn administrator(reader: &mut Reader, url: SecretString) -> Option<Url> {
    match Url::parse(url.expose_secret()) {
        Ok(mut url) if url.scheme() == "mysql" && url.has_host() => {
            // A database that every server has: the driver wants one.
            url.set_path("mysql");
            Some(url)
        }
        _ => reader.problem(
            "DATABASE_ADMIN_URL",
            "must be a URL that begins with mysql://",
        ),
    }
}

pub(crate) fn settings_help() -> String {
    Reader::describe(settings)
}

pub(crate) async fn run(args: &Install, out: &mut impl Write) -> Result<()> {
    let settings = Reader::from_env().finish(settings)?;
    let names = args.names.on_server();
    let files = AddressFiles::within(&args.dir, &settings.server, &names)?;
    let server = database::connect(&settings.server, &PoolSettings::default())
        .await
        .context("DATABASE_ADMIN_URL")?;
    for kind in Kind::ALL {
        let name = names.database(kind).replace('`', "``");
        let sql = format!("CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4");
        execute(&server, sql).await?;
        let mut url = settings.server.clone();
        url.set_path(names.database(kind));
        let pool = migrate::schema(kind, names.database(kind), &url, out).await?;
        if kind == Kind::Main {
            migrate::store_key_checks(&mut *pool.acquire().await?, &settings.keys.application)
                .await?;
        }
    }
    for account in Account::ALL {
        let password = files.password(account)?;
        let host = &args.names.host;
        let user = grants::create_user(account, &names, host, &password);
        for statement in user
            .into_iter()
            .chain(grants::grants(account, &names, host))
        {
            execute(&server, statement)
                .await
                .with_context(|| format!("the account {}", names.user(account)))?;
        }
        files.write(account, &password)?;
    }
    explain(&files, out)
}

async fn execute(server: &MySqlPool, sql: String) -> Result<()> {
    // Our own statements: names and passwords in them are quoted.
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(server).await?;
    Ok(())
}

fn explain(files: &AddressFiles<'_>, out: &mut impl Write) -> Result<()> {
    writeln!(
        out,
        "Every app has accounts that may do what it needs and no more. Give it these settings:"
    )?;
    for app in App::ALL {
        writeln!(out, "  {}", app.name())?;
        for address in app.addresses() {
            let path = files.path(app, address);
            writeln!(out, "    {}_FILE={}", address.setting, path.display())?;
        }
    }
    Ok(())
}
