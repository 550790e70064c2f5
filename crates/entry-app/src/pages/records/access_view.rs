//! How an owner's request for a copy of everything stands, on its page and on the record's.

use database::access_copies::AccessCopy;
use notification::EventKey;
use record::time::UnixMillis;
use sqlx::MySqlConnection;
use web_kit::error::Result;

use super::how_asked::{identity_in_words, way_in_words};
use super::link_view::is_undelivered;
use crate::state::Desk;

/// What is shown of one that can be opened.
pub struct AccessView {
    pub id: String,
    pub asked_at: UnixMillis,
    pub way: &'static str,
    pub identity: Option<&'static str>,
    /// Whether staff may hand it over.
    pub is_known_here: bool,
    pub expires_at: UnixMillis,
    pub opened_at: Option<UnixMillis>,
    /// Whether the mail that was to bring its link could not be delivered.
    pub is_undelivered: bool,
}

impl AccessView {
    /// Of a copy, as it was read.
    pub async fn load(
        desk: &Desk,
        connection: &mut MySqlConnection,
        copy: &AccessCopy,
    ) -> Result<Self> {
        let event = EventKey::of_access_copy(copy.id);
        Ok(Self {
            id: copy.id.to_string(),
            asked_at: copy.asked_at,
            way: way_in_words(copy.way),
            identity: copy.identity.map(identity_in_words),
            is_known_here: copy.is_known_at_the_desk(),
            expires_at: copy.expires_at,
            opened_at: copy.opened_at,
            is_undelivered: is_undelivered(desk, connection, event).await?,
        })
    }
}
