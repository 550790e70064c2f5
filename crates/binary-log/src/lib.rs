//! Follows the row-based binary log of MariaDB (10.6 and later) and MySQL (8.4 and later), as a replica would: whole
//! transactions in order, with the rows before and after, each with the position behind it.
//!
//! Nothing of Sealwatch in here. What the log carries may be personal: rows and statements are wiped when they are dropped, and have no `Debug`.

mod assembly;
mod error;
mod follower;
mod gtid_set;
mod mariadb;
mod position;
mod row;
mod server;
mod settings;
mod statement;

pub use assembly::{Place, Transaction};
pub use error::LogError;
pub use follower::{Follower, News};
pub use gtid_set::GtidSet;
pub use position::{Position, UnknownPosition};
pub use row::{Change, Row, Value};
pub use server::Server;
pub use statement::{Statement, StatementKind};
