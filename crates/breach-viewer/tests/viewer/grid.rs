//! The grid, the search and the reveal: people are found without being shown, and who looks is written down.

use crate::harness::{Answer, Browser, Enrolled, Stage};

const LOOKED: &str = "SELECT COUNT(*) FROM access_log WHERE app = 'viewer'";

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_shown_before_somebody_who_is_written_down_asks_for_it() {
    let mut stage = Stage::with(3).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    the_grid_masks_names_and_filters(&stage, &officer).await;
    people_are_found_by_what_only_they_have(&stage, &officer).await;
    a_reveal_is_written_down_first(&stage, &officer).await;
    stage.assert_no_breach().await;
    stage.site.viewer.stop().await.unwrap();
    the_log_names_routes_and_nobody(&stage);
    stage.site.stop().await.unwrap();
}

async fn the_grid_masks_names_and_filters(stage: &Stage, officer: &Browser) {
    let grid = officer.get("/records").await;
    for (uid, masked) in [(1, "A… T…"), (2, "B… d… W…"), (3, "C… B…")] {
        let line = grid.line(uid);
        assert!(line.contains(masked) && line.contains("anchored"), "{line}");
        // Proof and transaction, to be copied whole.
        assert_eq!(line.matches("data-copy=\"0x").count(), 2, "{line}");
    }
    assert!(grid.says("No breach found"), "{}", grid.body);
    let valid = officer.get("/records?verdict=valid").await;
    assert_eq!(valid.badges(), ["Valid", "Valid", "Valid"]);
    let altered = officer.get("/records?verdict=altered").await;
    assert!(altered.says("No record has this verdict."));
    let verified = officer.post("/records/1/verify", &[]).await;
    let record = officer.get("/records/1").await;
    for page in [grid, valid, altered, verified, record] {
        tells_nothing_personal(&page, &stage.people);
    }
}

async fn people_are_found_by_what_only_they_have(stage: &Stage, officer: &Browser) {
    let dagny = &stage.people[1];
    let e_mail = format!("  {} ", dagny.person.email.to_uppercase());
    let lower_case = dagny.wallet.to_lowercase();
    for (query, logged) in [
        (e_mail.as_str(), 1),
        (dagny.wallet.as_str(), 2),
        (lower_case.as_str(), 3),
        // A UID is no personal data.
        ("2", 3),
    ] {
        let found = officer.post("/records/search", &[("query", query)]).await;
        assert_eq!(found.badges(), ["Valid"], "{query}");
        assert!(found.line(2).contains("B… d… W…"), "{query}");
        assert_eq!(stage.number(LOOKED).await, logged, "{query}");
        let (name, phone) = (dagny.person.name, dagny.person.phone);
        assert!(!found.says(name) && !found.says(phone), "{query}");
    }
    let unknown = [("query", "nobody@example.org")];
    let found = officer.post("/records/search", &unknown).await;
    assert!(found.says("No record was found."));
    for wrong in ["", "Bram de Wit", "0x12", "@", "-1"] {
        let answer = officer.post("/records/search", &[("query", wrong)]).await;
        assert!(!answer.problem_of("query").is_empty(), "{wrong:?}");
        assert!(!answer.says("No record was found."), "{wrong:?}");
    }
    // What is searched for is never part of an address.
    let by_address = format!("/records/search?query={}", dagny.person.email);
    assert!(officer.get(&by_address).await.line(2).is_empty());
    assert_eq!(stage.number(LOOKED).await, 3);
}

async fn a_reveal_is_written_down_first(stage: &Stage, officer: &Browser) {
    let chiara = &stage.people[2];
    let revealed = "SELECT COUNT(*) FROM access_log WHERE app = 'viewer' AND action = 'revealed' \
                    AND record_id = X'RECORD' AND staff_id IN (SELECT id FROM staff)";
    let revealed = revealed.replace("RECORD", &chiara.record);
    assert_eq!(stage.number(&revealed).await, 0);
    let page = officer.post("/records/3/reveal", &[]).await;
    let details = page.section("details");
    let person = chiara.person;
    for value in [person.name, person.email, person.address, "29"] {
        assert!(details.contains(value), "{value}: {details}");
    }
    assert!(details.contains("+442079460103"), "{details}");
    let cached = page.headers.get("cache-control").unwrap();
    assert!(cached.to_str().unwrap().contains("no-store"));
    assert_eq!(stage.number(&revealed).await, 1);
    tells_nothing_personal(&officer.get("/records/3").await, &stage.people);
    assert_eq!(
        stage.number(&revealed).await,
        1,
        "looking again shows nothing"
    );
    // Where it can't be written down, nothing is shown.
    stage.sql_schema("RENAME TABLE access_log TO gone").await;
    let refused = officer.post("/records/3/reveal", &[]).await;
    assert_eq!(refused.status, 500);
    tells_nothing_personal(&refused, &stage.people);
    stage.sql_schema("RENAME TABLE gone TO access_log").await;
}

fn the_log_names_routes_and_nobody(stage: &Stage) {
    let log = stage.site.viewer.log();
    assert!(log.contains("/records/{subject}/reveal"), "{log}");
    assert!(log.contains("/records/search"), "{log}");
    let names = stage.people.iter().flat_map(Enrolled::personal);
    for word in names.chain(["nobody@example.org".to_owned(), "officer@".to_owned()]) {
        let is_there = log.to_lowercase().contains(&word.to_lowercase());
        assert!(!is_there, "{word} is in the log:\n{log}");
    }
}

fn tells_nothing_personal(page: &Answer, people: &[Enrolled]) {
    for word in people.iter().flat_map(Enrolled::personal) {
        assert!(!page.says(&word), "{word}: {}", page.body);
    }
}
