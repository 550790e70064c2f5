//! Where an app listens and how people reach it.

use std::fmt::{self, Display};
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use ipnet::IpNet;
use url::Url;

use super::{LogFilter, Reader};

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

    /// The same for who asks again; none where it is wrong, which is said once.
    pub fn known(reader: &Reader) -> Option<Self> {
        let value = reader.value("ENVIRONMENT");
        value.map_or(Some(Self::Production), |value| value.parse().ok())
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

/// Where an app listens and how people reach it, and what it logs of that.
#[derive(Debug, Clone)]
pub struct Web {
    /// Development or production.
    pub environment: Environment,
    /// What is logged.
    pub log: LogFilter,
    /// Address and port to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The address that people's browsers see, without a path.
    pub public_url: Url,
    /// The reverse proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: TrustedProxies,
    /// Where the metrics are served, if anywhere.
    pub metrics_listen: Option<SocketAddr>,
}

impl Web {
    /// Reads `ENVIRONMENT`, `RUST_LOG`, `LISTEN`, `PUBLIC_URL`, `TRUSTED_PROXIES` and `METRICS_LISTEN`.
    pub fn read(reader: &mut Reader) -> Option<Self> {
        let environment = Environment::read(reader);
        let log = LogFilter::read(reader);
        let listen = reader.or(
            "LISTEN",
            "127.0.0.1:0",
            "address and port to listen on; port 0 takes a free one",
        );
        let public_url = public_origin(
            reader,
            "PUBLIC_URL",
            "the address people open in their browser, such as https://entry.example.org",
        );
        let trusted_proxies: Option<Option<TrustedProxies>> = reader.optional(
            "TRUSTED_PROXIES",
            "addresses or networks of reverse proxies, separated by commas; only theirs is X-Forwarded-For believed",
        );
        let metrics_listen = reader.optional(
            "METRICS_LISTEN",
            "address and port at which Prometheus finds the metrics; keep it from the internet",
        );
        Some(Self {
            environment: environment?,
            log: log?,
            listen: listen?,
            public_url: public_url?,
            trusted_proxies: trusted_proxies?.unwrap_or_default(),
            metrics_listen: metrics_listen?,
        })
    }
}

/// An address that people open: over HTTPS outside development, and without anything behind the host.
pub fn public_origin(reader: &mut Reader, name: &'static str, help: &'static str) -> Option<Url> {
    let url = reader.url(name, &["http", "https"], help)?;
    if Environment::known(reader) == Some(Environment::Production) && url.scheme() != "https" {
        return reader.problem(
            name,
            "must begin with https:// unless ENVIRONMENT=development: cookies and links are secrets",
        );
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return reader.problem(name, "must be an origin, without a path or query");
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

impl Display for NotANetwork {
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
                "PUBLIC_URL: must begin with https:// unless ENVIRONMENT=development: cookies and links are secrets"
            ]
        );
    }

    #[test]
    fn a_wrong_environment_hides_no_wrong_address() {
        let wrong = [
            ("ENVIRONMENT", "test"),
            ("PUBLIC_URL", "https://a.example/b"),
        ];
        assert_eq!(
            reasons(&wrong, Web::read),
            [
                "ENVIRONMENT: is neither development nor production",
                "PUBLIC_URL: must be an origin, without a path or query"
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
}
