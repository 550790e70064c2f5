//! Groups of settings that more than one app reads, so that a name means the same everywhere.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use ipnet::IpNet;
use keyring::{ApplicationKeys, FrontKeys, MasterKey};
use secrecy::ExposeSecret;
use url::Url;

use super::Reader;
use crate::profile::ControllerProfile;

/// Whether an app runs on a developer's machine or for real.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// Plain HTTP is fine, logs are for reading.
    Development,
    /// HTTPS only: `Secure` cookies, HSTS; logs are JSON.
    Production,
}

impl Environment {
    /// Reads `ENVIRONMENT`.
    pub fn read(reader: &mut Reader) -> Option<Self> {
        reader.or("ENVIRONMENT", "production", "development or production")
    }
}

impl FromStr for Environment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "development" => Ok(Self::Development),
            "production" => Ok(Self::Production),
            _ => Err("is neither development nor production"),
        }
    }
}

/// Where an app listens and how people reach it.
#[derive(Debug, Clone)]
pub struct Web {
    /// Development or production.
    pub environment: Environment,
    /// Address and port to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The address that people's browsers see, without a path.
    pub public_url: Url,
    /// The reverse proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: TrustedProxies,
}

impl Web {
    /// Reads `ENVIRONMENT`, `LISTEN`, `PUBLIC_URL` and `TRUSTED_PROXIES`.
    pub fn read(reader: &mut Reader) -> Option<Self> {
        let environment = Environment::read(reader);
        let listen = reader.or(
            "LISTEN",
            "127.0.0.1:0",
            "address and port to listen on; port 0 takes a free one",
        );
        let public_url = reader.url(
            "PUBLIC_URL",
            &["http", "https"],
            "the address people open in their browser, such as https://entry.example.org",
        );
        let trusted_proxies: Option<Option<TrustedProxies>> = reader.optional(
            "TRUSTED_PROXIES",
            "addresses or networks of reverse proxies, separated by commas; only theirs is X-Forwarded-For believed",
        );
        let public_url = public_url.and_then(|url| check_public_url(reader, environment?, url));
        Some(Self {
            environment: environment?,
            listen: listen?,
            public_url: public_url?,
            trusted_proxies: trusted_proxies?.unwrap_or_default(),
        })
    }
}

fn check_public_url(reader: &mut Reader, environment: Environment, url: Url) -> Option<Url> {
    if environment == Environment::Production && url.scheme() != "https" {
        return reader.problem(
            "PUBLIC_URL",
            "must begin with https:// unless ENVIRONMENT=development: sign-in cookies are sent over HTTPS only",
        );
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return reader.problem("PUBLIC_URL", "must be an origin, without a path or query");
    }
    Some(url)
}

/// The networks of reverse proxies whose word on the client's address is believed.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Whether this address is one of them.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Says which entry is wrong by its place, since values are not printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotANetwork(usize);

impl fmt::Display for NotANetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "entry {} is neither an IP address nor a network like 10.0.0.0/8",
            self.0
        )
    }
}

impl FromStr for TrustedProxies {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .enumerate()
            .map(|(index, entry)| {
                entry
                    .parse::<IpNet>()
                    .or_else(|_| entry.parse::<IpAddr>().map(IpNet::from))
                    .map_err(|_| NotANetwork(index + 1))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// A database account.
pub struct Database {
    /// `mysql://account:password@host:port/name`, with the TLS options of the driver; a secret.
    pub url: Url,
}

impl Database {
    /// Reads the database URL under `name` (`DATABASE_URL`, `BACKUP_DATABASE_URL` and so on).
    pub fn read(reader: &mut Reader, name: &'static str, help: &'static str) -> Option<Self> {
        let url = secret_url(reader, name, &["mysql"], help)?;
        if url.path().len() > 1 {
            Some(Self { url })
        } else {
            reader.problem(
                name,
                "does not name a database: mysql://account:password@host/name",
            )
        }
    }
}

/// A URL that carries a password or access key.
fn secret_url(
    reader: &mut Reader,
    name: &'static str,
    schemes: &[&str],
    help: &'static str,
) -> Option<Url> {
    let text = reader.secret(name, help)?;
    match Url::parse(text.expose_secret()) {
        Ok(url) if schemes.contains(&url.scheme()) && url.has_host() => Some(url),
        _ => reader.problem(
            name,
            format!(
                "must be a URL that begins with {}://",
                schemes.join(":// or ")
            ),
        ),
    }
}

/// The keys of an app that may open records.
pub struct Keys {
    /// The versioned application keys, unwrapped by the master key.
    pub application: ApplicationKeys,
}

impl Keys {
    /// Reads `MASTER_KEY_FILE` and `APPLICATION_KEYS_FILE` and loads what they name.
    pub fn read(reader: &mut Reader) -> Option<Self> {
        let master_file = reader.file_path("MASTER_KEY_FILE", "file of the master key");
        let application_file = reader.file_path(
            "APPLICATION_KEYS_FILE",
            "file of the application keys, wrapped by the master key",
        );
        let (master_file, application_file) = (master_file?, application_file?);
        let master = reader.accept("MASTER_KEY_FILE", MasterKey::load(&master_file))?;
        let application = reader.accept(
            "APPLICATION_KEYS_FILE",
            ApplicationKeys::load(&master, &application_file),
        )?;
        Some(Self { application })
    }
}

/// The keys of the app that owners reach: it opens nothing without a link.
pub struct FrontKeysFile {
    /// The front keys.
    pub front: FrontKeys,
}

impl FrontKeysFile {
    /// Reads `FRONT_KEYS_FILE` and loads it.
    pub fn read(reader: &mut Reader) -> Option<Self> {
        let file = reader.file_path("FRONT_KEYS_FILE", "file of the front keys")?;
        let front = reader.accept("FRONT_KEYS_FILE", FrontKeys::load(&file))?;
        Some(Self { front })
    }
}

/// How to reach the chain.
pub struct Chain {
    /// The JSON-RPC endpoint; a secret, since many carry an access key.
    pub rpc_url: Url,
    /// The addresses and pins that the deployment wrote.
    pub deployment_file: PathBuf,
    /// How many blocks must follow before a block counts as final.
    pub confirmations: u64,
}

impl Chain {
    /// Reads `CHAIN_RPC_URL`, `CHAIN_DEPLOYMENT_FILE` and `CHAIN_CONFIRMATIONS`.
    pub fn read(reader: &mut Reader) -> Option<Self> {
        let rpc_url = secret_url(
            reader,
            "CHAIN_RPC_URL",
            &["http", "https"],
            "JSON-RPC endpoint of the chain",
        );
        let deployment_file = reader.file_path(
            "CHAIN_DEPLOYMENT_FILE",
            "JSON file of contract addresses and pins that the deployment wrote",
        );
        let confirmations = reader.or(
            "CHAIN_CONFIRMATIONS",
            "12",
            "blocks that must follow before a block counts as final",
        );
        Some(Self {
            rpc_url: rpc_url?,
            deployment_file: deployment_file?,
            confirmations: confirmations?,
        })
    }
}

/// How mail leaves.
pub struct Mail {
    /// `smtp://` or `smtps://` with account and password; a secret.
    pub smtp_url: Url,
    /// The sender, `Name <address>` or an address.
    pub from: String,
}

impl Mail {
    /// Reads `SMTP_URL` and `MAIL_FROM`.
    pub fn read(reader: &mut Reader) -> Option<Self> {
        let smtp_url = secret_url(
            reader,
            "SMTP_URL",
            &["smtp", "smtps"],
            "mail server, such as smtps://account:password@mail.example.org",
        );
        let from: Option<String> = reader.required("MAIL_FROM", "sender of every mail");
        let from = from.and_then(|from| {
            if from.contains('@') {
                Some(from)
            } else {
                reader.problem("MAIL_FROM", "is not a mail address")
            }
        });
        Some(Self {
            smtp_url: smtp_url?,
            from: from?,
        })
    }
}

/// The controller's own particulars.
pub struct Profile;

impl Profile {
    /// Reads `CONTROLLER_PROFILE_FILE` and loads it.
    pub fn read(reader: &mut Reader) -> Option<Arc<ControllerProfile>> {
        let file = reader.file_path(
            "CONTROLLER_PROFILE_FILE",
            "TOML file of the controller's name, purposes and notice",
        )?;
        reader
            .accept("CONTROLLER_PROFILE_FILE", ControllerProfile::load(&file))
            .map(Arc::new)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]

    use super::*;

    const WEB: [(&str, &str); 2] = [
        ("ENVIRONMENT", "development"),
        ("PUBLIC_URL", "http://127.0.0.1:8080"),
    ];

    fn reasons<T>(
        values: &[(&str, &str)],
        read: impl FnOnce(&mut Reader) -> Option<T>,
    ) -> Vec<String> {
        let outcome = Reader::from_map(values.iter().copied()).finish(read);
        let error = outcome.err().unwrap();
        error
            .0
            .into_iter()
            .map(|problem| format!("{}: {}", problem.name, problem.reason))
            .collect()
    }

    #[test]
    fn production_is_the_default_and_asks_for_https() {
        assert_eq!(
            reasons(&[("PUBLIC_URL", "http://a.example")], Web::read),
            [
                "PUBLIC_URL: must begin with https:// unless ENVIRONMENT=development: sign-in cookies are sent over HTTPS only"
            ]
        );
    }

    #[test]
    fn a_public_url_is_an_origin() {
        let mut values = WEB.to_vec();
        values[1].1 = "http://127.0.0.1/app";
        assert_eq!(
            reasons(&values, Web::read),
            ["PUBLIC_URL: must be an origin, without a path or query"]
        );
    }

    #[test]
    fn proxies_are_addresses_and_networks() {
        let mut values = WEB.to_vec();
        values.push(("TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7,::1"));
        let web = Reader::from_map(values).finish(Web::read).unwrap();
        for (address, trusted) in [
            ("10.9.9.9", true),
            ("::ffff:192.0.2.7", true),
            ("::1", true),
            ("192.0.2.8", false),
        ] {
            assert_eq!(
                web.trusted_proxies.contains(address.parse().unwrap()),
                trusted,
                "{address}"
            );
        }
    }

    #[test]
    fn a_wrong_proxy_is_told_by_its_place() {
        let mut values = WEB.to_vec();
        values.push(("TRUSTED_PROXIES", "10.0.0.0/8,nonsense"));
        assert_eq!(
            reasons(&values, Web::read),
            ["TRUSTED_PROXIES: entry 2 is neither an IP address nor a network like 10.0.0.0/8"]
        );
    }

    #[test]
    fn a_database_url_names_a_database_and_is_never_printed() {
        let found = reasons(&[("DATABASE_URL", "mysql://root:hunter2@db")], |reader| {
            Database::read(reader, "DATABASE_URL", "the records")
        });
        assert_eq!(
            found,
            ["DATABASE_URL: does not name a database: mysql://account:password@host/name"]
        );
    }
}
