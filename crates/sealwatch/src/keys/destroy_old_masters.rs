//! `sealwatch keys destroy-old-masters`

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Result, bail, ensure};
use clap::Args;
use keyring::KeySet;

use crate::new_secret::visible;

#[derive(Args)]
pub(crate) struct DestroyOldMasters {
    /// Directory of master.key, application-keys.json and front.json
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Do not ask: every host has the newest application-keys.json, and no other deployment uses this name in this token
    #[arg(long)]
    yes: bool,
}

pub(crate) fn run(args: &DestroyOldMasters, out: &mut impl Write) -> Result<()> {
    let set = KeySet::load(&args.dir)?;
    let Some(uri) = set.master_token() else {
        bail!(
            "the master key of {} is a file, and in no token",
            args.dir.display()
        );
    };
    let others = set.other_masters();
    if others == 0 {
        writeln!(
            out,
            "The token holds no other key of this name than the one in use."
        )?;
        return Ok(());
    }
    if !args.yes {
        writeln!(
            io::stderr(),
            "Keys of this name in the token that do not open {}: {others} ({uri})\nA host that still has an older application-keys.json will not \
             start again, and another deployment that uses this name in this token is lost.",
            args.dir.join("application-keys.json").display()
        )?;
        let typed = visible("number of keys to be destroyed", None)?;
        ensure!(
            typed == others.to_string(),
            "that is another number; nothing was changed"
        );
    }
    let destroyed = set.destroy_other_masters()?;
    writeln!(
        out,
        "Destroyed in the token: {destroyed}. Older copies of application-keys.json open by nothing any more."
    )?;
    Ok(())
}
