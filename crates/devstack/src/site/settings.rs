//! The settings of the three apps, as an engineer would write them on a server.

use std::path::PathBuf;

use anyhow::Result;

use super::operator::Operator;
use super::options::SiteOptions;
use crate::app::{App, AppSpec};
use crate::chain::Chain;
use crate::inbox::Inbox;
use crate::rpc_proxy::RpcProxy;

const DESK_EMAIL: &str = "desk@nordhaven.example";
/// Who mails come from, but where sites that share an inbox are told apart by it.
const SENDER: &str = "no-reply@nordhaven.example";
const OFFICER_EMAIL: &str = "officer@nordhaven.example";

/// What the apps are told of.
pub(super) struct Surroundings<'a> {
    pub(super) options: &'a SiteOptions,
    pub(super) operator: &'a Operator,
    pub(super) chain: &'a Chain,
    pub(super) inbox: &'a Inbox,
    pub(super) controller_key: PathBuf,
    pub(super) log_dir: PathBuf,
    pub(super) entry_port: u16,
    pub(super) consent_port: u16,
    pub(super) viewer_port: u16,
}

impl Surroundings<'_> {
    /// entry-app, consent-dapp and breach-viewer, each ready.
    pub(super) async fn start_apps(
        &self,
        (entry_proxy, viewer_proxy): (Option<&RpcProxy>, Option<&RpcProxy>),
    ) -> Result<(App, App, App)> {
        tokio::try_join!(
            App::start(self.entry(entry_proxy)),
            App::start(self.consent()),
            App::start(self.viewer(viewer_proxy))
        )
    }

    fn entry(&self, proxy: Option<&RpcProxy>) -> AppSpec {
        let spec = self.app("entry-app", self.entry_port);
        let spec = self.databases(
            spec,
            &[
                "DATABASE_URL",
                "BACKUP_DATABASE_URL",
                "KEY_BACKUP_DATABASE_URL",
            ],
        );
        let spec = self
            .mail(self.chain(self.keys(spec), proxy))
            .env("CONTROLLER_KEY_FILE", &self.controller_key)
            .env(
                "CONSENT_URL",
                format!("http://127.0.0.1:{}", self.consent_port),
            )
            .env("DESK_EMAIL", DESK_EMAIL);
        self.finish(spec)
    }

    fn consent(&self) -> AppSpec {
        let spec = self.databases(
            self.app("consent-dapp", self.consent_port),
            &["DATABASE_URL"],
        );
        let spec = self
            .chain(spec, None)
            .env(
                "FRONT_KEYS_FILE",
                self.operator.key_dir().join("front.json"),
            )
            .env("DESK_EMAIL", DESK_EMAIL)
            .env("ENTRY_URL", format!("http://127.0.0.1:{}", self.entry_port))
            .env("DEMO_WALLET", "1")
            .env("WALLET_CHAIN_NAME", "Sealwatch local chain")
            .env("WALLET_CHAIN_RPC_URL", self.chain.rpc_url());
        self.finish(spec)
    }

    fn viewer(&self, proxy: Option<&RpcProxy>) -> AppSpec {
        let spec = self.app("breach-viewer", self.viewer_port);
        let spec = self.databases(
            spec,
            &[
                "DATABASE_URL",
                "RESTORE_DATABASE_URL",
                "BACKUP_DATABASE_URL",
                "KEY_BACKUP_DATABASE_URL",
                "ERASE_DATABASE_URL",
                "ERASE_BACKUP_DATABASE_URL",
                "ERASE_KEY_BACKUP_DATABASE_URL",
                "WATCH_DATABASE_URL",
            ],
        );
        let spec = self
            .mail(self.chain(self.keys(spec), proxy))
            .env("OFFICER_EMAIL", OFFICER_EMAIL);
        self.finish(spec)
    }

    fn app(&self, name: &str, port: u16) -> AppSpec {
        let mut spec = AppSpec::new(name, &self.log_dir)
            .port(port)
            .env("ENVIRONMENT", "development")
            .env("NO_COLOR", "1")
            .env("CONTROLLER_PROFILE_FILE", &self.options.profile);
        // For looking closer at a failing test.
        for name in ["RUST_LOG", "RUST_BACKTRACE"] {
            if let Some(value) = std::env::var_os(name) {
                spec = spec.env(name, value);
            }
        }
        spec
    }

    fn databases(&self, mut spec: AppSpec, settings: &[&str]) -> AppSpec {
        for setting in settings {
            let file = self
                .operator
                .address_dir()
                .join(format!("{}.{setting}", spec.name));
            spec = spec.env(&format!("{setting}_FILE"), file);
        }
        spec
    }

    fn keys(&self, spec: AppSpec) -> AppSpec {
        let keys = self.operator.key_dir();
        spec.env("MASTER_KEY_FILE", keys.join("master.key"))
            .env("APPLICATION_KEYS_FILE", keys.join("application-keys.json"))
    }

    fn chain(&self, spec: AppSpec, proxy: Option<&RpcProxy>) -> AppSpec {
        let rpc_url = proxy.map_or_else(|| self.chain.rpc_url(), |proxy| proxy.url().to_owned());
        spec.env("CHAIN_RPC_URL", rpc_url)
            .env("CHAIN_DEPLOYMENT_FILE", self.chain.deployment_file())
            .env(
                "CHAIN_CONFIRMATIONS",
                self.options.confirmations.to_string(),
            )
    }

    fn mail(&self, spec: AppSpec) -> AppSpec {
        let sender = self.inbox.sender().unwrap_or(SENDER);
        spec.env("SMTP_URL", self.inbox.smtp_url().as_str())
            .env("MAIL_FROM", format!("Nordhaven Clinic <{sender}>"))
    }

    /// What the options say comes last, and wins.
    fn finish(&self, mut spec: AppSpec) -> AppSpec {
        let name = spec.name.clone();
        for (setting, value) in self
            .options
            .settings
            .get(name.as_str())
            .into_iter()
            .flatten()
        {
            spec = spec.env(setting, value);
        }
        spec
    }
}
