//! `sealwatch keys rewrap`

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use database::MySqlPool;
use database::rewrapping::{self, KeyTable, Place, Seen};
use indicatif::{ProgressBar, ProgressStyle};
use keyring::{ApplicationKeys, KeySet};

use super::databases;

/// Two transactions may be in each other's way; the next try is another one.
const TRIES: u32 = 10;

#[derive(Args)]
pub(crate) struct Rewrap {
    /// Directory of master.key, application-keys.json and front.json
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
}

pub(crate) async fn run(args: &Rewrap, out: &mut impl Write) -> Result<()> {
    let set = KeySet::load(&args.dir)?;
    let keys = set.application();
    let mut all = Seen::default();
    for (table, pool) in databases::both(keys).await? {
        let seen = through(table, &pool, keys).await?;
        writeln!(
            out,
            "{}: {} keys, {} wrapped anew under application key version {}.",
            databases::name_of(table),
            seen.rows,
            seen.rewrapped,
            keys.current_version()
        )?;
        all = all.and(seen);
    }
    if all.foreign > 0 {
        bail!(
            "{} rows hold no key that opens: altered, planted, or wrapped by a version that was destroyed. Restore in breach-viewer what it \
             tells of, and run this again: once an older version is destroyed, dumps and the log bring none of them back",
            all.foreign
        );
    }
    if all.left > 0 {
        bail!(
            "{} keys are still wrapped by an older version: their rows were altered, or changed while this ran. Run it again; what stays \
             has to be restored in breach-viewer first",
            all.left
        );
    }
    let dir = args.dir.display();
    writeln!(
        out,
        "Older versions wrap nothing any more. Take new dumps of the databases; then: sealwatch keys destroy --dir {dir} --version N --escrow NEW"
    )?;
    Ok(())
}

pub(super) async fn through(
    table: KeyTable,
    pool: &MySqlPool,
    keys: &ApplicationKeys,
) -> Result<Seen> {
    let mut connection = pool.acquire().await?;
    let bar = ProgressBar::new(rewrapping::count(&mut connection, table).await?).with_style(
        ProgressStyle::with_template(
            "{msg:>16} {bar:40} {pos} of {len} · {per_second} · {eta} left",
        )?,
    );
    bar.set_message(databases::name_of(table));
    let (mut all, mut place, mut tries) = (Seen::default(), Place::start(), 0);
    loop {
        let done = rewrapping::rewrap(&mut connection, table, keys, &place, &mut rand::rng()).await;
        let (seen, next) = match done {
            Err(error) if error.is_collision() && tries < TRIES => {
                tries += 1;
                continue;
            }
            done => done?,
        };
        (all, tries) = (all.and(seen), 0);
        bar.inc(seen.rows);
        match next {
            Some(next) => place = next,
            None => break,
        }
    }
    bar.finish_and_clear();
    Ok(all)
}
