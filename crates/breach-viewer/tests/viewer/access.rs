//! Who gets in, who may do what, and from where.

use reqwest::StatusCode;

use crate::harness::{Stage, add_staff};

const PAGES: [&str; 7] = [
    "/",
    "/events",
    "/records",
    "/records/search",
    "/records/1",
    "/records/1/restore",
    "/incidents",
];
const ACTIONS: [&str; 6] = [
    "/records/verify-all",
    "/records/search",
    "/records/1/verify",
    "/records/1/reveal",
    "/records/1/restore",
    "/incidents/1",
];

#[tokio::test(flavor = "multi_thread")]
async fn only_the_right_people_get_in_and_only_from_our_own_pages() {
    let stage = Stage::with(1).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    strangers_see_nothing(&stage).await;
    other_roles_do_not_sign_in(&stage).await;
    a_manager_looks_on(&stage).await;
    a_form_on_another_sites_page_does_nothing(&stage).await;
    what_is_not_there_is_not_found(&stage).await;
    whoever_reloads_an_action_lands_on_its_page(&stage).await;
    stage.assert_no_breach().await;
    stage.site.stop().await.unwrap();
}

async fn strangers_see_nothing(stage: &Stage) {
    let stranger = stage.browser();
    for path in PAGES {
        let answer = stranger.get(path).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(answer.says("<h1>Sign in</h1>"), "{path}");
        assert!(answer.line(1).is_empty(), "{path}");
    }
    for path in ACTIONS {
        let answer = stranger.post(path, &[("query", "1")]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(answer.line(1).is_empty(), "{path}");
    }
    let looked = "SELECT COUNT(*) FROM access_log WHERE app = 'viewer'";
    assert_eq!(stage.number(looked).await, 0);
}

async fn other_roles_do_not_sign_in(stage: &Stage) {
    // The clerk was added for entry-app.
    for login in ["desk", "root"] {
        if login == "root" {
            add_staff(&stage.site, "system_administrator", login).await;
        }
        let browser = stage.browser();
        let answer = stage.sign_in(&browser, login).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{login}");
        assert!(answer.says("not meant for this application"), "{login}");
        assert_eq!(browser.get("/records").await.status, 401, "{login}");
    }
}

/// The controller's manager sees verdicts, and neither details nor the doors that change something.
async fn a_manager_looks_on(stage: &Stage) {
    let manager = stage.signed_in("controller_manager", "manager").await;
    assert_eq!(manager.get("/records").await.badges(), ["Valid"]);
    assert_eq!(manager.verify(1).await, "Valid");
    assert_eq!(manager.get("/incidents").await.status, 200);
    for path in ["/records/1/reveal", "/records/1/restore", "/incidents/1"] {
        let answer = manager.post(path, &[("step", "note"), ("text", "x")]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(manager.get("/records/1/restore").await.status, 403);
    let revealed = "SELECT COUNT(*) FROM access_log WHERE action = 'revealed'";
    assert_eq!(stage.number(revealed).await, 0);
}

async fn a_form_on_another_sites_page_does_nothing(stage: &Stage) {
    let officer = stage.signed_in("data_protection_officer", "second").await;
    for path in ACTIONS {
        for origin in ["https://evil.example", "null"] {
            let form = [("query", "1"), ("step", "close"), ("text", "x")];
            let answer = officer.post_from(origin, path, &form).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} from {origin}");
        }
    }
    let looked = "SELECT COUNT(*) FROM access_log WHERE app = 'viewer'";
    assert_eq!(stage.number(looked).await, 0);
    let by_hand = "SELECT COUNT(*) FROM record_events WHERE kind = 'restored'";
    assert_eq!(stage.number(by_hand).await, 0);
}

async fn what_is_not_there_is_not_found(stage: &Stage) {
    let officer = stage.signed_in("data_protection_officer", "third").await;
    for subject in [
        "0",
        "7",
        "18446744073709551616",
        "00112233445566778899aabbccddeeff",
        "..%2Fstaff",
        "x",
    ] {
        let page = officer.get(&format!("/records/{subject}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{subject}");
        for action in ["verify", "reveal"] {
            let path = format!("/records/{subject}/{action}");
            assert_eq!(officer.post(&path, &[]).await.status, 404, "{path}");
        }
    }
    for path in [
        "/incidents/1",
        "/records?verdict=fine",
        "/records?after=x",
        "/staff",
    ] {
        assert_eq!(officer.get(path).await.status, 404, "{path}");
    }
    let step = [("step", "note"), ("text", "There is none.")];
    assert_eq!(officer.post("/incidents/1", &step).await.status, 404);
}

/// As after signing in again because of it.
async fn whoever_reloads_an_action_lands_on_its_page(stage: &Stage) {
    let officer = stage.signed_in("data_protection_officer", "fourth").await;
    for (action, page) in [
        ("/records/1/verify", "/records/1"),
        ("/records/1/reveal", "/records/1"),
        ("/records/verify-all", "/records"),
    ] {
        let answer = officer.get(action).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (303, page));
    }
}
