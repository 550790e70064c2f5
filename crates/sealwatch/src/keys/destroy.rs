//! `sealwatch keys destroy`

use std::io::{self, Write};

use anyhow::{Result, ensure};
use clap::Args;
use database::MySqlPool;
use database::key_checks;
use database::rewrapping::{self, KeyTable, Place, Wrapped};
use keyring::{ApplicationKeys, KeySet};
use record::time::Clock;

use super::{Paths, change, databases, rewrap};
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
    /// Also where rows hold no key that opens, which an older dump or the server's log might still bring back
    #[arg(long)]
    even_so: bool,
}

pub(crate) async fn run(args: &Destroy, out: &mut impl Write) -> Result<()> {
    let (paths, version) = (&args.paths, args.version);
    let set = change::load(paths, out)?;
    let keys = set.application().clone();
    // What can't be done at all is told before the databases are asked.
    let without = set.without_unwrapping(version)?;
    let tables = databases::both(&keys).await?;
    look(args, &tables, &keys).await?;
    confirm(args)?;
    let passphrase = change::passphrase(paths)?;
    let [(_, main), _] = &tables;
    retire(main, &keys, version).await?;
    let done = async {
        for (table, pool) in &tables {
            // Time has passed: somebody may have been entered by a host that is behind. From now on nobody is.
            rewrap::through(*table, pool, &keys).await?;
        }
        look(args, &tables, &keys).await?;
        change::save_with(&without, paths, &passphrase, out)
    };
    if let Err(error) = done.await {
        // Where the new file is in place, or none can be read, it stays retired.
        if KeySet::load(&paths.dir).is_ok_and(|set| unwraps(&set, version)) {
            key_checks::employ(&mut *main.acquire().await?, version).await?;
        }
        return Err(error);
    }
    writeln!(
        out,
        "Application key version {version} is destroyed in {}: nobody can unwrap with this file what it wrapped.\n\
         Mails with a link that wait since before `sealwatch keys use` are given up: send those links again.\n\
         It is gone for good once every other copy is: destroy older escrow copies, older copies of application-keys.json, and backups of them.",
        paths.dir.display()
    )?;
    change::tell_to_copy(paths, out)
}

fn unwraps(set: &KeySet, version: u32) -> bool {
    set.application().all_versions().get(&version) == Some(&true)
}

/// From here on no host wraps by it, whatever file it holds.
async fn retire(main: &MySqlPool, keys: &ApplicationKeys, version: u32) -> Result<()> {
    let (mut connection, now) = (main.acquire().await?, Clock::system().now());
    Ok(key_checks::retire(&mut connection, keys, version, now, &mut rand::rng()).await?)
}

/// Refuses while anything would be lost that could still be brought back.
async fn look(
    args: &Destroy,
    tables: &[(KeyTable, MySqlPool)],
    keys: &ApplicationKeys,
) -> Result<()> {
    let version = args.version;
    for (table, pool) in tables {
        let (wrapped, name) = (
            wrapped(*table, pool, keys, version).await?,
            databases::name_of(*table),
        );
        ensure!(
            wrapped.by_it == 0,
            "{} keys in the {name} are wrapped by version {version}: nothing was changed. Run `sealwatch keys rewrap` first",
            wrapped.by_it
        );
        ensure!(
            wrapped.foreign == 0 || args.even_so,
            "{} rows in the {name} hold no key that opens: nothing was changed. What they held before may still be in a dump or in the \
             server's log, wrapped by this version: restore them in breach-viewer first, or say --even-so",
            wrapped.foreign
        );
    }
    Ok(())
}

async fn wrapped(
    table: KeyTable,
    pool: &MySqlPool,
    keys: &ApplicationKeys,
    version: u32,
) -> Result<Wrapped> {
    let mut connection = pool.acquire().await?;
    let (mut all, mut place) = (Wrapped::default(), Place::start());
    loop {
        let (some, next) =
            rewrapping::wrapped_by(&mut connection, table, keys, version, &place).await?;
        all.by_it += some.by_it;
        all.foreign += some.foreign;
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
