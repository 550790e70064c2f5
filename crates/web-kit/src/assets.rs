//! Static files, embedded in the binary and served under an address that names their content, so that browsers may keep
//! them for ever and never hold an old one.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};

use crate::error::Error;

/// The style sheet of all our pages.
pub static KIT_CSS: Asset = asset!("kit.css", "../static/kit.css");
/// The script of all our pages. Every page works without it.
pub static KIT_JS: Asset = asset!("kit.js", "../static/kit.js");
/// The icon in the browser's tab.
pub static ICON: Asset = asset!("icon.svg", "../static/icon.svg");

/// Embeds a file: `asset!("entry.js", "../static/entry.js")`, the path as in `include_bytes!`.
#[macro_export]
macro_rules! asset {
    ($name:literal, $path:literal) => {
        $crate::assets::Asset::new(
            $name,
            include_bytes!($path),
            ::std::sync::LazyLock::new(|| $crate::assets::url_of($name, include_bytes!($path))),
        )
    };
}
pub use crate::asset;

/// One embedded file.
pub struct Asset {
    name: &'static str,
    bytes: &'static [u8],
    url: LazyLock<String>,
}

impl Asset {
    /// Used by [`asset!`].
    #[doc(hidden)]
    pub const fn new(name: &'static str, bytes: &'static [u8], url: LazyLock<String>) -> Self {
        Self { name, bytes, url }
    }

    /// Its address, for `href` and `src`.
    pub fn url(&self) -> &str {
        &self.url
    }

    fn content_type(&self) -> &'static str {
        match self.name.rsplit_once('.').map(|(_, extension)| extension) {
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("svg") => "image/svg+xml",
            Some("png") => "image/png",
            Some("json") => "application/json",
            _ => "application/octet-stream",
        }
    }

    fn answer(&self) -> Response {
        let headers = [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static(self.content_type()),
            ),
            (
                header::CACHE_CONTROL,
                HeaderValue::from_static("public, max-age=31536000, immutable"),
            ),
        ];
        (headers, self.bytes).into_response()
    }
}

/// The address of a file: its name behind a hash of its bytes.
#[doc(hidden)]
#[must_use]
pub fn url_of(name: &str, bytes: &[u8]) -> String {
    let hash = hex::encode(Sha256::digest(bytes));
    format!("/static/{}/{name}", &hash[..16])
}

/// Serves our own files and the app's.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(
    own: &'static [&'static Asset],
) -> Router<S> {
    let serve = move |Path((hash, name)): Path<(String, String)>| async move {
        let path = format!("/static/{hash}/{name}");
        [&KIT_CSS, &KIT_JS, &ICON]
            .into_iter()
            .chain(own.iter().copied())
            .find(|asset| asset.url() == path)
            .map(Asset::answer)
            .ok_or(Error::NotFound)
    };
    Router::new().route("/static/{hash}/{name}", get(serve))
}
