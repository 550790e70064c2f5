//! How a record stands: everything of its page that changes by itself, and nothing of the person's details.

use database::erasures;
use database::record_events;
use database::records::{Record, RecordState};
use database::wallet_changes::{self, WalletChange, WalletChangeState};
use enrolment::restriction::{Limits, Reason};
use enrolment::wallet_change;
use record::ids::Version;
use sqlx::MySqlConnection;
use web_kit::components::Tone;
use web_kit::error::Result;

use super::access;
use super::access_view::AccessView;
use super::anchoring_view::{self, AnchoringView};
use super::erasure_view::ErasureView;
use super::history::{self, Step};
use super::link_view::{self, LinkView};
use super::opened;
use super::restriction_view::RestrictionView;
use super::retention_view::RetentionView;
use super::signed_view::SignedView;
use super::state_view;
use crate::state::Desk;
use crate::urls;

/// How often the page looks again, in milliseconds, while the proof is on its way.
const EVERY_ANCHORING: u32 = 1_500;
/// While the owner is waited for.
const EVERY_WAITING: u32 = 4_000;

/// What the head and the side of the page show.
pub struct Standing {
    pub address: String,
    pub refresh: String,
    /// None once nothing changes by itself any more.
    pub every: Option<u32>,
    pub title: String,
    pub state: RecordState,
    pub version: Version,
    /// Whether it was anchored.
    pub is_on_chain: bool,
    /// Whether a correction is under way.
    pub has_correction: bool,
    pub label: &'static str,
    pub tone: Tone,
    pub next_step: &'static str,
    pub link: Option<LinkView>,
    pub links_tampered: usize,
    pub signed: Option<SignedView>,
    pub restriction: RestrictionView,
    limits: Limits,
    pub anchoring: Option<AnchoringView>,
    pub jobs_tampered: usize,
    pub erasure: Option<ErasureView>,
    pub erasures_tampered: usize,
    pub access: Option<AccessView>,
    pub accesses_tampered: usize,
    pub wallet_change: Option<WalletChangeState>,
    pub wallet_changes_tampered: usize,
    pub retention: Option<RetentionView>,
    pub history: Vec<Step>,
    pub history_tampered: usize,
}

impl Standing {
    /// Reads it.
    pub async fn load(
        desk: &Desk,
        connection: &mut MySqlConnection,
        record: &Record,
    ) -> Result<Self> {
        let (id, state) = (record.id, record.state);
        let (link, links_tampered) = link_view::load(desk, connection, id).await?;
        let (anchoring, jobs_tampered) = anchoring_view::load(desk, connection, record).await?;
        let (copy, accesses_tampered) = access::open_one(desk, connection, id).await?;
        let access = match &copy {
            Some(copy) => Some(AccessView::load(desk, connection, copy).await?),
            None => None,
        };
        let changes = wallet_changes::of_record(connection, &desk.keys, id).await?;
        let is_under_way = |one: &&WalletChange| wallet_change::is_under_way(one, record);
        let under_way = changes.rows.iter().rfind(is_under_way);
        let asked = erasures::of_record(connection, &desk.keys, id).await?;
        let events = record_events::of_record(connection, &desk.keys.front(), id).await?;
        let limits = opened::limits(desk, connection, record).await?;
        let mut standing = Self {
            address: urls::record(id),
            refresh: urls::progress(id),
            every: None,
            title: title(record),
            state,
            label: state_view::label_of(record),
            tone: state_view::tone(state),
            next_step: state_view::next_step_of(record),
            version: record.version,
            is_on_chain: record.uid.is_some(),
            has_correction: record.has_correction_under_way(),
            link,
            links_tampered,
            signed: SignedView::of(&limits),
            restriction: RestrictionView::of(id, &limits, desk.clock.now()),
            limits,
            anchoring,
            jobs_tampered,
            erasure: asked
                .rows
                .last()
                .map(|one| ErasureView::of(one, desk.clock.now()).with_reason(one, &desk.keys)),
            erasures_tampered: asked.tampered.len(),
            access,
            accesses_tampered,
            wallet_change: under_way.map(|one| one.state),
            wallet_changes_tampered: changes.tampered.len(),
            retention: RetentionView::load(desk, connection, record).await?,
            history: history::steps(desk, connection, &events.rows).await?,
            history_tampered: events.tampered.len(),
        };
        standing.look_closer();
        Ok(standing)
    }

    /// What the state alone does not tell.
    fn look_closer(&mut self) {
        if self.state == RecordState::Erasing {
            self.every = Some(EVERY_ANCHORING);
            if self
                .anchoring
                .as_ref()
                .is_some_and(|job| job.rejected.is_some())
            {
                self.next_step = "It could not be ended on the chain; below it says why.";
            }
        } else if self.is_rejected() {
            (self.label, self.tone) = match self.has_correction {
                true => ("Correction not anchored", Tone::Bad),
                false => ("Not anchored", Tone::Bad),
            };
            self.next_step = "Its proof was not anchored; below it says why.";
        } else if self.awaits_consent() {
            self.every = Some(EVERY_WAITING);
            if !self.link.as_ref().is_some_and(|link| link.is_open) {
                self.next_step = "No link lets the owner in any more: make a new one.";
            }
        } else if self.state == RecordState::Approved {
            self.every = Some(EVERY_ANCHORING);
        } else if self.state == RecordState::Anchored {
            self.look_at_what_is_left();
        }
    }

    /// What restricts the record.
    fn look_at_what_is_left(&mut self) {
        (self.label, self.tone) = match self.limits.mark() {
            None => return,
            Some(mark) if self.limits.is_for(Reason::NothingLeft) => (mark, Tone::Bad),
            Some(mark) => (mark, Tone::Warning),
        };
        self.next_step = "Why, and what it may be used for, stands below.";
    }

    /// What a record may be kept for, where its owner allows nothing any more: whatever else is under way.
    pub fn left_in_words(&self) -> Option<&'static str> {
        if self.limits.is_for(Reason::LegalDuties) {
            return Some(
                "Nothing but a legal duty is left of what the owner signed: the data may be stored for it, and used for nothing else.",
            );
        }
        self.limits.is_for(Reason::NothingLeft).then_some(
            "The owner allows nothing of what the record rested on: nothing permits to keep it any longer (Art. 17(1)(b), (c)).",
        )
    }

    /// Whether there is consent that can be taken back.
    pub fn can_be_withdrawn(&self) -> bool {
        self.limits.has_allowed()
    }

    /// Whether the owner can be asked for what they do not allow.
    pub fn can_be_asked_again(&self) -> bool {
        self.can_be_corrected() && self.limits.has_not_allowed()
    }

    pub fn awaits_consent(&self) -> bool {
        self.state == RecordState::AwaitingConsent
    }

    pub fn can_be_edited(&self) -> bool {
        self.awaits_consent() || self.state == RecordState::CorrectionRequested
    }

    /// Whether a correction can be begun.
    pub fn can_be_corrected(&self) -> bool {
        self.state == RecordState::Anchored
    }

    /// How far another wallet has come, in words.
    pub fn wallet_change_in_words(&self) -> Option<(Tone, &'static str)> {
        let state = self.wallet_change?;
        Some(state_view::wallet_change(state, self.has_correction))
    }

    /// Whether anything is held that its owner could have a copy of, have restricted, or object to.
    pub fn is_held(&self) -> bool {
        self.state.is_held()
    }

    /// Whether it can be noted that the owner wants it erased.
    pub fn can_be_erased(&self) -> bool {
        let is_asked = self.erasure.as_ref().is_some_and(|one| one.is_open);
        self.is_on_chain && self.state != RecordState::Erasing && !is_asked
    }

    /// Whether a correction is under way and has nothing on the chain yet.
    pub fn can_be_dropped(&self) -> bool {
        self.has_correction && (self.can_be_edited() || self.can_be_approved())
    }

    /// Signed, or approved before and rejected since.
    pub fn can_be_approved(&self) -> bool {
        self.state == RecordState::Consented || self.is_rejected()
    }

    pub fn is_rejected(&self) -> bool {
        let job = self.anchoring.as_ref();
        self.state == RecordState::Approved && job.is_some_and(|job| job.rejected.is_some())
    }
}

/// The browser's title and history are no place for a name.
fn title(record: &Record) -> String {
    match record.uid {
        Some(uid) => format!("Record {uid}"),
        None => format!("Record {}", &record.id.to_string()[..8]),
    }
}
