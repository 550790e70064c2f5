//! Addresses as types: the router's patterns and the addresses that pages and redirects name stand side by side.

use keyring::LinkSecret;
use zeroize::Zeroizing;

/// The router's patterns. `{secret}` never reaches a log: logs name the pattern.
pub mod route {
    pub const PAGE: &str = "/c/{secret}";
    pub const CODE: &str = "/c/{secret}/code";
    pub const CHALLENGE: &str = "/c/{secret}/challenge";
    pub const WALLET: &str = "/c/{secret}/wallet";
    pub const MESSAGE: &str = "/c/{secret}/message";
    pub const SIGN: &str = "/c/{secret}/sign";
    pub const CORRECTION: &str = "/c/{secret}/correction";
    pub const DECLINE: &str = "/c/{secret}/decline";
    pub const RECEIPT: &str = "/c/{secret}/receipt";
    pub const RECEIPT_JSON: &str = "/c/{secret}/receipt.json";
    pub const DEMO_WALLET: &str = "/c/{secret}/demo-wallet";
}

/// The addresses of one link. They hold its secret, so there is no Debug.
pub struct LinkUrls(Zeroizing<String>);

impl LinkUrls {
    /// Of the link with this secret.
    pub fn new(secret: &LinkSecret) -> Self {
        Self(Zeroizing::new(format!("/c/{}", *secret.to_url())))
    }

    /// The link itself; also the path that its cookies are limited to.
    pub fn page(&self) -> &str {
        &self.0
    }

    /// Where the desk code goes.
    pub fn code(&self) -> String {
        self.below("code")
    }

    /// The form that asks for a correction.
    pub fn correction(&self) -> String {
        self.below("correction")
    }

    /// The question before declining.
    pub fn decline(&self) -> String {
        self.below("decline")
    }

    /// The receipt, to print.
    pub fn receipt(&self) -> String {
        self.below("receipt")
    }

    /// The receipt, to keep.
    pub fn receipt_json(&self) -> String {
        self.below("receipt.json")
    }

    fn below(&self, door: &str) -> String {
        format!("{}/{door}", *self.0)
    }
}
