//! What an owner allows now.

use database::records::Record;
use keyring::ApplicationKeys;
use record::consent::{Choice, Purpose, allowed};
use record::ids::Draft;
use sqlx::MySqlConnection;

use super::taken_back::TakenBack;
use crate::EnrolmentError;
use crate::letterhead::Reader;
use crate::signed::newest_signed;

/// What they signed last, without what they took back since.
pub struct Allowed {
    /// The draft that they signed.
    pub draft: Draft,
    /// Whom to tell; none when the details do not open.
    pub reader: Option<Reader>,
    /// The purposes.
    pub choices: Vec<Choice>,
    /// The same with those that were taken back.
    pub signed: Vec<Choice>,
    /// All that they signed, chosen or not.
    pub purposes: Vec<Purpose>,
}

impl Allowed {
    /// Of a record's owner; none when they have signed nothing that stands. `is_choice` tells whether a purpose was theirs to
    /// choose.
    ///
    /// # Errors
    /// When what they signed does not open, or the database can't be reached.
    pub async fn load(
        connection: &mut MySqlConnection,
        keys: &ApplicationKeys,
        record: &Record,
        is_choice: impl Fn(&Purpose) -> bool,
    ) -> Result<Option<Self>, EnrolmentError> {
        let Some(signed) = newest_signed(connection, keys, record).await? else {
            return Ok(None);
        };
        let purposes = signed.purposes;
        let purposes = purposes
            .ok_or_else(|| EnrolmentError::unreadable("what the owner signed does not open"))?;
        let taken = TakenBack::load(connection, &keys.front(), record.id, signed.draft).await?;
        Ok(Some(Self {
            draft: signed.draft,
            reader: signed.details.as_ref().map(Reader::of),
            choices: allowed(&purposes, &is_choice, |choice| {
                taken.since(choice).is_some()
            }),
            signed: allowed(&purposes, &is_choice, |_| false),
            purposes,
        }))
    }
}
