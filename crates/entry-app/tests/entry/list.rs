//! `/records`

use std::time::Duration;

use enrolment::{Details, Entry, Office, Sending};
use record::Address;
use record::ids::{StaffId, SubmissionId};
use zeroize::Zeroizing;

use crate::harness::{Answer, Browser, Owner, Server, Typed};

const PER_PAGE: usize = 50;

/// Enters people without the detour by forms.
async fn enter_many(server: &Server, count: usize) {
    let text = |text: String| Zeroizing::new(text);
    for number in 0..count {
        let mut transaction = server.admin.begin().await.unwrap();
        let office = Office {
            keys: &server.keys,
            controller: "Riverside Health Centre",
            contact: "records@riverside.example",
            consent_url: &server.url,
            link_lifetime: std::time::Duration::from_secs(3_600),
            staff: StaffId::from_bytes([7; 16]),
            now: server.clock.now(),
        };
        let details = Details {
            name: text(format!("Person {number:03}")),
            email: text(format!("person{number}@home.example")),
            phone: text("+4915123456789".to_owned()),
            age: 34,
            address: text("7 Lime Walk".to_owned()),
            wallet: Address::left_padding_from(&number.to_be_bytes()),
            relation: text("self".to_owned()),
        };
        let submission = SubmissionId::random(&mut rand::rng());
        let rng: &mut rand::rngs::StdRng = &mut rand::make_rng();
        let desk = Sending::AtTheDesk;
        let entered =
            enrolment::enter(&mut transaction, &office, &details, submission, desk, rng).await;
        assert!(matches!(entered.unwrap(), Entry::New(..)));
        transaction.commit().await.unwrap();
    }
}

fn names(page: &Answer) -> Vec<String> {
    let rows = page.body.split("data-label=\"Name\"><a href=\"").skip(1);
    rows.map(|row| row.split(['>', '<']).nth(1).unwrap().to_owned())
        .collect()
}

fn link(page: &Answer, rel: &str) -> Option<String> {
    let address = page.between(&format!("rel=\"{rel}\" href=\""), "\"");
    (!address.is_empty()).then(|| address.replace("&#38;", "&"))
}

#[tokio::test]
async fn an_empty_office_says_how_to_begin() {
    let server = Server::start().await;
    let page = server.clerk().await.get("/records").await;
    assert!(page.says("No records yet.") && page.says("href=\"/records/new\""));
    assert!(!page.says("<table"));
}

#[tokio::test]
async fn each_state_has_its_part_of_the_list() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let (signer, asker, decliner) = (Owner::new(), Owner::new(), Owner::new());
    let typed = Typed::default().with("wallet", &Owner::new().address());
    let lapsed = clerk.entered(&typed).await;
    let (front, now) = (server.keys.front(), server.clock.now());
    let years_later = now.plus(Duration::from_secs(1_000_000_000));
    let done = enrolment::lapse(&server.admin, &front, years_later, now).await;
    assert_eq!(done.unwrap(), (1, 0));
    let page = clerk.get(&lapsed).await;
    assert!(page.says("Destroyed because nobody signed in time."));
    assert!(page.says("Not signed in time") && page.says("enter the person anew"));
    for (name, owner) in [
        ("Waits", &Owner::new()),
        ("Signs", &signer),
        ("Asks", &asker),
        ("Declines", &decliner),
    ] {
        let typed = Typed::default()
            .with("name", name)
            .with("email", &format!("{name}@home.example"))
            .with("wallet", &owner.address());
        let page = clerk.entered(&typed).await;
        match name {
            "Signs" => owner.sign(&server, &page, true).await,
            "Asks" => owner.ask(&server, &page, "It is wrong.").await,
            "Declines" => owner.decline(&server, &page).await,
            _ => {}
        }
    }
    let all = clerk.get("/records").await;
    assert_eq!(names(&all).len(), 5);
    assert!(all.says("All <span class=\"soft\">5</span>"));
    for (state, label, name) in [
        ("awaiting_consent", "Awaiting consent", "Waits"),
        ("consented", "Consented", "Signs"),
        ("correction_requested", "Correction asked", "Asks"),
        ("declined", "Declined", "(destroyed)"),
        ("lapsed", "Lapsed", "(destroyed)"),
    ] {
        let part = clerk.get(&format!("/records?state={state}")).await;
        assert_eq!(names(&part), [name]);
        assert_eq!(part.badges(), [label]);
        assert!(part.says(&format!("{label} <span class=\"soft\">1</span>")));
    }
    let anchored = clerk.get("/records?state=anchored").await;
    assert!(anchored.says("No record is in this state."));
}

#[tokio::test]
async fn only_what_the_owner_signed_can_be_ticked_and_nothing_is_ticked_beforehand() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let owner = Owner::new();
    let typed = Typed::default().with("wallet", &owner.address());
    let page = clerk.entered(&typed).await;
    assert!(!clerk.get("/records").await.says("type=\"checkbox\""));
    owner.sign(&server, &page, true).await;
    let list = clerk.get("/records").await;
    let boxes = list.body.matches("name=\"record\"").count();
    assert_eq!(boxes, 1);
    assert!(list.says("Approve the ticked records") && !list.says(" checked"));
}

/// Follows the pager as far as it goes.
async fn walk(clerk: &Browser, start: &str, rel: &str) -> (Vec<String>, String) {
    let (mut seen, mut here) = (Vec::new(), start.to_owned());
    loop {
        let page = clerk.get(&here).await;
        assert_eq!(page.status, 200, "{here}");
        seen.push(names(&page).join(" "));
        match link(&page, rel) {
            Some(next) => here = next,
            None => return (seen, here),
        }
    }
}

#[tokio::test]
async fn the_list_is_paged_forth_and_back() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    enter_many(&server, 2 * PER_PAGE + 3).await;
    for start in ["/records", "/records?state=awaiting_consent"] {
        let (forth, end) = walk(&clerk, start, "next").await;
        assert_eq!(forth.len(), 3);
        let mut people: Vec<&str> = forth.iter().flat_map(|page| page.split(" P")).collect();
        people.sort_unstable();
        people.dedup();
        assert_eq!(people.len(), 2 * PER_PAGE + 3, "each once");
        let (mut back, beginning) = walk(&clerk, &end, "prev").await;
        back.reverse();
        assert_eq!(back[1..], forth[1..]);
        assert_eq!(
            clerk.get(&beginning).await.between("<tbody>", "</tbody>"),
            clerk.get(start).await.between("<tbody>", "</tbody>"),
            "the first page again"
        );
    }
}

#[tokio::test]
async fn an_address_that_somebody_made_up_leads_nowhere() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    for query in ["state=lost", "after=7", "before=-", "after=x-00"] {
        let answer = clerk.get(&format!("/records?{query}")).await;
        assert_eq!(answer.status, 404, "{query}");
    }
}
