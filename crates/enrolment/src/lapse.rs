//! What nobody signs in time vanishes by itself (GDPR Art. 5(1)(e)): of a first entry everything, of a correction the correction
//! alone.

use database::record_events::Actor;
use database::records::{self, RecordState};
use database::{MySqlConnection, MySqlPool, consent_links, consents, corrections};
use keyring::FrontKeys;
use record::ids::RecordId;
use record::time::UnixMillis;

use crate::EnrolmentError;
use crate::ending::{Ending, end};
use crate::rectify::step_back;

/// So many at once; the others come next time.
const AT_ONCE: u32 = 500;

/// Ends what has waited for its owner without a change since `before`, its links over by then. Tells how many, and of how many
/// the rows are not as one of our applications left them: these stay, as evidence.
///
/// # Errors
/// When the database does not do its part.
pub async fn lapse(
    database: &MySqlPool,
    front: &FrontKeys,
    before: UnixMillis,
    now: UnixMillis,
) -> Result<(usize, usize), EnrolmentError> {
    let mut connection = database.acquire().await.map_err(database::RowError::from)?;
    let waiting = records::waiting_since(&mut connection, before, AT_ONCE).await?;
    drop(connection);
    let (mut lapsed, mut tampered) = (0, 0);
    for id in waiting {
        let mut transaction = database.begin().await.map_err(database::RowError::from)?;
        match lapse_one(&mut transaction, front, id, before, now).await {
            Ok(true) => {
                transaction
                    .commit()
                    .await
                    .map_err(database::RowError::from)?;
                lapsed += 1;
            }
            Ok(false) => {}
            Err(error) if error.is_tampering() => tampered += 1,
            Err(error) => return Err(error),
        }
    }
    Ok((lapsed, tampered))
}

/// Whether it was still to be ended, once nobody else could change it.
async fn lapse_one(
    transaction: &mut MySqlConnection,
    front: &FrontKeys,
    id: RecordId,
    before: UnixMillis,
    now: UnixMillis,
) -> Result<bool, EnrolmentError> {
    let Some(mut record) = records::lock(transaction, front, id).await? else {
        return Ok(false);
    };
    let waits = matches!(
        record.state,
        RecordState::AwaitingConsent | RecordState::CorrectionRequested
    );
    let links = consent_links::of_record(transaction, front, id).await?;
    let has_link = links.rows.iter().any(|link| link.expires_at >= before);
    if !waits || record.updated_at >= before || has_link {
        return Ok(false);
    }
    // Whoever puts the state of a signed record back has nothing destroyed by it.
    if consents::load(transaction, id, record.version)
        .await?
        .is_some()
    {
        return Err(EnrolmentError::unreadable(
            "it is signed, and its state says that it is not",
        ));
    }
    notification::withdraw_consent_links(transaction, front, id).await?;
    // Whoever forgets what links hold that nobody used may not have come by yet.
    consent_links::forget_all_of(transaction, front, id).await?;
    match record.has_correction_under_way() {
        true => {
            corrections::destroy_of(transaction, id, record.version).await?;
            step_back(transaction, front, &mut record, Actor::System, now).await?;
        }
        false => end(transaction, front, &mut record, Ending::Lapsed, now).await?,
    }
    Ok(true)
}
