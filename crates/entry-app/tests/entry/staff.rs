//! Accounts of staff: who is let in, by whom, and what is refused to whom.

use std::time::Duration;

use database::outbox::{self, Mail};
use database::staff::{self, Role, Staff};
use database::staff_events::{self, StaffEvent, StaffEventKind};
use keyring::LinkSecret;
use record::ids::StaffId;
use record::time::Clock;
use sqlx::AssertSqlSafe;

use crate::harness::{Answer, Browser, PASSWORD, Server, Setup};

const CHOSEN: &str = "seven green lanterns";
const DAY: Duration = Duration::from_hours(24);
const INVITED: [(&str, &str); 4] = [
    ("name", "Nora Quist"),
    ("email", "nora@riverside.example"),
    ("login", "nora.q"),
    ("role", "clerk"),
];

/// A manager at work, and a clerk whom nothing of it concerns.
struct Scene {
    server: Server,
    manager: Browser,
    neighbour: Browser,
}

impl Scene {
    async fn set() -> Self {
        let setup = Setup {
            clock: Clock::adjustable(),
            ..Setup::default()
        };
        let server = Server::start_with(setup).await;
        let manager = server.signed_in("mona", Role::ControllerManager).await;
        let neighbour = server.signed_in("neighbour", Role::Clerk).await;
        Self {
            server,
            manager,
            neighbour,
        }
    }

    /// The page of the account that this invitation makes.
    async fn invite(&self, typed: &[(&str, &str)]) -> Answer {
        let form = self.manager.get("/staff/invite").await;
        let account = form.hidden("account");
        let mut typed = typed.to_vec();
        typed.push(("account", &account));
        self.manager.post("/staff/invite", &typed).await
    }

    async fn invited(&self) -> String {
        let answer = self.invite(&INVITED).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        answer.location().to_owned()
    }

    async fn account(&self, login: &str) -> Staff {
        let mut connection = self.server.admin.acquire().await.unwrap();
        let found = staff::by_login(&mut connection, &self.server.keys, login).await;
        found.unwrap().unwrap()
    }

    /// The newest mail with a link, and the path that it leads to.
    async fn link(&self) -> (Mail, String) {
        let mail = self.newest("staff_link").await;
        let payload = mail.open_link_payload(&self.server.keys).unwrap().unwrap();
        let told: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        let url = told["url"].as_str().unwrap();
        let path = url.strip_prefix(self.server.url.as_str().trim_end_matches('/'));
        let path = path.unwrap().to_owned();
        (mail, path)
    }

    async fn newest(&self, kind: &str) -> Mail {
        let newest = "SELECT o.event_key FROM outbox o WHERE o.kind = ? AND o.payload IS NOT NULL ORDER BY o.created_at DESC LIMIT 1";
        let event: Vec<u8> = sqlx::query_scalar(newest)
            .bind(kind)
            .fetch_one(&self.server.admin)
            .await
            .unwrap();
        let mut connection = self.server.admin.acquire().await.unwrap();
        let (front, event) = (self.server.keys.front(), event.try_into().unwrap());
        let mail = outbox::by_event_key(&mut connection, &front, &event).await;
        mail.unwrap().unwrap()
    }

    /// What of this kind is written down, the newest first.
    async fn events(&self, kind: StaffEventKind) -> Vec<StaffEvent> {
        let mut connection = self.server.admin.acquire().await.unwrap();
        let found = staff_events::before(&mut connection, &self.server.keys, u64::MAX, 500).await;
        let found = found.unwrap();
        assert!(found.tampered.is_empty());
        let events = found.rows.into_iter().map(|(_, event)| event);
        events.filter(|event| event.kind == kind).collect()
    }

    /// The other clerk works on as if nothing had been.
    async fn neighbour_is_unaffected(&self) {
        assert_eq!(self.neighbour.get("/records").await.status, 200);
    }
}

fn page_of(id: StaffId) -> String {
    format!("/staff/{id}")
}

async fn choose(browser: &Browser, path: &str, password: &str) -> Answer {
    let typed = [("password", password), ("password_again", password)];
    browser.post(path, &typed).await
}

async fn sign_in(browser: &Browser, login: &str, password: &str) -> u16 {
    let typed = [("login", login), ("password", password)];
    browser.post("/sign-in", &typed).await.status.as_u16()
}

#[tokio::test]
async fn somebody_is_invited_chooses_a_password_works_and_is_disabled() {
    let scene = Scene::set().await;
    let (server, manager) = (&scene.server, &scene.manager);
    what_is_typed_is_checked_at_its_place(&scene).await;
    let page = scene.invited().await;
    let shown = manager.get(&page).await;
    assert_eq!(shown.badges()[0], "Link sent");
    assert!(shown.says("nora@riverside.example") && shown.says("nora.q"));
    let again = scene.invite(&INVITED).await;
    assert!(
        again
            .problem_of("login")
            .contains("Somebody has this login")
    );
    assert!(again.says("value=\"Nora Quist\""), "what was typed stays");

    let (mail, path) = scene.link().await;
    let to = mail.open_link_recipient(&server.keys).unwrap().unwrap();
    assert_eq!(to.as_str(), "nora@riverside.example");
    let payload = mail.open_link_payload(&server.keys).unwrap().unwrap();
    let payload = String::from_utf8(payload.to_vec()).unwrap();
    assert!(payload.contains("Nora"));
    for hidden in ["Quist", "nora.q", "clerk"] {
        assert!(!payload.contains(hidden), "{hidden}");
    }
    assert!(!shown.says(&path), "the manager never sees the link");

    let nora = server.browser();
    for _ in 0..2 {
        let form = nora.get(&path).await;
        assert_eq!(form.status, 200, "looking uses nothing up");
        assert!(form.says("Nora Quist") && form.says("value=\"nora.q\""));
    }
    the_password_is_checked_at_its_place(&nora, &path).await;
    let done = choose(&nora, &path, CHOSEN).await;
    assert_eq!(done.status, 200, "{}", done.body);
    assert!(done.says("Your password is set"));
    assert!(
        scene
            .account("nora.q")
            .await
            .password_hash
            .starts_with("$argon2id$")
    );
    let used = choose(&nora, &path, "quite another phrase").await;
    assert_eq!(used.status, 410, "once");
    assert_eq!(nora.get(&path).await.status, 410);
    assert_eq!(sign_in(&nora, "nora.q", CHOSEN).await, 303);
    assert_eq!(nora.get("/records").await.status, 200);

    let list = manager.get("/staff").await;
    let line = list.between("nora.q", "</tr>");
    assert!(line.contains("Active") && line.contains("<time"), "{line}");
    let asked = manager.get(&format!("{page}/disable")).await;
    assert!(asked.says("Nora Quist") && asked.says("signed out"));
    assert_eq!(
        nora.get("/records").await.status,
        200,
        "asking does nothing"
    );
    let disabled = manager.post(&format!("{page}/disable"), &[]).await;
    assert_eq!(
        (disabled.status.as_u16(), disabled.location()),
        (303, &*page)
    );
    assert_eq!(nora.get("/records").await.status, 401, "at once");
    assert_eq!(sign_in(&nora, "nora.q", CHOSEN).await, 401);
    assert_eq!(scene.events(StaffEventKind::SignInRefused).await.len(), 1);
    assert_eq!(manager.get(&page).await.badges()[0], "Disabled");

    let enabled = manager.post(&format!("{page}/enable"), &[]).await;
    assert_eq!(enabled.status, 303);
    assert_eq!(
        nora.get("/records").await.status,
        401,
        "sessions stay ended"
    );
    assert_eq!(sign_in(&nora, "nora.q", CHOSEN).await, 303);
    let history = manager.get("/staff/history").await;
    for step in [
        "Person mona invited Nora Quist (Clerk).",
        "Nora Quist chose a password.",
        "Person mona disabled the account of Nora Quist.",
        "Nora Quist was refused to sign in to Sealwatch Entry.",
        "Person mona enabled the account of Nora Quist.",
    ] {
        assert!(history.says(step), "{step}\n{}", history.body);
    }
    scene.neighbour_is_unaffected().await;
}

async fn what_is_typed_is_checked_at_its_place(scene: &Scene) {
    let empty = scene.invite(&[]).await;
    assert_eq!(empty.status, 422);
    for field in ["name", "email", "login", "role"] {
        assert!(!empty.problem_of(field).is_empty(), "{field}");
    }
    let wrong = [
        ("name", "Nora Quist"),
        ("email", "nora at home"),
        ("login", "n q"),
        ("role", "king"),
    ];
    let wrong = scene.invite(&wrong).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.problem_of("name").is_empty());
    assert!(wrong.problem_of("login").contains("3 to 64"));
    assert!(wrong.problem_of("role").contains("Choose a role"));
    assert!(wrong.says("value=\"nora at home\""), "what was typed stays");
    let mails = "SELECT COUNT(*) FROM outbox WHERE kind = 'staff_link'";
    assert_eq!(scene.server.count(mails).await, 0);
}

async fn the_password_is_checked_at_its_place(nora: &Browser, path: &str) {
    for (password, again, field, problem) in [
        ("short", "short", "password", "at least 12"),
        ("my nora.q phrase", "my nora.q phrase", "password", "login"),
        (
            CHOSEN,
            "seven green lantern",
            "password_again",
            "not the same",
        ),
    ] {
        let typed = [("password", password), ("password_again", again)];
        let refused = nora.post(path, &typed).await;
        assert_eq!(refused.status, 422);
        assert!(refused.problem_of(field).contains(problem), "{problem}");
        assert!(!refused.says(password), "it never comes back");
    }
}

/// The page that asks to wait holds the form, to be sent again, and no password.
#[tokio::test]
async fn whoever_tries_too_often_waits_and_gets_no_password_back() {
    let scene = Scene::set().await;
    scene.invited().await;
    let (_, path) = scene.link().await;
    let nora = scene.server.browser();
    let typed = [
        ("password", "short"),
        ("password_again", "a-secret-of-nora"),
    ];
    let mut answer = nora.post(&path, &typed).await;
    for _ in 0..40 {
        assert!(!answer.says("a-secret-of-nora"));
        if answer.status == 429 {
            return;
        }
        answer = nora.post(&path, &typed).await;
    }
    panic!("{}", answer.status);
}

#[tokio::test]
async fn a_form_sent_twice_invites_once() {
    let scene = Scene::set().await;
    let account = scene.manager.get("/staff/invite").await.hidden("account");
    let mut typed = INVITED.to_vec();
    typed.push(("account", &account));
    for _ in 0..2 {
        let answer = scene.manager.post("/staff/invite", &typed).await;
        assert_eq!(answer.location(), format!("/staff/{account}"));
    }
    let mails = "SELECT COUNT(*) FROM outbox WHERE kind = 'staff_link'";
    assert_eq!(scene.server.count(mails).await, 1);
}

#[tokio::test]
async fn a_reset_ends_password_sessions_and_the_link_before() {
    let scene = Scene::set().await;
    let (server, manager) = (&scene.server, &scene.manager);
    let page = scene.invited().await;
    let (_, first) = scene.link().await;
    let nora = server.browser();
    assert_eq!(choose(&nora, &first, CHOSEN).await.status, 200);
    assert_eq!(sign_in(&nora, "nora.q", CHOSEN).await, 303);

    let reset = format!("{page}/reset");
    let form = manager.get(&reset).await;
    assert!(form.says("value=\"nora@riverside.example\""));
    let wrong = manager.post(&reset, &[("email", "nowhere")]).await;
    assert_eq!(wrong.status, 422);
    assert!(!wrong.problem_of("email").is_empty() && wrong.says("value=\"nowhere\""));
    assert_eq!(nora.get("/records").await.status, 200, "nothing was done");
    server.clock.advance(Duration::from_secs(1));
    let done = manager
        .post(&reset, &[("email", "nora@riverside.example")])
        .await;
    assert_eq!(done.status, 303, "{}", done.body);
    assert_eq!(nora.get("/records").await.status, 401, "at once");
    assert_eq!(sign_in(&nora, "nora.q", CHOSEN).await, 401);
    let (mail, second) = scene.link().await;
    let payload = mail.open_link_payload(&server.keys).unwrap().unwrap();
    assert!(String::from_utf8_lossy(&payload).contains("\"is_reset\":true"));
    let told = "SELECT COUNT(*) FROM outbox WHERE kind = 'staff_address_changed'";
    assert_eq!(server.count(told).await, 0, "the address is the same");

    // Somebody types another address: the one of before hears of it, and the link of before works no more.
    server.clock.advance(Duration::from_secs(1));
    let done = manager
        .post(&reset, &[("email", "nq@riverside.example")])
        .await;
    assert_eq!(done.status, 303);
    assert_eq!(nora.get(&second).await.status, 410);
    let withdrawn = "SELECT COUNT(*) FROM outbox WHERE kind = 'staff_link' AND state = 'withdrawn'";
    assert_eq!(server.count(withdrawn).await, 1);
    let to = scene.newest("staff_address_changed").await;
    let to = to.open_recipient(&server.keys.front()).unwrap().unwrap();
    assert_eq!(to.as_str(), "nora@riverside.example");
    let (_, third) = scene.link().await;
    assert_eq!(
        choose(&nora, &third, "an entirely new phrase").await.status,
        200
    );
    assert_eq!(
        sign_in(&nora, "nora.q", "an entirely new phrase").await,
        303
    );
    scene.neighbour_is_unaffected().await;
}

#[tokio::test]
async fn a_link_that_is_late_altered_or_of_a_disabled_account_does_nothing() {
    let scene = Scene::set().await;
    let (server, manager) = (&scene.server, &scene.manager);
    let page = scene.invited().await;
    let (_, path) = scene.link().await;
    let nora = server.browser();
    let other = LinkSecret::generate(&mut rand::rng());
    for altered in [
        format!("/welcome/{}", other.to_url().as_str()),
        path[..path.len() - 1].to_owned(),
        format!("{path}x"),
        "/welcome/x".to_owned(),
    ] {
        assert_eq!(nora.get(&altered).await.status, 410, "{altered}");
        assert_eq!(choose(&nora, &altered, CHOSEN).await.status, 410);
    }
    assert_eq!(
        manager.post(&format!("{page}/disable"), &[]).await.status,
        303
    );
    assert_eq!(choose(&nora, &path, CHOSEN).await.status, 410, "disabled");
    assert_eq!(
        manager.post(&format!("{page}/enable"), &[]).await.status,
        303
    );
    assert_eq!(
        choose(&nora, &path, CHOSEN).await.status,
        410,
        "and for good"
    );

    let to = [("email", "nora@riverside.example")];
    assert_eq!(
        manager.post(&format!("{page}/reset"), &to).await.status,
        303
    );
    let (_, path) = scene.link().await;
    server.clock.advance(3 * DAY);
    assert_eq!(nora.get(&path).await.status, 410, "three days are over");
    assert!(scene.events(StaffEventKind::LinkRefused).await.is_empty());
    assert_eq!(choose(&nora, &path, CHOSEN).await.status, 410);
    assert_eq!(scene.events(StaffEventKind::LinkRefused).await.len(), 1);
    assert!(!scene.account("nora.q").await.has_password());
    assert_eq!(manager.sign_in("mona").await.status, 303);
    assert_eq!(manager.get(&page).await.badges()[0], "Link ended");
}

/// What each role may do with an account of each, by the table of docs/STAFF.md.
#[tokio::test]
async fn every_pair_of_roles_is_let_or_refused_and_each_refusal_is_written_down() {
    let scene = Scene::set().await;
    let server = &scene.server;
    let clerk = server.signed_in("clerk", Role::Clerk).await;
    for whose in Role::ALL {
        for (by, is_manager) in [(&scene.manager, true), (&clerk, false)] {
            let login = format!("{whose}.{is_manager}").replace("_", "-");
            let id = server.add_staff(&login, *whose).await;
            let may = is_manager && matches!(whose, Role::Clerk | Role::ControllerManager);
            for (action, typed) in [
                ("disable", &[][..]),
                ("enable", &[]),
                ("reset", &[("email", "x@riverside.example")]),
            ] {
                let before = refusals(&scene).await;
                let answer = by.post(&format!("{}/{action}", page_of(id)), typed).await;
                let expected = if may { 303 } else { 403 };
                assert_eq!(answer.status, expected, "{action} {login}: {}", answer.body);
                let noted = refusals(&scene).await - before;
                assert_eq!(noted, usize::from(!may), "{action} {login}");
            }
            let account = scene.account(&login).await;
            assert_eq!(account.revision, if may { 3 } else { 0 }, "{login}");
            assert_eq!((account.role, account.is_enabled()), (*whose, true));
            let before = refusals(&scene).await;
            let invited = format!("new-{login}");
            let typed = [
                ("name", "Somebody New"),
                ("email", "new@riverside.example"),
                ("login", &*invited),
                ("role", whose.as_str()),
            ];
            let answer = by.post("/staff/invite", &typed).await;
            assert_eq!(answer.status, if may { 303 } else { 403 }, "{invited}");
            assert_eq!(refusals(&scene).await - before, usize::from(!may));
            let mut connection = server.admin.acquire().await.unwrap();
            let made = staff::by_login(&mut connection, &server.keys, &invited).await;
            assert_eq!(made.unwrap().map(|made| made.role), may.then_some(*whose));
        }
    }
    for path in ["/staff", "/staff/invite", "/staff/history"] {
        assert_eq!(clerk.get(path).await.status, 403, "{path}");
        assert_eq!(scene.manager.get(path).await.status, 200, "{path}");
    }
    let refused = scene.events(StaffEventKind::PageRefused).await;
    assert_eq!(refused[0].page.as_deref(), Some("/staff/history"));
    assert!(scene.manager.get("/records").await.says("href=\"/staff\""));
    assert!(!clerk.get("/records").await.says("href=\"/staff\""));
    for role in [Role::DataProtectionOfficer, Role::SystemAdministrator] {
        server.add_staff(&format!("at-{role}"), role).await;
        let answer = server.browser().sign_in(&format!("at-{role}")).await;
        assert_eq!(answer.status, 403, "{role} works elsewhere");
    }
    scene.neighbour_is_unaffected().await;
}

async fn refusals(scene: &Scene) -> usize {
    use StaffEventKind::{ChangeRefused, InviteRefused, PageRefused};
    let mut count = 0;
    for kind in [PageRefused, InviteRefused, ChangeRefused] {
        count += scene.events(kind).await.len();
    }
    count
}

#[tokio::test]
async fn nobody_changes_themselves_and_a_manager_always_stays() {
    let scene = Scene::set().await;
    let (server, mona) = (&scene.server, &scene.manager);
    let own = page_of(scene.account("mona").await.id);
    assert!(mona.get(&own).await.says("id=\"oneself\""));
    let to = [
        ("email", "mona@evil.example"),
        ("role", "data_protection_officer"),
    ];
    for action in ["disable", "enable", "reset"] {
        let refused = mona.post(&format!("{own}/{action}"), &to).await;
        assert_eq!(refused.status, 403, "{action}");
        assert!(refused.says("Nobody changes their own account"));
    }
    let refused = scene.events(StaffEventKind::ChangeRefused).await;
    assert_eq!(refused.len(), 3);
    let account = scene.account("mona").await;
    assert_eq!(
        (account.revision, account.role),
        (0, Role::ControllerManager)
    );
    assert_eq!(refused[0].staff_id, Some(account.id));
    assert_eq!(refused[0].by.staff, Some(account.id));

    // Two managers disable each other at once: one of them stays.
    let milo = server.signed_in("milo", Role::ControllerManager).await;
    let (hers, his) = (
        format!("{own}/disable"),
        format!("{}/disable", page_of(scene.account("milo").await.id)),
    );
    let (first, second) = tokio::join!(mona.post(&his, &[]), milo.post(&hers, &[]));
    let mut enabled = 0;
    for login in ["mona", "milo"] {
        enabled += usize::from(scene.account(login).await.is_enabled());
    }
    assert_eq!(enabled, 1, "{} {}", first.status, second.status);
    let went = [&first, &second]
        .iter()
        .filter(|answer| answer.status == 303)
        .count();
    assert_eq!(went, 1, "{} {}", first.status, second.status);
}

#[tokio::test]
async fn what_is_planted_by_sql_does_nothing_and_is_told() {
    let scene = Scene::set().await;
    let (server, manager) = (&scene.server, &scene.manager);
    let page = scene.invited().await;
    let nora = server.browser();
    let (_, path) = scene.link().await;
    server
        .administer("CREATE TABLE invited AS SELECT * FROM staff")
        .await;
    assert_eq!(choose(&nora, &path, CHOSEN).await.status, 200);

    // The link of before, put back with the MAC that it had.
    server
        .administer("REPLACE INTO staff SELECT * FROM invited")
        .await;
    assert_eq!(nora.get(&path).await.status, 410);
    assert_eq!(
        choose(&nora, &path, "a phrase of the thief").await.status,
        410
    );
    let list = manager.get("/staff").await;
    assert!(list.says("An account was changed or planted"));
    assert!(!list.says("nora.q"));
    assert_eq!(manager.get(&page).await.status, 500);
    assert_eq!(
        manager.post(&format!("{page}/disable"), &[]).await.status,
        500
    );

    // A role raised, and a link of the thief's own in a row that is ours.
    let thief = server.signed_in("thief", Role::Clerk).await;
    let secret = LinkSecret::generate(&mut rand::rng());
    let hash = hex::encode(server.keys.hash_staff_link(&secret));
    let id = scene.account("thief").await.id;
    let raise = format!("UPDATE staff SET role = 'controller_manager' WHERE id = X'{id}'");
    server.administer(&raise).await;
    assert_eq!(thief.get("/staff").await.status, 401);
    assert_eq!(thief.sign_in("thief").await.status, 401);
    let lower = format!("UPDATE staff SET role = 'clerk' WHERE id = X'{id}'");
    server.administer(&lower).await;
    assert_eq!(thief.get("/records").await.status, 200, "put right");
    let plant = format!(
        "UPDATE staff SET link_hash = X'{hash}', link_expires_at = 99999999999999 WHERE id = X'{id}'"
    );
    server.administer(&plant).await;
    let planted = format!("/welcome/{}", secret.to_url().as_str());
    assert_eq!(nora.get(&planted).await.status, 410);
    assert_eq!(choose(&nora, &planted, CHOSEN).await.status, 410);
    assert!(
        manager
            .get("/staff")
            .await
            .says("2 accounts were changed or planted")
    );

    let planted: Vec<_> = {
        let mut connection = server.admin.acquire().await.unwrap();
        database::guarded::planted(&mut connection, &server.keys)
            .await
            .unwrap()
    };
    assert_eq!(planted.len(), 2);
    assert!(planted.iter().all(|row| row.table == "staff"));
    scene.neighbour_is_unaffected().await;
}

#[tokio::test]
async fn a_line_of_the_history_that_is_planted_is_left_out_and_told() {
    let scene = Scene::set().await;
    scene.invited().await;
    let plant = "UPDATE staff_events SET kind = 'made' WHERE kind = 'invited'";
    sqlx::query(AssertSqlSafe(plant))
        .execute(&scene.server.admin)
        .await
        .unwrap();
    let history = scene.manager.get("/staff/history").await;
    assert!(history.says("A line of the history was"));
    assert!(!history.says("made the account"));
}

#[tokio::test]
async fn an_invitation_comes_back_after_signing_in_again() {
    let scene = Scene::set().await;
    let manager = &scene.manager;
    let account = manager.get("/staff/invite").await.hidden("account");
    scene.server.clock.advance(Duration::from_secs(31 * 60));
    let mut typed = INVITED.to_vec();
    typed.push(("account", &account));
    let ended = manager.post("/staff/invite", &typed).await;
    assert_eq!(ended.status, 401);
    let kept = ended.hidden("kept");
    let form = [("login", "mona"), ("password", PASSWORD), ("kept", &kept)];
    let answer = manager.post("/sign-in", &form).await;
    assert_eq!(answer.location(), "/staff/invite");
    let form = manager.get("/staff/invite").await;
    assert!(form.says("value=\"Nora Quist\"") && form.says("value=\"clerk\" checked"));
    assert_eq!(form.hidden("account"), account, "still one account");
}
