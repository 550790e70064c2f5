//! Records that are restored one after the other are told by one mail: the first that is due takes along what waits.

use database::outbox::{self, Gathered, Mail as Row};
use database::{MySqlConnection, RowError};
use keyring::FrontKeys;
use record::wiped_json;

use crate::mail::Mail;

/// The claimed mail, with what others tell of the same incident. Once it was tried it stays as it is, so that a repetition is
/// known as one.
pub(crate) async fn gathered(
    connection: &mut MySqlConnection,
    front: &FrontKeys,
    claimed: &Row,
) -> Result<Row, RowError> {
    match opened(front, claimed) {
        Some(mail @ Mail::Restored { .. }) if claimed.attempts == 1 => {
            outbox::gather(connection, front, claimed, |waiting| {
                together(front, mail, claimed, waiting)
            })
            .await
        }
        _ => Ok(claimed.clone()),
    }
}

fn together(front: &FrontKeys, mail: Mail, claimed: &Row, waiting: &[Row]) -> Option<Gathered> {
    let reader = claimed.open_recipient(front).ok()?;
    let (mut mail, mut others) = (mail, Vec::new());
    for row in waiting {
        let is_to_them = row.open_recipient(front).is_ok_and(|to| to == reader);
        let Some(other) = opened(front, row).filter(|_| is_to_them) else {
            continue;
        };
        if take_along(&mut mail, &other) {
            others.push(row.id);
        }
    }
    let payload = wiped_json(&mail).ok()?;
    (!others.is_empty()).then_some(Gathered { payload, others })
}

/// False where the other is about something else.
fn take_along(mail: &mut Mail, other: &Mail) -> bool {
    let (
        Mail::Restored {
            incident,
            restored_at,
            uids,
            count,
            ..
        },
        Mail::Restored {
            incident: others_incident,
            restored_at: others_at,
            uids: others_uids,
            count: others_count,
            ..
        },
    ) = (mail, other)
    else {
        return false;
    };
    if incident != others_incident {
        return false;
    }
    let new = others_uids.iter().filter(|uid| !uids.contains(uid));
    let new: Vec<_> = new.copied().collect();
    let twice = (others_uids.len() - new.len()) as u64;
    *count += others_count.saturating_sub(twice);
    *restored_at = (*restored_at).max(*others_at);
    uids.extend(new);
    uids.sort_unstable();
    true
}

fn opened(front: &FrontKeys, row: &Row) -> Option<Mail> {
    let payload = row.open_payload(front).ok()??;
    serde_json::from_slice(&payload).ok()
}
