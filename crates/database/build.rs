//! Lists the migrations, which are built in. `sqlx::migrate!` would do so as well, and have the driver and all beneath it built a
//! second time, for the compiler's own use.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const MIGRATIONS: &str = "../../migrations";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={MIGRATIONS}");
    let mut list = String::new();
    for kind in ["main", "backup", "keys"] {
        let files = fs::read_dir(Path::new(MIGRATIONS).join(kind))?;
        let mut files: Vec<PathBuf> = files
            .map(|file| file?.path().canonicalize())
            .collect::<io::Result<_>>()?;
        files.sort();
        let name = kind.to_uppercase();
        writeln!(list, "pub const {name}: &[(i64, &str, &str)] = &[")?;
        for file in files {
            let (version, description) = named(&file).ok_or_else(|| {
                format!(
                    "{}: a migration is named VERSION_WHAT_IT_DOES.sql",
                    file.display()
                )
            })?;
            writeln!(
                list,
                "    ({version}, {description:?}, include_str!({file:?})),"
            )?;
        }
        writeln!(list, "];")?;
    }
    let out = env::var_os("OUT_DIR").ok_or("no OUT_DIR")?;
    fs::write(Path::new(&out).join("migrations.rs"), list)?;
    Ok(())
}

/// `20261121000001_create_staff.sql` is the version 20261121000001, "create staff".
fn named(file: &Path) -> Option<(i64, String)> {
    let name = file.file_name()?.to_str()?.strip_suffix(".sql")?;
    let (version, description) = name.split_once('_')?;
    Some((version.parse().ok()?, description.replace('_', " ")))
}
