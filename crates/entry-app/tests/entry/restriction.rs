//! `/records/{id}/restrict`, `/records/{id}/object`, `/records/{id}/use`, what is decided about them, and `/restrictions`.

use std::time::Duration;

use database::staff::Role;

use crate::harness::{ACCOUNTS, Browser, OFFERS, Owner, RESEARCH, SURVEY, Server, Typed};
use crate::withdraw::mark_of;

const NAME: &str = "Zoë Ågren";
const NEIGHBOUR: &str = "Tom Sand";
const NOTE: &str = "I never lived in Lime Walk.";
const REASON: &str = "The register of residents says so.";
const DAY: Duration = Duration::from_hours(24);

/// Two people who have signed; the second is the neighbour whom nothing happens to.
async fn two_signed(server: &Server, clerk: &Browser) -> (String, String) {
    let mut pages = Vec::new();
    for (name, email) in [(NAME, "zoe@home.example"), (NEIGHBOUR, "tom@sand.example")] {
        let owner = Owner::new();
        let typed = Typed::default()
            .with("wallet", &owner.address())
            .with("name", name)
            .with("email", email);
        let page = clerk.entered(&typed).await;
        let purposes = [RESEARCH, ACCOUNTS, SURVEY, OFFERS];
        let purposes = purposes.iter().map(|one| one.granted(true)).collect();
        owner.sign_for(server, &page, purposes).await;
        pages.push(page);
    }
    let neighbour = pages.pop().unwrap();
    (pages.pop().unwrap(), neighbour)
}

/// Notes at the desk that the owner wants it restricted.
async fn restrict(server: &Server, clerk: &Browser, page: &str, ground: &str) {
    server.clock.advance(Duration::from_secs(1));
    let typed = [
        ("ground", ground),
        ("note", NOTE),
        ("way", "by_letter"),
        ("identity", "document"),
    ];
    let done = clerk.post(&format!("{page}/restrict"), &typed).await;
    assert_eq!(
        (done.status.as_u16(), done.location()),
        (303, page),
        "{}",
        done.body
    );
}

pub async fn object(server: &Server, clerk: &Browser, page: &str, purpose: &str) {
    server.clock.advance(Duration::from_secs(1));
    let door = format!("{page}/object");
    let mark = mark_of(&clerk.get(&door).await, purpose);
    let typed = [
        ("purpose", mark.as_str()),
        ("way", "by_phone"),
        ("identity", "known"),
    ];
    let done = clerk.post(&door, &typed).await;
    assert_eq!(
        (done.status.as_u16(), done.location()),
        (303, page),
        "{}",
        done.body
    );
}

/// The address of the newest request on the record's page.
pub async fn request(clerk: &Browser, page: &str) -> String {
    let shown = clerk.get(page).await.section("restriction");
    let (_, address) = shown.split_once("<p><a href=\"").unwrap();
    address.split('"').next().unwrap().to_owned()
}

async fn is_shown(clerk: &Browser, page: &str, name: &str) -> bool {
    let shown = clerk.get(page).await;
    assert_eq!(shown.status, 200, "{}", shown.body);
    assert_eq!(shown.says(name), shown.says("+491512"), "{}", shown.body);
    shown.says(name)
}

async fn mails(server: &Server, kind: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM outbox WHERE kind = '{kind}'");
    let sql = sqlx::AssertSqlSafe(sql);
    sqlx::query_scalar(sql)
        .fetch_one(&server.admin)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_record_is_restricted_from_when_its_owner_asks_until_they_were_told() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let (page, neighbour) = two_signed(&server, &clerk).await;
    assert!(is_shown(&clerk, &page, NAME).await);
    let door = format!("{page}/restrict");
    let empty = clerk.post(&door, &[("note", NOTE)]).await;
    assert_eq!(empty.status, 422);
    assert!(empty.says(NOTE), "what was typed stays");
    for field in ["ground", "way", "identity"] {
        assert!(!empty.problem_of(field).is_empty(), "{field}");
    }
    restrict(&server, &clerk, &page, "accuracy").await;
    restrict(&server, &clerk, &page, "accuracy").await;
    let kept = "SELECT COUNT(*) FROM restriction_steps";
    assert_eq!(server.count(kept).await, 1, "twice is once");
    assert_eq!(mails(&server, "restriction").await, 1);

    let shown = clerk.get(&page).await;
    let card = shown.section("restriction");
    assert!(
        card.contains("details are wrong") && card.contains("To be decided"),
        "{card}"
    );
    assert!(card.contains("Answer by"));
    assert!(!shown.says(NAME) && !shown.says("+491512"));
    assert!(
        shown
            .section("history")
            .contains("Restriction asked for by Person clerk")
    );
    let list = clerk.get("/records").await;
    assert!(list.says("(restricted)") && list.says(NEIGHBOUR) && !list.says(NAME));
    let found = clerk
        .post("/records/search", &[("query", "zoe@home.example")])
        .await;
    assert!(found.says("(restricted)") && !found.says(NAME));

    let decision = request(&clerk, &page).await;
    let asked = clerk.get(&decision).await;
    assert!(
        asked.says(NOTE) && asked.says("staff saw a document"),
        "{}",
        asked.body
    );
    let door = format!("{decision}/grant");
    assert_eq!(clerk.post(&door, &[]).await.location(), decision);
    assert_eq!(clerk.post(&door, &[]).await.status, 409, "it is decided");
    assert!(!is_shown(&clerk, &page, NAME).await);
    let lift = format!("{decision}/lift");
    assert_eq!(clerk.post(&lift, &[]).await.status, 409, "nobody was told");
    let end = format!("{decision}/end");
    let empty = clerk.post(&end, &[("ending", " ")]).await;
    assert_eq!(empty.status, 422);
    assert!(!empty.problem_of("ending").is_empty());
    assert_eq!(clerk.post(&end, &[("ending", REASON)]).await.status, 303);
    // The mail can't leave here.
    let early = clerk.post(&lift, &[]).await;
    assert_eq!(early.status, 422);
    assert!(early.problem_of("told").contains("The mail has not left"));
    assert!(!is_shown(&clerk, &page, NAME).await);
    let done = clerk.post(&lift, &[("told", "by_phone")]).await;
    assert_eq!(
        (done.status.as_u16(), done.location()),
        (303, &*page),
        "{}",
        done.body
    );
    assert!(is_shown(&clerk, &page, NAME).await);
    assert_eq!(mails(&server, "restriction").await, 4);
    let told = "SELECT COUNT(*) FROM restriction_steps WHERE step = 'lifted' AND way = 'by_phone'";
    assert_eq!(server.count(told).await, 1);
    assert!(is_shown(&clerk, &neighbour, NEIGHBOUR).await);
    let stated = "SELECT COUNT(*) FROM access_log WHERE ground IS NOT NULL";
    assert_eq!(server.count(stated).await, 0, "nobody had to state any");
}

#[tokio::test]
async fn what_an_owner_takes_back_at_the_desk_ends_and_an_objection_goes_on() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let (page, neighbour) = two_signed(&server, &clerk).await;
    restrict(&server, &clerk, &page, "accuracy").await;
    restrict(&server, &clerk, &neighbour, "accuracy").await;
    let decision = request(&clerk, &page).await;
    object(&server, &clerk, &page, "Surveys").await;
    let objection = request(&clerk, &page).await;
    assert!(clerk.get(&decision).await.says("The owner takes it back"));
    assert!(!clerk.get(&objection).await.says("The owner takes it back"));

    let door = format!("{decision}/withdraw");
    let empty = clerk.post(&door, &[("way", "by_letter")]).await;
    assert_eq!(empty.status, 422);
    assert!(!empty.problem_of("identity").is_empty());
    let typed = [("way", "by_phone"), ("identity", "none")];
    let unknown = clerk.post(&door, &typed).await;
    assert_eq!(unknown.status, 422, "it would end somebody's protection");
    let typed = [("way", "by_phone"), ("identity", "known")];
    let done = clerk.post(&door, &typed).await;
    assert_eq!(
        (done.status.as_u16(), done.location()),
        (303, &*page),
        "{}",
        done.body
    );
    let kept = "SELECT COUNT(*) FROM restriction_steps
                WHERE step = 'withdrawn' AND way = 'by_phone' AND identity = 'known'";
    assert_eq!(server.count(kept).await, 1);
    assert_eq!(mails(&server, "restriction").await, 4);
    assert_eq!(clerk.post(&door, &typed).await.status, 409, "it is over");
    let grant = format!("{decision}/grant");
    assert_eq!(clerk.post(&grant, &[]).await.status, 409);
    let shown = clerk.get(&page).await;
    assert!(shown.section("restriction").contains("Taken back"));
    assert!(
        shown
            .section("history")
            .contains("Request to restrict taken back by Person clerk")
    );
    let list = clerk.get("/restrictions").await;
    assert!(!list.says(&decision) && list.says(&objection));

    // The objection is not theirs to end, and restricts until it is decided and lifted.
    assert!(!is_shown(&clerk, &page, NAME).await);
    let theirs = format!("{objection}/withdraw");
    assert_eq!(clerk.post(&theirs, &typed).await.status, 409);
    let refuse = format!("{objection}/refuse");
    assert_eq!(clerk.post(&refuse, &[("reason", REASON)]).await.status, 303);
    let lift = format!("{objection}/lift");
    assert_eq!(clerk.post(&lift, &[("told", "by_phone")]).await.status, 303);
    assert!(is_shown(&clerk, &page, NAME).await);
    assert!(!is_shown(&clerk, &neighbour, NEIGHBOUR).await);

    // Who took it back may ask again.
    restrict(&server, &clerk, &page, "accuracy").await;
    assert!(!is_shown(&clerk, &page, NAME).await);
}

#[tokio::test]
async fn a_restricted_record_is_looked_at_on_a_ground_that_is_logged() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let (page, neighbour) = two_signed(&server, &clerk).await;
    restrict(&server, &clerk, &page, "claims").await;
    let door = format!("{page}/use");
    for wrong in ["", "curiosity"] {
        let refused = clerk.post(&door, &[("ground", wrong)]).await;
        assert_eq!(refused.status, 422);
        assert!(refused.problem_of("ground").contains("Say on what"));
        assert!(!refused.says(NAME));
    }
    let looks =
        "SELECT COUNT(*) FROM access_log WHERE action = 'revealed' AND ground = 'legal_claims'";
    let stated = clerk.post(&door, &[("ground", "legal_claims")]).await;
    assert_eq!((stated.status.as_u16(), stated.location()), (303, &*page));
    assert_eq!(server.count(looks).await, 0);
    assert!(is_shown(&clerk, &page, NAME).await);
    assert_eq!(server.count(looks).await, 1);
    // It is theirs alone, of this record alone, and for a while.
    let other = server.signed_in("other", Role::Clerk).await;
    assert!(!is_shown(&other, &page, NAME).await);
    restrict(&server, &clerk, &neighbour, "unlawful").await;
    assert!(!is_shown(&clerk, &neighbour, NEIGHBOUR).await);
    server.clock.advance(Duration::from_mins(16));
    assert!(!is_shown(&clerk, &page, NAME).await);

    // A ground that somebody plants, or makes later than it was, opens nothing.
    server
        .run("UPDATE access_log SET at = at + 960000 WHERE action = 'stated'")
        .await;
    assert!(!is_shown(&clerk, &page, NAME).await);
    server
        .run("INSERT INTO access_log (staff_id, record_id, app, action, at, ground, mac)
              SELECT staff_id, record_id, app, 'stated', at + 960000, 'storage', mac FROM access_log WHERE action = 'revealed'")
        .await;
    assert!(!is_shown(&clerk, &page, NAME).await);
}

#[tokio::test]
async fn marketing_ends_at_once_and_what_is_weighed_restricts_until_it_is_decided() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let (page, neighbour) = two_signed(&server, &clerk).await;
    let door = format!("{page}/object");
    let form = clerk.get(&door).await;
    assert!(form.says("Surveys") && form.says("Offers"));
    assert!(!form.says("Research") && !form.says("Bookkeeping"));
    let empty = clerk.post(&door, &[]).await;
    assert_eq!(empty.status, 422);
    assert!(empty.problem_of("purpose").contains("Tick what"));

    object(&server, &clerk, &page, "Offers").await;
    let shown = clerk.get(&page).await;
    assert!(shown.section("restriction").contains("Ended at once"));
    assert!(shown.section("signature").contains("Ended by objection"));
    assert!(shown.says(NAME), "it restricts nothing");
    let due =
        "SELECT COUNT(*) FROM restriction_steps WHERE due_at IS NULL AND subject = 'marketing'";
    assert_eq!(server.count(due).await, 1);

    object(&server, &clerk, &page, "Surveys").await;
    assert!(!is_shown(&clerk, &page, NAME).await);
    assert_eq!(
        clerk.get(&door).await.status,
        409,
        "nothing is left to object to"
    );
    let decision = request(&clerk, &page).await;
    let refuse = format!("{decision}/refuse");
    let empty = clerk.post(&refuse, &[("reason", "")]).await;
    assert_eq!(empty.status, 422);
    assert_eq!(clerk.post(&refuse, &[("reason", REASON)]).await.status, 303);
    assert_eq!(mails(&server, "restriction_refused").await, 1);
    assert!(
        !is_shown(&clerk, &page, NAME).await,
        "the owner is told first"
    );
    assert!(clerk.get(&decision).await.says(REASON));
    let lift = format!("{decision}/lift");
    assert_eq!(
        clerk.post(&lift, &[("told", "by_letter")]).await.status,
        303
    );
    assert!(is_shown(&clerk, &page, NAME).await);

    // Refused once, they may object again; and upheld it has ended for good.
    object(&server, &clerk, &page, "Surveys").await;
    let again = request(&clerk, &page).await;
    assert_ne!(again, decision);
    assert_eq!(clerk.post(&format!("{again}/grant"), &[]).await.status, 303);
    let shown = clerk.get(&page).await;
    assert_eq!(
        shown
            .section("signature")
            .matches("Ended by objection")
            .count(),
        2
    );
    let lift = format!("{again}/lift");
    assert_eq!(
        clerk.post(&lift, &[("told", "in_person")]).await.status,
        303
    );
    let shown = clerk.get(&page).await;
    assert!(shown.says(NAME));
    assert_eq!(
        shown
            .section("signature")
            .matches("Ended by objection")
            .count(),
        2
    );
    let other = clerk.get(&neighbour).await;
    assert!(other.says(NEIGHBOUR) && !other.says("Ended by objection"));
}

/// Objections count for what is left: with consent taken back a law alone keeps the record.
#[tokio::test]
async fn what_was_objected_to_is_no_ground_to_keep_a_record_any_more() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let (page, neighbour) = two_signed(&server, &clerk).await;
    crate::withdraw::take_back(&clerk, &page, "by_phone").await;
    object(&server, &clerk, &page, "Offers").await;
    assert!(is_shown(&clerk, &page, NAME).await, "surveys go on");
    object(&server, &clerk, &page, "Surveys").await;
    let decision = request(&clerk, &page).await;
    clerk.post(&format!("{decision}/grant"), &[]).await;
    clerk
        .post(&format!("{decision}/lift"), &[("told", "by_mail")])
        .await;
    let shown = clerk.get(&page).await;
    assert!(shown.section("left").contains("Nothing but a legal duty"));
    assert!(!shown.says(NAME));
    assert!(is_shown(&clerk, &neighbour, NEIGHBOUR).await);
}

#[tokio::test]
async fn what_waits_is_listed_by_the_day_it_is_due() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let (page, neighbour) = two_signed(&server, &clerk).await;
    restrict(&server, &clerk, &page, "unlawful").await;
    let list = clerk.get("/restrictions").await;
    assert!(list.says(&page) && list.says("To be decided") && !list.says(&neighbour));
    assert!(!list.says(NOTE) && !list.says(NAME));
    server.clock.advance(DAY * 32);
    let clerk = server.signed_in("later", Role::Clerk).await;
    assert!(clerk.get("/restrictions").await.says("Answer overdue"));
    let card = clerk.get(&page).await.section("restriction");
    assert!(card.contains("Answer overdue"));
    let decision = request(&clerk, &page).await;
    clerk
        .post(&format!("{decision}/refuse"), &[("reason", REASON)])
        .await;
    let list = clerk.get("/restrictions").await;
    assert!(list.says("Refused, not lifted yet") && !list.says("Answer overdue"));
    clerk
        .post(&format!("{decision}/lift"), &[("told", "by_phone")])
        .await;
    assert!(!clerk.get("/restrictions").await.says(&page));
}

/// A row that is changed, and one that is taken out, restricts until somebody knows.
#[tokio::test]
async fn a_step_that_somebody_touches_is_missed() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let (page, neighbour) = two_signed(&server, &clerk).await;
    restrict(&server, &clerk, &page, "accuracy").await;
    let told = "Someone changed, planted or removed what tells whether";
    assert!(!clerk.get(&page).await.says(told));
    server
        .run("UPDATE restriction_steps SET subject = 'marketing'")
        .await;
    assert!(clerk.get(&page).await.says(told));
    assert!(!is_shown(&clerk, &page, NAME).await);
    let waiting = clerk.get("/restrictions").await;
    assert!(waiting.says("Someone changed or planted what is noted here"));
    let list = clerk.get("/records").await;
    assert!(list.says("(restricted)") && list.says(NEIGHBOUR));
    server.run("DELETE FROM restriction_steps").await;
    let shown = clerk.get(&page).await;
    assert!(shown.says(told) && !shown.says(NAME));
    let shown = clerk.get(&neighbour).await;
    assert!(!shown.says(told) && shown.says(NEIGHBOUR));
}

/// It stands in the copy that the owner takes, with their words, the reason, and the grounds on which somebody looked.
#[tokio::test]
async fn the_owners_copy_tells_all_of_it() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let (page, neighbour) = two_signed(&server, &clerk).await;
    restrict(&server, &clerk, &page, "accuracy").await;
    object(&server, &clerk, &page, "Offers").await;
    let decision = request(&clerk, &page).await;
    assert!(clerk.get(&decision).await.says("Ended at once"));
    clerk
        .post(&format!("{page}/use"), &[("ground", "consent")])
        .await;
    assert!(is_shown(&clerk, &page, NAME).await);
    let mut copies = Vec::new();
    for page in [&page, &neighbour] {
        let typed = [("way", "in_person"), ("identity", "document")];
        clerk.post(&format!("{page}/access"), &typed).await;
        let file = clerk.post(&format!("{page}/access/copy.json"), &[]).await;
        assert_eq!(file.status, 200, "{}", file.body);
        copies.push(serde_json::from_str::<serde_json::Value>(&file.body).unwrap());
    }
    let [restriction, objection] = copies[0]["restrictions"].as_array().unwrap().as_slice() else {
        panic!("{}", copies[0]);
    };
    assert_eq!(restriction["ground"], "accuracy");
    assert_eq!(restriction["steps"][0]["note"], NOTE);
    assert_eq!(objection["subject"], "marketing");
    assert_eq!(objection["purposes"][0]["name"], "Offers");
    let grounds: Vec<_> = copies[0]["readers"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|look| look["ground"].as_str())
        .collect();
    assert_eq!(grounds, ["consent", "consent"], "stated, and looked");
    let mails = copies[0]["mails"].as_array().unwrap();
    let told = mails.iter().filter(|mail| mail["kind"] == "restriction");
    assert_eq!(told.count(), 2);
    assert_eq!(copies[1]["restrictions"].as_array().unwrap().len(), 0);
    // Handed over at the desk: the owner asked for it.
    let handed = "SELECT COUNT(*) FROM access_log WHERE action = 'copied' AND ground = 'consent'";
    assert_eq!(server.count(handed).await, 1);
    let printed = clerk.post(&format!("{page}/access/copy"), &[]).await;
    assert!(printed.says("Objection to direct marketing") && printed.says(NOTE));
    assert!(printed.says("with your consent"));
}
