//! The doorway: help, settings, run.

use std::process::ExitCode;

fn main() -> ExitCode {
    breach_viewer::run()
}
