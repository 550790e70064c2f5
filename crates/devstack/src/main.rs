//! `devstack run -- CMD…`: a command with a database server and a mail inbox around it.

use std::process::{Command, ExitCode, ExitStatus};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use devstack::{DatabaseOptions, DatabaseServer, Inbox, InboxOptions, StackDir};

/// The local stack of Sealwatch.
#[derive(Parser)]
#[command(name = "devstack", version)]
struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Runs a command with DATABASE_SERVER_URL, SMTP_URL and INBOX_URL set, and ends with its exit code.
    ///
    /// A DATABASE_SERVER_URL that is already set names the server to use; none is started then.
    Run {
        /// The command and its arguments.
        #[arg(trailing_var_arg = true, required = true)]
        command: Vec<String>,
    },
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let Action::Run { command } = Arguments::parse().action;
    let stack = StackDir::throw_away("run")?;
    let database = match std::env::var("DATABASE_SERVER_URL") {
        Ok(given) if !given.is_empty() => DatabaseServer::given(&given)?,
        _ => {
            let dir = Some(stack.path().join("database"));
            DatabaseServer::start(&DatabaseOptions {
                dir,
                ..Default::default()
            })
            .await?
        }
    };
    let inbox_options = InboxOptions {
        dir: Some(stack.path().join("inbox")),
        ..Default::default()
    };
    let mut inbox = Inbox::start(&inbox_options).await?;
    let status = run(&command, &database, &inbox).await;
    inbox.stop().await?;
    database.stop().await?;
    Ok(exit_code(status?))
}

/// The command stays in our process group: Ctrl-C in the terminal reaches it as well as us.
async fn run(command: &[String], database: &DatabaseServer, inbox: &Inbox) -> Result<ExitStatus> {
    let (program, arguments) = command.split_first().context("no command")?;
    let mut command = Command::new(program);
    command.args(arguments);
    command.env("DATABASE_SERVER_URL", database.url().as_str());
    command.env("SMTP_URL", inbox.smtp_url().as_str());
    command.env("INBOX_URL", inbox.web_url().as_str());
    devstack::run_in_foreground(&command).await
}

fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}
