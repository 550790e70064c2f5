//! Ways to open the same link where a wallet is: in a wallet's app, or on a phone.

use qrcodegen::{QrCode, QrCodeEcc};
use url::Url;

/// Addresses that wallets' apps open, and a QR code. The apps' own schemes stay on the phone; their `https` forms would
/// show the link's secret to the wallet's maker.
pub struct Elsewhere {
    /// The whole link, to copy.
    pub address: String,
    /// Opens MetaMask's browser.
    pub metamask: String,
    /// Opens Trust Wallet's browser.
    pub trust: String,
    /// Opens the browser of the Base App (Coinbase Wallet).
    pub coinbase: String,
    /// The link as an SVG picture.
    pub qr: String,
}

impl Elsewhere {
    /// For this page at `public_url`.
    pub fn new(public_url: &Url, page: &str) -> Self {
        let address = format!("{}{page}", public_url.origin().ascii_serialization());
        let quoted: String = url::form_urlencoded::byte_serialize(address.as_bytes()).collect();
        Self {
            metamask: format!("metamask://dapp/{address}"),
            trust: format!("trust://open_url?coin_id=60&url={quoted}"),
            coinbase: format!("cbwallet://dapp?url={quoted}"),
            qr: svg(&address),
            address,
        }
    }
}

fn svg(text: &str) -> String {
    // A link is about a hundred characters; the largest code holds thousands.
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).expect("a link fits into a QR code");
    let size = code.size();
    let dark = (0..size)
        .flat_map(|y| (0..size).map(move |x| (x, y)))
        .filter(|&(x, y)| code.get_module(x, y));
    let path: String = dark.map(|(x, y)| format!("M{x} {y}h1v1h-1z")).collect();
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" shape-rendering="crispEdges" aria-hidden="true"><path fill="currentColor" d="{path}"/></svg>"#
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]

    use keyring::LinkSecret;

    use super::*;
    use crate::urls::LinkUrls;

    #[test]
    fn wallets_open_the_very_link() {
        let secret = LinkSecret::generate(&mut rand::rng());
        let link = LinkUrls::new(&secret);
        let site = "https://consent.example.org".parse().unwrap();
        let elsewhere = Elsewhere::new(&site, link.page());
        let address = format!("https://consent.example.org/c/{}", *secret.to_url());
        assert_eq!(elsewhere.metamask, format!("metamask://dapp/{address}"));
        for wallet in [&elsewhere.trust, &elsewhere.coinbase] {
            let url = Url::parse(wallet).unwrap();
            assert!(
                url.query_pairs()
                    .any(|(name, value)| name == "url" && value == address)
            );
        }
        assert!(elsewhere.qr.starts_with("<svg"));
    }
}
