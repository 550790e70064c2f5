//! One record: details, link, correction, signature, anchoring, history.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Html;
use database::access_log::{self, Access, AccessAction};
use database::consent_links::{self, ConsentLink};
use database::records::{self, Record, RecordState};
use database::sealed::SealedVersion;
use database::{consents, corrections, owner_keys, record_versions, sealed};
use enrolment::Details;
use keyring::{CellKind, OwnerKey};
use record::consent::Purpose;
use record::ids::RecordId;
use record::time::UnixMillis;
use sqlx::MySqlConnection;
use web_kit::components::{Badge, Copyable, Moment, Progress, Tone};
use web_kit::error::{Error, Result};
use web_kit::page::{Page, html};
use web_kit::sign_in::{App, SignedIn};
use zeroize::Zeroizing;

use super::anchoring_view::{self, AnchoringView};
use super::history::{self, Step};
use super::link::HandedLink;
use super::qr::Qr;
use super::{parse_id, state_view};
use crate::state::Desk;
use crate::urls;

/// A record with whatever of it opens.
pub struct Opened {
    record: Record,
    key: Option<OwnerKey>,
    details: Option<Details>,
    note: Option<Zeroizing<String>>,
}

impl Opened {
    /// Reads the record and opens its values.
    pub async fn load(desk: &Desk, connection: &mut MySqlConnection, id: RecordId) -> Result<Self> {
        let record = records::load(connection, &desk.keys.front(), id)
            .await?
            .ok_or(Error::NotFound)?;
        let wrapped = owner_keys::of_record(connection, id).await?;
        let key = wrapped.and_then(|wrapped| desk.keys.unwrap_owner_key(&wrapped).ok());
        let row = record_versions::load(connection, id, record.version).await?;
        let plain = key.as_ref().and_then(|key| row.as_ref()?.open(key).ok());
        let note = match &key {
            Some(key) => open_note(connection, key, id).await?,
            None => None,
        };
        Ok(Self {
            details: plain.as_ref().and_then(Details::of),
            record,
            key,
            note,
        })
    }

    /// The details, as long as they may be changed.
    pub fn editable(&self) -> Result<&Details> {
        if !self.can_be_edited() {
            return Err(Error::conflict(
                "The details can't be changed any more: the owner has signed or declined.",
            ));
        }
        self.details
            .as_ref()
            .ok_or_else(|| Error::conflict("The details do not open: they were tampered with."))
    }

    /// What the owner wants corrected, while that is open.
    pub fn note(&self) -> Option<&Zeroizing<String>> {
        self.note.as_ref()
    }

    fn can_be_edited(&self) -> bool {
        matches!(
            self.record.state,
            RecordState::AwaitingConsent | RecordState::CorrectionRequested
        )
    }
}

async fn open_note(
    connection: &mut MySqlConnection,
    key: &OwnerKey,
    id: RecordId,
) -> Result<Option<Zeroizing<String>>> {
    let wishes = corrections::of_record(connection, id).await?;
    let open = wishes.into_iter().find(|wish| wish.resolved_at.is_none());
    Ok(open.map(|wish| {
        let opened = sealed::open_cell(
            key,
            wish.version,
            wish.draft,
            CellKind::CorrectionNote,
            &wish.note,
        );
        let text = opened
            .ok()
            .and_then(|opened| opened.text().map(str::to_owned));
        Zeroizing::new(
            text.unwrap_or_else(|| "(the note does not open: it was tampered with)".to_owned()),
        )
    }))
}

/// The newest link, as the page shows it.
struct LinkView {
    label: &'static str,
    tone: Tone,
    is_open: bool,
    expires_at: UnixMillis,
    desk_code: Option<Zeroizing<String>>,
}

/// A link just made, shown this once.
struct Shown {
    link: HandedLink,
    qr: Option<Qr>,
}

/// What the owner signed.
struct Signed {
    at: UnixMillis,
    purposes: Vec<Purpose>,
}

#[derive(Template)]
#[template(path = "records/show.html")]
struct ShowPage {
    page: Page,
    address: String,
    edit_address: String,
    opened: Opened,
    shown: Option<Shown>,
    link: Option<LinkView>,
    signed: Option<Signed>,
    anchoring: Option<AnchoringView>,
    history: Vec<Step>,
    history_tampered: usize,
    state_label: &'static str,
    state_tone: Tone,
    next_step: &'static str,
}

impl ShowPage {
    fn awaits_consent(&self) -> bool {
        self.opened.record.state == RecordState::AwaitingConsent
    }

    fn can_be_approved(&self) -> bool {
        let again = self.opened.record.state == RecordState::Approved
            && self
                .anchoring
                .as_ref()
                .is_some_and(|view| view.rejected.is_some());
        self.opened.record.state == RecordState::Consented || again
    }
}

/// The page. Showing the details is logged before they are shown.
pub async fn show(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Html<String>> {
    let id = parse_id(&id)?;
    let address = urls::record(id);
    let handed: Option<HandedLink> = person.take_handed_over(&address).await?;
    let mut connection = desk.pool.acquire().await?;
    let opened = Opened::load(&desk, &mut connection, id).await?;
    let access = Access {
        staff_id: person.staff_id(),
        record_id: id,
        app: App::Entry,
        action: AccessAction::Revealed,
        at: desk.clock.now(),
    };
    access_log::append(&mut connection, &desk.keys, &access).await?;
    let (history, history_tampered) = history::load(&desk, &mut connection, id).await?;
    let state = opened.record.state;
    let shown = handed.map(|link| Shown {
        qr: Qr::of(&link.address),
        link,
    });
    html(&ShowPage {
        page: page.titled(title(&opened)),
        edit_address: urls::edit(id),
        address,
        shown,
        link: newest_link(&desk, &mut connection, id).await?,
        signed: signed(&mut connection, &opened).await?,
        anchoring: anchoring_view::load(&desk, &mut connection, id, opened.record.version).await?,
        history,
        history_tampered,
        state_label: state_view::label(state),
        state_tone: state_view::tone(state),
        next_step: state_view::next_step(state),
        opened,
    })
}

/// The browser's title and history are no place for a name.
fn title(opened: &Opened) -> String {
    match opened.record.uid {
        Some(uid) => format!("Record {uid}"),
        None => format!("Record {}", &opened.record.id.to_string()[..8]),
    }
}

async fn newest_link(
    desk: &Desk,
    connection: &mut MySqlConnection,
    id: RecordId,
) -> Result<Option<LinkView>> {
    let links = consent_links::of_record(connection, &desk.keys.front(), id).await?;
    let Some(link) = links.rows.into_iter().next() else {
        return Ok(None);
    };
    let is_open = link.is_open(desk.clock.now());
    let desk_code = match is_open {
        true => enrolment::desk_code(connection, &desk.keys, &link)
            .await
            .ok(),
        false => None,
    };
    let (label, tone) = link_words(&link, desk.clock.now());
    Ok(Some(LinkView {
        label,
        tone,
        is_open,
        expires_at: link.expires_at,
        desk_code,
    }))
}

fn link_words(link: &ConsentLink, now: UnixMillis) -> (&'static str, Tone) {
    use consent_links::LinkState;
    match link.state {
        LinkState::Open if link.is_expired(now) => ("Expired", Tone::Warning),
        LinkState::Open => ("Open", Tone::Good),
        LinkState::Used => ("Used", Tone::Neutral),
        LinkState::Revoked => ("Taken back", Tone::Neutral),
        LinkState::Locked => ("Locked after wrong codes", Tone::Warning),
        LinkState::Declined => ("Declined", Tone::Neutral),
        LinkState::Corrected => ("Correction asked", Tone::Warning),
    }
}

async fn signed(connection: &mut MySqlConnection, opened: &Opened) -> Result<Option<Signed>> {
    let (id, version) = (opened.record.id, opened.record.version);
    let Some(consent) = consents::load(connection, id, version).await? else {
        return Ok(None);
    };
    let Some(values) = record_versions::load(connection, id, version).await? else {
        return Ok(None);
    };
    let at = consent.received_at;
    let sealed = SealedVersion {
        values,
        consent: Some(consent),
    };
    let message = opened
        .key
        .as_ref()
        .and_then(|key| sealed.open(key).message?.ok());
    Ok(Some(Signed {
        at,
        purposes: message.map(|message| message.purposes).unwrap_or_default(),
    }))
}
