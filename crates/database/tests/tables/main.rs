//! Every query of the crate against a real server: the one that `DATABASE_SERVER_URL` names, or a private one.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

mod accounts;
mod anchoring;
mod backups;
mod consent;
mod dropped;
mod evidence;
mod incidents;
mod leases;
mod lists;
mod outbox;
mod owner_key_rotation;
mod records;
mod schema;
mod secrecy;
mod staff;
mod stage;
mod standing;
mod sweep_parts;
mod tampering;
mod verdicts;
mod watch;
