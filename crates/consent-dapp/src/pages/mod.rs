//! One file per door: its form, its handler.

pub mod challenge;
pub mod code;
pub mod copy;
pub mod copy_code;
pub mod copy_wallet;
pub mod correction;
pub mod decline;
pub mod demo_wallet;
pub mod link;
pub mod message;
pub mod receipt;
pub mod sign;
pub mod start;
pub mod ticket;
pub mod ticket_code;
pub mod ticket_copy;
pub mod ticket_correction;
pub mod ticket_erase;
pub mod ticket_object;
pub mod ticket_purposes;
pub mod ticket_restrict;
pub mod ticket_unrestrict;
pub mod wallet;
pub mod withdraw;
