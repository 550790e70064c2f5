//! Addresses as types: the router's patterns and the addresses that pages and redirects name stand side by side.

use keyring::{FrontKeys, LinkSecret, Ticket};
use zeroize::Zeroizing;

/// The router's patterns. Neither `{secret}` nor `{ticket}` reaches a log: logs name the pattern.
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
    pub const WITHDRAW: &str = "/c/{secret}/withdraw";
    pub const TICKET: &str = "/w/{ticket}";
    pub const TICKET_CODE: &str = "/w/{ticket}/code";
    pub const TICKET_PURPOSES: &str = "/w/{ticket}/purposes";
    pub const TICKET_CORRECTION: &str = "/w/{ticket}/correction";
    pub const TICKET_ERASE: &str = "/w/{ticket}/erase";
    pub const TICKET_ERASE_MESSAGE: &str = "/w/{ticket}/erase/message";
    pub const TICKET_ERASE_SIGN: &str = "/w/{ticket}/erase/sign";
    pub const TICKET_RESTRICT: &str = "/w/{ticket}/restrict";
    pub const TICKET_UNRESTRICT: &str = "/w/{ticket}/unrestrict";
    pub const TICKET_OBJECT: &str = "/w/{ticket}/object";
    pub const TICKET_COPY: &str = "/w/{ticket}/copy";
    pub const COPY: &str = "/a/{secret}";
    pub const COPY_CODE: &str = "/a/{secret}/code";
    pub const COPY_CHALLENGE: &str = "/a/{secret}/challenge";
    pub const COPY_WALLET: &str = "/a/{secret}/wallet";
    pub const COPY_FILE: &str = "/a/{secret}/copy.json";
    pub const COPY_DEMO_WALLET: &str = "/a/{secret}/demo-wallet";
    pub const DEMO_WALLET: &str = "/c/{secret}/demo-wallet";
    pub const TICKET_DEMO_WALLET: &str = "/w/{ticket}/demo-wallet";
}

/// The addresses of one link. They hold its secret, so there is no Debug.
pub struct LinkUrls(Zeroizing<String>);

impl LinkUrls {
    /// Of the link with this secret.
    pub fn new(secret: &LinkSecret) -> Self {
        Self(Zeroizing::new(format!("/c/{}", *secret.to_url())))
    }

    /// Of the link to a copy of everything.
    pub fn of_copy(secret: &LinkSecret) -> Self {
        Self(Zeroizing::new(format!("/a/{}", *secret.to_url())))
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

    /// A copy of everything, to take along.
    pub fn copy_file(&self) -> String {
        self.below("copy.json")
    }

    /// The choice of what is taken back.
    pub fn withdraw(&self) -> String {
        self.below("withdraw")
    }

    fn below(&self, door: &str) -> String {
        format!("{}/{door}", *self.0)
    }
}

/// The addresses of one ticket.
pub struct TicketUrls(String);

impl TicketUrls {
    /// Of this ticket.
    pub fn new(ticket: Ticket, front: &FrontKeys) -> Self {
        Self(format!("/w/{}", ticket.to_url(front)))
    }

    /// Where its owner begins; also the path that its cookie is limited to.
    pub fn page(&self) -> &str {
        &self.0
    }

    /// Where the code goes.
    pub fn code(&self) -> String {
        format!("{}/code", self.0)
    }

    /// Where what is taken back goes.
    pub fn purposes(&self) -> String {
        format!("{}/purposes", self.0)
    }

    /// The form that asks for a correction.
    pub fn correction(&self) -> String {
        format!("{}/correction", self.0)
    }

    /// Where a copy of everything is asked for.
    pub fn copy(&self) -> String {
        format!("{}/copy", self.0)
    }

    /// The form that asks for a restriction.
    pub fn restrict(&self) -> String {
        format!("{}/restrict", self.0)
    }

    /// The form that takes a restriction back.
    pub fn unrestrict(&self) -> String {
        format!("{}/unrestrict", self.0)
    }

    /// The form that objects to uses.
    pub fn object(&self) -> String {
        format!("{}/object", self.0)
    }

    /// Where everything is asked to be erased.
    pub fn erase(&self) -> String {
        format!("{}/erase", self.0)
    }
}
