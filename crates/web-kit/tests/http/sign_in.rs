use std::time::Duration;

use database::sessions::App;
use database::staff::Role;
use database::staff_events::{self, By, StaffEvent, StaffEventKind};
use reqwest::header::SET_COOKIE;
use secrecy::SecretString;
use web_kit::password;

use crate::harness::{Options, PASSWORD, TestApp};

#[tokio::test]
async fn it_leads_to_the_page_asked_for() {
    let app = TestApp::start().await;
    app.add_staff("anna", Role::Clerk).await;
    let mut browser = app.browser();

    let door = browser.get("/new?from=mail").await;
    assert_eq!(door.status, 401);
    let kept = door.kept();
    let answer = browser
        .post(
            "/sign-in",
            &[("login", " Anna"), ("password", PASSWORD), ("kept", &kept)],
        )
        .await;
    assert_eq!((answer.status, answer.location()), (303, "/new?from=mail"));
    let page = browser.get("/new?from=mail").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Person anna") && page.body.contains("Clerk"));
    app.end().await;
}

#[tokio::test]
async fn the_cookie_is_out_of_reach_for_scripts_and_other_sites() {
    let app = TestApp::start().await;
    app.add_staff("anna", Role::Clerk).await;
    let answer = app.browser().sign_in("anna", PASSWORD).await;
    let cookie = answer.headers[SET_COOKIE].to_str().unwrap();
    let (pair, rest) = cookie.split_once("; ").unwrap();
    let (name, id) = pair.split_once('=').unwrap();
    assert_eq!(
        (name, rest),
        ("sealwatch-entry", "HttpOnly; SameSite=Lax; Path=/")
    );
    assert_eq!(id.len(), 64);
    let id = hex::decode(id).unwrap();
    let stored: Vec<u8> = sqlx::query_scalar("SELECT id_hash FROM sessions")
        .fetch_one(&app.pool)
        .await
        .unwrap();
    assert_ne!(stored, id, "only a hash is stored");
    app.end().await;
}

#[tokio::test]
async fn production_cookies_are_bound_to_https_and_host() {
    let app = TestApp::start_with(Options {
        production: true,
        ..Options::default()
    })
    .await;
    app.add_staff("anna", Role::Clerk).await;
    let mut browser = app.browser();
    let request = browser
        .client
        .post(format!("{}/sign-in", app.url))
        .header("origin", "https://app.example")
        .form(&[("login", "anna"), ("password", PASSWORD)]);
    let answer = browser.send(request).await;
    let cookie = answer.headers[SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-sealwatch-entry="));
    assert!(cookie.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/"));
    app.end().await;
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_login_look_alike() {
    let app = TestApp::start().await;
    app.add_staff("anna", Role::Clerk).await;
    let wrong = app.browser().sign_in("anna", "wrong").await;
    let unknown = app.browser().sign_in("anno", "wrong").await;
    for answer in [&wrong, &unknown] {
        assert_eq!(answer.status, 401);
        assert!(answer.body.contains("Login or password is not right."));
        assert!(!answer.headers.contains_key(SET_COOKIE));
    }
    assert_eq!(wrong.body.replace("anna", "anno"), unknown.body);
    app.end().await;
}

#[tokio::test]
async fn a_disabled_account_is_out_at_once() {
    let (app, mut browser) = TestApp::with_clerk().await;
    let mut connection = app.pool.acquire().await.unwrap();
    let mut staff = database::staff::by_login(&mut connection, &app.keys, "anna")
        .await
        .unwrap()
        .unwrap();
    staff.disabled_at = Some(app.clock.now());
    let step = (StaffEventKind::Disabled, By::COMMAND, app.clock.now());
    database::staff::update(&mut connection, &app.keys, &mut staff, step)
        .await
        .unwrap();
    drop(connection);
    assert_eq!(browser.get("/").await.status, 401);
    assert_eq!(browser.sign_in("anna", PASSWORD).await.status, 401);
    assert_eq!(
        browser.sign_in("anna", "not the password").await.status,
        401
    );
    let refused = events(&app, StaffEventKind::SignInRefused).await;
    assert_eq!(refused.len(), 1, "the right password, and no other");
    assert_eq!(refused[0].staff_id, Some(staff.id));
    app.end().await;
}

/// What of this kind is written down, the newest first.
async fn events(app: &TestApp, kind: StaffEventKind) -> Vec<StaffEvent> {
    let mut connection = app.pool.acquire().await.unwrap();
    let found = staff_events::before(&mut connection, &app.keys, u64::MAX, 100).await;
    let events = found.unwrap().rows.into_iter().map(|(_, event)| event);
    events.filter(|event| event.kind == kind).collect()
}

#[tokio::test]
async fn who_is_put_back_by_sql_stays_out() {
    let (app, mut browser) = TestApp::with_clerk().await;
    app.add_staff("ben", Role::Clerk).await;
    let mut neighbour = app.browser();
    neighbour.sign_in("ben", PASSWORD).await;
    app.execute("CREATE TABLE old_staff AS SELECT * FROM staff")
        .await;
    app.execute("CREATE TABLE old_sessions AS SELECT * FROM sessions")
        .await;
    app.clock.advance(Duration::from_secs(1));
    let mut connection = app.pool.acquire().await.unwrap();
    let anna = database::staff::by_login(&mut connection, &app.keys, "anna").await;
    let mut anna = anna.unwrap().unwrap();
    let now = app.clock.now();
    anna.signed_out_at = Some(now);
    let step = (StaffEventKind::PasswordSet, By::COMMAND, now);
    database::staff::update(&mut connection, &app.keys, &mut anna, step)
        .await
        .unwrap();
    drop(connection);
    assert_eq!(browser.get("/").await.status, 401, "its session is older");
    assert_eq!(browser.sign_in("anna", PASSWORD).await.status, 303);

    app.execute("REPLACE INTO staff SELECT * FROM old_staff")
        .await;
    app.execute("REPLACE INTO sessions SELECT * FROM old_sessions")
        .await;
    assert_eq!(browser.get("/").await.status, 401, "the row is older");
    assert_eq!(browser.sign_in("anna", PASSWORD).await.status, 401);
    assert_eq!(neighbour.get("/").await.status, 200);
    app.end().await;
}

/// The password is compared while the account gets another one: who came with the old one is not in afterwards.
#[tokio::test]
async fn who_signs_in_while_the_account_is_signed_out_is_not_in() {
    let app = TestApp::start().await;
    for login in ["anna", "ben"] {
        app.add_staff(login, Role::Clerk).await;
    }
    let mut neighbour = app.browser();
    neighbour.sign_in("ben", PASSWORD).await;
    let mut browser = app.browser();
    let coming = browser.sign_in("anna", PASSWORD);
    let new_hash = password::hash(&SecretString::from("another password by far")).unwrap();
    let before = tried(&app).await;
    let signed_out = async {
        // It has read the account by then, or reads it afterwards; or it was faster than we look, and is in.
        for _ in 0..200 {
            if tried(&app).await != before {
                break;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        app.clock.advance(Duration::from_secs(1));
        let now = app.clock.now();
        let mut connection = app.pool.acquire().await.unwrap();
        let anna = database::staff::by_login(&mut connection, &app.keys, "anna").await;
        let mut anna = anna.unwrap().unwrap();
        (anna.password_hash, anna.signed_out_at) = (new_hash, Some(now));
        let step = (StaffEventKind::PasswordSet, By::COMMAND, now);
        database::staff::update(&mut connection, &app.keys, &mut anna, step)
            .await
            .unwrap();
    };
    futures::join!(coming, signed_out);
    assert_eq!(browser.get("/").await.status, 401);
    assert_eq!(neighbour.get("/").await.status, 200);
    app.end().await;
}

/// How many logins were tried and are not in.
async fn tried(app: &TestApp) -> i64 {
    let tried = sqlx::query_scalar("SELECT COUNT(*) FROM sign_in_attempts");
    tried.fetch_one(&app.pool).await.unwrap()
}

#[tokio::test]
async fn an_app_is_for_its_roles_alone() {
    let app = TestApp::start().await;
    app.add_staff("root", Role::SystemAdministrator).await;
    let answer = app.browser().sign_in("root", PASSWORD).await;
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("not meant for this application"));
    assert_eq!(events(&app, StaffEventKind::SignInRefused).await.len(), 1);
    app.end().await;
}

#[tokio::test]
async fn a_page_is_for_its_roles_alone() {
    let (app, mut clerk) = TestApp::with_clerk().await;
    app.add_staff("mona", Role::ControllerManager).await;
    let mut manager = app.browser();
    manager.sign_in("mona", PASSWORD).await;
    assert_eq!(clerk.get("/managers").await.status, 403);
    assert_eq!(manager.get("/managers").await.status, 200);
    let refused = events(&app, StaffEventKind::PageRefused).await;
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].page.as_deref(), Some("/managers"));
    assert_eq!(refused[0].by.app, Some(App::Entry));
    // A loop buries nothing.
    for _ in 0..40 {
        assert_eq!(clerk.get("/managers").await.status, 403);
    }
    assert_eq!(events(&app, StaffEventKind::PageRefused).await.len(), 30);
    app.clock.advance(Duration::from_secs(61));
    assert_eq!(clerk.get("/managers").await.status, 403);
    assert_eq!(events(&app, StaffEventKind::PageRefused).await.len(), 31);
    app.end().await;
}

#[tokio::test]
async fn a_session_of_one_app_is_none_of_the_other() {
    let (app, browser) = TestApp::with_clerk().await;
    let viewer = app
        .beside(Options {
            app: App::Viewer,
            ..Options::default()
        })
        .await;
    let mut other = viewer.browser();
    other.cookie = browser
        .cookie
        .map(|pair| pair.replace("sealwatch-entry", "sealwatch-viewer"));
    assert_eq!(other.get("/").await.status, 401);
    viewer.end().await;
    app.end().await;
}

#[tokio::test]
async fn an_idle_session_ends() {
    let (app, mut browser) = TestApp::with_clerk().await;
    app.clock.advance(Duration::from_secs(29 * 60));
    assert_eq!(browser.get("/").await.status, 200);
    app.clock.advance(Duration::from_secs(29 * 60));
    assert_eq!(browser.get("/").await.status, 200, "it was seen in between");
    app.clock.advance(Duration::from_secs(30 * 60));
    assert_eq!(browser.get("/").await.status, 401);
    app.end().await;
}

#[tokio::test]
async fn a_busy_session_ends_after_twelve_hours() {
    let (app, mut browser) = TestApp::with_clerk().await;
    for _ in 0..35 {
        app.clock.advance(Duration::from_secs(20 * 60));
        assert_eq!(browser.get("/").await.status, 200);
    }
    app.clock.advance(Duration::from_secs(20 * 60));
    assert_eq!(browser.get("/").await.status, 401);
    app.end().await;
}

#[tokio::test]
async fn signing_in_again_makes_a_new_session() {
    let (app, mut browser) = TestApp::with_clerk().await;
    let mut before = browser.clone();
    browser.sign_in("anna", PASSWORD).await;
    assert_ne!(before.cookie, browser.cookie);
    assert_eq!(before.get("/").await.status, 401, "the old one is gone");
    assert_eq!(browser.get("/").await.status, 200);
    assert_eq!(browser.get("/sign-in").await.location(), "/");
    app.end().await;
}

#[tokio::test]
async fn a_session_moved_to_another_account_by_sql_is_refused() {
    let (app, mut browser) = TestApp::with_clerk().await;
    app.add_staff("mona", Role::ControllerManager).await;
    app.execute(
        "UPDATE sessions SET staff_id = (SELECT id FROM staff WHERE role = 'controller_manager')",
    )
    .await;
    assert_eq!(browser.get("/").await.status, 401);
    app.end().await;
}

#[tokio::test]
async fn a_role_raised_by_sql_is_refused() {
    let (app, mut browser) = TestApp::with_clerk().await;
    app.execute("UPDATE staff SET role = 'controller_manager'")
        .await;
    assert_eq!(browser.get("/managers").await.status, 401);
    assert_eq!(browser.sign_in("anna", PASSWORD).await.status, 401);
    app.end().await;
}

#[tokio::test]
async fn a_notice_and_a_hand_over_are_shown_once() {
    let (app, mut browser) = TestApp::with_clerk().await;
    assert_eq!(
        browser.post("/new", &[("name", "Zoë")]).await.location(),
        "/"
    );
    assert!(browser.get("/").await.body.contains("It is entered."));
    assert!(!browser.get("/").await.body.contains("It is entered."));

    browser.post("/link", &[]).await;
    assert!(!browser.get("/").await.body.contains("a secret shown once"));
    assert_eq!(browser.get("/link").await.body, "a secret shown once");
    assert_eq!(browser.get("/link").await.body, "nothing");
    app.end().await;
}

#[tokio::test]
async fn what_waits_in_a_session_is_sealed() {
    let (app, mut browser) = TestApp::with_clerk().await;
    browser.post("/link", &[]).await;
    let in_clear = app
        .count("SELECT COUNT(*) FROM sessions WHERE INSTR(flash, 'secret') > 0")
        .await;
    let waiting = app
        .count("SELECT COUNT(*) FROM sessions WHERE flash IS NOT NULL")
        .await;
    assert_eq!((in_clear, waiting), (0, 1));
    app.end().await;
}
