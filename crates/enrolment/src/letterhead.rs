//! How mails to owners begin and end.

use keyring::{FrontKeys, Ticket};
use record::ids::RecordId;
use serde::{Deserialize, Serialize};
use url::Url;
use zeroize::ZeroizeOnDrop;

use crate::details::Details;

/// Who writes, and where owners go.
#[derive(Clone, Copy)]
pub struct Letterhead<'a> {
    /// The controller's name.
    pub controller: &'a str,
    /// How owners reach it.
    pub contact: &'a str,
    /// Where consent-dapp is reached.
    pub consent_url: &'a Url,
}

/// Whom a mail is to. It can't be printed.
#[derive(Clone, Serialize, Deserialize, ZeroizeOnDrop)]
pub struct Reader {
    /// [`notification::first_name`].
    pub first_name: String,
    /// The e-mail address.
    pub email: String,
}

impl Reader {
    /// The owner of these details.
    #[must_use]
    pub fn of(details: &Details) -> Self {
        Self {
            first_name: notification::first_name(&details.name),
            email: details.email.to_string(),
        }
    }
}

impl Letterhead<'_> {
    /// Where the owner of a record takes consent back. It opens nothing, and stays good.
    #[must_use]
    pub fn withdrawal_address(&self, front: &FrontKeys, record: RecordId) -> String {
        let base = self.consent_url.as_str().trim_end_matches('/');
        format!("{base}/w/{}", Ticket::of(record).to_url(front))
    }
}
