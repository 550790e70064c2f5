//! All parts of our pages in one small app, to look at: `cargo run -p web-kit --example gallery`.
//!
//! It starts a throw-away database server, so that sign-in works as in the real apps.

#![expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::error::Error as StdError;
use std::time::Duration;

use askama::Template;
use axum::Router;
use axum::extract::FromRef;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use database::staff::{NewStaff, Staff};
use database::{Kind, MySqlPool, PoolSettings};
use devstack::DatabaseServer;
use keyring::{ApplicationKeys, KeySet};
use record::entry::{clean_email, clean_name};
use record::ids::StaffId;
use record::time::{Clock, UnixMillis};
use secrecy::SecretString;
use web_kit::components::{Badge, Copyable, Moment, Pager, Progress, Tone};
use web_kit::error::{Error, Result};
use web_kit::form::FormState;
use web_kit::lifetime::Lifetime;
use web_kit::page::{Page, html};
use web_kit::readiness::Readiness;
use web_kit::settings::{Reader, Web};
use web_kit::sign_in::{App, KeptForm, Role, SessionParts, Sessions, SignedIn, staff_only};
use web_kit::site::{Banner, NavItem, Site};
use web_kit::{password, server, telemetry};

const LOGIN: &str = "clerk";
const PASSWORD: &str = "quiet river stone";

#[derive(Clone, FromRef)]
struct State {
    site: Site,
}

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn StdError>> {
    let web = Reader::from_map([
        ("ENVIRONMENT", "development"),
        ("LISTEN", "127.0.0.1:8090"),
        ("PUBLIC_URL", "http://127.0.0.1:8090"),
    ])
    .finish(Web::read)?;
    telemetry::start(web.environment, &web.log);
    let databases = DatabaseServer::shared()
        .await?
        .create_databases("gallery")
        .await?;
    let pool = database::connect(&databases.main(), &PoolSettings::default()).await?;
    database::migrate(Kind::Main, &pool).await?;
    let keys = KeySet::generate(&mut rand::rng()).application().clone();
    add_clerk(&pool, &keys).await?;

    let site = Site::new(
        "Sealwatch Gallery",
        &web,
        vec![
            NavItem::for_all("/", "Records"),
            NavItem::for_all("/new", "New record"),
            NavItem::for_all("/one", "One record"),
            NavItem::for_all("/broken", "A fault"),
        ],
        &[],
    );
    let sessions = Sessions::new(SessionParts {
        app: App::Viewer,
        permitted: &[Role::Clerk],
        environment: web.environment,
        pool: pool.clone(),
        keys,
        clock: Clock::system(),
    });
    let pages = Router::new()
        .route("/", get(list))
        .route("/banner", post(banner))
        .route("/new", get(new).post(create))
        .route("/one", get(one))
        .route("/one/verify", post(verify))
        .route("/broken", get(broken));
    let app = staff_only(&site, &sessions, pages).with_state(State { site: site.clone() });
    let app = site.assemble(app, Readiness::new());

    let lifetime = Lifetime::until_signal()?;
    lifetime.spawn("sessions", sessions.tidy(lifetime.clone()));
    let listener = server::listen(web.listen).await?;
    println!("{}  sign in as {LOGIN:?} with {PASSWORD:?}", web.public_url);
    server::serve(listener, app, lifetime).await?;
    pool.close().await;
    databases.remove().await?;
    DatabaseServer::shared().await?.stop().await?;
    Ok(())
}

async fn add_clerk(
    pool: &MySqlPool,
    keys: &ApplicationKeys,
) -> std::result::Result<(), Box<dyn StdError>> {
    let new = NewStaff {
        id: StaffId::random(&mut rand::rng()),
        login: LOGIN,
        display_name: "Anna Kovář",
        password_hash: password::hash(&SecretString::from(PASSWORD))
            .map_err(|error| error.to_string())?,
        role: Role::Clerk,
    };
    let clerk = Staff::seal(keys, new, &mut rand::rng(), Clock::system().now());
    database::staff::insert(&mut *pool.acquire().await?, keys, &clerk).await?;
    Ok(())
}

struct Row {
    uid: u64,
    name: &'static str,
    tone: Tone,
    verdict: &'static str,
    proof: String,
    seen: UnixMillis,
}

fn rows() -> Vec<Row> {
    let now = Clock::system().now();
    let row = |uid: u64, name, tone, verdict| Row {
        uid,
        name,
        tone,
        verdict,
        proof: format!(
            "0x{}",
            hex::encode([u8::try_from(uid).unwrap_or(0) ^ 0x5a; 32])
        ),
        seen: now.minus(Duration::from_secs(uid * 37)),
    };
    vec![
        row(1, "A… K…", Tone::Good, "Valid"),
        row(2, "T… Á…", Tone::Bad, "Altered"),
        row(3, "J… d… B…", Tone::Good, "Valid"),
        row(4, "M… O…", Tone::Bad, "Missing"),
        row(5, "R… S…", Tone::Waiting, "Pending"),
        row(6, "L… W…", Tone::Warning, "Overdue"),
        row(7, "E… N…", Tone::Neutral, "Retired"),
    ]
}

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage {
    page: Page,
    rows: Vec<Row>,
    pager: Pager,
}

async fn list(page: Page) -> Result<Html<String>> {
    html(&ListPage {
        page: page.titled("Records"),
        rows: rows(),
        pager: Pager {
            label: "Records",
            previous: None,
            next: Some("/?after=7".to_owned()),
            shown: "1 to 7 of 1,204".to_owned(),
        },
    })
}

async fn banner(page: Page, person: SignedIn) -> Result<Redirect> {
    let shown = page.site().banner().is_some();
    page.site().set_banner((!shown).then(|| Banner {
        tone: Tone::Warning,
        text: "The chain is out of reach since 14:05. Records can't be verified until it is back; this is not a breach.".to_owned(),
        to_anybody: None,
    }));
    person
        .leave_notice(Tone::Good, "The banner is switched.")
        .await?;
    Ok(Redirect::to("/"))
}

#[derive(Template)]
#[template(path = "new.html")]
struct NewPage {
    page: Page,
    form: FormState,
}

async fn new(page: Page, KeptForm(form): KeptForm) -> Result<Html<String>> {
    html(&NewPage {
        page: page.titled("New record"),
        form,
    })
}

async fn create(page: Page, person: SignedIn, mut form: FormState) -> Result<Response> {
    let name = form.check("name", clean_name);
    let email = form.check("email", clean_email);
    let (Some(_name), Some(_email)) = (name, email) else {
        let page = page.titled("New record");
        return Ok((
            StatusCode::UNPROCESSABLE_ENTITY,
            html(&NewPage { page, form })?,
        )
            .into_response());
    };
    person
        .leave_notice(
            Tone::Good,
            "The record is entered. Next: give the owner the link.",
        )
        .await?;
    Ok(Redirect::to("/one").into_response())
}

#[derive(Template)]
#[template(path = "one.html")]
struct OnePage {
    page: Page,
    now: UnixMillis,
    link: String,
    proof: String,
}

async fn one(page: Page) -> Result<Html<String>> {
    html(&OnePage {
        page: page.titled("Record 2"),
        now: Clock::system().now(),
        link: "https://consent.example.org/c/Jw3F0bN9mJkq7yqg0u3sJw3F0bN9mJkq7yqg0u3s".to_owned(),
        proof: format!("0x{}", "8f3a".repeat(16)),
    })
}

async fn verify() -> Redirect {
    tokio::time::sleep(Duration::from_millis(600)).await;
    Redirect::to("/")
}

async fn broken() -> Result<()> {
    Err(Error::internal("this page is broken on purpose"))
}
