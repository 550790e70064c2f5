//! The public doors of the three apps, for those who go through them without a window: the demo's
//! story, and tests that need people who are enrolled already.

mod browser;
mod clerk;
mod mail;
mod owner;
mod people;

pub use browser::Browser;
pub use clerk::Clerk;
pub use mail::{consent_link, owner_code, way_in};
pub use owner::Owner;
pub use people::{PEOPLE, Person};
