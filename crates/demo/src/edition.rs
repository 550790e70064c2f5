//! Which edition of the demo made the data that is there: before the first release its tables and its story still change, and
//! old data would look tampered with.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

/// Rises with every change after which older data can't be carried on.
const EDITION: &str = "3\n";

/// Notes the edition in a new folder; refuses the data of another one.
pub(crate) fn claim(dir: &Path) -> Result<()> {
    let note = dir.join("edition");
    match fs::read_to_string(&note) {
        Ok(edition) if edition == EDITION => Ok(()),
        Err(_) if !dir.join("database").exists() => {
            fs::create_dir_all(dir)?;
            Ok(fs::write(&note, EDITION)?)
        }
        _ => bail!(
            "the demo's data was made by an earlier build, which kept it otherwise: `make clean-demo` forgets it, and `make demo` starts over"
        ),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    #[test]
    fn data_of_another_edition_is_refused_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        claim(dir.path()).unwrap();
        fs::create_dir(dir.path().join("database")).unwrap();
        claim(dir.path()).unwrap();
        fs::remove_file(dir.path().join("edition")).unwrap();
        let refused = claim(dir.path()).unwrap_err().to_string();
        assert!(refused.contains("make clean-demo"), "{refused}");
        fs::write(dir.path().join("edition"), "1\n").unwrap();
        assert!(claim(dir.path()).is_err());
        assert!(dir.path().join("database").exists());
    }
}
