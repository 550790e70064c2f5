//! The answer to an owner who asked for a correction of what is anchored, and does not get it (GDPR Art. 12(4)).

use database::record_events::RecordEventKind;
use database::records::{self, RecordState};
use database::sealed::seal_cell;
use database::{MySqlConnection, corrections};
use keyring::CellKind;
use notification::{EventKey, Mail};
use record::ids::{CorrectionId, RecordId, Version};

use crate::EnrolmentError;
use crate::letterhead::Reader;
use crate::link::key_of;
use crate::office::Office;
use crate::signed::newest_signed;

/// Tells the owner why what they wrote leads to no correction; `officer` is how they reach the data-protection officer. The notes up
/// to the newest one, `seen`, count as answered, and the reason is kept beside that. False when that is no open note, or not the newest any more.
///
/// # Errors
/// [`EnrolmentError::State`] unless the record is anchored and no correction is under way, which would be the better answer.
pub async fn refuse_correction(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    (id, seen): (RecordId, CorrectionId),
    officer: &str,
    reason: &str,
) -> Result<bool, EnrolmentError> {
    let front = office.keys.front();
    let record = records::lock(transaction, &front, id)
        .await?
        .ok_or(EnrolmentError::Unknown)?;
    if record.state != RecordState::Anchored {
        return Err(EnrolmentError::State(record.state));
    }
    let wishes = corrections::of_record(transaction, id).await?;
    let newest = wishes.iter().find(|wish| wish.resolved_at.is_none());
    let Some(wish) = newest.filter(|wish| wish.id == seen) else {
        return Ok(false);
    };
    let key = key_of(transaction, office.keys, id).await?;
    let answer = {
        let (version, draft, kind) = (wish.version, wish.draft, CellKind::CorrectionAnswer);
        seal_cell(
            &key,
            version,
            draft,
            kind,
            reason.as_bytes(),
            &mut rand::rng(),
        )
    };
    let signed = newest_signed(transaction, office.keys, &record).await?;
    let details = signed.and_then(|signed| signed.details);
    let details = details.ok_or_else(|| EnrolmentError::unreadable("the details do not open"))?;
    tell(
        transaction,
        office,
        (id, seen),
        &Reader::of(&details),
        officer,
        reason,
    )
    .await?;
    corrections::answer(transaction, seen, &answer).await?;
    corrections::resolve(transaction, id, Version::FIRST..=record.version, office.now).await?;
    let what = RecordEventKind::CorrectionRefused;
    office.note(transaction, id, what).await?;
    Ok(true)
}

async fn tell(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    (id, wish): (RecordId, CorrectionId),
    reader: &Reader,
    officer: &str,
    reason: &str,
) -> Result<(), EnrolmentError> {
    let mail = Mail::CorrectionRefused {
        first_name: reader.first_name.clone(),
        controller: office.controller.to_owned(),
        contact: office.contact.to_owned(),
        officer: officer.to_owned(),
        reason: reason.to_owned(),
        withdrawal_url: office.withdrawal_url(id),
    };
    let (front, now) = (office.keys.front(), office.now);
    let event = EventKey::of(mail.kind(), wish.as_bytes());
    notification::enqueue(transaction, &front, now, event, &reader.email, &mail).await?;
    Ok(())
}
