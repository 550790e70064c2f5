//! `/retention`, `/retention/release` and `/records/{id}/keep`.

use std::time::Duration;

use alloy::signers::local::PrivateKeySigner;
use database::records::RecordState;
use devstack::wait_until;
use record::consent::Purpose;
use record::time::Clock;

use crate::erase::{authority, signed};
use crate::harness::{ACCOUNTS, Answer, Browser, Owner, RESEARCH, SURVEY, Server, Setup, Typed};
use crate::rectify::anchor;
use crate::restriction::{object, request};

const LIMIT: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_hours(24);
const MAILS: &str = "SELECT COUNT(*) FROM outbox WHERE kind = 'retention_due'";
const REASON: &str = "A claim of theirs is before the court.";

/// An office on a chain, whose time can be moved.
struct Desk {
    server: Server,
    clerk: Browser,
}

impl Desk {
    async fn open() -> Self {
        let setup = Setup {
            clock: Clock::adjustable(),
            ..Setup::on_a_chain().await
        };
        let server = Server::start_with(setup).await;
        let clerk = server.clerk().await;
        Self { server, clerk }
    }

    /// Somebody whose record is anchored. Research is kept for a year; the bills, which a law demands, for ten.
    async fn anchored(&self, email: &str, has_bills: bool) -> String {
        let mut purposes = vec![RESEARCH.granted(true)];
        purposes.extend(has_bills.then(|| ACCOUNTS.granted(true)));
        self.anchored_for(email, purposes).await
    }

    async fn anchored_for(&self, email: &str, purposes: Vec<Purpose>) -> String {
        let owner = Owner::new();
        let typed = Typed::default()
            .with("wallet", &owner.address())
            .with("email", email);
        let page = self.clerk.entered(&typed).await;
        owner.sign_for(&self.server, &page, purposes).await;
        anchor(&self.server, &self.clerk, &page).await;
        page
    }

    /// So many days go by, on the chain as well; the clerk signs in anew.
    async fn later(&self, days: u32) {
        let by = DAY * days;
        self.server.clock.advance(by);
        let chain = self.server.chain.as_ref().unwrap();
        let seconds = serde_json::json!([by.as_secs()]);
        chain.rpc("evm_increaseTime", seconds).await.unwrap();
        chain.rpc("evm_mine", serde_json::json!([])).await.unwrap();
        let answer = self.clerk.sign_in("clerk").await;
        assert_eq!(answer.status, 303, "{}", answer.body);
    }

    async fn until_count(&self, what: &str, sql: &'static str, count: i64) {
        let reached = wait_until(what, LIMIT, || async {
            Ok((self.server.count(sql).await == count).then_some(()))
        });
        reached.await.unwrap();
    }

    async fn until_listed(&self, part: &str, page: &str) -> Answer {
        let listed = wait_until("the list", LIMIT, || async {
            let list = self.clerk.get(&format!("/retention?show={part}")).await;
            Ok(list.says(&format!("href=\"{page}\"")).then_some(list))
        });
        listed.await.unwrap()
    }

    async fn state(&self, page: &str) -> RecordState {
        self.server.record(page).await.state
    }

    async fn uid(&self, page: &str) -> String {
        self.server.record(page).await.uid.unwrap().to_string()
    }

    /// The address that the ticks lead to.
    fn release(list: &Answer, uids: &[&str]) -> String {
        let uids: String = uids.iter().map(|uid| format!("&uid={uid}")).collect();
        format!("/retention/release?at={}{uids}", list.hidden("at"))
    }
}

/// The form of a release as a browser sends it.
fn form<'a>(
    shown: &'a Released,
    confirmed: &'a [&'a str],
    signature: &'a str,
) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![("at", shown.at.as_str())];
    form.extend(shown.uids.iter().map(|uid| ("uid", uid.as_str())));
    form.extend(confirmed.iter().map(|uid| ("confirmed", *uid)));
    form.extend([
        ("reason", "Their time is over."),
        ("signature", signature),
        ("final", "yes"),
    ]);
    form
}

struct Released {
    at: String,
    uids: Vec<String>,
}

impl Released {
    fn of(page: &Answer, uids: &[&str]) -> Self {
        Self {
            at: page.hidden("at"),
            uids: uids.iter().map(ToString::to_string).collect(),
        }
    }
}

#[tokio::test]
async fn what_is_due_is_listed_warned_of_and_released() {
    let desk = Desk::open().await;
    let (server, clerk) = (&desk.server, &desk.clerk);
    let page = desk.anchored("zoe@home.example", false).await;
    let second = desk.anchored("second@home.example", false).await;
    let stays = desk.anchored("other@home.example", true).await;
    let kept = clerk.get(&page).await.section("retention");
    assert!(
        kept.contains(">Kept<") && kept.contains("Research"),
        "{kept}"
    );
    let rows = "SELECT COUNT(*) FROM retentions WHERE due_at IS NOT NULL";
    desk.until_count("the days", rows, 3).await;
    assert!(clerk.get("/retention").await.says("Nothing is due"));
    assert!(!clerk.get("/records").await.says("id=\"due\""));
    assert_eq!(server.count(MAILS).await, 0);

    desk.later(340).await;
    desk.until_listed("soon", &second).await;
    let soon = desk.until_listed("soon", &page).await;
    assert!(
        !soon.says(&stays) && soon.says("Zoë Ågren"),
        "{}",
        soon.body
    );
    assert!(
        !soon.says("name=\"uid\""),
        "nothing is released before its time"
    );
    desk.until_count("a mail", MAILS, 1).await;
    let start = clerk.get("/records").await;
    assert!(start.section("due").contains("2 within 30 days"));
    desk.later(1).await;
    desk.later(29).await;
    desk.until_listed("now", &page).await;
    let due = desk.until_listed("now", &second).await;
    assert!(due.says(&page) && !due.says(&stays));
    desk.until_count("one mail a day", MAILS, 2).await;
    assert!(
        clerk
            .get("/records")
            .await
            .section("due")
            .contains("2 due now")
    );
    let shown = clerk.get(&page).await.section("retention");
    assert!(shown.contains("Due to be erased") && shown.contains("Release the erasure…"));
    assert_eq!(
        desk.state(&page).await,
        RecordState::Anchored,
        "nothing by itself"
    );

    let (uid, other, kept) = (
        desk.uid(&page).await,
        desk.uid(&second).await,
        desk.uid(&stays).await,
    );
    let uids = [uid.as_str(), other.as_str(), kept.as_str()];
    let shown = clerk.get(&Desk::release(&due, &uids)).await;
    assert_eq!(shown.status, 200, "{}", shown.body);
    assert!(
        !shown.says("zoe@home.example") && !shown.says("Ågren"),
        "it names nobody"
    );
    assert!(shown.says("something permits to keep it"));
    let order = Released::of(&shown, &uids);
    let door = "/retention/release";
    let empty = clerk.post(door, &[("at", &order.at), ("uid", &uid)]).await;
    assert_eq!(empty.status, 422);
    assert!(
        empty
            .problem_of("confirmed")
            .contains("Confirm at least one")
    );
    assert!(
        empty
            .problem_of("signature")
            .contains("Paste the signature")
    );
    assert!(empty.problem_of("final").contains("Confirm"));
    let thiefs = signed(&shown, &PrivateKeySigner::random());
    let refused = clerk.post(door, &form(&order, &[&uid], &thiefs)).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused
            .problem_of("signature")
            .contains("signature over the statement below")
    );
    assert!(
        refused.says(&format!("value=\"{uid}\" checked")),
        "what was confirmed stays"
    );

    // Confirmed are the first, and one that is not due: the first goes, by an order that names all three.
    let signature = signed(&shown, &authority());
    let done = clerk
        .post(door, &form(&order, &[&uid, &kept], &signature))
        .await;
    assert_eq!(
        (done.status.as_u16(), done.location()),
        (303, "/retention"),
        "{}",
        done.body
    );
    assert!(clerk.get("/retention").await.says("1 record is released"));
    let ended = "SELECT COUNT(*) FROM anchoring_jobs WHERE version = 0 AND state = 'anchored'";
    desk.until_count("the end on the chain", ended, 1).await;
    assert_eq!(desk.state(&page).await, RecordState::Erasing);
    assert_eq!(desk.state(&second).await, RecordState::Anchored);
    assert_eq!(desk.state(&stays).await, RecordState::Anchored);
    let erasures = clerk.get("/erasures").await;
    assert!(erasures.says("Being erased") && erasures.says("since its time was over"));
    let mut backup = server.backup().await;
    let copies: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM erasures WHERE state = 'granted' AND way = 'retention'",
    )
    .fetch_one(&mut backup)
    .await
    .unwrap();
    assert_eq!(copies, 1);
    // The same order is good for the second one, though the first has ended.
    let again = clerk.get(&Desk::release(&shown, &uids)).await;
    assert!(again.says("it has ended already"));
    let done = clerk.post(door, &form(&order, &[&other], &signature)).await;
    assert_eq!(done.status, 303, "{}", done.body);
    desk.until_count("the end on the chain", ended, 2).await;
    assert!(clerk.get(&stays).await.says("other@home.example"));
    let history = "SELECT COUNT(*) FROM record_events WHERE kind = 'erasure_released' AND actor_kind = 'staff'";
    assert_eq!(server.count(history).await, 2);
}

#[tokio::test]
async fn what_holds_a_record_is_said_and_keeps_it() {
    let desk = Desk::open().await;
    let (server, clerk) = (&desk.server, &desk.clerk);
    let page = desk.anchored("zoe@home.example", false).await;
    desk.later(370).await;
    let due = desk.until_listed("now", &page).await;
    let uid = desk.uid(&page).await;
    let address = Desk::release(&due, &[&uid]);
    let shown = clerk.get(&address).await;
    let (order, signature) = (Released::of(&shown, &[&uid]), signed(&shown, &authority()));
    let is_held = async |why: &str| {
        let list = clerk.get("/retention").await;
        assert!(list.says(why) && !list.says("name=\"uid\""), "{why}");
        assert!(clerk.get(&address).await.says(why), "{why}");
        assert!(
            clerk.get(&page).await.section("retention").contains(why),
            "{why}"
        );
        let refused = clerk
            .post("/retention/release", &form(&order, &[&uid], &signature))
            .await;
        assert_eq!(refused.status, 422, "{why}");
        assert_eq!(
            server
                .count("SELECT COUNT(*) FROM erasures WHERE state = 'granted'")
                .await,
            0
        );
    };

    let asked = [("way", "by_letter"), ("identity", "known")];
    clerk.post(&format!("{page}/erase"), &asked).await;
    is_held("its owner asked to have it erased").await;
    let kept = [("reason", "We need it for your bills.")];
    clerk.post(&format!("{page}/erasure/refuse"), &kept).await;

    clerk
        .post(&format!("{page}/ask-again"), &[("send", "desk")])
        .await;
    is_held("a correction is under way").await;
    clerk.post(&format!("{page}/rectify/drop"), &[]).await;
    assert_eq!(desk.state(&page).await, RecordState::Anchored);

    // Nothing holds it any more, and the order of then is still good.
    let done = clerk
        .post("/retention/release", &form(&order, &[&uid], &signature))
        .await;
    assert_eq!(done.status, 303, "{}", done.body);
    assert_eq!(desk.state(&page).await, RecordState::Erasing);
    let twice = clerk
        .post("/retention/release", &form(&order, &[&uid], &signature))
        .await;
    assert_eq!(twice.status, 422, "it is on its way");
}

#[tokio::test]
async fn a_record_is_kept_for_longer_with_a_reason() {
    let desk = Desk::open().await;
    let (server, clerk) = (&desk.server, &desk.clerk);
    let page = desk.anchored("zoe@home.example", false).await;
    let neighbour = desk.anchored("other@home.example", false).await;
    desk.later(370).await;
    desk.until_listed("now", &page).await;
    desk.until_listed("now", &neighbour).await;
    let door = format!("{page}/keep");
    let until = day_in(server, 100);
    let empty = clerk.post(&door, &[("until", "soon")]).await;
    assert_eq!(empty.status, 422);
    assert!(empty.problem_of("until").contains("Enter a day, as in"));
    assert!(!empty.problem_of("reason").is_empty());
    assert!(empty.says("value=\"soon\""), "what was typed stays");
    for (day, why) in [
        ("2020-01-01", "still to come"),
        ("2999-01-01", "within the next ten years"),
    ] {
        let refused = clerk
            .post(&door, &[("until", day), ("reason", REASON)])
            .await;
        assert!(refused.problem_of("until").contains(why), "{day}");
    }
    let done = clerk
        .post(&door, &[("until", &until), ("reason", REASON)])
        .await;
    assert_eq!(
        (done.status.as_u16(), done.location()),
        (303, &*page),
        "{}",
        done.body
    );
    let shown = clerk.get(&page).await;
    let kept = shown.section("retention");
    assert!(
        kept.contains("Kept for longer") && kept.contains(REASON) && kept.contains("Person clerk"),
        "{kept}"
    );
    assert!(
        shown
            .section("history")
            .contains("Kept for longer, for a reason")
    );
    let list = clerk.get("/retention").await;
    assert!(!list.says(&page) && list.says(&neighbour) && !list.says(REASON));
    let uid = desk.uid(&page).await;
    let at = list.hidden("at");
    let shown = clerk
        .get(&format!("/retention/release?at={at}&uid={uid}"))
        .await;
    assert!(shown.says("something permits to keep it"));

    // The reason is sealed.
    let clear = "SELECT COUNT(*) FROM retentions WHERE prolongations LIKE '%court%'";
    assert_eq!(server.count(clear).await, 0);
    desk.later(101).await;
    desk.until_listed("now", &page).await;
    assert!(
        clerk.get(&page).await.section("retention").contains(REASON),
        "it stays to be read"
    );
}

#[tokio::test]
async fn consent_taken_back_makes_a_record_due_at_once() {
    let desk = Desk::open().await;
    let clerk = &desk.clerk;
    let page = desk.anchored("zoe@home.example", false).await;
    let stays = desk.anchored("other@home.example", true).await;
    desk.until_count("the days", "SELECT COUNT(*) FROM retentions", 2)
        .await;
    for page in [&page, &stays] {
        let door = format!("{page}/withdraw");
        let form = clerk.get(&door).await;
        let mark = form.between("field-purpose-", "\"");
        let done = clerk
            .post(&door, &[("purpose", &mark), ("way", "in_person")])
            .await;
        assert_eq!(done.status, 303, "{}", done.body);
    }
    let list = desk.until_listed("now", &page).await;
    assert!(!list.says(&stays), "the law keeps it");
    assert!(
        clerk
            .get(&page)
            .await
            .section("retention")
            .contains("taken back")
    );
}

#[tokio::test]
async fn an_objection_that_was_upheld_makes_a_record_due() {
    let desk = Desk::open().await;
    let (server, clerk) = (&desk.server, &desk.clerk);
    let surveys = || vec![RESEARCH.granted(false), SURVEY.granted(true)];
    let page = desk.anchored_for("zoe@home.example", surveys()).await;
    let neighbour = desk.anchored_for("other@home.example", surveys()).await;
    desk.until_count("the days", "SELECT COUNT(*) FROM retentions", 2)
        .await;
    object(server, clerk, &page, "Surveys").await;
    let decision = request(clerk, &page).await;
    let granted = clerk.post(&format!("{decision}/grant"), &[]).await;
    assert_eq!(granted.status, 303, "{}", granted.body);
    let list = desk.until_listed("now", &page).await;
    assert!(
        list.says("objects to one") && !list.says("name=\"uid\""),
        "it is restricted until the owner was told"
    );
    let told = [("told", "by_phone")];
    let lifted = clerk.post(&format!("{decision}/lift"), &told).await;
    assert_eq!(lifted.status, 303, "{}", lifted.body);
    let list = desk.until_listed("now", &page).await;
    assert!(list.says("name=\"uid\"") && !list.says(&neighbour));
    let shown = clerk.get(&page).await.section("retention");
    assert!(
        shown.contains("ended by objection") && shown.contains("Release the erasure"),
        "{shown}"
    );
    let shown = clerk.get(&neighbour).await.section("retention");
    assert!(
        shown.contains(">Kept<") && !shown.contains("Release"),
        "{shown}"
    );
}

#[tokio::test]
async fn rows_that_somebody_changed_or_took_away_release_nothing() {
    let desk = Desk::open().await;
    let (server, clerk) = (&desk.server, &desk.clerk);
    let page = desk.anchored("zoe@home.example", false).await;
    let until = day_in(server, 2_000);
    desk.until_count("the days", "SELECT COUNT(*) FROM retentions", 1)
        .await;
    let done = clerk
        .post(
            &format!("{page}/keep"),
            &[("until", &until), ("reason", REASON)],
        )
        .await;
    assert_eq!(done.status, 303, "{}", done.body);
    desk.later(370).await;
    server.run("UPDATE retentions SET due_at = 1").await;
    let shown = clerk.get(&page).await.section("retention");
    assert!(
        shown.contains("Someone changed") && !shown.contains("Release"),
        "{shown}"
    );
    let list = desk.until_listed("now", &page).await;
    assert!(list.says("someone changed what tells") && !list.says("name=\"uid\""));
    // Whoever takes the row away takes the reason with it: the history tells that there was one.
    server.run("DELETE FROM retentions").await;
    desk.until_listed("unknown", &page).await;
    let shown = clerk.get(&page).await.section("retention");
    assert!(shown.contains("Someone changed"));
    assert_eq!(clerk.get(&format!("{page}/keep")).await.status, 500);
}

#[tokio::test]
async fn addresses_that_make_no_sense_lead_nowhere() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    for address in [
        "/retention?show=all",
        "/retention?after=x",
        "/retention/release",
        "/retention/release?at=x&uid=1",
    ] {
        assert_eq!(clerk.get(address).await.status, 404, "{address}");
    }
    let page = clerk.entered(&Typed::default()).await;
    assert_eq!(
        clerk.get(&format!("{page}/keep")).await.status,
        409,
        "nothing of it is anchored"
    );
    assert!(!clerk.get(&page).await.says("id=\"retention\""));
    assert_eq!(
        server.browser().get("/retention").await.status,
        401,
        "staff only"
    );
}

/// A day so many days from now, as browsers write it.
fn day_in(server: &Server, days: u32) -> String {
    let seconds = server.clock.now().plus(DAY * days).as_seconds();
    let at = time::UtcDateTime::from_unix_timestamp(i64::try_from(seconds).unwrap()).unwrap();
    at.date().to_string()
}
