//! The tables of Sealwatch (`migrations/README.md` is their map): one module per table, with its row, its MAC and its
//! queries as plain async functions. The caller owns the connection and the transaction, and passes the keys and the
//! time.
//!
//! What every module keeps:
//! - A row that grants access or moves work carries a MAC. It is written with the row and checked on every read: one row
//!   asked for and not ours is [`RowError::Mac`]; in a list the good rows come beside the tampered ones ([`Checked`]).
//! - A change of such a row starts from the row as it was locked and verified.
//! - A time is `BIGINT UNSIGNED` Unix milliseconds; ids are newtypes; a column that holds something else is
//!   [`RowError::Column`].
//! - The SQL runs alike on MariaDB 10.6 and MySQL 8.4 and later.

mod column;
mod connection;
mod error;
mod greeting;
mod migrations;
mod numbered;
mod of_records;
mod tampering_log;
mod transaction;

pub mod access_copies;
pub mod access_log;
pub mod anchoring_jobs;
pub mod anchoring_transactions;
pub mod chain_progress;
pub mod consent_links;
pub mod consents;
pub mod corrections;
pub mod erasures;
pub mod evidence;
pub mod grants;
pub mod guarded;
pub mod guarded_rows;
pub mod incident_events;
pub mod incident_evidence;
pub mod incident_findings;
pub mod incidents;
pub mod index;
pub mod key_checks;
pub mod leases;
pub mod notices;
pub mod operations_alarms;
pub mod outbox;
pub mod owner_key_backups;
pub mod owner_key_rotation;
pub mod owner_keys;
pub mod owner_requests;
pub mod page_before;
pub mod record_backups;
pub mod record_events;
pub mod record_versions;
pub mod records;
pub mod records_view;
pub mod remains;
pub mod request_way;
pub mod restriction_steps;
pub mod retentions;
pub mod rewrapping;
pub mod row_counts;
pub mod schema_baselines;
pub mod sealed;
pub mod sessions;
pub mod sign_in_attempts;
pub mod staff;
pub mod staff_events;
pub mod strays;
pub mod sweep_parts;
pub mod sweep_rounds;
pub mod verifications;
pub mod wallet_changes;
pub mod watch_progress;
pub mod withdrawals;

pub use column::UnknownText;
pub use connection::{ConnectError, PoolSettings, check_address, connect, pool};
pub use error::{Checked, RowError, Tampered, turns_away};
pub use greeting::greeting;
pub use migrations::{Kind, migrate, schema_is_current};
pub use sqlx::{MySqlConnection, MySqlPool};
