//! The local stack that the demo and the tests share: a private database server, an anvil chain,
//! a mail inbox, and the built apps as child processes.
//!
//! Every part waits until it is ready, tells its last log lines when it isn't, and ends when the
//! process that started it ends, also when that one is killed.

mod accounts;
mod app;
mod chain;
mod contract;
mod data_dir;
mod database;
mod databases;
mod deployed_state;
mod deployment;
mod foreground;
mod inbox;
mod ports;
mod private_file;
mod process;
mod readiness;
mod rpc;
mod rpc_proxy;
mod site;
mod soft_token;
mod stack_dir;
mod task;
mod tcp_proxy;
mod ticker;
mod tools;

pub use accounts::{Account, Accounts};
pub use app::{App, AppSpec};
pub use chain::{Chain, ChainOptions, Mining, StateWriting};
pub use database::{DatabaseOptions, DatabaseServer};
pub use databases::Databases;
pub use foreground::run_in_foreground;
pub use inbox::{Inbox, InboxOptions, Mail};
pub use ports::free_port;
pub use readiness::wait_until;
pub use rpc_proxy::{Fault, RpcProxy};
pub use site::{Names, Ports, Site, SiteOptions, Staff, Teller};
pub use soft_token::SoftToken;
pub use stack_dir::StackDir;
pub use tcp_proxy::TcpProxy;
pub use tools::{binary, workspace_root};
