//! What every handler may use.

use std::ops::Deref;
use std::sync::Arc;

use chain::ChainReader;
use enrolment::Letterhead;
use keyring::FrontKeys;
use notification::Recipient;
use record::time::Clock;
use sqlx::MySqlPool;
use url::Url;
use web_kit::page::Page;
use web_kit::profile::ControllerProfile;
use web_kit::settings::Environment;
use web_kit::site::Site;

use crate::assets;
use crate::challenge::Asker;
use crate::demo_wallet::DemoWallet;
use crate::network::Network;

/// The app. A clone is a handle to the same one.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// Its parts.
pub struct Parts {
    /// Name, address, environment.
    pub site: Site,
    /// The account with the rights of `consent`.
    pub database: MySqlPool,
    /// The only keys it holds.
    pub front: FrontKeys,
    /// Who asks, and what for.
    pub profile: Arc<ControllerProfile>,
    /// The chain, as wallets are told of it.
    pub network: Network,
    /// The chain, to ask contract wallets; without it they can't sign.
    pub chain: Option<ChainReader>,
    /// The staff who hear of signatures and corrections.
    pub desk_email: Recipient,
    /// Where staff work, for links in mails to them.
    pub entry_url: Option<Url>,
    /// On a local chain only.
    pub demo_wallet: Option<DemoWallet>,
    /// The time.
    pub clock: Clock,
}

impl App {
    /// Of these parts.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The frame of a page. Its address is a secret, so that the frame does not hear it.
    pub fn page(&self, title: impl Into<String>) -> Page {
        Page::plain(self.site.clone(), String::from("/")).titled(title)
    }

    /// Whether cookies go over HTTPS only.
    pub fn is_secure(&self) -> bool {
        self.site.environment() == Environment::Production
    }

    /// Who asks, as wallets show it.
    pub fn asker(&self) -> Asker<'_> {
        Asker {
            public_url: self.site.public_url(),
            chain_id: self.network.chain_id,
        }
    }

    /// The organisation's name.
    pub fn controller(&self) -> &str {
        &self.profile.controller.name
    }

    /// How to reach it.
    pub fn contact(&self) -> &str {
        &self.profile.controller.contact
    }

    /// How mails to owners begin and end.
    pub fn letterhead(&self) -> Letterhead<'_> {
        Letterhead {
            controller: self.controller(),
            contact: self.contact(),
            consent_url: self.site.public_url(),
        }
    }

    /// Whether newcomers may play the owner.
    pub fn has_demo_wallet(&self) -> bool {
        self.demo_wallet.is_some()
    }

    /// Address of the style sheet.
    pub fn styles(&self) -> &'static str {
        assets::STYLES.url()
    }

    /// Address of the browser's part.
    pub fn script(&self) -> &'static str {
        assets::SCRIPT.url()
    }

    /// Address of the demo wallet's page script.
    pub fn demo_wallet_script(&self) -> &'static str {
        assets::DEMO_WALLET.url()
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
