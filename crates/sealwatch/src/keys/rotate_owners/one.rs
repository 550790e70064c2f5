//! Giving one owner another key. Three databases have no common transaction, so the order is what keeps everything:
//!
//! 1. the new key stands in the backup of keys, then the copies under it in the backup of records;
//! 2. key and rows in the main database change, in one transaction;
//! 3. of the copies under another key those go that stand under the one in use as well; then the other keys, once nothing is left
//!    under them.
//!
//! All of it behind the lock of the record's head, as every use case. Broken off anywhere, what is in use has its copies, and the next
//! run finishes.

use anyhow::{Context, Result, ensure};
use database::owner_key_rotation::{self, Copies, Fault, Waiting};
use database::{MySqlConnection, RowError, key_checks, owner_key_backups};
use keyring::{ApplicationKeys, OwnerKey, WrappedOwnerKey};
use record::ids::{RecordId, Uid};
use record::time::Clock;
use sqlx::Connection;

use super::locked::Locked;
use super::tally::{Outcome, Turn};
use crate::keys::databases::Owners;

/// Two transactions may be in each other's way; the next try is another one.
const TRIES: u32 = 10;

/// Whose keys are replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// Those under which anything was sealed before the application key in use came into use.
    Older,
    /// Each that is asked for.
    Asked,
}

pub(super) struct Rotation<'a> {
    pub(super) databases: Owners,
    pub(super) keys: &'a ApplicationKeys,
    pub(super) which: Which,
    pub(super) is_dry: bool,
}

/// What a step came to.
struct Step {
    outcome: Outcome,
    foreign: u64,
}

impl Rotation<'_> {
    pub(super) async fn turn(&self, id: RecordId) -> Result<Turn> {
        let mut uid = None;
        for _ in 0..TRIES {
            match self.attempt(id, &mut uid).await {
                Err(error) if is_collision(&error) => {}
                Err(error) => {
                    let outcome = passed_over(error)?;
                    return Ok(Turn {
                        uid,
                        outcome,
                        foreign: 0,
                    });
                }
                Ok(Step { outcome, foreign }) => {
                    return Ok(Turn {
                        uid,
                        outcome,
                        foreign,
                    });
                }
            }
        }
        Ok(Turn {
            uid,
            outcome: Outcome::Overtaken,
            foreign: 0,
        })
    }

    async fn attempt(&self, id: RecordId, uid: &mut Option<Uid>) -> Result<Step> {
        let mut main = self.databases.main.acquire().await?;
        let mut transaction = main.begin().await?;
        let step = self.step(&mut transaction, id, uid).await;
        let is_rotated = matches!(&step, Ok(step) if matches!(step.outcome, Outcome::Rotated));
        if !is_rotated || self.is_dry {
            // Only dropped it would keep its locks.
            transaction.rollback().await?;
            return step;
        }
        transaction.commit().await?;
        drop(main);
        self.finish_replaced(id).await?;
        step
    }

    /// What is done behind the lock. The caller commits, where a key was replaced.
    async fn step(
        &self,
        transaction: &mut MySqlConnection,
        id: RecordId,
        uid: &mut Option<Uid>,
    ) -> Result<Step> {
        let locked = match self.lock(transaction, id, uid).await? {
            Ok(locked) => locked,
            Err(outcome) => {
                return Ok(Step {
                    outcome,
                    foreign: 0,
                });
            }
        };
        let waits = owner_key_rotation::waits_for(transaction, self.keys, &locked.record).await?;
        let may_finish = !self.is_dry && lets_finish(&waits);
        let (is_finished, foreign) = match may_finish {
            true => self.finish(&locked).await?,
            false => (false, locked.foreign),
        };
        let (key, version) = (locked.at_hand.in_use.key_id(), self.keys.current_version());
        let is_new_enough = !locked.rows.are_older_than(key, version);
        let outcome = match waits {
            // Headers alone are anybody's to write.
            ref waits if is_new_enough && lets_finish(waits) && !self.opens(&locked) => {
                Outcome::Faulty(Fault::Key)
            }
            _ if is_new_enough && self.which == Which::Older => match is_finished {
                true => Outcome::Finished,
                false => Outcome::Kept,
            },
            Err(fault) => Outcome::Faulty(fault),
            Ok(Some(waiting)) => Outcome::Waits(waiting),
            Ok(None) => return self.replace(transaction, &locked).await,
        };
        Ok(Step { outcome, foreign })
    }

    /// Puts in order what a rotation, or a restore beside one, left over; whether there was anything, and how many keys and copies do
    /// not open. A copy goes only where it stands under the key in use as well, and a key only where nothing is left under it.
    async fn finish(&self, locked: &Locked) -> Result<(bool, u64)> {
        let Locked {
            record,
            rows,
            at_hand,
            others,
            ..
        } = locked;
        let (in_use, foreign) = (&at_hand.in_use, locked.foreign);
        let Some(uid) = record.uid.filter(|_| !others.is_empty()) else {
            return Ok((false, foreign));
        };
        // Words that a restore left under another key: the key is replaced, and takes them along. What does not open at all may need
        // the other key once it is put back.
        if !self.opens(locked) {
            return Ok((false, foreign));
        }
        let mut backup = self.databases.keys.acquire().await?;
        let now = Clock::system().now();
        // What stands there in its place and does not open is counted, and the others stay for its sake.
        if !locked.is_backed_up && !owner_key_backups::insert(&mut backup, rows.key(), now).await? {
            return Ok((false, foreign));
        }
        let mut copies = self.databases.records.acquire().await?;
        let mut transaction = copies.begin().await?;
        let before = Copies::load(&mut transaction, self.keys, at_hand, uid).await?;
        let rng = &mut rand::rng();
        before
            .add_under(&mut transaction, self.keys, at_hand, in_use, rng)
            .await?;
        // As they stand, and not as they should.
        let there = Copies::load(&mut transaction, self.keys, at_hand, uid).await?;
        let left = there
            .remove_others(&mut transaction, in_use.key_id())
            .await?;
        transaction.commit().await?;
        if left == 0 {
            for key in others {
                owner_key_backups::destroy_one(&mut backup, key).await?;
            }
        }
        Ok((true, foreign + there.foreign))
    }

    /// Whether all that stands in the main database opens by the key in use, each in its place.
    fn opens(&self, locked: &Locked) -> bool {
        locked.rows.open(self.keys, &locked.at_hand)
    }

    /// Behind the lock once more: who was faster, a restore or an erasure, has decided what is in use.
    async fn finish_replaced(&self, id: RecordId) -> Result<()> {
        let mut main = self.databases.main.acquire().await?;
        let mut transaction = main.begin().await?;
        if let Ok(locked) = self.lock(&mut transaction, id, &mut None).await? {
            let (keys, record) = (self.keys, &locked.record);
            if lets_finish(&owner_key_rotation::waits_for(&mut transaction, keys, record).await?) {
                self.finish(&locked).await?;
            }
        }
        transaction.rollback().await?;
        Ok(())
    }

    /// The new key and the copies under it, then the rows. The caller commits.
    async fn replace(&self, transaction: &mut MySqlConnection, locked: &Locked) -> Result<Step> {
        let Locked {
            record,
            rows,
            at_hand,
            ..
        } = locked;
        let rng = &mut rand::rng();
        let key = self.keys.generate_owner_key(record.id, rng);
        let wrapped = self.keys.wrap_owner_key(&key, rng);
        let mut step = Step {
            outcome: Outcome::Rotated,
            foreign: locked.foreign,
        };
        let anew = match rows.sealed_anew(self.keys, at_hand, (&key, &wrapped), rng) {
            Ok(anew) => anew,
            Err(fault) => {
                step.outcome = Outcome::Faulty(fault);
                return Ok(step);
            }
        };
        if self.is_dry {
            return Ok(step);
        }
        let version = wrapped.app_key_version;
        ensure!(
            !key_checks::is_retired_until_the_end(transaction, self.keys, version).await?,
            "application key version {version} is retired: copy the newest file to this host"
        );
        step.foreign += self.copy_under(&key, &wrapped, locked).await?;
        anew.replace(transaction, self.keys, rows).await?;
        Ok(step)
    }

    /// Adds the key, and the copies under it, to the backups; how many copies do not open.
    async fn copy_under(
        &self,
        key: &OwnerKey,
        wrapped: &WrappedOwnerKey,
        locked: &Locked,
    ) -> Result<u64> {
        let uid = locked.record.uid.context("an anchored record has a UID")?;
        let mut backup = self.databases.keys.acquire().await?;
        let now = Clock::system().now();
        let is_kept = owner_key_backups::insert(&mut backup, wrapped, now).await?;
        ensure!(
            is_kept,
            "the backup of keys holds another key under a random name"
        );
        let mut connection = self.databases.records.acquire().await?;
        let mut copying = connection.begin().await?;
        let copies = Copies::load(&mut copying, self.keys, &locked.at_hand, uid).await?;
        let rng = &mut rand::rng();
        copies
            .add_under(&mut copying, self.keys, &locked.at_hand, key, rng)
            .await?;
        copying.commit().await?;
        Ok(copies.foreign)
    }
}

/// Whether what a rotation that was broken off left over may go: not while anything is to be put right, or everything is about to
/// go.
fn lets_finish(waits: &Result<Option<Waiting>, Fault>) -> bool {
    matches!(waits, Ok(None | Some(Waiting::Link | Waiting::Copy)))
}

fn is_collision(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<RowError>()
        .is_some_and(RowError::is_collision)
}

/// What concerns one owner only. Somebody else was at it, or holds a row for longer than the server waits, or a row can't be read: the
/// others get their turn.
fn passed_over(error: anyhow::Error) -> Result<Outcome> {
    match error.downcast_ref() {
        Some(RowError::Changed { .. }) => Ok(Outcome::Overtaken),
        Some(row) if row.is_lock_timeout() => Ok(Outcome::Overtaken),
        Some(RowError::Column { table, .. } | RowError::Mac { table, .. }) => {
            Ok(Outcome::Faulty(Fault::Row(table)))
        }
        _ => Err(error),
    }
}
