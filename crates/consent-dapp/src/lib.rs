//! consent-dapp
