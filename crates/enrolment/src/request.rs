//! How an owner without a link is let in (docs/WITHDRAWAL.md): consent-dapp, which can open no record, writes the request; entry-app
//! answers it by a code to the address in the record.

mod admission;
mod answer;
mod copy;
mod erasure;
mod restriction;

pub(crate) use admission::open_locked;
pub use admission::{Admission, admit, ask, clean_code, open, recent, tidy, wish};
pub use answer::{Answered, Answering, answer_requests};
pub use copy::wish_copy;
pub use erasure::{ErasureOffer, wish_erasure};
pub use restriction::{wish_restriction, wish_unrestriction};
