//! The app as it runs, on a real database by its own account; the desk that makes links; owners who sign.

mod desk;
mod owner;
mod server;

pub use desk::{Link, PERSON, PROOF, person};
pub use owner::{Owner, Page, browser, typed_data_digest};
pub use server::{DEPLOYMENT_RELAY, Server, Setup};
