//! Static files in the binary. The scripts are bundled by `browser/`.

use web_kit::assets::{Asset, asset};

/// The pages' own styles, over those of web-kit.
pub static STYLES: Asset = asset!("consent.css", "../static/consent.css");
/// The browser's part.
pub static SCRIPT: Asset = asset!("consent.js", "../static/dist/consent.js");
/// The demo wallet.
pub static DEMO_WALLET: Asset = asset!("demo-wallet.js", "../static/dist/demo-wallet.js");

/// All of them.
pub static ALL: [&Asset; 3] = [&STYLES, &SCRIPT, &DEMO_WALLET];
