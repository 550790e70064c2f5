//! A small app with one page of each kind, on a real listener and a real database, and a browser for it.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::Router;
use axum::extract::FromRef;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use database::sessions::App;
use database::staff::{NewStaff, Role, Staff};
use database::{Kind, MySqlPool, PoolSettings};
use devstack::{DatabaseServer, Databases};
use keyring::{ApplicationKeys, KeySet};
use record::entry::clean_name;
use record::ids::StaffId;
use record::time::{Clock, UnixMillis};
use reqwest::header::{COOKIE, HeaderMap, LOCATION, ORIGIN, SET_COOKIE};
use tokio::sync::Notify;
use web_kit::components::Tone;
use web_kit::error::Result;
use web_kit::form::FormState;
use web_kit::lifetime::Lifetime;
use web_kit::page::{Page, html};
use web_kit::readiness::Readiness;
use web_kit::server;
use web_kit::settings::{Reader, Web};
use web_kit::sign_in::{KeptForm, SessionParts, Sessions, SignedIn, staff_only};
use web_kit::site::Site;

pub const PASSWORD: &str = "quiet river stone";
/// Of [`PASSWORD`], at the least cost that argon2 allows: a sign-in computes what the stored hash tells it to.
const PASSWORD_HASH: &str =
    "$argon2id$v=19$m=8,t=1,p=1$cXVpZXQgcml2ZXIgc2FsdA$TqqlSev7+35a7oU4Tcx9D7lg0g6zMA3vl0rCTChE4NQ";
const START: UnixMillis = UnixMillis::from_seconds(1_795_300_800);

/// The app under test with its database.
pub struct TestApp {
    pub url: String,
    pub pool: MySqlPool,
    pub keys: ApplicationKeys,
    pub clock: Clock,
    pub lifetime: Lifetime,
    served: Option<tokio::task::JoinHandle<()>>,
    databases: Arc<Databases>,
}

/// What may differ from test to test.
#[derive(Clone)]
pub struct Options {
    pub app: App,
    pub production: bool,
    pub ready: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            app: App::Entry,
            production: false,
            ready: true,
        }
    }
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    pub async fn start_with(options: Options) -> Self {
        let server = DatabaseServer::shared().await.unwrap();
        let databases = server.create_databases("webkit").await.unwrap();
        let pool = database::connect(&databases.main(), &PoolSettings::default())
            .await
            .unwrap();
        database::migrate(Kind::Main, &pool).await.unwrap();
        let keys = KeySet::generate(&mut rand::rng()).application().clone();
        let base = Self {
            url: String::new(),
            pool,
            keys,
            clock: Clock::fixed(START),
            lifetime: Lifetime::new(),
            served: None,
            databases: Arc::new(databases),
        };
        base.serve(options).await
    }

    /// The other app on the same database, with the same keys and clock.
    pub async fn beside(&self, options: Options) -> Self {
        let base = Self {
            url: String::new(),
            pool: self.pool.clone(),
            keys: self.keys.clone(),
            clock: self.clock.clone(),
            lifetime: Lifetime::new(),
            served: None,
            databases: self.databases.clone(),
        };
        base.serve(options).await
    }

    async fn serve(mut self, options: Options) -> Self {
        let listener = server::listen("127.0.0.1:0".parse().unwrap())
            .await
            .unwrap();
        self.url = format!("http://{}", listener.local_addr().unwrap());
        let environment = if options.production {
            "production"
        } else {
            "development"
        };
        let public_url = if options.production {
            "https://app.example"
        } else {
            &self.url
        };
        let web = Reader::from_map([("ENVIRONMENT", environment), ("PUBLIC_URL", public_url)])
            .finish(Web::read)
            .unwrap();
        let router = self.router(&web, &options);
        let lifetime = self.lifetime.clone();
        self.served = Some(tokio::spawn(async move {
            server::serve(listener, router, lifetime).await.unwrap();
        }));
        self
    }

    fn router(&self, web: &Web, options: &Options) -> Router {
        let site = Site::new("Sealwatch Test", web, Vec::new(), &[]);
        let sessions = Sessions::new(SessionParts {
            app: options.app,
            permitted: &[Role::Clerk, Role::ControllerManager],
            environment: web.environment,
            pool: self.pool.clone(),
            keys: self.keys.clone(),
            clock: self.clock.clone(),
        });
        let ready = options.ready;
        let readiness = Readiness::new()
            .check("database", || async { Ok::<_, std::io::Error>(()) })
            .check("chain", move || async move {
                if ready {
                    Ok(())
                } else {
                    Err("the endpoint at secret.example is silent")
                }
            });
        let pages = staff_only(&site, &sessions, pages()).route("/open/panics", get(panics));
        site.assemble(pages.with_state(State { site: site.clone() }), readiness)
    }

    pub async fn add_staff(&self, login: &str, role: Role) -> StaffId {
        let new = NewStaff {
            id: StaffId::random(&mut rand::rng()),
            login,
            display_name: &format!("Person {login}"),
            password_hash: PASSWORD_HASH.to_owned(),
            role,
        };
        let staff = Staff::seal(&self.keys, new, &mut rand::rng(), self.clock.now());
        let mut connection = self.pool.acquire().await.unwrap();
        database::staff::insert(&mut connection, &self.keys, &staff)
            .await
            .unwrap();
        staff.id
    }

    /// An app with one clerk, and a browser in which the clerk is signed in.
    pub async fn with_clerk() -> (Self, Browser) {
        let app = Self::start().await;
        app.add_staff("anna", Role::Clerk).await;
        let mut browser = app.browser();
        let answer = browser.sign_in("anna", PASSWORD).await;
        assert_eq!(answer.status, 303);
        (app, browser)
    }

    pub fn browser(&self) -> Browser {
        Browser {
            url: self.url.clone(),
            cookie: None,
            client: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
        }
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }

    pub async fn execute(&self, sql: &'static str) {
        sqlx::query(sql).execute(&self.pool).await.unwrap();
    }

    /// Ends the server and waits until it has.
    pub async fn end(mut self) {
        self.lifetime.end();
        if let Some(served) = self.served.take() {
            served.await.unwrap();
        }
    }
}

/// Sends requests as a browser does: with its cookie, and saying where they come from.
#[derive(Clone)]
pub struct Browser {
    pub url: String,
    pub cookie: Option<String>,
    pub client: reqwest::Client,
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn location(&self) -> &str {
        self.headers.get(LOCATION).unwrap().to_str().unwrap()
    }

    /// The sealed form in the sign-in page.
    pub fn kept(&self) -> String {
        let (_, rest) = self.body.split_once(r#"name="kept" value=""#).unwrap();
        rest.split('"').next().unwrap().to_owned()
    }
}

impl Browser {
    pub async fn get(&mut self, path: &str) -> Answer {
        let request = self.client.get(format!("{}{path}", self.url));
        self.send(request).await
    }

    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let request = self.client.post(format!("{}{path}", self.url));
        self.send(request.form(form).header(ORIGIN, self.url.clone()))
            .await
    }

    pub async fn sign_in(&mut self, login: &str, password: &str) -> Answer {
        self.post("/sign-in", &[("login", login), ("password", password)])
            .await
    }

    pub async fn send(&mut self, mut request: reqwest::RequestBuilder) -> Answer {
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        let response = request.send().await.unwrap();
        if let Some(set) = response.headers().get(SET_COOKIE) {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            self.cookie = (!pair.ends_with('=')).then(|| pair.to_owned());
        }
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.text().await.unwrap(),
        }
    }
}

#[derive(Clone, FromRef)]
struct State {
    site: Site,
}

fn pages() -> Router<State> {
    Router::new()
        .route("/", get(start))
        .route("/new", get(new).post(create))
        .route("/things/{id}", get(start))
        .route("/things/{id}/approve", post(approve))
        .route("/managers", get(managers))
        .route("/link", get(link).post(make_link))
        .route("/slow", get(slow))
}

#[derive(Template)]
#[template(
    source = r#"{% extends "kit/layout.html" %}{% block main %}<p>Start</p>{% endblock %}"#,
    ext = "html"
)]
struct StartPage {
    page: Page,
}

async fn start(page: Page) -> Result<Html<String>> {
    html(&StartPage {
        page: page.titled("Start"),
    })
}

#[derive(Template)]
#[template(
    source = r#"{% extends "kit/layout.html" %}{% block main %}{{ form.summary() }}<form method="post">{{ form.field("name", "Name").required() }}{{ form.field("note", "Note").lines(3) }}</form>{% endblock %}"#,
    ext = "html"
)]
struct NewPage {
    page: Page,
    form: FormState,
}

async fn new(page: Page, KeptForm(form): KeptForm) -> Result<Html<String>> {
    html(&NewPage {
        page: page.titled("New"),
        form,
    })
}

async fn create(page: Page, person: SignedIn, mut form: FormState) -> Result<Response> {
    if form.check("name", clean_name).is_none() {
        let page = page.titled("New");
        return Ok((
            StatusCode::UNPROCESSABLE_ENTITY,
            html(&NewPage { page, form })?,
        )
            .into_response());
    }
    person.leave_notice(Tone::Good, "It is entered.").await?;
    Ok(Redirect::to("/").into_response())
}

async fn approve(person: SignedIn) -> Result<Redirect> {
    person.leave_notice(Tone::Good, "Approved.").await?;
    Ok(Redirect::to("/things/7"))
}

async fn managers(person: SignedIn) -> Result<&'static str> {
    person.require(&[Role::ControllerManager])?;
    Ok("for managers")
}

async fn make_link(person: SignedIn) -> Result<Redirect> {
    person.hand_over("/link", &"a secret shown once").await?;
    Ok(Redirect::to("/link"))
}

async fn link(person: SignedIn) -> Result<String> {
    let link: Option<String> = person.take_handed_over("/link").await?;
    Ok(link.unwrap_or_else(|| "nothing".to_owned()))
}

/// Somebody waits for the slow page.
pub static SLOW_ASKED: Notify = Notify::const_new();

async fn slow() -> &'static str {
    SLOW_ASKED.notify_one();
    tokio::time::sleep(Duration::from_millis(500)).await;
    "finished"
}

async fn panics() -> &'static str {
    panic!("personal data of Anna");
}
