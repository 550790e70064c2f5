//! All settings, read and checked at the start; `--help` prints them.

use std::sync::Arc;
use std::time::Duration;

use chain::{ChainReader, Deployment};
use keyring::FrontKeys;
use notification::Recipient;
use secrecy::ExposeSecret;
use url::Url;
use web_kit::profile::ControllerProfile;
use web_kit::settings::{self, Database, Environment, FrontKeysFile, Profile, Reader, Web};

use crate::network::Network;

const DAY: Duration = Duration::from_hours(24);

/// The only chain that the demo wallet plays on: anvil's default.
pub const DEMO_CHAIN: u64 = 31_337;

const NODE: &str = "CHAIN_RPC_URL";

/// What the process was told.
pub struct Settings {
    /// Where it listens and how owners reach it.
    pub web: Web,
    /// The account with the rights of `consent`.
    pub database: Url,
    /// The only keys it holds.
    pub front: FrontKeys,
    /// Who asks, and what for.
    pub profile: Arc<ControllerProfile>,
    /// The chain, as wallets are told of it.
    pub network: Network,
    /// The chain, to ask contract wallets.
    pub chain: Option<ChainReader>,
    /// The staff who hear of signatures and corrections.
    pub desk_email: Recipient,
    /// Where staff work, for links in mails to them.
    pub entry_url: Option<Url>,
    /// How long what nobody signed is kept after its last link has expired.
    pub drafts: Duration,
    /// The node behind the demo wallet, where it is on.
    pub demo_wallet: Option<Url>,
}

impl Settings {
    /// Reads them all; every problem is noted.
    pub fn read(reader: &mut Reader) -> Option<Self> {
        let web = Web::read(reader);
        let database = Database::read(
            reader,
            "DATABASE_URL",
            "the main database, by the account of this app",
        );
        let front = FrontKeysFile::read(reader);
        let profile = Profile::read(reader);
        let desk_email = reader.required(
            "DESK_EMAIL",
            "where staff read that an owner signed or asks for a correction",
        );
        let entry_url = reader.optional_url(
            "ENTRY_URL",
            &["http", "https"],
            "address of entry-app, so that mails to staff lead to the record",
        );
        let draft_days: Option<u32> = reader.above_zero(
            "DRAFT_DAYS",
            "30",
            "days after the end of its last link until what nobody signed is destroyed",
        );
        let deployment = settings::Deployment::read(reader, Deployment::load);
        let network = read_network(reader, deployment.as_ref());
        let node = read_node(reader);
        let demo_wallet = read_demo_wallet(reader, deployment.as_ref(), node.as_ref());
        let chain = read_chain(reader, deployment, node.as_ref());
        Some(Self {
            web: web?,
            database: database?.url,
            front: front?.front,
            profile: profile?,
            network: network?,
            chain: chain?,
            desk_email: desk_email?,
            entry_url: entry_url?,
            drafts: DAY * draft_days?,
            demo_wallet: demo_wallet?,
        })
    }
}

fn read_network(reader: &mut Reader, deployment: Option<&Deployment>) -> Option<Network> {
    let name = reader.or(
        "WALLET_CHAIN_NAME",
        "Ethereum",
        "what owners' wallets call the chain",
    );
    let currency = reader.or("WALLET_CHAIN_CURRENCY", "ETH", "the symbol of its currency");
    let public_rpc = reader.optional_url(
        "WALLET_CHAIN_RPC_URL",
        &["http", "https"],
        "public endpoint that an owner's wallet may add the chain by; without it wallets must know the chain",
    );
    let deployment = deployment?;
    Some(Network {
        chain_id: deployment.chain_id,
        relay: deployment.relay,
        name: name?,
        currency: currency?,
        public_rpc: public_rpc?.map(String::from).unwrap_or_default(),
    })
}

/// The inner `None` where it is not set.
fn read_node(reader: &mut Reader) -> Option<Option<Url>> {
    let text = reader.optional_secret(
        NODE,
        "JSON-RPC endpoint of the chain, to ask contract wallets (ERC-1271); without it plain accounts alone can sign",
    )?;
    let Some(text) = text else {
        return Some(None);
    };
    match Url::parse(text.expose_secret()) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Some(Some(url)),
        _ => reader.problem(NODE, "must begin with http:// or https://"),
    }
}

/// The newest block is asked for: what is final is looked at by who anchors.
fn read_chain(
    reader: &mut Reader,
    deployment: Option<Deployment>,
    node: Option<&Option<Url>>,
) -> Option<Option<ChainReader>> {
    let (deployment, node) = (deployment?, node?);
    let Some(node) = node else {
        return Some(None);
    };
    match ChainReader::new(node, deployment, 0) {
        Ok(chain) => Some(Some(chain)),
        Err(error) => reader.problem(NODE, error.to_string()),
    }
}

/// The inner `None` is the normal case: no demo wallet. Whatever speaks against it is said at once.
fn read_demo_wallet(
    reader: &mut Reader,
    deployment: Option<&Deployment>,
    node: Option<&Option<Url>>,
) -> Option<Option<Url>> {
    let on = reader.switch(
        "DEMO_WALLET",
        "1 lets a newcomer play the owner with anvil's keys; only on chain 31337 with ENVIRONMENT=development",
    );
    if !on? {
        return Some(None);
    }
    let mut problems = Vec::new();
    if Environment::known(reader) == Some(Environment::Production) {
        problems.push(("DEMO_WALLET", "is refused unless ENVIRONMENT=development"));
    }
    if deployment.is_some_and(|deployment| deployment.chain_id != DEMO_CHAIN) {
        problems.push(("DEMO_WALLET", "is refused on any chain but 31337"));
    }
    if node == Some(&None) {
        problems.push((NODE, "is missing (the demo wallet signs through it)"));
    }
    for (name, reason) in &problems {
        reader.problem::<()>(name, *reason);
    }
    // Without a deployment, or with a wrong environment, nobody knows whether it may be on.
    let is_known = deployment.is_some() && Environment::known(reader).is_some();
    let node = node?.clone()?;
    (is_known && problems.is_empty()).then_some(Some(node))
}
