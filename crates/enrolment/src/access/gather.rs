//! Gathers what is held about an owner.

use alloy_primitives::B256;
use database::evidence::{self, Evidence};
use database::record_events::{self, RecordEvent};
use database::records::Record;
use database::{Checked, MySqlConnection, notices};
use keyring::{ApplicationKeys, OwnerKey};
use record::consent::{Choice, Purpose as Signed};
use record::ids::Uid;

use super::disclosure::{Chain, Controller, Disclosure, FORMAT, Held, Notice, Purpose, Version};
use super::make::{Asking, Particulars};
use super::versions::{Opening, versions};
use super::{asked, told};
use crate::EnrolmentError;
use crate::signed::newest_signed;
use crate::withdrawal::TakenBack;

/// Where it all comes from: staff enter what the person tells them, and nothing else does.
const SOURCE: &str = "entered_by_staff";

/// What every part is gathered with.
pub(super) struct Gathering<'a> {
    pub(super) connection: &'a mut MySqlConnection,
    pub(super) keys: &'a ApplicationKeys,
    pub(super) record: &'a Record,
    pub(super) key: &'a OwnerKey,
    /// Rows that are not ours, so far.
    pub(super) left_out: u64,
}

impl Gathering<'_> {
    /// The rows that are ours; the others are counted.
    pub(super) fn ours<T>(&mut self, found: Checked<T>) -> Vec<T> {
        self.left_out += found.tampered.len() as u64;
        found.rows
    }

    /// All of it. A record that does not open is none: whoever restores it has it gathered then.
    pub(super) async fn disclosure(
        mut self,
        asking: &Asking<'_>,
    ) -> Result<Disclosure, EnrolmentError> {
        let particulars = asking.particulars;
        let (front, id) = (self.keys.front(), self.record.id);
        let rows = evidence::by_record(self.connection, id).await?;
        let rows = rows.ok_or_else(|| EnrolmentError::unreadable("the record is gone"))?;
        let events = record_events::of_record(self.connection, &front, id).await?;
        let events = self.ours(events);
        let opened = self.versions(&rows, &events, particulars)?;
        Ok(Disclosure {
            format: FORMAT.to_owned(),
            made_at: asking.now,
            controller: controller(asking),
            notices: self.notices(&opened).await?,
            record: self.held(),
            chain: chain(particulars),
            purposes: self.purposes(particulars).await?,
            withdrawals: asked::withdrawals(&mut self).await?,
            corrections: asked::corrections(&mut self).await?,
            erasures: asked::erasures(&mut self).await?,
            wallet_changes: asked::wallet_changes(&mut self).await?,
            prolongations: asked::prolongations(&mut self).await?,
            restrictions: asked::restrictions(&mut self).await?,
            copies: asked::copies(&mut self).await?,
            history: told::history(&events),
            readers: told::readers(&mut self).await?,
            mails: told::mails(&mut self, &rows).await?,
            incidents: told::incidents(&mut self).await?,
            versions: opened,
            left_out: self.left_out,
        })
    }

    fn held(&self) -> Held {
        Held {
            id: self.record.id,
            uid: self.record.uid.map(Uid::get),
            state: self.record.state.as_str().to_owned(),
            entered_at: self.record.created_at,
            source: SOURCE.to_owned(),
        }
    }

    fn versions(
        &self,
        rows: &Evidence,
        events: &[RecordEvent],
        particulars: &Particulars<'_>,
    ) -> Result<Vec<Version>, EnrolmentError> {
        let opening = Opening {
            key: self.key,
            front: &self.keys.front(),
            site: particulars.site,
        };
        versions(rows, events, &opening)
    }

    /// Those that were signed, each once.
    async fn notices(&mut self, versions: &[Version]) -> Result<Vec<Notice>, EnrolmentError> {
        let mut hashes: Vec<B256> = Vec::new();
        for consent in versions.iter().filter_map(|one| one.consent.as_ref()) {
            let signed = consent.message.as_ref().map(|message| message.notice);
            let hash = signed.or_else(|| consent.terms.as_ref().map(|terms| terms.notice));
            hashes.extend(hash.filter(|hash| !hashes.contains(hash)));
        }
        let mut found = Vec::new();
        for hash in hashes {
            match notices::text(self.connection, &hash).await {
                Ok(Some(text)) => found.push(Notice { hash, text }),
                Ok(None) => self.left_out += 1,
                Err(error) if error.is_tampering() => self.left_out += 1,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(found)
    }

    /// What was signed last, with what was taken back since.
    async fn purposes(
        &mut self,
        particulars: &Particulars<'_>,
    ) -> Result<Vec<Purpose>, EnrolmentError> {
        let signed = newest_signed(self.connection, self.keys, self.record).await?;
        let Some(signed) = signed else {
            return Ok(Vec::new());
        };
        let (front, id) = (self.keys.front(), self.record.id);
        let taken = TakenBack::load(self.connection, &front, id, signed.draft).await?;
        let purposes = signed.purposes.unwrap_or_default();
        let purpose = |signed: Signed| Purpose {
            is_choice: (particulars.basis)(&signed).is_choice(),
            withdrawn_at: taken.since(&Choice::from(&signed)),
            granted: signed.granted,
            name: signed.name,
            lawful_basis: signed.lawful_basis,
        };
        Ok(purposes.into_iter().map(purpose).collect())
    }
}

fn controller(asking: &Asking<'_>) -> Controller {
    Controller {
        name: asking.letterhead.controller.to_owned(),
        address: asking.particulars.address.to_owned(),
        contact: asking.letterhead.contact.to_owned(),
        officer: asking.particulars.officer.to_owned(),
    }
}

const fn chain(particulars: &Particulars<'_>) -> Chain {
    Chain {
        chain_id: particulars.site.0,
        relay: particulars.site.1,
        storage_layer: particulars.storage_layer,
    }
}
