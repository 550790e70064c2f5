use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, bail};

use crate::chain::Mining;
use crate::ports::is_free;
use crate::tools::workspace_root;

/// Hears what is up.
pub type Teller = Arc<dyn Fn(&str) + Send + Sync>;

/// How a site is set up. The default is what a test wants: nothing lasts, all ports are free ones.
#[derive(Clone)]
pub struct SiteOptions {
    /// Where everything is kept; without it in a throw-away folder.
    pub dir: Option<PathBuf>,
    /// Fixed ports, where wanted.
    pub ports: Ports,
    /// A database server of its own, or the one that `DatabaseServer::shared` gives.
    pub own_database: bool,
    /// An inbox of its own, which can be stopped, or the one that `Inbox::shared` gives.
    pub own_inbox: bool,
    /// When the chain makes blocks.
    pub mining: Mining,
    /// Blocks whose state the chain keeps.
    pub kept_states: u32,
    /// Blocks that must follow before a block counts as final.
    pub confirmations: u64,
    /// Whether `RpcProxy`s stand between the apps and the chain.
    pub proxies: bool,
    /// The controller's profile; without it that of the demo.
    pub profile: PathBuf,
    /// Settings of single apps, by the app's name, beside the usual ones or in their place.
    pub settings: BTreeMap<&'static str, BTreeMap<&'static str, OsString>>,
    /// Is told what is up, for a person who waits.
    pub teller: Option<Teller>,
}

impl Default for SiteOptions {
    fn default() -> Self {
        Self {
            dir: None,
            ports: Ports::default(),
            own_database: false,
            own_inbox: false,
            mining: Mining::EverySeconds(1),
            kept_states: 600,
            confirmations: 2,
            proxies: false,
            profile: workspace_root().join("crates/demo/controller-profile.toml"),
            settings: BTreeMap::new(),
            teller: None,
        }
    }
}

impl SiteOptions {
    /// Sets one setting of one app.
    #[must_use]
    pub fn setting(
        mut self,
        app: &'static str,
        name: &'static str,
        value: impl Into<OsString>,
    ) -> Self {
        self.settings
            .entry(app)
            .or_default()
            .insert(name, value.into());
        self
    }

    pub(super) fn tell(&self, what_is_up: &str) {
        if let Some(teller) = &self.teller {
            teller(what_is_up);
        }
    }
}

/// The ports on 127.0.0.1; those that are not given are chosen freely.
#[derive(Clone, Debug, Default)]
pub struct Ports {
    /// entry-app.
    pub entry: Option<u16>,
    /// consent-dapp.
    pub consent: Option<u16>,
    /// breach-viewer.
    pub viewer: Option<u16>,
    /// The inbox's web page.
    pub inbox: Option<u16>,
    /// The inbox's SMTP.
    pub smtp: Option<u16>,
    /// The database server.
    pub database: Option<u16>,
    /// The chain's RPC.
    pub chain: Option<u16>,
}

impl Ports {
    fn named(&self) -> [(&'static str, Option<u16>); 7] {
        [
            ("ENTRY_PORT", self.entry),
            ("CONSENT_PORT", self.consent),
            ("VIEWER_PORT", self.viewer),
            ("INBOX_PORT", self.inbox),
            ("SMTP_PORT", self.smtp),
            ("DATABASE_PORT", self.database),
            ("CHAIN_PORT", self.chain),
        ]
    }

    /// Names all that can't be had at once.
    pub(super) fn check(&self) -> Result<()> {
        let wanted: Vec<(&str, u16)> = self
            .named()
            .into_iter()
            .filter_map(|(name, port)| Some((name, port?)))
            .collect();
        let twice = |port| wanted.iter().filter(|(_, other)| *other == port).count() > 1;
        let mut taken = wanted
            .iter()
            .filter(|(_, port)| twice(*port) || !is_free(*port))
            .peekable();
        let Some((first, _)) = taken.peek().copied() else {
            return Ok(());
        };
        let taken: Vec<String> = taken.map(|(name, port)| format!("{name}={port}")).collect();
        bail!(
            "these ports are taken by another program, or named twice: {}. Stop that program, or \
             choose other ports, such as {first}=17101",
            taken.join(", "),
        );
    }
}
