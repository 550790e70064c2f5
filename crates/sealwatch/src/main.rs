//! `sealwatch`: the operator's command.

use std::io;
use std::process::ExitCode;

use clap::Parser;
use sealwatch::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    match sealwatch::run(cli, &mut io::stdout()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            sealwatch::tell(&mut io::stderr(), &error);
            ExitCode::FAILURE
        }
    }
}
