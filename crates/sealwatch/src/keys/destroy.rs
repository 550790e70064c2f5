//! `sealwatch keys destroy`

use std::io::{self, Write};

use anyhow::{Result, ensure};
use clap::Args;
use database::MySqlPool;
use database::rewrapping::{self, KeyTable, Place};
use keyring::ApplicationKeys;

use super::{Paths, change, databases};
use crate::new_secret::visible;

#[derive(Args)]
pub(crate) struct Destroy {
    #[command(flatten)]
    paths: Paths,
    /// The version of the application key that nobody shall be able to unwrap with
    #[arg(long, value_name = "N")]
    version: u32,
    /// Do not ask: new dumps of the databases were taken since `sealwatch keys rewrap`
    #[arg(long)]
    yes: bool,
}

pub(crate) async fn run(args: &Destroy, out: &mut impl Write) -> Result<()> {
    let (paths, version) = (&args.paths, args.version);
    let set = change::load(paths, out)?;
    let keys = set.application().clone();
    // What can't be done at all is told before the databases are asked.
    let without = set.without_unwrapping(version)?;
    for (table, pool) in databases::both(&keys).await? {
        let wrapped = still_wrapped(table, &pool, &keys, version).await?;
        ensure!(
            wrapped == 0,
            "{wrapped} keys in the {} are wrapped by version {version}: nothing was changed. Run `sealwatch keys rewrap` first",
            databases::name_of(table)
        );
    }
    confirm(args)?;
    change::save(&without, paths, out)?;
    writeln!(
        out,
        "Application key version {version} is destroyed in {}: nobody can unwrap with this file what it wrapped.\n\
         It is gone for good once every other copy is: destroy older escrow copies, older copies of application-keys.json, and backups of them.",
        paths.dir.display()
    )?;
    change::tell_to_copy(paths, out)
}

async fn still_wrapped(
    table: KeyTable,
    pool: &MySqlPool,
    keys: &ApplicationKeys,
    version: u32,
) -> Result<u64> {
    let mut connection = pool.acquire().await?;
    let (mut all, mut place) = (0, Place::start());
    loop {
        let (wrapped, next) =
            rewrapping::wrapped_by(&mut connection, table, keys, version, &place).await?;
        all += wrapped;
        match next {
            Some(next) => place = next,
            None => return Ok(all),
        }
    }
}

fn confirm(args: &Destroy) -> Result<()> {
    if args.yes {
        return Ok(());
    }
    writeln!(
        io::stderr(),
        "Dumps of the databases from before `sealwatch keys rewrap` will open nothing any more. Without new ones, stop here (with --yes \
         this is not asked)."
    )?;
    let typed = visible("version to be destroyed, once more", None)?;
    ensure!(
        typed == args.version.to_string(),
        "that is another version; nothing was changed"
    );
    Ok(())
}
