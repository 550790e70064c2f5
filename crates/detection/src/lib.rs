//! Finds out whether records are what their owners signed, tells when one is not, and restores it.
//!
//! [`verdict`] is the one pure function. [`Examiner`] reads what it rests on, [`Registrar`] files what it says and opens
//! incidents, [`Sweeper`] does both for all records for ever, together with others, [`Watcher`] for those just touched,
//! [`Restorer`] puts a verified copy back, [`Redactor`] destroys values that were replaced.

pub mod verdict;

mod alarm_memory;
mod alarms;
mod clock;
mod deletions;
mod direct_mail;
mod examiner;
mod found_row;
mod interruption;
mod lookout;
mod obstacle;
mod pace;
mod planted;
mod redaction;
mod registrar;
mod restore;
mod sweep;
mod watch;

pub use direct_mail::DirectMail;
pub use examiner::{Examined, Examiner, ExaminerParts, Sight};
pub use lookout::Lookout;
pub use obstacle::{Hindrance, alarm_of, hinders_verification, is_no_breach, words, words_of};
pub use redaction::{RedactionParts, Redactor};
pub use registrar::{Occasion, Registrar};
pub use restore::{Copy, Plan, RestoreError, RestoreParts, Restorer};
pub use sweep::{SweepStatus, Sweeper, sweep_once, verify_all};
pub use watch::{Piece, PieceChange, PieceValue, Watcher};
