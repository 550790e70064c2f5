//! The doorway: help, settings, run.

use std::process::ExitCode;

fn main() -> ExitCode {
    entry_app::run()
}
