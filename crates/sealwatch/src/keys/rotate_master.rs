//! `sealwatch keys rotate-master`

use std::io::Write;

use anyhow::Result;

use super::{Paths, change};

pub(crate) fn run(paths: &Paths, out: &mut impl Write) -> Result<()> {
    let set = change::load(paths, out)?.with_another_master(&mut rand::rng());
    change::save(&set, paths, out)?;
    writeln!(
        out,
        "A new master key wraps the same application keys. The old one opens older copies of the key file only: destroy those and the \
         old escrow copy once the new one was tried."
    )?;
    change::tell_to_copy(paths, out)
}
