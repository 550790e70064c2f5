//! What protects every page: headers that tell the browser to trust nothing but ourselves, and the refusal of requests
//! that another site made it send.

mod csrf;
mod headers;

pub(crate) use csrf::refuse_foreign;
pub(crate) use headers::set;
pub use headers::{CONTENT_SECURITY_POLICY, PERMISSIONS_POLICY};
