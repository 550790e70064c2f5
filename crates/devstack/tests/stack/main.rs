//! The local stack, each part by itself and all together under `devstack run`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod chain;
mod database;
mod inbox;
mod remains;
mod rpc_proxy;
mod run;
