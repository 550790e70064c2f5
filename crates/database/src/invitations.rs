//! Making a consent link: the use case behind "send a link" at the desk, and the fixture of every test that needs one.

use keyring::{CellKind, FrontKeys, LinkSecret, OwnerKey};
use rand::{CryptoRng, RngExt};
use record::ids::{LinkId, StaffId};
use record::time::UnixMillis;
use sqlx::Connection;
use sqlx::mysql::MySqlConnection;
use zeroize::Zeroizing;

use crate::consent_links::{self, ConsentLink, NewLink};
use crate::error::RowError;
use crate::record_events::{self, Actor, RecordEventKind};
use crate::records::Record;
use crate::sealed::{Cell, CellProblem, open_cell, seal_cell};

/// How many digits a desk code has.
pub const CODE_DIGITS: usize = 6;

/// A link just made, with what is known only now: the row keeps neither in clear.
pub struct Invitation {
    /// The row.
    pub link: ConsentLink,
    /// What stands in the link's address.
    pub secret: LinkSecret,
    /// What the desk tells the owner, apart from the link.
    pub desk_code: Zeroizing<String>,
}

/// Makes a link to the record's newest draft, in place of every open one, and says so in its history.
///
/// # Errors
/// When the database can't be reached.
pub async fn invite(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    owner_key: &OwnerKey,
    record: &Record,
    invited: &Invited,
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<Invitation, RowError> {
    let (id, secret, desk_code) = (
        LinkId::random(rng),
        LinkSecret::generate(rng),
        desk_code(rng),
    );
    let code_cell = seal_cell(
        owner_key,
        record.version,
        record.draft,
        CellKind::DeskCode,
        desk_code.as_bytes(),
        rng,
    );
    let new = NewLink {
        id,
        record_id: record.id,
        version: record.version,
        draft: record.draft,
        secret_hash: keys.hash_secret(&secret),
        wrapped_key: secret.wrap(owner_key, id, rng),
        desk_code: code_cell,
        created_by: invited.by,
        expires_at: invited.until,
    };
    let mut transaction = connection.begin().await?;
    consent_links::revoke_open(&mut transaction, keys, record.id).await?;
    let link = consent_links::insert(&mut transaction, keys, new, invited.at).await?;
    let made = RecordEventKind::LinkCreated;
    let staff = Actor::Staff(invited.by);
    record_events::append(&mut transaction, keys, record.id, made, staff, invited.at).await?;
    transaction.commit().await?;
    Ok(Invitation {
        link,
        secret,
        desk_code,
    })
}

/// Who invites, when, and until when the link is good.
#[derive(Debug, Clone, Copy)]
pub struct Invited {
    /// The staff account.
    pub by: StaffId,
    /// Now.
    pub at: UnixMillis,
    /// When the link stops.
    pub until: UnixMillis,
}

/// The desk code of a link, to tell it to the owner again.
///
/// # Errors
/// When the cell is not the one that belongs here; so is that of a link that has ended.
pub fn desk_code_of(link: &ConsentLink, owner_key: &OwnerKey) -> Cell<Zeroizing<String>> {
    let cell = open_cell(
        owner_key,
        link.version,
        link.draft,
        CellKind::DeskCode,
        &link.desk_code,
    )?;
    let text = cell.text().ok_or(CellProblem::Content)?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn desk_code(rng: &mut (impl CryptoRng + ?Sized)) -> Zeroizing<String> {
    let mut code = Zeroizing::new(String::with_capacity(CODE_DIGITS));
    for _ in 0..CODE_DIGITS {
        code.push(char::from(rng.random_range(b'0'..=b'9')));
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_desk_code_is_six_digits_and_rarely_the_same() {
        let codes: std::collections::BTreeSet<String> = (0..50)
            .map(|_| desk_code(&mut rand::rng()).to_string())
            .collect();
        assert!(
            codes
                .iter()
                .all(|code| code.len() == CODE_DIGITS && code.bytes().all(|b| b.is_ascii_digit()))
        );
        assert!(codes.len() > 40);
    }
}
