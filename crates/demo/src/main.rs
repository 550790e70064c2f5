//! `make demo`

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    demo::run(demo::Options::parse()).await
}
