//! `sealwatch schema`

use std::io::Write;

use anyhow::{Result, ensure};
use clap::Subcommand;
use database::{Kind, schema_baselines, schema_is_current};
use record::time::Clock;

use crate::door::Door;

#[derive(Subcommand)]
pub(crate) enum Schema {
    /// Take the tables as they are now for what they have to be: after an upgrade of the database server that writes their
    /// columns another way, and only when they are what they were
    Accept,
}

pub(crate) async fn run(command: Schema, out: &mut impl Write) -> Result<()> {
    let Schema::Accept = command;
    let door = Door::open().await?;
    ensure!(
        schema_is_current(Kind::Main, &door.pool).await?,
        "the schema is not this version's: run `sealwatch migrate` first"
    );
    let mut connection = door.pool.acquire().await?;
    let seen = schema_baselines::look(&mut connection).await?.fingerprint;
    let now = Clock::system().now();
    let told = match schema_baselines::accept(&mut connection, &door.keys, seen, now).await? {
        true => {
            "The tables are taken as they are now. Restart breach-viewer: it remembers what they were."
        }
        false => "The tables are what they have to be; nothing was changed.",
    };
    writeln!(out, "{told}")?;
    Ok(())
}
