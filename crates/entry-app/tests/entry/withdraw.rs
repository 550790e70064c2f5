//! `/records/{id}/withdraw` and `/records/{id}/ask-again`, and letting owners in who ask for it by mail.

use std::time::Duration;

use database::outbox;
use database::records::RecordState;
use devstack::wait_until;
use enrolment::request;
use notification::EventKey;
use rand::rngs::StdRng;

use crate::harness::{ACCOUNTS, Answer, Browser, Owner, RESEARCH, Server, Setup, Typed, id_of};
use crate::rectify::{anchor, anchored};

const REASON: &str = "The register has your old address.";
const LIMIT: Duration = Duration::from_secs(60);

/// The value of a purpose's box.
pub fn mark_of(form: &Answer, purpose: &str) -> String {
    let (before, _) = form
        .body
        .split_once(&format!("\">{purpose}</label>"))
        .unwrap();
    let (_, mark) = before.rsplit_once("field-purpose-").unwrap();
    mark.to_owned()
}

/// Somebody entered who has signed these.
async fn signed(server: &Server, clerk: &Browser, email: &str, has_law: bool) -> String {
    let owner = Owner::new();
    let typed = Typed::default()
        .with("wallet", &owner.address())
        .with("email", email);
    let page = clerk.entered(&typed).await;
    let mut purposes = vec![RESEARCH.granted(true)];
    purposes.extend(has_law.then(|| ACCOUNTS.granted(true)));
    owner.sign_for(server, &page, purposes).await;
    page
}

pub async fn take_back(clerk: &Browser, page: &str, way: &str) -> Answer {
    let door = format!("{page}/withdraw");
    let mark = mark_of(&clerk.get(&door).await, "Research");
    clerk.post(&door, &[("purpose", &mark), ("way", way)]).await
}

#[tokio::test]
async fn the_desk_takes_consent_back_for_an_owner_who_asks() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = signed(&server, &clerk, "zoe@home.example", true).await;
    let neighbour = signed(&server, &clerk, "other@home.example", true).await;
    let shown = clerk.get(&page).await;
    assert!(shown.says("Take consent back…"));
    assert!(shown.section("signature").contains("Legal duty"));

    let door = format!("{page}/withdraw");
    let form = clerk.get(&door).await;
    assert!(!form.says("Bookkeeping"), "nobody was asked about it");
    let empty = clerk.post(&door, &[]).await;
    assert_eq!(empty.status, 422);
    assert!(empty.problem_of("purpose").contains("Tick what"));
    assert!(empty.problem_of("way").contains("Say how"));
    let mark = mark_of(&form, "Research");
    let half = clerk.post(&door, &[("purpose", &mark)]).await;
    assert_eq!(half.status, 422);
    assert!(half.says(" checked"), "what was ticked stays");
    let wrong = clerk
        .post(&door, &[("purpose", &mark), ("way", "link")])
        .await;
    assert_eq!(wrong.status, 422, "not a way of the desk");

    let done = take_back(&clerk, &page, "by_phone").await;
    assert_eq!((done.status.as_u16(), done.location()), (303, &*page));
    let shown = clerk.get(&page).await;
    assert!(shown.says("the owner is told by e-mail"));
    assert!(shown.section("signature").contains("Taken back"));
    assert!(
        shown
            .section("history")
            .contains("Consent taken back by Person clerk")
    );
    assert!(
        !shown.says("Take consent back…"),
        "nothing is left to take back"
    );
    let kept = "SELECT COUNT(*) FROM withdrawals WHERE way = 'by_phone' AND actor_id IS NOT NULL";
    assert_eq!(server.count(kept).await, 1);
    let mails = "SELECT COUNT(*) FROM outbox WHERE kind = 'consent_withdrawn'";
    assert_eq!(server.count(mails).await, 1);
    assert_eq!(clerk.get(&door).await.status, 409);
    assert_eq!(
        clerk
            .post(&door, &[("purpose", &mark), ("way", "by_phone")])
            .await
            .status,
        409
    );

    let shown = clerk.get(&neighbour).await;
    assert!(shown.section("signature").contains("Granted"));
    assert_eq!(server.record(&page).await.state, RecordState::Consented);
}

#[tokio::test]
async fn before_the_signature_there_is_nothing_to_take_back() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = clerk.entered(&Typed::default()).await;
    for door in ["withdraw", "ask-again"] {
        let door = format!("{page}/{door}");
        assert_eq!(clerk.get(&door).await.status, 409);
    }
    assert_eq!(
        clerk.post(&format!("{page}/withdraw"), &[]).await.status,
        409
    );
}

/// What is left when all is taken back, and how it is allowed again.
#[tokio::test]
async fn a_record_that_rests_on_nothing_says_so_and_its_owner_can_be_asked_again() {
    let (server, clerk, page, _, _) = anchored().await;
    let shown = clerk.get(&page).await;
    assert_eq!(shown.badges()[0], "Anchored");
    take_back(&clerk, &page, "in_person").await;
    let shown = clerk.get(&page).await;
    assert_eq!(shown.badges()[0], "To be erased");
    assert!(shown.section("left").contains("Art. 17(1)(b)"));

    assert!(shown.says("Ask for consent again…"));
    let door = format!("{page}/ask-again");
    let refused = clerk.get(&door).await;
    assert_eq!(refused.status, 409, "its details may not be used");
    clerk
        .post(&format!("{page}/use"), &[("ground", "consent")])
        .await;
    assert_eq!(clerk.get(&door).await.status, 200);
    let asked = clerk.post(&door, &[("send", "desk")]).await;
    assert_eq!(
        (asked.status.as_u16(), asked.location()),
        (303, &*page),
        "{}",
        asked.body
    );
    let record = server.record(&page).await;
    assert_eq!(
        (record.version.get(), record.state),
        (2, RecordState::AwaitingConsent)
    );
    let shown = clerk.get(&page).await;
    assert!(shown.says("Give this to the owner"));
    assert!(!shown.says("Signed before:"), "no detail changes");
    assert!(shown.section("signature").contains("Taken back"));
    assert!(shown.says("Art. 17(1)(b)"), "whatever else is under way");
    assert_eq!(clerk.post(&door, &[]).await.status, 409, "one at a time");
}

#[tokio::test]
async fn a_record_that_a_law_alone_keeps_is_restricted() {
    let server = Server::start_with(Setup::on_a_chain().await).await;
    let clerk = server.clerk().await;
    let page = signed(&server, &clerk, "zoe@home.example", true).await;
    anchor(&server, &clerk, &page).await;
    assert_eq!(clerk.get(&page).await.badges()[0], "Anchored");
    take_back(&clerk, &page, "by_letter").await;
    let shown = clerk.get(&page).await;
    assert_eq!(shown.badges()[0], "Restricted");
    assert!(shown.section("left").contains("used for nothing else"));
    let restriction = shown.section("restriction");
    assert!(
        restriction.contains("Only a legal duty is left"),
        "{restriction}"
    );
    assert!(!shown.says("Zoë Ågren"));
    let list = clerk.get("/records").await;
    assert!(list.says("(restricted)") && !list.says("Zoë Ågren"));
    let done = clerk
        .post(&format!("{page}/use"), &[("ground", "storage")])
        .await;
    assert_eq!(done.status, 303);
    assert!(clerk.get(&page).await.says("Zoë Ågren"));
}

#[tokio::test]
async fn a_withdrawal_that_somebody_takes_out_is_missed() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = signed(&server, &clerk, "zoe@home.example", false).await;
    let neighbour = signed(&server, &clerk, "other@home.example", false).await;
    take_back(&clerk, &page, "by_mail").await;
    take_back(&clerk, &neighbour, "by_mail").await;
    let relied_on = "Rely on none of it";
    assert!(!clerk.get(&page).await.says(relied_on));
    server
        .run("UPDATE withdrawals SET way = 'by_phone' WHERE id = 1")
        .await;
    assert!(clerk.get(&page).await.says(relied_on));
    server.run("DELETE FROM withdrawals WHERE id = 1").await;
    let shown = clerk.get(&page).await;
    assert!(shown.says(relied_on) && !shown.says("Granted"));
    let shown = clerk.get(&neighbour).await;
    assert!(!shown.says(relied_on) && shown.section("signature").contains("Taken back"));
}

/// What an owner wrote after their record was anchored is read, and answered in words or by a correction.
#[tokio::test]
async fn a_wish_about_what_is_anchored_is_answered() {
    let (server, clerk, page, _, owner) = anchored().await;
    let door = format!("{page}/refuse-correction");
    assert_eq!(clerk.get(&door).await.status, 409, "there is no note");
    let early = clerk.post(&door, &[("reason", "No, since …")]).await;
    assert_eq!(early.status, 422);
    assert!(early.says("Nothing was sent") && early.says("No, since …"));
    owner.wish(&server, &page, "I have moved.").await;
    let asking = clerk.get("/records").await.section("asking");
    assert!(
        asking.contains(&page) && asking.contains("UID 1"),
        "{asking}"
    );
    let shown = clerk.get(&page).await;
    assert!(shown.section("correction").contains("I have moved."));
    assert!(shown.says("Leave it as it is…"));

    let form = clerk.get(&door).await;
    assert!(form.says("I have moved."));
    let seen = form.hidden("seen");
    let empty = clerk.post(&door, &[("reason", ""), ("seen", &seen)]).await;
    assert_eq!(empty.status, 422);
    assert!(empty.says("I have moved.") && !empty.problem_of("reason").is_empty());
    let done = clerk
        .post(&door, &[("reason", REASON), ("seen", &seen)])
        .await;
    assert_eq!(
        (done.status.as_u16(), done.location()),
        (303, &*page),
        "{}",
        done.body
    );
    let shown = clerk.get(&page).await;
    assert!(!shown.says("Leave it as it is…"));
    let refused = shown.between("id=\"refused\"", "</details>");
    assert!(
        refused.contains("I have moved.") && refused.contains(REASON),
        "{refused}"
    );
    assert!(!clerk.get("/records").await.says("wait for an answer"));
    assert!(
        shown
            .section("history")
            .contains("Told why it is not corrected by Person clerk")
    );
    let mails = "SELECT COUNT(*) FROM outbox WHERE kind = 'correction_refused'";
    assert_eq!(server.count(mails).await, 1);
}

#[tokio::test]
async fn an_owner_who_asks_gets_a_code_by_mail() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = signed(&server, &clerk, "zoe@home.example", false).await;
    let (id, front, now) = (id_of(&page), server.keys.front(), server.clock.now());
    let mut rng: StdRng = rand::make_rng();
    let mut transaction = server.admin.begin().await.unwrap();
    request::ask(&mut transaction, &front, id, now, &mut rng)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    let mut connection = server.admin.acquire().await.unwrap();
    let recent = request::recent(&mut connection, &front, id, now).await;
    let (request, _) = recent.unwrap()[0];
    drop(connection);
    let event = EventKey::of("owner_code", request.as_bytes());
    let written = wait_until("the mail", LIMIT, || async {
        let mut connection = server.admin.acquire().await.unwrap();
        let mail = outbox::by_event_key(&mut connection, &front, event.as_bytes()).await;
        Ok(mail.unwrap())
    });
    let mail = written.await.unwrap();
    let to = mail.open_recipient(&front).unwrap().unwrap();
    assert_eq!(to.as_str(), "zoe@home.example");
}
