//! `sealwatch keys add`

use std::io::Write;

use anyhow::Result;

use super::{Paths, change};

pub(crate) fn run(paths: &Paths, out: &mut impl Write) -> Result<()> {
    let (set, version) = change::load(paths, out)?.with_another_key(&mut rand::rng())?;
    change::save(&set, paths, out)?;
    writeln!(
        out,
        "Application key version {version} is in the key file. Nothing uses it yet."
    )?;
    change::tell_to_copy(paths, out)?;
    writeln!(out, "Then: sealwatch keys use")?;
    Ok(())
}
