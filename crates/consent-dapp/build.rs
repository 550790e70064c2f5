//! Stops with a clear word when the browser's part has not been bundled yet: the binary embeds it.

use std::path::Path;

const BUNDLED: [&str; 2] = ["static/dist/consent.js", "static/dist/demo-wallet.js"];

fn main() {
    for file in BUNDLED {
        println!("cargo::rerun-if-changed={file}");
        if !Path::new(file).is_file() {
            println!(
                "cargo::error=crates/consent-dapp/{file} is missing: run `make assets` (or `npm ci && npm run build` in crates/consent-dapp/browser) first"
            );
        }
    }
    println!("cargo::rerun-if-changed=static/consent.css");
}
