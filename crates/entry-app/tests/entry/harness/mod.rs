//! The app as it runs, on a real database by its own accounts; staff with browsers; owners who sign.

mod browser;
mod install;
mod owner;
mod server;
mod typed;

pub use browser::{Answer, Browser};
pub use owner::{ACCOUNTS, OFFERS, Owner, RESEARCH, SURVEY};
pub use server::{PASSWORD, Server, Setup, id_of};
pub use typed::{Typed, WALLET};
