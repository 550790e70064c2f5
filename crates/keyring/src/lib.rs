//! Keys and what they seal: master key → application keys → owner keys → cells, beside the front keys that consent-dapp
//! holds, blind indexes and MACs on rows. docs/SEALING.md tells every format to the byte.
//!
//! No type here that holds a secret can be printed, logged or serialised, and all are wiped when dropped.

mod acl;
mod aead;
mod application;
mod application_file;
mod cell;
mod encoding;
mod escrow;
mod fingerprint;
mod front;
mod front_file;
mod index;
mod key_file;
mod key_set;
mod link;
mod master;
mod owner_key;
mod ring;
mod rotation;
mod row_mac;
mod secret;
mod ticket;
mod token;
mod value;
mod wrap;

pub use application::{ApplicationKeys, OtherKeys};
pub use application_file::WrappedApplicationKeys;
pub use cell::{CellKind, Header, Place};
pub use fingerprint::{Fingerprint, FingerprintKey};
pub use front::FrontKeys;
pub use index::IndexKey;
pub use key_file::{KeyFileError, KeyFileProblem, read_secret_file, read_secret_file_or_pipe};
pub use key_set::{KeyFiles, KeySet, MasterPlace};
pub use link::{LinkSecret, NotALinkSecret};
pub use master::MasterKey;
pub use owner_key::{OpenError, Opened, OwnerKey};
pub use ring::{KeyCheckError, SealedError};
pub use rotation::RotationError;
pub use row_mac::{MacBuilder, MacError};
pub use ticket::Ticket;
pub use token::{NotATokenUri, TokenProblem, TokenUri};
pub use wrap::{UnwrapError, WrappedOwnerKey};
