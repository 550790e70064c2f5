//! One request to restrict a record, or objection: what staff decide about it, and its end.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use database::outbox::MailState;
use database::owner_keys;
use database::request_way::RequestWay;
use database::restriction_steps::{RestrictionStep, RestrictionSubject as Subject};
use enrolment::restriction::{self as requests, Request, Requests, Wanted};
use keyring::OwnerKey;
use record::entry::clean_note;
use record::ids::{RecordId, RestrictionId};
use record::time::UnixMillis;
use sqlx::{Connection, MySqlConnection};
use web_kit::components::{Badge, Moment, Tone};
use web_kit::error::{Error, Result};
use web_kit::form::FormState;
use web_kit::page::{Page, html, html_again};
use web_kit::sign_in::{KeptForm, SignedIn};

use super::how_asked::{self, IDENTITY, SEEN, WAY};
use super::opened::load_record;
use super::restriction_view::{StepLine, standing, title};
use super::{explain, parse_id};
use crate::state::Desk;
use crate::urls;

const LABELS: &[(&str, &str)] = &[
    ("reason", "Why it is not so"),
    ("ending", "Why it ends"),
    ("told", "How the owner was told"),
    WAY,
    IDENTITY,
];
const NOBODY_TOLD: &str = "It is noted. The owner's details do not open, so no e-mail went out: tell them in another way.";

/// A request with what there is to know before it is decided.
struct Open {
    id: RecordId,
    request: Request,
    key: Option<OwnerKey>,
    /// What became of the mail that says that it is about to be lifted.
    mail: Option<MailState>,
    now: UnixMillis,
}

#[derive(Template)]
#[template(path = "records/restriction.html")]
struct RestrictionPage {
    page: Page,
    record_address: String,
    address: String,
    label: &'static str,
    tone: Tone,
    steps: Vec<StepLine>,
    ground: Option<&'static str>,
    open: Open,
    form: FormState,
}

impl RestrictionPage {
    fn new(page: Page, open: Open, form: FormState) -> Self {
        let request = &open.request;
        let (label, tone) = standing(request, open.now);
        let line =
            |step: &RestrictionStep| StepLine::of(request.asked.subject, step, open.key.as_ref());
        Self {
            page: page.titled(title(request)),
            record_address: urls::record(open.id),
            address: urls::restriction(open.id, request.id()),
            label,
            tone,
            steps: request.steps.iter().map(line).collect(),
            ground: match request.wanted {
                Wanted::Restriction(ground) => Some(ground.in_words()),
                Wanted::Objection(_) => None,
            },
            open,
            form,
        }
    }

    fn is_objection(&self) -> bool {
        self.open.request.asked.subject == Subject::Objection
    }

    /// Whether the owner can be told that it ends.
    fn can_be_announced(&self) -> bool {
        let request = &self.open.request;
        request.restricts() && !request.is_open() && !request.is_announced()
    }

    fn can_be_lifted(&self) -> bool {
        self.open.request.is_announced()
    }

    /// Whether a mail has told the owner.
    fn is_told(&self) -> bool {
        self.open.mail == Some(MailState::Sent)
    }
}

/// Says what was done, and whether the owner was told.
pub async fn notice(person: &SignedIn, was_told: bool, text: &'static str) -> Result<()> {
    let (tone, text) = match was_told {
        true => (Tone::Good, text),
        false => (Tone::Warning, NOBODY_TOLD),
    };
    person.leave_notice(tone, text).await?;
    Ok(())
}

/// How it stands, and what can be done.
pub async fn show(
    page: Page,
    State(desk): State<Desk>,
    Path(ids): Path<(String, String)>,
    KeptForm(form): KeptForm,
    _person: SignedIn,
) -> Result<Html<String>> {
    let ids = parse(&ids)?;
    let mut connection = desk.pool.acquire().await?;
    let open = load(&desk, &mut connection, ids).await?;
    html(&RestrictionPage::new(page, open, form))
}

/// It is so: the record stays restricted, or the purposes end.
pub async fn grant(
    person: SignedIn,
    State(desk): State<Desk>,
    Path(ids): Path<(String, String)>,
) -> Result<Redirect> {
    let ids = parse(&ids)?;
    let (office, rng) = (desk.office(&person), &mut crate::state::rng());
    let mut transaction = desk.pool.begin().await?;
    let told = requests::grant(&mut transaction, &office, ids, rng)
        .await
        .map_err(explain)?;
    transaction.commit().await?;
    notice(
        &person,
        told,
        "It is decided, and the owner is told by e-mail.",
    )
    .await?;
    Ok(Redirect::to(&urls::restriction(ids.0, ids.1)))
}

/// It is not so, and the owner is told why.
pub async fn refuse(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    Path(ids): Path<(String, String)>,
    form: FormState,
) -> Result<Response> {
    tell(page, &person, &desk, &ids, (Telling::Refused, form)).await
}

/// Tells the owner that a restriction is about to end.
pub async fn announce(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    Path(ids): Path<(String, String)>,
    form: FormState,
) -> Result<Response> {
    tell(page, &person, &desk, &ids, (Telling::Ending, form)).await
}

/// What the owner is told with a reason.
#[derive(Clone, Copy)]
enum Telling {
    Refused,
    Ending,
}

impl Telling {
    /// The field of the reason.
    const fn field(self) -> &'static str {
        match self {
            Self::Refused => "reason",
            Self::Ending => "ending",
        }
    }

    const fn done(self) -> &'static str {
        match self {
            Self::Refused => {
                "The owner is told why by e-mail. The record stays restricted until you lift that, once the mail has left."
            }
            Self::Ending => {
                "The owner is told by e-mail that it ends. Lift it once the mail has left."
            }
        }
    }
}

/// Makes a step that has a reason, and tells the owner.
async fn tell(
    page: Page,
    person: &SignedIn,
    desk: &Desk,
    ids: &(String, String),
    (telling, mut form): (Telling, FormState),
) -> Result<Response> {
    let ids = parse(ids)?;
    let mut connection = desk.pool.acquire().await?;
    let Some(reason) = form.check(telling.field(), clean_note) else {
        return again(page, desk, &mut connection, ids, form).await;
    };
    let (office, rng) = (desk.office(person), &mut crate::state::rng());
    let officer = &desk.profile.officer.contact;
    let mut transaction = connection.begin().await?;
    let told = match telling {
        Telling::Refused => {
            let told = requests::refuse(&mut transaction, &office, ids, officer, &reason, rng);
            told.await.map(|()| true)
        }
        Telling::Ending => requests::announce(&mut transaction, &office, ids, &reason, rng).await,
    };
    let told = told.map_err(explain)?;
    transaction.commit().await?;
    drop(connection);
    notice(person, told, telling.done()).await?;
    Ok(Redirect::to(&urls::restriction(ids.0, ids.1)).into_response())
}

/// Ends it, once the owner was told.
pub async fn lift(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    Path(ids): Path<(String, String)>,
    mut form: FormState,
) -> Result<Response> {
    let ids = parse(&ids)?;
    let mut connection = desk.pool.acquire().await?;
    let told = how_asked::way(&form, "told");
    let (office, rng) = (desk.office(&person), &mut crate::state::rng());
    let mut transaction = connection.begin().await?;
    let lifted = requests::lift(&mut transaction, &office, ids, told, rng).await;
    match lifted {
        Ok(told) => {
            transaction.commit().await?;
            drop(connection);
            notice(
                &person,
                told,
                "It is lifted, and the owner is told by e-mail.",
            )
            .await?;
            Ok(Redirect::to(&urls::record(ids.0)).into_response())
        }
        Err(enrolment::EnrolmentError::Untold) => {
            transaction.rollback().await?;
            let problem =
                "The mail has not left. Wait until it has, or say how else the owner was told.";
            form.problem("told", problem);
            again(page, &desk, &mut connection, ids, form).await
        }
        Err(error) => Err(explain(error)),
    }
}

/// The page once more, with what is wrong beside its fields.
pub async fn again(
    page: Page,
    desk: &Desk,
    connection: &mut MySqlConnection,
    ids: (RecordId, RestrictionId),
    form: FormState,
) -> Result<Response> {
    let open = load(desk, connection, ids).await?;
    let page = RestrictionPage::new(page, open, form);
    html_again(&page)
}

/// The ids in an address.
pub fn parse((record, request): &(String, String)) -> Result<(RecordId, RestrictionId)> {
    let request = request.parse().map_err(|_| Error::NotFound)?;
    Ok((parse_id(record)?, request))
}

async fn load(
    desk: &Desk,
    connection: &mut MySqlConnection,
    (id, request): (RecordId, RestrictionId),
) -> Result<Open> {
    let front = desk.keys.front();
    load_record(desk, connection, id).await?;
    let all = Requests::load(connection, &front, id)
        .await
        .map_err(explain)?;
    let request = all.find(request).cloned().ok_or(Error::NotFound)?;
    let wrapped = owner_keys::of_record(connection, id).await?;
    let mail = requests::telling_mail(connection, &front, &request)
        .await
        .map_err(explain)?;
    Ok(Open {
        id,
        key: wrapped.and_then(|wrapped| desk.keys.unwrap_owner_key(&wrapped).ok()),
        mail,
        now: desk.clock.now(),
        request,
    })
}
