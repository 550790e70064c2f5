//! The whole product on a local stack, as the demo shows it and the journeys test it.

mod memory;
mod operator;
mod options;
mod settings;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

pub use self::operator::{Names, Staff};
pub use self::options::{Ports, SiteOptions, Teller};

use self::operator::Operator;
use self::settings::Surroundings;
use crate::accounts::Accounts;
use crate::app::App;
use crate::chain::{Chain, ChainOptions};
use crate::database::{DatabaseOptions, DatabaseServer};
use crate::databases::Databases;
use crate::inbox::{Inbox, InboxOptions};
use crate::rpc_proxy::RpcProxy;
use crate::soft_token::SoftToken;
use crate::stack_dir::StackDir;
use crate::{ports, private_file};

/// Database, chain and inbox, the contracts deployed, the schema migrated, and the three apps at work.
pub struct Site {
    /// Where staff enter and approve.
    pub entry: App,
    /// Where owners sign.
    pub consent: App,
    /// Where breaches show.
    pub viewer: App,
    /// Between entry-app and the chain, where the options asked for it.
    pub entry_proxy: Option<RpcProxy>,
    /// Between breach-viewer and the chain, where the options asked for it.
    pub viewer_proxy: Option<RpcProxy>,
    /// The chain itself.
    pub chain: Chain,
    /// All mails end here.
    pub inbox: Inbox,
    operator: Operator,
    names: Names,
    database: Server,
    _databases: Option<Databases>,
    // Last: it may remove the folder that all others write to.
    stack: StackDir,
}

/// A server of the site's own, or the one that many tests share.
enum Server {
    Own(Box<DatabaseServer>),
    Shared(&'static DatabaseServer),
}

impl Server {
    fn server(&self) -> &DatabaseServer {
        match self {
            Self::Own(server) => server,
            Self::Shared(server) => server,
        }
    }
}

impl Site {
    /// Starts everything and waits until all three apps are ready. In a folder that already holds
    /// a site, that one continues.
    pub async fn start(options: &SiteOptions) -> Result<Self> {
        let stack = match &options.dir {
            Some(dir) => StackDir::lasting(dir)?,
            None => StackDir::throw_away("site")?,
        };
        options.ports.check()?;
        let (database, chain, inbox) = tokio::try_join!(
            start_database(options, &stack),
            start_chain(options, &stack),
            start_inbox(options, &stack)
        )?;
        let (names, databases) = name_databases(options, database.server()).await?;
        memory::check(&chain, database.server(), &names).await?;
        let operator = set_up(options, &stack, database.server(), &names).await?;
        if options.dir.is_some() {
            chain.deploy().await?;
        }
        options.tell("contracts");
        let (entry_proxy, viewer_proxy) = start_proxies(options, &chain).await?;
        let surroundings = Surroundings {
            options,
            operator: &operator,
            chain: &chain,
            inbox: &inbox,
            controller_key: write_controller_key(stack.path())?,
            log_dir: stack.part("logs")?,
            entry_port: claim(options.ports.entry)?,
            consent_port: claim(options.ports.consent)?,
            viewer_port: claim(options.ports.viewer)?,
        };
        let proxies = (entry_proxy.as_ref(), viewer_proxy.as_ref());
        let (entry, consent, viewer) = surroundings.start_apps(proxies).await?;
        options.tell("entry-app, consent-dapp and breach-viewer");
        Ok(Self {
            entry,
            consent,
            viewer,
            entry_proxy,
            viewer_proxy,
            chain,
            inbox,
            operator,
            names,
            database,
            _databases: databases,
            stack,
        })
    }

    /// The folder of data, keys and logs.
    pub fn dir(&self) -> &Path {
        self.stack.path()
    }

    /// The database server, as its administrator sees it.
    pub fn database(&self) -> &DatabaseServer {
        self.database.server()
    }

    /// What the databases and their accounts are called.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The files of master, application and front keys.
    pub fn key_dir(&self) -> PathBuf {
        self.operator.key_dir()
    }

    /// The files with the addresses of the accounts of least right, named `APP.SETTING`.
    pub fn address_dir(&self) -> PathBuf {
        self.operator.address_dir()
    }

    /// Makes a staff account, as the operator does.
    pub async fn add_staff(&self, staff: &Staff) -> Result<()> {
        self.operator.add_staff(staff).await
    }

    /// Lets entry-app and breach-viewer, once they start anew, and the operator use these tokens.
    pub fn use_tokens(&mut self, tokens: &SoftToken) {
        let (name, value) = tokens.setting();
        self.entry.set_env(name, value.clone());
        self.viewer.set_env(name, value.clone());
        self.operator.set_env(name, value);
    }

    /// Changes the keys, as the operator does with `sealwatch keys`; the databases and a new escrow copy are named for it.
    pub async fn change_keys(&self, change: &str, more: &[&str]) -> Result<()> {
        self.operator.change_keys(change, more).await
    }

    /// Fails with the log's end when a part has ended by itself.
    pub fn check_running(&mut self) -> Result<()> {
        self.database.server().check_running()?;
        self.chain.check_running()?;
        self.inbox.check_running()?;
        for app in [&mut self.entry, &mut self.consent, &mut self.viewer] {
            app.check_running()?;
        }
        Ok(())
    }

    /// Ends everything in good order: the apps first, then what they lean on. Goes on after a
    /// problem and tells the first.
    pub async fn stop(mut self) -> Result<()> {
        let apps = tokio::join!(self.entry.stop(), self.consent.stop(), self.viewer.stop());
        let inbox = match self.inbox.is_own() {
            true => self.inbox.stop().await,
            false => Ok(()),
        };
        let chain = self.chain.stop().await;
        let database = match &self.database {
            Server::Own(server) => server.stop().await,
            Server::Shared(_) => Ok(()),
        };
        [apps.0, apps.1, apps.2, inbox, chain, database]
            .into_iter()
            .collect()
    }
}

async fn start_database(options: &SiteOptions, stack: &StackDir) -> Result<Server> {
    if !options.own_database {
        return Ok(Server::Shared(DatabaseServer::shared().await?));
    }
    let database = DatabaseOptions {
        dir: Some(stack.part("database")?),
        port: options.ports.database,
        durable: options.dir.is_some(),
        ..DatabaseOptions::default()
    };
    let server = DatabaseServer::start(&database).await?;
    options.tell("database");
    Ok(Server::Own(Box::new(server)))
}

async fn start_chain(options: &SiteOptions, stack: &StackDir) -> Result<Chain> {
    let chain = ChainOptions {
        dir: Some(stack.part("chain")?),
        port: options.ports.chain,
        mining: options.mining,
        kept_states: options.kept_states,
        ..Default::default()
    };
    // One that lasts is deployed to by the scripts, as on a server; a test takes a copy.
    let chain = match &options.dir {
        Some(_) => Chain::start(&chain).await?,
        None => Chain::start_deployed(&chain).await?,
    };
    options.tell("chain");
    Ok(chain)
}

async fn start_inbox(options: &SiteOptions, stack: &StackDir) -> Result<Inbox> {
    if !options.own_inbox {
        let sender = format!("no-reply+{:08x}@nordhaven.example", rand::random::<u32>());
        return Ok(Inbox::shared().await?.of_sender(&sender));
    }
    let inbox = InboxOptions {
        dir: Some(stack.part("inbox")?),
        smtp_port: options.ports.smtp,
        web_port: options.ports.inbox,
    };
    let inbox = Inbox::start(&inbox).await?;
    options.tell("mail inbox");
    Ok(inbox)
}

async fn set_up(
    options: &SiteOptions,
    stack: &StackDir,
    server: &DatabaseServer,
    names: &Names,
) -> Result<Operator> {
    let operator = Operator::new(stack.path(), server.url(), names)?;
    match options.dir {
        Some(_) => operator.make_keys().await?,
        None => operator.take_keys().await?,
    }
    operator.install().await?;
    options.tell("keys, databases and accounts of least right");
    Ok(operator)
}

/// Names that stay on a server of our own; random ones on a server that others use, too.
async fn name_databases(
    options: &SiteOptions,
    server: &DatabaseServer,
) -> Result<(Names, Option<Databases>)> {
    if options.own_database {
        return Ok((Names::lasting(), None));
    }
    let databases = server.create_databases("site").await?;
    Ok((Names::of(&databases), Some(databases)))
}

async fn start_proxies(
    options: &SiteOptions,
    chain: &Chain,
) -> Result<(Option<RpcProxy>, Option<RpcProxy>)> {
    if !options.proxies {
        return Ok((None, None));
    }
    let rpc_url = chain.rpc_url();
    Ok((
        Some(RpcProxy::start(&rpc_url).await?),
        Some(RpcProxy::start(&rpc_url).await?),
    ))
}

fn claim(port: Option<u16>) -> Result<u16> {
    port.map_or_else(ports::free_port, Ok)
}

fn write_controller_key(dir: &Path) -> Result<PathBuf> {
    let path = dir.join("controller.key");
    if !path.is_file() {
        private_file::write(&path, &Accounts::load()?.private_key("controller")?)?;
    }
    path.canonicalize().context("the controller's key")
}
