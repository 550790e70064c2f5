//! A copy of everything that is held about an owner, for them (GDPR Art. 15 and 20, docs/ACCESS.md): gathered, sealed, and handed
//! over behind a link of its own or at the desk.

mod asked;
mod asked_part;
mod disclosure;
mod gather;
mod hand;
mod make;
mod sections;
mod told;
mod version_part;
mod versions;
mod words;

pub use disclosure::{Disclosure, FILE_NAME};
pub use hand::{admitted, content, desk_code, identify, open, revoke};
pub use make::{Asking, Particulars, end_all, make};
pub use sections::{Fact, Part, Section};
