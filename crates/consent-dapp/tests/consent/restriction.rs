//! `/w/{ticket}/restrict` and `/w/{ticket}/object`: an owner has the use of their details restricted, or objects to one.

use std::time::Duration;

use database::erasures::Identity;
use database::request_way::RequestWay;
use database::restriction_steps::{self, RestrictionStep, RestrictionStepKind, RestrictionSubject};
use keyring::CellKind;
use reqwest::StatusCode;

use crate::erase::let_in;
use crate::harness::{Link, Owner, Server};
use crate::withdraw::mark_of;

const NOTE: &str = "I never lived in Lime Walk.";

async fn steps(server: &Server, link: &Link) -> Vec<RestrictionStep> {
    let mut connection = server.admin.acquire().await.unwrap();
    let front = server.keys.front();
    let found = restriction_steps::of_record(&mut connection, &front, link.record).await;
    found.unwrap().rows
}

/// What of a page tells how the record stands.
async fn restriction(owner: &Owner, ticket: &str) -> String {
    let page = owner.get(ticket).await;
    assert_eq!(page.state(), "ticket_open", "{}", page.text);
    let (_, after) = page.text.split_once("data-testid=\"restriction\"").unwrap();
    after.split("</section>").next().unwrap().to_owned()
}

#[tokio::test]
async fn an_owner_has_the_use_of_their_details_restricted() {
    let server = Server::start().await;
    let (owner, link, ticket) = let_in(&server, 7).await;
    let (neighbour, stays, other) = let_in(&server, 8).await;
    let card = restriction(&owner, &ticket).await;
    assert!(card.contains("Have the use of your details restricted"));
    assert!(!card.contains("is restricted</strong>"));

    let door = format!("{ticket}/restrict");
    let stranger = owner.elsewhere(&server);
    assert_eq!(stranger.get(&door).await.location(), ticket);
    let refused = stranger.submit(&door, &[("ground", "accuracy")]).await;
    assert!(refused.status.is_client_error(), "{}", refused.status);
    let page = owner.get(&door).await;
    assert_eq!((page.status, page.state()), (StatusCode::OK, "restrict"));
    let page = owner
        .submit(&door, &[("ground", "x"), ("note", NOTE)])
        .await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("Choose why.") && page.text.contains(NOTE));
    let typed = [("ground", "accuracy"), ("note", NOTE)];
    let page = owner.submit(&door, &typed).await;
    assert_eq!(
        (page.status, page.location()),
        (StatusCode::SEE_OTHER, &*ticket)
    );
    server.desk().mail("restriction_asked").await;
    assert!(
        restriction(&owner, &ticket)
            .await
            .contains("is being noted")
    );
    let page = owner.submit(&door, &typed).await;
    assert!(page.text.contains("is just being noted"), "{}", page.text);

    server.desk().answer().await;
    let filed = steps(&server, &link).await;
    let [step] = filed.as_slice() else {
        panic!("{filed:?}");
    };
    assert_eq!(step.subject, RestrictionSubject::Restriction);
    assert_eq!(
        (step.way, step.identity),
        (Some(RequestWay::Link), Some(Identity::Code))
    );
    let mut connection = server.admin.acquire().await.unwrap();
    let wrapped = database::owner_keys::of_record(&mut connection, link.record).await;
    let key = server
        .keys
        .unwrap_owner_key(&wrapped.unwrap().unwrap())
        .unwrap();
    let kind = CellKind::RestrictionNote;
    let note = step.note.as_deref().unwrap();
    let note = database::sealed::open_cell(&key, step.version, step.draft, kind, note).unwrap();
    assert_eq!(note.text(), Some(NOTE));
    let (to, mail) = server.desk().mail("restriction").await;
    assert_eq!(to, "zoe@home.example");
    assert!(
        !mail.to_string().contains("accuracy"),
        "a mail is no place for it"
    );
    let card = restriction(&owner, &ticket).await;
    assert!(card.contains("is restricted</strong>"), "{card}");
    assert!(card.contains("have to be checked") && card.contains("You have the answer by"));

    // Asked for twice it is noted once; and the neighbour has nothing of it.
    owner.submit(&door, &typed).await;
    server.desk().answer().await;
    assert_eq!(steps(&server, &link).await.len(), 1);
    assert!(steps(&server, &stays).await.is_empty());
    let card = restriction(&neighbour, &other).await;
    assert!(!card.contains("is restricted</strong>"), "{card}");
}

#[tokio::test]
async fn an_owner_objects_to_each_use_by_itself() {
    let server = Server::start().await;
    let (owner, link, ticket) = let_in(&server, 7).await;
    let (_, stays, _) = let_in(&server, 8).await;
    let door = format!("{ticket}/object");
    let page = owner.get(&door).await;
    assert_eq!((page.status, page.state()), (StatusCode::OK, "object"));
    assert!(page.text.contains("Surveys") && page.text.contains("Offers"));
    assert!(!page.text.contains("Care and") && !page.text.contains("Research"));
    let (survey, offers) = (mark_of(&page, "Surveys"), mark_of(&page, "Offers"));
    let page = owner.submit(&door, &[("note", NOTE)]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("Tick what you object to.") && page.text.contains(NOTE));

    let page = owner.submit(&door, &[("purpose", &offers)]).await;
    assert_eq!(page.location(), ticket);
    server.desk().answer().await;
    let card = restriction(&owner, &ticket).await;
    assert!(card.contains("it ended at once"), "{card}");
    assert!(!card.contains("is restricted</strong>"), "{card}");
    let page = owner.get(&door).await;
    assert!(page.text.contains("Surveys") && !page.text.contains(&offers));

    server.clock.advance(Duration::from_secs(1));
    let both = [("purpose", survey.as_str()), ("purpose", offers.as_str())];
    owner.submit(&door, &both).await;
    server.desk().answer().await;
    let card = restriction(&owner, &ticket).await;
    assert!(
        card.contains("is restricted</strong>") && card.contains("Surveys"),
        "{card}"
    );
    let subjects: Vec<_> = steps(&server, &link)
        .await
        .iter()
        .map(|step| (step.subject, step.due_at.is_some()))
        .collect();
    assert_eq!(
        subjects,
        [
            (RestrictionSubject::Marketing, false),
            (RestrictionSubject::Objection, true),
        ]
    );
    assert_eq!(owner.get(&door).await.location(), ticket, "nothing is left");
    assert!(steps(&server, &stays).await.is_empty());
}

#[tokio::test]
async fn an_owner_takes_back_what_they_had_restricted() {
    let server = Server::start().await;
    let (owner, link, ticket) = let_in(&server, 7).await;
    let (neighbour, stays, other) = let_in(&server, 8).await;
    let door = format!("{ticket}/unrestrict");
    assert_eq!(owner.get(&door).await.location(), ticket, "there is none");
    for (who, ticket) in [(&owner, &ticket), (&neighbour, &other)] {
        let restrict = format!("{ticket}/restrict");
        who.submit(&restrict, &[("ground", "claims")]).await;
        server.desk().answer().await;
    }
    assert!(owner.get(&ticket).await.text.contains(&door));
    let page = owner.get(&door).await;
    assert_eq!((page.status, page.state()), (StatusCode::OK, "unrestrict"));
    assert!(page.text.contains("legal claim of mine"));
    assert!(!page.text.contains("stays-restricted"), "{}", page.text);
    let stranger = owner.elsewhere(&server);
    assert_eq!(stranger.get(&door).await.location(), ticket);
    let theirs = steps(&server, &link).await[0].id.to_string();
    let page = stranger.submit(&door, &[("request", &theirs)]).await;
    assert_eq!(page.location(), ticket);
    let others = steps(&server, &stays).await[0].id.to_string();
    for nothing in [vec![], vec![("request", others.as_str())]] {
        let page = owner.submit(&door, &nothing).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.text.contains("Tick what you take back."));
    }

    server.clock.advance(Duration::from_secs(1));
    let chosen = [("request", theirs.as_str())];
    let page = owner.submit(&door, &chosen).await;
    assert_eq!(
        (page.status, page.location()),
        (StatusCode::SEE_OTHER, &*ticket)
    );
    server.desk().mail("restriction_withdrawn").await;
    assert!(
        restriction(&owner, &ticket)
            .await
            .contains("is being noted")
    );
    let page = owner.submit(&door, &chosen).await;
    assert!(page.text.contains("is just being noted"), "{}", page.text);
    server.desk().answer().await;
    let filed = steps(&server, &link).await;
    let [_, step] = filed.as_slice() else {
        panic!("{filed:?}");
    };
    assert_eq!(step.kind, RestrictionStepKind::Withdrawn);
    assert_eq!(
        (step.way, step.identity),
        (Some(RequestWay::Link), Some(Identity::Code))
    );
    let (to, mail) = server.desk().mail("restriction").await;
    assert_eq!(
        (to.as_str(), &mail["news"]["what"]),
        ("zoe@home.example", &"withdrawn".into())
    );
    let card = restriction(&owner, &ticket).await;
    assert!(card.contains("you took it back"), "{card}");
    assert!(!card.contains("is restricted</strong>"), "{card}");
    assert_eq!(owner.get(&door).await.location(), ticket);

    // The neighbour keeps theirs, and who took it back may ask again.
    assert_eq!(steps(&server, &stays).await.len(), 1);
    let card = restriction(&neighbour, &other).await;
    assert!(card.contains("is restricted</strong>"), "{card}");
    let restrict = format!("{ticket}/restrict");
    owner.submit(&restrict, &[("ground", "claims")]).await;
    server.desk().answer().await;
    let card = restriction(&owner, &ticket).await;
    assert!(card.contains("is restricted</strong>"), "{card}");
}

/// The restriction that comes with an objection is not theirs to end: it ends with what is decided.
#[tokio::test]
async fn an_objection_goes_on_restricting() {
    let server = Server::start().await;
    let (owner, link, ticket) = let_in(&server, 7).await;
    let object = format!("{ticket}/object");
    let survey = mark_of(&owner.get(&object).await, "Surveys");
    owner.submit(&object, &[("purpose", &survey)]).await;
    server.desk().answer().await;
    let door = format!("{ticket}/unrestrict");
    assert_eq!(owner.get(&door).await.location(), ticket);
    let objection = steps(&server, &link).await[0].id.to_string();
    server.clock.advance(Duration::from_secs(1));
    let restrict = format!("{ticket}/restrict");
    owner.submit(&restrict, &[("ground", "accuracy")]).await;
    server.desk().answer().await;
    let page = owner.get(&door).await;
    assert!(page.text.contains("stays-restricted"), "{}", page.text);
    let page = owner.submit(&door, &[("request", &objection)]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let filed = steps(&server, &link).await;
    for id in filed.iter().map(|step| step.id.to_string()) {
        owner.submit(&door, &[("request", &id)]).await;
    }
    server.desk().answer().await;
    let filed = steps(&server, &link).await;
    let withdrawn: Vec<_> = filed
        .iter()
        .filter(|step| step.kind == RestrictionStepKind::Withdrawn)
        .collect();
    assert_eq!(withdrawn.len(), 1);
    assert_ne!(withdrawn[0].request_id.to_string(), objection);
    let card = restriction(&owner, &ticket).await;
    assert!(card.contains("is restricted</strong>"), "{card}");
}

/// A row that is not ours restricts nobody's rights, and is told.
#[tokio::test]
async fn a_planted_step_lifts_nothing() {
    let server = Server::start().await;
    let (owner, _, ticket) = let_in(&server, 7).await;
    let door = format!("{ticket}/restrict");
    owner.submit(&door, &[("ground", "claims")]).await;
    server.desk().answer().await;
    server
        .run("INSERT INTO restriction_steps SELECT RANDOM_BYTES(16), request_id, record_id, subject, 'lifted', way, identity, actor_id,
              at + 1, NULL, NULL, version, draft, NULL, mac FROM restriction_steps")
        .await;
    let card = restriction(&owner, &ticket).await;
    assert!(card.contains("is restricted</strong>"), "{card}");
    server
        .run("UPDATE restriction_steps SET subject = 'marketing' WHERE step = 'asked'")
        .await;
    let card = restriction(&owner, &ticket).await;
    assert!(card.contains("is restricted</strong>"), "{card}");
}

/// Who is asked to sign a correction reads that the record is restricted meanwhile.
#[tokio::test]
async fn a_link_says_that_the_record_is_restricted() {
    let server = Server::start().await;
    let (owner, link, ticket) = let_in(&server, 7).await;
    let told = "The use of your record is restricted";
    let before = server.desk().ask_again(&link).await;
    owner.identify(&before).await;
    let page = owner.get(&before.path).await;
    assert!(!page.text.contains(told), "{}", page.text);
    owner
        .submit(&format!("{ticket}/restrict"), &[("ground", "unlawful")])
        .await;
    server.desk().answer().await;
    let page = owner.get(&before.path).await;
    assert!(page.text.contains(told), "{}", page.text);
}
