//! Groups of settings that more than one app reads, so that a name means the same everywhere.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use keyring::{ApplicationKeys, FrontKeys, MasterKey, WrappedApplicationKeys};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{Environment, Reader};
use crate::profile::ControllerProfile;

/// A database account.
pub struct Database {
    /// `mysql://account:password@host:port/name`, with the TLS options of the driver; a secret.
    pub url: Url,
}

impl Database {
    /// Reads the database URL under `name` (`DATABASE_URL`, `BACKUP_DATABASE_URL` and so on).
    pub fn read(reader: &mut Reader, name: &'static str, help: &'static str) -> Option<Self> {
        let url = secret_url(reader, name, &["mysql"], help)?;
        Self::checked(reader, name, url)
    }

    /// Reads a database URL that may be left out.
    pub fn read_optional(
        reader: &mut Reader,
        name: &'static str,
        help: &'static str,
    ) -> Option<Option<Self>> {
        let Some(text) = reader.optional_secret(name, help)? else {
            return Some(None);
        };
        let url = checked_url(reader, name, &["mysql"], &text)?;
        Self::checked(reader, name, url).map(Some)
    }

    fn checked(reader: &mut Reader, name: &'static str, url: Url) -> Option<Self> {
        if url.path().len() <= 1 {
            return reader.problem(
                name,
                "does not name a database: mysql://account:password@host/name",
            );
        }
        reader.accept(name, database::check_address(&url))?;
        Some(Self { url })
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
    checked_url(reader, name, schemes, &text)
}

fn checked_url(
    reader: &mut Reader,
    name: &'static str,
    schemes: &[&str],
    text: &SecretString,
) -> Option<Url> {
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
#[derive(Clone)]
pub struct Keys {
    /// The versioned application keys, unwrapped by the master key.
    pub application: ApplicationKeys,
    /// The files that they are in.
    pub files: KeyFiles,
}

/// Where the keys of such an app are.
#[derive(Clone)]
pub struct KeyFiles {
    /// The master key's.
    pub master: PathBuf,
    /// The application keys', wrapped by it.
    pub application: PathBuf,
}

impl Keys {
    /// Reads `MASTER_KEY_FILE` and `APPLICATION_KEYS_FILE` and loads what they name.
    pub fn read(reader: &mut Reader) -> Option<Self> {
        let master = reader.file(
            "MASTER_KEY_FILE",
            "file of the master key, or of the pkcs11: address where it lives",
            |path| MasterKey::load(path).map(|key| (key, path.to_owned())),
        );
        // Read by itself first: a wrong master key hides nothing else.
        let wrapped = reader.file(
            "APPLICATION_KEYS_FILE",
            "file of the application keys, wrapped by the master key",
            |path| WrappedApplicationKeys::load(path).map(|keys| (keys, path.to_owned())),
        );
        let ((wrapped, application), (key, master)) = (wrapped?, master?);
        let files = KeyFiles {
            master,
            application,
        };
        let application = reader.accept("APPLICATION_KEYS_FILE", wrapped.open(&key))?;
        Some(Self { application, files })
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
        let front = reader.file("FRONT_KEYS_FILE", "file of the front keys", FrontKeys::load)?;
        Some(Self { front })
    }
}

/// How to reach the chain, pinned by a deployment `D` as the app knows one.
pub struct Chain<D> {
    /// The JSON-RPC endpoint; a secret, since many carry an access key.
    pub rpc_url: Url,
    /// The addresses and pins that the deployment wrote.
    pub deployment: D,
    /// How many blocks must follow before a block counts as final.
    pub confirmations: u64,
}

impl<D> Chain<D> {
    /// Reads `CHAIN_RPC_URL`, `CHAIN_DEPLOYMENT_FILE` (by `load`) and `CHAIN_CONFIRMATIONS`.
    pub fn read<E: Display>(
        reader: &mut Reader,
        load: impl FnOnce(&Path) -> Result<D, E>,
    ) -> Option<Self> {
        let rpc_url = secret_url(
            reader,
            "CHAIN_RPC_URL",
            &RPC_SCHEMES,
            "JSON-RPC endpoint of the chain",
        );
        let deployment = Deployment::read(reader, load);
        let confirmations = reader.or(
            "CHAIN_CONFIRMATIONS",
            "12",
            "blocks that must follow before a block counts as final",
        );
        let confirmations = confirmations.and_then(|blocks: u64| {
            if blocks == 0 && Environment::known(reader) == Some(Environment::Production) {
                let name = "CHAIN_CONFIRMATIONS";
                return reader.problem(name, "must be at least 1 unless ENVIRONMENT=development: the newest block may be taken back");
            }
            Some(blocks)
        });
        Some(Self {
            rpc_url: rpc_url?,
            deployment: deployment?,
            confirmations: confirmations?,
        })
    }
}

const RPC_SCHEMES: [&str; 2] = ["http", "https"];

/// A second endpoint of the chain, of somebody else than the first: what only one of them says is not believed.
pub struct SecondEndpoint;

impl SecondEndpoint {
    /// Reads `CHAIN_SECOND_RPC_URL`, which may be left out.
    pub fn read(reader: &mut Reader) -> Option<Option<Url>> {
        let name = "CHAIN_SECOND_RPC_URL";
        let help = "JSON-RPC endpoint of somebody else: nothing is valid unless both say the same";
        match reader.optional_secret(name, help)? {
            Some(text) => checked_url(reader, name, &RPC_SCHEMES, &text).map(Some),
            None => Some(None),
        }
    }
}

/// The pins of the contracts alone.
pub struct Deployment;

impl Deployment {
    /// Reads `CHAIN_DEPLOYMENT_FILE`, by `load`.
    pub fn read<D, E: Display>(
        reader: &mut Reader,
        load: impl FnOnce(&Path) -> Result<D, E>,
    ) -> Option<D> {
        reader.file(
            "CHAIN_DEPLOYMENT_FILE",
            "JSON file of contract addresses and pins that the deployment wrote",
            load,
        )
    }
}

/// How mail leaves: by a server and under a sender, as the app knows them.
pub struct Mail<Server, Sender> {
    /// Read from `smtp://` or `smtps://` with account and password.
    pub server: Server,
    /// Read from `Name <address>` or an address.
    pub sender: Sender,
}

impl<Server, Sender> Mail<Server, Sender>
where
    Server: FromStr<Err: Display + 'static>,
    Sender: FromStr<Err: Display + 'static>,
{
    /// Reads `SMTP_URL` and `MAIL_FROM`.
    pub fn read(reader: &mut Reader) -> Option<Self> {
        let server = reader.parsed_secret(
            "SMTP_URL",
            "mail server, such as smtps://account:password@mail.example.org",
        );
        let sender = reader.required("MAIL_FROM", "sender of every mail");
        Some(Self {
            server: server?,
            sender: sender?,
        })
    }
}

/// The controller's own particulars.
pub struct Profile;

impl Profile {
    /// Reads `CONTROLLER_PROFILE_FILE` and loads it.
    pub fn read(reader: &mut Reader) -> Option<Arc<ControllerProfile>> {
        reader
            .file(
                "CONTROLLER_PROFILE_FILE",
                "TOML file of the controller's name, purposes and notice",
                ControllerProfile::load,
            )
            .map(Arc::new)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]

    use super::*;

    #[test]
    fn a_database_url_is_whole_and_never_printed() {
        for (url, reason) in [
            (
                "mysql://root:hunter2@db",
                "does not name a database: mysql://account:password@host/name",
            ),
            (
                "mysql://root:hunter2@db/main?ssl-mode=hunter2",
                "the address is not mysql://user[:password]@host[:port]/database",
            ),
        ] {
            let read = Reader::from_map([("DATABASE_URL", url)])
                .finish(|reader| Database::read(reader, "DATABASE_URL", "the records"));
            let problems = read.err().unwrap().0;
            assert_eq!(problems.len(), 1);
            assert_eq!(problems[0].name, "DATABASE_URL");
            assert_eq!(problems[0].reason, reason);
        }
    }
}
