//! The doorway: help, settings, run.

use std::process::ExitCode;

fn main() -> ExitCode {
    consent_dapp::run()
}
