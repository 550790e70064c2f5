//! What a record may be used for now. Nothing else decides it.

use database::Checked;
use database::record_events::RecordEvent;
use database::records::Record;
use keyring::{ApplicationKeys, FrontKeys};
use record::consent::{Basis, Purpose};
use record::ids::{Draft, RecordId, Version};
use record::time::UnixMillis;
use sqlx::MySqlConnection;

use super::cause::{Cause, Reason, Told};
use super::requests::{Requests, Wanted};
use super::uses::{Left, Standing, Use, left};
use crate::EnrolmentError;
use crate::signed::newest_signed;
use crate::withdrawal::TakenBack;

/// What a record may be used for.
pub struct Limits {
    /// The version that the owner signed last, and when; none where they have signed nothing that stands.
    pub signed: Option<(Version, UnixMillis)>,
    /// Its purposes; none where it does not open.
    pub uses: Option<Vec<Use>>,
    /// Whether somebody wrote, changed or took away what tells what was taken back: then nobody can tell what is allowed.
    pub consent_is_tampered: bool,
    /// What the owner asked for.
    pub requests: Requests,
    /// Why the record is restricted; empty where it is not.
    pub causes: Vec<Cause>,
}

impl Limits {
    /// Of a record. `basis` tells what a purpose rests on.
    ///
    /// # Errors
    /// When the database can't be reached.
    pub async fn load(
        connection: &mut MySqlConnection,
        keys: &ApplicationKeys,
        record: &Record,
        history: &Checked<RecordEvent>,
        basis: &(dyn Fn(&Purpose) -> Basis + Sync),
    ) -> Result<Self, EnrolmentError> {
        let (front, told) = (keys.front(), Told::by(history));
        let requests = Requests::load(connection, &front, record.id).await?;
        let Some(signed) = newest_signed(connection, keys, record).await? else {
            return Ok(Self::of(None, &TakenBack::default(), requests, told, basis));
        };
        let taken = TakenBack::load(connection, &front, record.id, signed.draft).await?;
        let mut limits = Self::of(signed.purposes.as_deref(), &taken, requests, told, basis);
        limits.signed = Some((signed.version, signed.received_at));
        Ok(limits)
    }

    /// The same for who holds only the front keys, and was told what the owner signed by the draft.
    ///
    /// # Errors
    /// When the database can't be reached.
    pub async fn of_signed(
        connection: &mut MySqlConnection,
        front: &FrontKeys,
        record: RecordId,
        (purposes, draft): (&[Purpose], Draft),
        basis: &(dyn Fn(&Purpose) -> Basis + Sync),
    ) -> Result<Self, EnrolmentError> {
        let requests = Requests::load(connection, front, record).await?;
        let taken = TakenBack::load(connection, front, record, draft).await?;
        let told = Told::default();
        Ok(Self::of(Some(purposes), &taken, requests, told, basis))
    }

    /// The same of a record whose own row can't be used: by what its owner asked for alone.
    ///
    /// # Errors
    /// When the database can't be reached.
    pub async fn of_requests(
        connection: &mut MySqlConnection,
        front: &FrontKeys,
        record: RecordId,
        history: &Checked<RecordEvent>,
    ) -> Result<Self, EnrolmentError> {
        let requests = Requests::load(connection, front, record).await?;
        let (taken, told) = (TakenBack::default(), Told::by(history));
        Ok(Self::of(None, &taken, requests, told, &|_| Basis::Unknown))
    }

    /// Where nothing can be read of what decides it: nobody knows, so no.
    #[must_use]
    pub fn unknown() -> Self {
        Self {
            signed: None,
            uses: None,
            consent_is_tampered: true,
            requests: Requests::default(),
            causes: vec![Cause {
                reason: Reason::Unknown,
                since: None,
            }],
        }
    }

    /// From all that it is decided by.
    pub(super) fn of(
        purposes: Option<&[Purpose]>,
        taken: &TakenBack,
        requests: Requests,
        told: Told,
        basis: &(dyn Fn(&Purpose) -> Basis + Sync),
    ) -> Self {
        let uses = purposes.map(|purposes| {
            let purposes = purposes.iter();
            purposes
                .map(|purpose| Use::of(purpose, basis(purpose), taken, &requests))
                .collect()
        });
        let mut limits = Self {
            signed: None,
            uses,
            consent_is_tampered: taken.tampered > 0
                || taken.rows < told.withdrawals
                || told.is_tampered,
            causes: Vec::new(),
            requests,
        };
        limits.causes = limits.all_causes(told);
        limits
    }

    fn all_causes(&self, told: Told) -> Vec<Cause> {
        let mut causes = Vec::new();
        for request in self.requests.all.iter().filter(|one| one.restricts()) {
            let reason = match request.wanted {
                Wanted::Restriction(ground) => Reason::Asked(ground),
                Wanted::Objection(_) => Reason::Objection,
            };
            causes.push(Cause {
                reason,
                since: Some(request.asked.at),
            });
        }
        let left = match left(self.known_uses()) {
            Left::LegalDuties => Some(Reason::LegalDuties),
            Left::Nothing => Some(Reason::NothingLeft),
            Left::More => None,
        };
        let is_unknown =
            self.requests.tampered > 0 || self.requests.steps < told.steps || told.is_tampered;
        let unknown = is_unknown.then_some(Reason::Unknown);
        let since = None;
        causes.extend(left.map(|reason| Cause { reason, since }));
        causes.extend(unknown.map(|reason| Cause { reason, since }));
        causes
    }

    /// The purposes, as far as anybody can tell what is allowed.
    #[must_use]
    pub fn known_uses(&self) -> &[Use] {
        match self.consent_is_tampered {
            true => &[],
            false => self.uses.as_deref().unwrap_or_default(),
        }
    }

    /// Whether anything restricts it.
    #[must_use]
    pub fn is_restricted(&self) -> bool {
        !self.causes.is_empty()
    }

    /// Whether it is for this reason.
    #[must_use]
    pub fn is_for(&self, reason: Reason) -> bool {
        self.causes.iter().any(|cause| cause.reason == reason)
    }

    /// What a list says beside the state of a record; none where nothing restricts it.
    #[must_use]
    pub fn mark(&self) -> Option<&'static str> {
        match (self.is_restricted(), self.is_for(Reason::NothingLeft)) {
            (false, _) => None,
            (true, true) => Some("To be erased"),
            (true, false) => Some("Restricted"),
        }
    }

    /// The purposes that the owner may object to.
    #[must_use]
    pub fn objectable(&self) -> Vec<&Use> {
        let uses = self.known_uses().iter();
        uses.filter(|one| one.takes_objection()).collect()
    }

    /// Whether there is consent that can be taken back.
    #[must_use]
    pub fn has_allowed(&self) -> bool {
        let mut uses = self.known_uses().iter();
        uses.any(|one| one.standing == Standing::Allowed)
    }

    /// Whether there is something that the owner could allow again.
    #[must_use]
    pub fn has_not_allowed(&self) -> bool {
        let mut uses = self.known_uses().iter();
        uses.any(|one| matches!(one.standing, Standing::NotAllowed | Standing::TakenBack(_)))
    }
}
