//! The operator's command: keys, schema, database accounts, staff. It needs no running application.

mod apps;
mod door;
mod grants;
mod install;
mod keys;
mod migrate;
mod names;
mod new_secret;
mod schema;
mod staff;

use std::io::Write;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Sets up and looks after a Sealwatch deployment.
#[derive(Parser)]
#[command(version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make, recover, check, rotate and destroy keys
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Bring the three databases to the newest schema and store the key-check values
    #[command(after_help = migrate::settings_help())]
    Migrate,
    /// Make databases, schema and accounts of least right as the database server's administrator
    #[command(after_help = install::settings_help())]
    Install(install::Install),
    /// Print the SQL that gives the database accounts exactly their rights, for an administrator to run
    Grants(grants::Grants),
    /// Accounts of the controller's staff
    #[command(subcommand, after_help = door::settings_help())]
    Staff(staff::Staff),
    /// What the tables have to be like
    #[command(subcommand, after_help = door::settings_help())]
    Schema(schema::Schema),
}

/// Runs one command. What it has to say goes to `out`.
pub async fn run(cli: Cli, out: &mut impl Write) -> Result<()> {
    match cli.command {
        Command::Keys(command) => keys::run(command, out).await,
        Command::Migrate => migrate::run(out).await,
        Command::Install(args) => install::run(&args, out).await,
        Command::Grants(args) => grants::run(&args, out),
        Command::Staff(command) => staff::run(command, out).await,
        Command::Schema(command) => schema::run(command, out).await,
    }
}

/// Tells an error with its causes, each once: many errors repeat their cause in their own text.
pub fn tell(out: &mut impl Write, error: &anyhow::Error) {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    // There is nobody left to tell when even this fails.
    let _ = writeln!(out, "error: {text}");
}
