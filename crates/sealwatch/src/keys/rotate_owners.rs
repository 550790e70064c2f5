//! `sealwatch keys rotate-owners`

mod locked;
mod one;
mod tally;

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use database::owner_key_rotation;
use indicatif::{ProgressBar, ProgressStyle};
use keyring::KeySet;
use record::ids::{RecordId, Uid};

use self::one::{Rotation, Which};
use self::tally::Tally;
use super::databases;

#[derive(Args)]
pub(crate) struct RotateOwners {
    /// Directory of master.key, application-keys.json and front.json
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Only the owner of this record, however new the key is
    #[arg(long, value_name = "N")]
    uid: Option<Uid>,
    /// Change nothing; tell how many would get another key, and who would be passed over
    #[arg(long)]
    dry_run: bool,
}

pub(crate) async fn run(args: &RotateOwners, out: &mut impl Write) -> Result<()> {
    let set = KeySet::load(&args.dir)?;
    let keys = set.application();
    let rotation = Rotation {
        databases: databases::owners(keys).await?,
        keys,
        which: match args.uid {
            Some(_) => Which::Asked,
            None => Which::Older,
        },
        is_dry: args.dry_run,
    };
    let tally = match args.uid {
        Some(uid) => only(&rotation, uid).await?,
        None => all(&rotation).await?,
    };
    tally.tell(keys.current_version(), args.dry_run, out)?;
    if tally.is_whole() {
        return Ok(());
    }
    bail!(
        "not every owner has a new key: what is told above has to end or to be put right first. Run this again then: who has \
         one already is passed over, and what was broken off is finished"
    )
}

async fn only(rotation: &Rotation<'_>, uid: Uid) -> Result<Tally> {
    let mut main = rotation.databases.main.acquire().await?;
    let id = owner_key_rotation::of_uid(&mut main, uid).await?;
    drop(main);
    let id = id.with_context(|| format!("there is no record {uid}"))?;
    let mut tally = Tally::default();
    tally.add(rotation.turn(id).await?);
    Ok(tally)
}

async fn all(rotation: &Rotation<'_>) -> Result<Tally> {
    let mut connection = rotation.databases.main.acquire().await?;
    let count = owner_key_rotation::count(&mut connection).await?;
    let bar = ProgressBar::new(count).with_style(ProgressStyle::with_template(
        "owners {bar:40} {pos} of {len} · {per_second} · {eta} left",
    )?);
    let (mut tally, mut after): (_, Option<RecordId>) = (Tally::default(), None);
    loop {
        let page = owner_key_rotation::page(&mut connection, after).await?;
        let Some(last) = page.last() else {
            break;
        };
        after = Some(*last);
        for id in page {
            tally.add(rotation.turn(id).await?);
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    Ok(tally)
}
