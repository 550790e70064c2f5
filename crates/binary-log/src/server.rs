//! A database server, as its address names it.

use std::path::PathBuf;
use std::time::Duration;

use mysql_async::{Conn, Opts, OptsBuilder, SslOpts};
use tokio::time::timeout;
use url::{Host, Url};
use zeroize::Zeroizing;

use crate::assembly::Place;
use crate::error::LogError;
use crate::follower::Follower;
use crate::position::Position;
use crate::settings;

const PATIENCE: Duration = Duration::from_secs(5);
/// No more bytes of a transaction are held at once, unless something else is set.
const LONGEST: usize = 256 * 1024;

/// Where the log is, and whose database in it is meant.
#[derive(Clone)]
pub struct Server {
    options: Opts,
    database: String,
    longest: usize,
}

impl Server {
    /// At this address, which is read as everywhere in Sealwatch: outside this machine the server must prove its name,
    /// unless `ssl-mode` asks for something else.
    pub fn new(url: &Url) -> Result<Self, LogError> {
        let database = decoded(url.path().trim_start_matches('/'))?;
        let host = url.host_str().ok_or(LogError::Address)?;
        if url.scheme() != "mysql" || database.is_empty() {
            return Err(LogError::Address);
        }
        let options = OptsBuilder::default()
            .ip_or_hostname(host.trim_start_matches('[').trim_end_matches(']'))
            .tcp_port(url.port().unwrap_or(3306))
            .user(Some(decoded(url.username())?))
            .pass(url.password().map(decoded).transpose()?)
            .ssl_opts(tls(url))
            .prefer_socket(false);
        Ok(Self {
            options: options.into(),
            database,
            longest: LONGEST,
        })
    }

    /// What is larger than so many bytes in the log comes in parts.
    #[must_use]
    pub fn in_parts_of(self, longest: usize) -> Self {
        Self { longest, ..self }
    }

    /// The database whose rows are told.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Whether we may follow the log, and it is on and holds whole rows of our database; and where it ends.
    pub async fn newest(&self) -> Result<Position, LogError> {
        let mut connection = self.connect().await?;
        let looked = timeout(PATIENCE, settings::newest(&mut connection, &self.database));
        let newest = looked.await.map_err(|_| SILENT)??;
        connection.disconnect().await.ok();
        Ok(newest)
    }

    /// The triggers on tables of our database, as table and name. Who has no right to see them is refused.
    pub async fn triggers(&self) -> Result<Vec<(String, String)>, LogError> {
        let mut connection = self.connect().await?;
        let looked = timeout(
            PATIENCE,
            settings::triggers(&mut connection, &self.database),
        );
        let triggers = looked.await.map_err(|_| SILENT)??;
        connection.disconnect().await.ok();
        Ok(triggers)
    }

    /// The texts of the statements behind the rows of a transaction, which MariaDB keeps in its log.
    pub async fn texts(&self, place: &Place) -> Result<Vec<Zeroizing<String>>, LogError> {
        let mut connection = self.connect().await?;
        let read = timeout(PATIENCE, settings::texts(&mut connection, place));
        let texts = read.await.map_err(|_| SILENT)??;
        connection.disconnect().await.ok();
        Ok(texts)
    }

    /// Goes on behind a position. `number` tells us from every other replica of the server.
    pub async fn follow(&self, from: Position, number: u32) -> Result<Follower, LogError> {
        let connection = self.connect().await?;
        let begun = Follower::begin(connection, &self.database, from, number, self.longest);
        timeout(PATIENCE, begun).await.map_err(|_| SILENT)?
    }

    async fn connect(&self) -> Result<Conn, LogError> {
        let connection = timeout(PATIENCE, Conn::new(self.options.clone()));
        Ok(connection.await.map_err(|_| SILENT)??)
    }
}

const SILENT: LogError = LogError::Unreachable("no answer in time");

/// `%40` and the like, as addresses have them.
fn decoded(text: &str) -> Result<String, LogError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = rest.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let byte = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
        bytes.push(byte.ok_or(LogError::Address)?);
        rest = &rest[2..];
    }
    String::from_utf8(bytes).map_err(|_| LogError::Address)
}

fn tls(url: &Url) -> Option<SslOpts> {
    let asked = |names: [&str; 2]| {
        url.query_pairs()
            .find(|(name, _)| names.contains(&name.as_ref()))
            .map(|(_, value)| value.into_owned())
    };
    let mode = asked(["ssl-mode", "sslmode"]).map(|mode| mode.to_ascii_uppercase());
    let roots = asked(["ssl-ca", "sslca"]).map(|file| vec![PathBuf::from(file).into()]);
    let (verifies_authority, verifies_name) = match mode.as_deref() {
        Some("DISABLED") => return None,
        Some("PREFERRED") | None if stays_on_this_machine(url) => return None,
        Some("PREFERRED" | "REQUIRED") => (false, false),
        Some("VERIFY_CA") => (true, false),
        _ => (true, true),
    };
    let options = SslOpts::default()
        .with_root_certs(roots.unwrap_or_default())
        .with_danger_accept_invalid_certs(!verifies_authority)
        .with_danger_skip_domain_validation(!verifies_name);
    Some(options)
}

fn stays_on_this_machine(url: &Url) -> bool {
    match url.host() {
        // A `mysql:` address keeps numbers as text.
        Some(Host::Domain(name)) => {
            let address: Option<std::net::IpAddr> = name.parse().ok();
            name == "localhost" || address.is_some_and(|address| address.is_loopback())
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    fn server(address: &str) -> Result<Server, LogError> {
        Server::new(&address.parse().unwrap())
    }

    #[test]
    fn tls_is_verified_outside_this_machine() {
        for near in ["127.0.0.1", "localhost", "[::1]", "127.1.2.3:3307"] {
            let server = server(&format!("mysql://u@{near}/d")).unwrap();
            assert!(server.options.ssl_opts().is_none(), "{near}");
        }
        for far in ["10.0.0.1", "db.example.org", "localhost.example.org"] {
            let server = server(&format!("mysql://u@{far}/d")).unwrap();
            let tls = server.options.ssl_opts().unwrap();
            assert!(!tls.accept_invalid_certs() && !tls.skip_domain_validation());
        }
        let asked = server("mysql://u@db.example.org/d?ssl-mode=VERIFY_CA&ssl-ca=/ca.pem");
        let asked = asked.unwrap();
        let tls = asked.options.ssl_opts().unwrap();
        assert!(!tls.accept_invalid_certs() && tls.skip_domain_validation());
        assert_eq!(tls.root_certs().len(), 1);
    }

    #[test]
    fn an_address_names_server_and_database() {
        let read = server("mysql://a%40b:p%2Fw@127.0.0.1:3307/seal_main").unwrap();
        assert_eq!(read.database(), "seal_main");
        assert_eq!(read.options.user(), Some("a@b"));
        assert_eq!(read.options.pass(), Some("p/w"));
        for wrong in [
            "postgres://u@h/d",
            "mysql://u@h",
            "mysql://u@h/",
            "mysql://u%4@h/d",
        ] {
            assert!(matches!(server(wrong), Err(LogError::Address)), "{wrong}");
        }
    }
}
