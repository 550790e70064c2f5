//! What every page of ours needs: settings, logs, the server's life, security headers, sign-in, forms, layout.
//!
//! An app reads its settings, makes a [`site::Site`], builds its routes and hands them to [`site::Site::assemble`], which
//! puts before them what no page may be without. A page is a struct with an askama template that extends
//! `kit/layout.html`; the app's `askama.toml` names both template folders:
//!
//! ```toml
//! [general]
//! dirs = ["templates", "../web-kit/templates"]
//! ```

pub mod assets;
pub mod components;
pub mod doorway;
pub mod error;
pub mod form;
pub mod key_following;
pub mod lifetime;
pub mod metrics;
pub mod page;
pub mod password;
pub mod profile;
pub mod query;
pub mod rate_limit;
pub mod readiness;
mod resend;
pub mod right_keys;
pub mod security;
pub mod server;
pub mod settings;
pub mod sign_in;
pub mod site;
pub mod telemetry;
