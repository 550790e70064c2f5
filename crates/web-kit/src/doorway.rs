//! The way into a process: `--help` and `--version`, settings, the log, the work, the exit code.

use std::process::ExitCode;

use axum::Router;
use clap::{ArgMatches, Command};
use tokio::net::TcpListener;

use crate::lifetime::Lifetime;
use crate::settings::{Reader, Web};
use crate::{server, telemetry};

/// As commands commonly say that they were called wrongly.
const WRONG_SETTINGS: u8 = 2;

/// What a process is.
pub struct Program<S> {
    /// The command's name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// What it is for, in a sentence.
    pub about: &'static str,
    /// Reads its settings.
    pub settings: fn(&mut Reader) -> Option<S>,
    /// What of them every web process has.
    pub web: fn(&S) -> &Web,
}

impl<S> Program<S> {
    /// Runs the process until a signal. Every wrong setting is named before anything starts; a taken port is told before
    /// `assemble` makes the app and starts what goes on beside it.
    pub fn run(
        self,
        assemble: impl AsyncFnOnce(S, &Lifetime) -> anyhow::Result<Router>,
    ) -> ExitCode {
        match self.enter(Command::new(self.name)) {
            Ok((settings, _)) => self.serve(settings, assemble),
            Err(code) => code,
        }
    }

    /// The same for a process that has another task beside serving: a command after its name. That one writes no log.
    pub fn run_or(
        self,
        task: Command,
        perform: impl AsyncFnOnce(S, &ArgMatches) -> ExitCode,
        assemble: impl AsyncFnOnce(S, &Lifetime) -> anyhow::Result<Router>,
    ) -> ExitCode {
        let (settings, arguments) = match self.enter(Command::new(self.name).subcommand(task)) {
            Ok(entered) => entered,
            Err(code) => return code,
        };
        match arguments.subcommand() {
            None => self.serve(settings, assemble),
            Some((_, arguments)) => {
                let performed = async { Ok(perform(settings, arguments).await) };
                block_on(performed).unwrap_or(ExitCode::FAILURE)
            }
        }
    }

    /// Arguments and settings, or the code to end with.
    #[expect(
        clippy::print_stderr,
        reason = "before the log starts, the terminal is all there is"
    )]
    fn enter(&self, command: Command) -> Result<(S, ArgMatches), ExitCode> {
        let arguments = command
            .version(self.version)
            .about(self.about)
            .after_help(Reader::describe(self.settings))
            .get_matches();
        match Reader::from_env().finish(self.settings) {
            Ok(settings) => Ok((settings, arguments)),
            Err(error) => {
                eprintln!("{error}");
                Err(ExitCode::from(WRONG_SETTINGS))
            }
        }
    }

    fn serve(
        self,
        settings: S,
        assemble: impl AsyncFnOnce(S, &Lifetime) -> anyhow::Result<Router>,
    ) -> ExitCode {
        let web = (self.web)(&settings);
        telemetry::start(web.environment, &web.log);
        let address = web.listen;
        match block_on(async {
            let lifetime = Lifetime::until_signal()?;
            let listener: TcpListener = server::listen(address).await?;
            let app = assemble(settings, &lifetime).await?;
            Ok(server::serve(listener, app, lifetime).await?)
        }) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "can't go on");
                ExitCode::FAILURE
            }
        }
    }
}

fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(work)
}
