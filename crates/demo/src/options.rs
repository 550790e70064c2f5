use std::path::PathBuf;

use clap::Parser;
use devstack::Ports;

/// Runs the demo. `make demo` builds it first.
#[derive(Clone, Debug, Parser)]
#[command(name = "demo", version)]
pub struct Options {
    /// Where the demo keeps its data.
    #[arg(long, default_value_os_t = devstack::workspace_root().join("var/demo"))]
    pub(crate) dir: PathBuf,
    /// How many people the story is about.
    #[arg(long, env = "PEOPLE", default_value_t = 24, value_parser = clap::value_parser!(u8).range(6..=24))]
    pub(crate) people: u8,
    /// Port of entry-app.
    #[arg(long, env = "ENTRY_PORT", default_value_t = 7101)]
    entry_port: u16,
    /// Port of consent-dapp.
    #[arg(long, env = "CONSENT_PORT", default_value_t = 7102)]
    consent_port: u16,
    /// Port of breach-viewer.
    #[arg(long, env = "VIEWER_PORT", default_value_t = 7103)]
    viewer_port: u16,
    /// Port of the inbox's web page.
    #[arg(long, env = "INBOX_PORT", default_value_t = 7104)]
    inbox_port: u16,
    /// Port of the inbox's SMTP.
    #[arg(long, env = "SMTP_PORT", default_value_t = 7105)]
    smtp_port: u16,
    /// Port of the database server.
    #[arg(long, env = "DATABASE_PORT", default_value_t = 7106)]
    database_port: u16,
    /// Port of the chain's RPC.
    #[arg(long, env = "CHAIN_PORT", default_value_t = 7107)]
    chain_port: u16,
}

impl Options {
    pub(crate) fn ports(&self) -> Ports {
        Ports {
            entry: Some(self.entry_port),
            consent: Some(self.consent_port),
            viewer: Some(self.viewer_port),
            inbox: Some(self.inbox_port),
            smtp: Some(self.smtp_port),
            database: Some(self.database_port),
            chain: Some(self.chain_port),
        }
    }
}
