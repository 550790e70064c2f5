//! An owner lost their wallet (docs/LOST_WALLET.md): how far the change to another one is, and asking for it.

use std::borrow::Cow;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use database::access_log::{AccessAction, UseGround};
use database::erasures::Identity;
use database::records::{Record, RecordState};
use database::wallet_changes::WalletChange;
use enrolment::EnrolmentError;
use enrolment::wallet_change::{self, Content, WalletChangeProblem};
use record::Address;
use record::ids::{RecordId, StaffId};
use record::time::UnixMillis;
use sqlx::{Connection, MySqlConnection};
use web_kit::components::{Copyable, Moment, Tone};
use web_kit::error::{Error, Result};
use web_kit::form::FormState;
use web_kit::page::{Page, html, html_again};
use web_kit::sign_in::{KeptForm, SignedIn};

use super::details_form::read_wallet;
use super::how_asked::{IDENTITY, SEEN, identity_in_words, read_identity};
use super::opened::Opened;
use super::staff_names::StaffNames;
use super::{explain, explain_row, parse_id};
use crate::state::Desk;
use crate::urls;

const LABELS: &[(&str, &str)] = &[
    ("wallet", "New wallet address"),
    (
        "last_characters",
        "Last 6 characters of the new wallet address",
    ),
    IDENTITY,
    ("compared", "Comparison of the addresses"),
    ("signature", "Signature of the authority"),
];
const BUSY: &str = "Only the wallet of an anchored record can be changed, and nothing else of it may be under way. Open the record to see how it stands.";
const SAME_WALLET: &str =
    "This is the wallet that the record has. Please type the owner's new one.";
const ASKED: &str =
    "It is noted, and the owner is told by e-mail. Somebody else than you has to confirm it now.";

/// How far it is.
pub struct Open {
    pub record: Record,
    /// On what its details are used, where it is restricted.
    ground: Option<UseGround>,
    /// The wallet that signs so far.
    pub wallet: Address,
    /// What is under way, with what it holds.
    pub change: Option<(WalletChange, Content)>,
}

#[derive(Template)]
#[template(path = "records/wallet_change.html")]
pub struct WalletChangePage {
    page: Page,
    address: String,
    record_address: String,
    open: Open,
    names: StaffNames,
    person: StaffId,
    now: UnixMillis,
    not_before: Option<UnixMillis>,
    typed_data: Option<String>,
    authority: Option<String>,
    form: FormState,
}

impl WalletChangePage {
    pub async fn new(
        page: Page,
        desk: &Desk,
        person: &SignedIn,
        open: Open,
        mut form: FormState,
    ) -> Result<Self> {
        if form.value("send").is_empty() {
            form.set("send", "mail");
        }
        let shown = open.change.as_ref().and_then(|(_, held)| held.change());
        let typed_data = shown.map(|change| format!("{:#}", change.typed_data(desk.site())));
        let waits = open.change.as_ref();
        let waits = waits.filter(|(_, held)| matches!(held, Content::Confirmed(_)));
        let authority = match waits {
            Some(_) => Some(authority(desk).await?.to_string()),
            None => None,
        };
        let mut connection = desk.pool.acquire().await?;
        Ok(Self {
            page: page.titled("The owner lost their wallet"),
            address: urls::wallet_change(open.record.id),
            record_address: urls::record(open.record.id),
            names: StaffNames::load(desk, &mut connection).await?,
            person: person.staff_id(),
            now: desk.clock.now(),
            not_before: open
                .change
                .as_ref()
                .map(|(change, _)| change.asked_at.plus(desk.wallet_change_wait)),
            typed_data,
            authority,
            open,
            form,
        })
    }

    fn new_wallet(&self) -> Option<String> {
        let (_, held) = self.open.change.as_ref()?;
        Some(held.new_wallet().to_string())
    }

    fn wallet(&self) -> String {
        self.open.wallet.to_string()
    }

    fn asked_by_oneself(&self) -> bool {
        let change = self.open.change.as_ref();
        change.is_some_and(|(change, _)| change.asked_by == self.person)
    }

    fn is_early(&self) -> bool {
        self.not_before
            .is_some_and(|not_before| self.now < not_before)
    }

    fn identity(identity: &Identity) -> &'static str {
        identity_in_words(*identity)
    }

    fn ends_at(&self) -> Option<UnixMillis> {
        let (_, held) = self.open.change.as_ref()?;
        Some(UnixMillis::from_seconds(held.change()?.expires_at))
    }
}

/// How it stands, with what can be done next. Its addresses name the owner's wallets: that they were shown is logged.
pub async fn show(
    page: Page,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    KeptForm(form): KeptForm,
    person: SignedIn,
) -> Result<Html<String>> {
    let id = parse_id(&id)?;
    let mut connection = desk.pool.acquire().await?;
    let open = load(&desk, &mut connection, &person, id).await?;
    let look = (AccessAction::Revealed, open.ground);
    desk.log_access(&mut connection, &person, id, look).await?;
    drop(connection);
    html(&WalletChangePage::new(page, &desk, &person, open, form).await?)
}

/// Asks for it.
pub async fn ask(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    mut form: FormState,
) -> Result<Response> {
    let id = parse_id(&id)?;
    let mut connection = desk.pool.acquire().await?;
    let open = load(&desk, &mut connection, &person, id).await?;
    let (wallet, identity) = (read_wallet(&mut form), read_identity(&mut form));
    let Some(asked) = wallet.zip(identity) else {
        drop(connection);
        return again(page, &desk, &person, open, form).await;
    };
    let (office, rng, wait) = (
        desk.office(&person),
        &mut crate::state::rng(),
        desk.wallet_change_wait,
    );
    let mut transaction = connection.begin().await?;
    match wallet_change::ask(&mut transaction, &office, id, asked, wait, rng).await {
        Ok(()) => transaction.commit().await?,
        Err(EnrolmentError::WalletChange(WalletChangeProblem::SameWallet)) => {
            drop(transaction);
            drop(connection);
            form.problem("wallet", SAME_WALLET);
            return again(page, &desk, &person, open, form).await;
        }
        Err(error) => return Err(explain(error)),
    }
    drop(connection);
    done(&person, id, ASKED).await
}

/// Back to the page with a notice.
pub async fn done(person: &SignedIn, id: RecordId, notice: &str) -> Result<Response> {
    person.leave_notice(Tone::Good, notice).await?;
    Ok(Redirect::to(&urls::wallet_change(id)).into_response())
}

/// The page once more, with what is wrong beside its fields.
pub async fn again(
    page: Page,
    desk: &Desk,
    person: &SignedIn,
    open: Open,
    form: FormState,
) -> Result<Response> {
    let page = WalletChangePage::new(page, desk, person, open, form).await?;
    html_again(&page)
}

/// The owner of the contracts, at the newest block: who has just handed them over signs nothing any more.
pub async fn authority(desk: &Desk) -> Result<Address> {
    let asked = async {
        let head = desk.chain.head().await?;
        desk.chain.authority(&head).await
    };
    asked.await.map_err(|error| {
        tracing::warn!(%error, "who the authority is can't be told");
        Error::Unavailable { what: "the chain" }
    })
}

/// What there is to decide about; of a restricted record only on a ground.
pub async fn load(
    desk: &Desk,
    connection: &mut MySqlConnection,
    person: &SignedIn,
    id: RecordId,
) -> Result<Open> {
    let opened = Opened::to_use(desk, connection, person, id).await?;
    if opened.record.state != RecordState::Anchored {
        return Err(Error::conflict(BUSY));
    }
    let details = opened.details.as_ref();
    let wallet = details
        .ok_or_else(|| Error::tampered(super::TAMPERED))?
        .wallet;
    let current = wallet_change::current(connection, &desk.keys, &opened.record).await;
    let change = match current.map_err(explain_row)? {
        Some(change) => {
            let held = wallet_change::open(connection, &desk.keys, &change).await;
            Some((change, held.map_err(explain)?))
        }
        None => None,
    };
    Ok(Open {
        ground: opened.ground(),
        record: opened.record,
        wallet,
        change,
    })
}

/// Why it goes no further, for the person at the page.
pub fn in_words(problem: WalletChangeProblem) -> Cow<'static, str> {
    match problem {
        WalletChangeProblem::UnderWay => {
            "Another wallet for this record is under way already. Open the page again to see how it stands.".into()
        }
        WalletChangeProblem::OtherStep => {
            "It has come further meanwhile, or was given up. Open the page again to see how it stands.".into()
        }
        WalletChangeProblem::SameWallet => SAME_WALLET.into(),
        WalletChangeProblem::SamePerson => {
            "You have asked for it yourself: somebody else has to confirm it.".into()
        }
        WalletChangeProblem::TooEarly(_) => {
            "The owner still has time to object. Open the page again to see how long.".into()
        }
        WalletChangeProblem::Outdated => {
            "The record has moved on since the authority was asked, or the time of its order is over. Give it up and begin anew.".into()
        }
    }
}
