//! A QR code as the path of an SVG.

use qrcodegen::{QrCode, QrCodeEcc};

/// Light modules around the code, as its standard (ISO/IEC 18004) asks.
const QUIET: i32 = 4;

/// What a template needs to draw it.
pub struct Qr {
    /// Width and height, in modules.
    pub size: i32,
    /// The dark modules.
    pub path: String,
}

impl Qr {
    /// Of a text; none when it is too long for a code.
    pub fn of(text: &str) -> Option<Self> {
        let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
        let dark = (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y)));
        let path = dark
            .filter(|(x, y)| code.get_module(*x, *y))
            .map(|(x, y)| format!("M{},{}h1v1h-1z", x + QUIET, y + QUIET))
            .collect();
        Some(Self {
            size: code.size() + 2 * QUIET,
            path,
        })
    }
}
