//! Static files in the binary.

use web_kit::assets::{Asset, asset};

/// The pages' own styles, over those of web-kit.
pub static STYLES: Asset = asset!("viewer.css", "../static/viewer.css");

/// All of them.
pub static ALL: [&Asset; 1] = [&STYLES];
