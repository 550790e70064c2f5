//! The product as it runs, with people who are enrolled, and browsers without a window.

mod browser;
mod held_round;
mod in_process;
mod people;
mod rectification;
mod stage;

pub use browser::{Answer, Browser};
pub use in_process::InProcess;
pub use people::{Enrolled, sign_up};
pub use rectification::Rectification;
pub use stage::{LIMIT, PASSWORD, Stage, add_staff};
