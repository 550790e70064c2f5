use database::sessions::{self, App, Session};
use database::staff_events::{self, By, StaffEvent, StaffEventKind};
use database::{RowError, guarded, row_counts, sign_in_attempts, staff};
use record::ids::StaffId;
use record::time::UnixMillis;

use crate::stage::{CLERK, MINUTE, NOW, PERSON, Stage};

const COOKIE: [u8; 32] = [1; 32];
const DISABLED: (StaffEventKind, By, UnixMillis) = (StaffEventKind::Disabled, By::COMMAND, NOW);

fn session(app: App) -> Session {
    Session {
        id_hash: COOKIE,
        app,
        staff_id: CLERK,
        created_at: NOW,
        last_seen_at: NOW,
        expires_at: NOW.plus(60 * MINUTE),
        flash: None,
    }
}

#[tokio::test]
async fn an_account_is_found_by_its_login_in_any_case() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let account = stage.account();
    staff::insert(&mut connection, &stage.keys, &account)
        .await
        .unwrap();

    let found = staff::by_login(&mut connection, &stage.keys, " NBrunner ")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.id, CLERK);
    assert_eq!(*found.open_login(&stage.keys).unwrap(), "nbrunner");
    assert_eq!(*found.open_display_name(&stage.keys).unwrap(), PERSON[3].1);
    assert!(
        staff::by_login(&mut connection, &stage.keys, "other")
            .await
            .unwrap()
            .is_none()
    );
    let unknown = StaffId::from_bytes([9; 16]);
    assert!(
        staff::by_id(&mut connection, &stage.keys, unknown)
            .await
            .unwrap()
            .is_none()
    );

    let again = staff::insert(
        &mut connection,
        &stage.keys,
        &staff::Staff {
            id: unknown,
            ..account
        },
    )
    .await;
    assert!(again.unwrap_err().is_duplicate_of("staff_login_index"));
}

#[tokio::test]
async fn an_account_is_disabled_and_a_planted_one_stands_beside_the_good_ones() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let mut account = stage.account();
    staff::insert(&mut connection, &stage.keys, &account)
        .await
        .unwrap();
    account.disabled_at = Some(NOW);
    account.password_hash = "$argon2id$other".to_owned();
    staff::update(&mut connection, &stage.keys, &mut account, DISABLED)
        .await
        .unwrap();
    let found = staff::by_id(&mut connection, &stage.keys, CLERK)
        .await
        .unwrap()
        .unwrap();
    assert!(!found.is_enabled());
    assert_eq!(found.password_hash, "$argon2id$other");

    stage
        .sql(
            "INSERT INTO staff SELECT REPEAT('p', 16), REPEAT('p', 32), login, display_name, password_hash,
                                      'controller_manager', NULL, created_at, mac, email, link_hash, link_expires_at, signed_out_at,
                                      revision FROM staff",
        )
        .await;
    let all = staff::all(&mut connection, &stage.keys).await.unwrap();
    assert_eq!(all.rows.len(), 1);
    assert_eq!(all.tampered[0].table, "staff");
    assert_eq!(all.tampered[0].row, "70".repeat(16));
    let planted = staff::by_id(
        &mut connection,
        &stage.keys,
        StaffId::from_bytes([b'p'; 16]),
    )
    .await;
    assert!(matches!(planted, Err(RowError::Mac { table: "staff", .. })));

    account.id = StaffId::from_bytes([8; 16]);
    let gone = staff::update(&mut connection, &stage.keys, &mut account, DISABLED).await;
    assert!(matches!(
        gone,
        Err(RowError::Changed { table: "staff", .. })
    ));
}

/// With the very MAC that it had.
#[tokio::test]
async fn a_row_put_back_as_it_was_is_told() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let (keys, mut account) = (&stage.keys, stage.account());
    staff::insert(&mut connection, keys, &account)
        .await
        .unwrap();
    let neighbour = StaffId::from_bytes([6; 16]);
    let other = staff::NewStaff {
        id: neighbour,
        login: "other",
        display_name: "Otto Other",
        password_hash: String::new(),
        role: staff::Role::Clerk,
    };
    let other = staff::Staff::seal(keys, other, &mut rand::rng(), NOW);
    staff::insert(&mut connection, keys, &other).await.unwrap();
    stage.sql("CREATE TABLE old AS SELECT * FROM staff").await;
    account.disabled_at = Some(NOW);
    staff::update(&mut connection, keys, &mut account, DISABLED)
        .await
        .unwrap();
    assert!(
        guarded::planted(&mut connection, keys)
            .await
            .unwrap()
            .is_empty()
    );

    stage.sql("REPLACE INTO staff SELECT * FROM old").await;
    let found = staff::by_login(&mut connection, keys, "nbrunner").await;
    assert!(found.unwrap_err().is_tampering());
    let all = staff::all(&mut connection, keys).await.unwrap();
    assert_eq!(all.tampered.len(), 1);
    assert_eq!(all.rows[0].id, neighbour, "who was not changed is himself");
    let told = guarded::planted(&mut connection, keys).await.unwrap();
    assert_eq!((told.len(), told[0].table), (1, "staff"));

    // Whoever takes the history out as well is missed by the count.
    let kept = row_counts::KEPT
        .iter()
        .find(|kept| kept.table == "staff_events");
    let kept = kept.unwrap();
    let before = row_counts::count(&mut connection, kept, u64::MAX)
        .await
        .unwrap();
    stage.sql("DELETE FROM staff_events").await;
    let now = row_counts::count(&mut connection, kept, before.until)
        .await
        .unwrap();
    assert!(before.has_lost_rows(&now));
}

#[tokio::test]
async fn two_changes_at_once_are_one() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let (mut first, mut second) = (stage.account(), stage.account());
    staff::insert(&mut connection, &stage.keys, &first)
        .await
        .unwrap();
    (second.login, second.display_name) = (first.login.clone(), first.display_name.clone());
    staff::update(&mut connection, &stage.keys, &mut first, DISABLED)
        .await
        .unwrap();
    let late = staff::update(&mut connection, &stage.keys, &mut second, DISABLED).await;
    assert!(matches!(
        late,
        Err(RowError::Changed { table: "staff", .. })
    ));
}

#[tokio::test]
async fn the_history_tells_the_last_sign_in_and_leaves_planted_lines_out() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let by = By::account(CLERK, App::Viewer);
    for minute in [1, 2] {
        let at = NOW.plus(minute * MINUTE);
        let event = StaffEvent::new(StaffEventKind::SignedIn, Some(CLERK), by, at);
        staff_events::append(&mut connection, &stage.keys, &event)
            .await
            .unwrap();
    }
    let refused = StaffEvent::page_refused(by, "/records/{id}/reveal", NOW);
    staff_events::append(&mut connection, &stage.keys, &refused)
        .await
        .unwrap();
    let seen = staff_events::last_sign_ins(&mut connection, &stage.keys).await;
    assert_eq!(seen.unwrap()[&CLERK], NOW.plus(2 * MINUTE));
    let steps = staff_events::before(&mut connection, &stage.keys, u64::MAX, 9).await;
    let steps = steps.unwrap();
    assert_eq!(steps.rows.len(), 1);
    assert_eq!(steps.rows[0].1, refused);
    stage
        .sql("UPDATE staff_events SET actor_id = REPEAT('x', 16) WHERE kind = 'page_refused'")
        .await;
    let steps = staff_events::before(&mut connection, &stage.keys, u64::MAX, 9).await;
    let steps = steps.unwrap();
    assert_eq!((steps.rows.len(), steps.tampered.len()), (0, 1));
    let of_clerk = staff_events::of_staff(&mut connection, &stage.keys, CLERK, 9).await;
    assert_eq!(of_clerk.unwrap().rows.len(), 2);
}

#[tokio::test]
async fn a_session_ends_by_idleness_by_age_and_outside_its_app() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    sessions::insert(&mut connection, &stage.keys, &session(App::Entry))
        .await
        .unwrap();
    let idle = 10 * MINUTE;

    let wrong_app = sessions::resume(
        &mut connection,
        &stage.keys,
        App::Viewer,
        &COOKIE,
        idle,
        NOW,
    )
    .await;
    assert!(wrong_app.unwrap().is_none());
    let unknown = sessions::resume(
        &mut connection,
        &stage.keys,
        App::Entry,
        &[2; 32],
        idle,
        NOW,
    )
    .await;
    assert!(unknown.unwrap().is_none());

    // Each request within the idle time moves its end.
    for minutes in [0, 9, 18, 27, 36, 45, 54] {
        let now = NOW.plus(minutes * MINUTE);
        let live =
            sessions::resume(&mut connection, &stage.keys, App::Entry, &COOKIE, idle, now).await;
        assert_eq!(
            live.unwrap().unwrap().last_seen_at,
            now,
            "after {minutes} minutes"
        );
    }
    let aged = NOW.plus(60 * MINUTE);
    let over = sessions::resume(
        &mut connection,
        &stage.keys,
        App::Entry,
        &COOKIE,
        idle,
        aged,
    )
    .await;
    assert!(over.unwrap().is_none(), "however busy it was");

    let idle_end = NOW.plus(idle);
    sessions::delete(&mut connection, &COOKIE).await.unwrap();
    sessions::insert(&mut connection, &stage.keys, &session(App::Entry))
        .await
        .unwrap();
    let over = sessions::resume(
        &mut connection,
        &stage.keys,
        App::Entry,
        &COOKIE,
        idle,
        idle_end,
    )
    .await;
    assert!(over.unwrap().is_none(), "unused");
    assert_eq!(
        sessions::delete_ended(&mut connection, idle, NOW)
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        sessions::delete_ended(&mut connection, idle, idle_end)
            .await
            .unwrap(),
        1
    );
}

#[tokio::test]
async fn a_flash_is_shown_once_also_to_two_requests_at_once() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    sessions::insert(&mut connection, &stage.keys, &session(App::Entry))
        .await
        .unwrap();
    sessions::set_flash(&mut connection, &stage.keys, &COOKIE, b"sealed link")
        .await
        .unwrap();

    let takers = (0..8).map(|_| async {
        let mut connection = stage.connection().await;
        sessions::take_flash(&mut connection, &stage.keys, &COOKIE)
            .await
            .unwrap()
    });
    let taken = futures::future::join_all(takers).await;
    assert_eq!(taken.iter().flatten().count(), 1);
    assert!(taken.contains(&Some(b"sealed link".to_vec())));

    let gone = sessions::set_flash(&mut connection, &stage.keys, &[2; 32], b"x").await;
    assert!(matches!(gone, Err(RowError::Changed { .. })));
}

#[tokio::test]
async fn requests_at_once_leave_a_row_whose_mac_holds() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    sessions::insert(&mut connection, &stage.keys, &session(App::Entry))
        .await
        .unwrap();
    let requests = (1..=16_u32).map(|minute| {
        let stage = &stage;
        async move {
            let mut connection = stage.connection().await;
            let now = NOW.plus(minute * MINUTE / 2);
            let flash = minute.to_be_bytes();
            sessions::set_flash(&mut connection, &stage.keys, &COOKIE, &flash)
                .await
                .unwrap();
            let resumed = sessions::resume(
                &mut connection,
                &stage.keys,
                App::Entry,
                &COOKIE,
                30 * MINUTE,
                now,
            )
            .await;
            assert!(resumed.unwrap().is_some());
        }
    });
    futures::future::join_all(requests).await;
    assert!(
        sessions::take_flash(&mut connection, &stage.keys, &COOKIE)
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(
        sessions::delete_of_staff(&mut connection, CLERK)
            .await
            .unwrap(),
        1
    );
}

#[tokio::test]
async fn failures_are_counted_within_a_window() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let (bucket, window) = ([3; 32], 15 * MINUTE);
    for expected in 1..=3 {
        let count = sign_in_attempts::record_failure(&mut connection, &bucket, window, NOW).await;
        assert_eq!(count.unwrap(), expected);
    }
    let later = NOW.plus(14 * MINUTE);
    assert_eq!(
        sign_in_attempts::failures(&mut connection, &bucket, window, later)
            .await
            .unwrap(),
        3
    );
    let over = NOW.plus(window);
    assert_eq!(
        sign_in_attempts::failures(&mut connection, &bucket, window, over)
            .await
            .unwrap(),
        0
    );
    let anew = sign_in_attempts::record_failure(&mut connection, &bucket, window, over).await;
    assert_eq!(anew.unwrap(), 1);
    assert_eq!(
        sign_in_attempts::failures(&mut connection, &[4; 32], window, NOW)
            .await
            .unwrap(),
        0
    );

    sign_in_attempts::clear(&mut connection, &bucket)
        .await
        .unwrap();
    assert_eq!(
        sign_in_attempts::failures(&mut connection, &bucket, window, over)
            .await
            .unwrap(),
        0
    );
    sign_in_attempts::record_failure(&mut connection, &bucket, window, NOW)
        .await
        .unwrap();
    assert_eq!(
        sign_in_attempts::delete_ended(&mut connection, window, over)
            .await
            .unwrap(),
        1
    );
}
