//! The start page: the answer at a glance, its map and chart, and what it sends as things change.

use std::time::Duration;

use crate::harness::{Answer, Browser, LIMIT, Stage};

const PEOPLE: usize = 3;
/// Long enough for several readings of the overview.
const A_WHILE: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread")]
async fn the_start_page_says_whether_everything_is_all_right_and_keeps_saying_so() {
    let mut stage = Stage::with(PEOPLE).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    all_is_well(&stage, &officer).await;
    the_chart_goes_back_as_far_as_one_likes(&officer).await;
    the_map_leads_to_its_part_of_the_grid(&officer).await;
    a_breach_is_sent_to_whoever_looks(&stage, &officer).await;
    a_forged_row_is_told_beside_the_map(&stage, &officer).await;
    an_alarm_says_what_to_do(&stage, &officer).await;
    the_end_of_the_process_ends_the_stream(&mut stage, &officer).await;
    stage.site.stop().await.unwrap();
}

async fn all_is_well(stage: &Stage, officer: &Browser) {
    let yes = |page: &Answer| page.section("state").contains("Yes</span>");
    let page = stage.until(officer, "/", yes).await;
    let state = page.section("state");
    assert!(state.contains("All 3 records are exactly what their owners signed."));
    assert!(state.contains("less than a minute ago"), "{state}");
    assert!(page.section("alarms").contains("None stands."));
    assert!(page.section("open-incidents").contains("None is open."));
    let chart = page.section("history");
    let lane = "role=\"img\" aria-label=\"Valid: 3 in the newest round, at most 3 in one\"";
    for part in [lane, "<th scope=\"col\">Valid</th>", "<td>3</td>"] {
        assert!(chart.contains(part), "{part}: {chart}");
    }
    assert!(chart.contains("No round found anything bad."), "{chart}");
    assert!(!chart.contains("Altered"), "a lane for nothing: {chart}");
    for person in &stage.people {
        for word in person.personal() {
            assert!(!page.says(&word), "{word}");
        }
    }
}

async fn the_chart_goes_back_as_far_as_one_likes(officer: &Browser) {
    let chosen = |page: &Answer, over: &str| {
        let current = format!("id=\"over-{over}\" href=\"/?over={over}\" aria-current=\"page\"");
        page.section("history").contains(&current)
    };
    let usual = officer.get("/").await;
    assert!(chosen(&usual, "hour") && usual.says("data-events=\"/events\""));
    for over in ["hour", "day", "month", "year"] {
        let page = officer.get(&format!("/?over={over}")).await;
        assert!(chosen(&page, over), "{over}");
        assert!(
            page.section("history")
                .contains("Valid: 3 in the newest round")
        );
        let events = format!("data-events=\"/events?over={over}\"");
        assert!(page.says(&events), "it goes on with the same period");
        let mut stream = officer.events(&format!("/events?over={over}")).await;
        let first = stream.next(LIMIT).await.unwrap();
        assert!(first.contains(&format!("href=\"/?over={over}\" aria-current")));
    }
    for page in ["/?over=eternity", "/events?over=eternity"] {
        assert_eq!(officer.get(page).await.status, 404, "{page}");
    }
}

async fn the_map_leads_to_its_part_of_the_grid(officer: &Browser) {
    let map = officer.get("/").await.section("map");
    assert_eq!(map.matches("class=\"cell good\" href=").count(), PEOPLE);
    assert!(map.contains("aria-label=\"UID 2: 1 valid\""), "{map}");
    let one = officer.get("/records?first=2&last=2").await;
    assert_eq!(one.rows(), ["2"]);
    assert!(one.says("Only UID 2"));
    let two = officer.get("/records?first=2&last=900").await;
    assert_eq!(two.rows(), ["3", "2"]);
    assert!(two.says("href=\"/records?first=2&#38;last=900&#38;verdict=valid\""));
    let none = officer.get("/records?first=2&last=3&verdict=altered").await;
    assert!(none.says("None of these records has this verdict."));
    for wrong in [
        "first=3&last=2",
        "first=1",
        "first=0&last=2",
        "first=a&last=b",
    ] {
        let status = officer.get(&format!("/records?{wrong}")).await.status;
        assert!(status.is_client_error(), "{wrong}: {status}");
    }
}

async fn a_breach_is_sent_to_whoever_looks(stage: &Stage, officer: &Browser) {
    let mut stream = officer.events("/events").await;
    let first = stream.next(LIMIT).await.unwrap();
    for id in [
        "banner",
        "state",
        "alarms",
        "open-incidents",
        "history",
        "map",
    ] {
        assert!(first.contains(&format!("id=\"{id}\"")), "{id}: {first}");
    }
    stage.alter_email(2).await;
    let mut told = String::new();
    while !(told.contains("UID 2: 1 altered") && told.contains("h 59 min left of 72 h")) {
        let part = stream.next(LIMIT).await.unwrap();
        assert!(
            !part.contains("id=\"alarms\""),
            "nothing changed there: {part}"
        );
        told.push_str(&part);
    }
    assert!(told.contains("1 of 3 records is not what its owner signed."));
    let page = officer.get("/").await;
    assert!(page.section("state").contains("No</span>"));
    assert!(
        page.section("open-incidents")
            .contains("Incident 1</strong>")
    );
    // The watch tells before the round that finds it as well has ended.
    let lane = "aria-label=\"Altered: 1 in the newest round, at most 1 in one\"";
    let drawn = |page: &Answer| page.section("history").contains(lane);
    let page = stage.until(officer, "/", drawn).await;
    let chart = page.section("history");
    let lane = "Valid: 2 in the newest round";
    assert!(chart.contains(lane), "{chart}");
    assert!(chart.contains("At most 1 bad in one round."), "{chart}");
}

/// A copy of record 1 that claims a UID which the chain does not know.
async fn a_forged_row_is_told_beside_the_map(stage: &Stage, officer: &Browser) {
    stage
        .sql(
            "INSERT INTO records SELECT X'00112233445566778899AABBCCDDEEFF', 900, state, version, draft, wallet_index, \
             email_index, RANDOM_BYTES(16), created_by, created_at, updated_at, mac FROM records WHERE uid = 1",
        )
        .await;
    let told = |page: &Answer| {
        page.section("map")
            .contains("1 row has no place in this map")
    };
    let page = stage.until(officer, "/", told).await;
    let cells = page.section("map").matches("class=\"cell ").count();
    assert!(cells < 10, "a planted UID makes the map no wider: {cells}");
}

async fn an_alarm_says_what_to_do(stage: &Stage, officer: &Browser) {
    stage
        .sql("INSERT INTO operations_alarms VALUES ('controller_funds', 1, 1)")
        .await;
    let told = |page: &Answer| page.section("alarms").contains("fill the controller");
    let page = stage.until(officer, "/", told).await;
    assert!(page.section("alarms").contains("days ago"));
    assert!(
        page.section("state").contains("No</span>"),
        "the breach stays first"
    );
}

async fn the_end_of_the_process_ends_the_stream(stage: &mut Stage, officer: &Browser) {
    let mut stream = officer.events("/events").await;
    stream.next(LIMIT).await.unwrap();
    let begun = std::time::Instant::now();
    stage.site.viewer.stop().await.unwrap();
    assert!(begun.elapsed() < LIMIT / 4, "nobody waits for a reader");
    while stream.next(A_WHILE).await.is_some() {}
}
