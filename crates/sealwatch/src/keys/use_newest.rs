//! `sealwatch keys use`

use std::io::Write;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::Args;
use keyring::KeySet;

use super::{Paths, change, databases};
use crate::migrate::store_key_checks;

/// Every process looks at its files each second, and may be slow.
const KNOWN_AFTER: Duration = Duration::from_secs(60);

#[derive(Args)]
pub(crate) struct Use {
    #[command(flatten)]
    paths: Paths,
    /// Every process has the newest version already: do not wait until its file is a minute old
    #[arg(long)]
    now: bool,
}

pub(crate) async fn run(args: &Use, out: &mut impl Write) -> Result<()> {
    let paths = &args.paths;
    let (set, version) = change::load(paths, out)?.using_newest()?;
    let age = KeySet::unchanged_for(&paths.dir)?;
    ensure!(
        args.now || age >= KNOWN_AFTER,
        "The key file was changed {} seconds ago. A process that has not read it yet would take what the new version signs for somebody \
         else's: wait until it is a minute old, or say --now where every app has logged it.",
        age.as_secs()
    );
    let main = databases::main(set.application()).await?;
    store_key_checks(&mut *main.acquire().await?, set.application()).await?;
    change::save(&set, paths, out)?;
    writeln!(out, "Application key version {version} is in use.")?;
    change::tell_to_copy(paths, out)?;
    writeln!(out, "Then: sealwatch keys rewrap")?;
    Ok(())
}
