//! `/w/{ticket}`: the way in without a link, by a code that comes by mail.

use std::time::Duration;

use reqwest::StatusCode;

use crate::harness::{Link, Owner, Server};
use crate::withdraw::mark_of;

const MINUTE: Duration = Duration::from_mins(1);

/// Somebody who signed a month ago, in a browser that knows nothing of it; and where their mails lead.
async fn signed(server: &Server) -> (Owner, Link, String) {
    let owner = Owner::new(server);
    let link = server.desk().enter(owner.wallet()).await;
    let answer = owner.consent(&link, &["research", "newsletter"]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let ticket = server.desk().ticket(&link);
    (owner.elsewhere(server), link, ticket)
}

async fn code(server: &Server) -> String {
    let (to, mail) = server.desk().mail("owner_code").await;
    assert_eq!(to, "zoe@home.example");
    mail["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_owner_takes_consent_back_by_a_code_without_a_wallet() {
    let server = Server::start().await;
    let (owner, link, ticket) = signed(&server).await;
    let (_, stays, _) = signed(&server).await;
    server.clock.advance(MINUTE * 60 * 24 * 30);
    let page = owner.get(&ticket).await;
    assert_eq!((page.status, page.state()), (StatusCode::OK, "ticket"));
    assert!(!page.text.contains("Zoë") && !page.text.contains("Research"));
    let asked = owner.submit(&ticket, &[]).await;
    assert_eq!(
        (asked.status, asked.location()),
        (StatusCode::SEE_OTHER, ticket.as_str())
    );
    assert_eq!(owner.get(&ticket).await.state(), "ticket_code");
    // Whoever is not let in gets nowhere.
    let purposes = format!("{ticket}/purposes");
    let page = owner.submit(&purposes, &[("purpose", "x")]).await;
    assert_eq!(page.location(), ticket);
    server.desk().answer().await;

    let door = format!("{ticket}/code");
    let page = owner.submit(&door, &[("code", "12")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("ten letters and digits"));
    let code = code(&server).await;
    let spaced = format!(" {}", code.to_lowercase().replace('-', " "));
    let page = owner.submit(&door, &[("code", &spaced)]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
    assert_eq!(
        owner.elsewhere(&server).get(&ticket).await.state(),
        "ticket_code"
    );

    let page = owner.get(&ticket).await;
    assert_eq!(page.state(), "ticket_open");
    assert!(page.text.contains("Newsletter") && !page.text.contains("Care and"));
    let research = mark_of(&page, "Research");
    let page = owner.submit(&purposes, &[]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("Tick what you take back."));
    let done = owner.submit(&purposes, &[("purpose", &research)]).await;
    assert_eq!(done.location(), ticket);
    let page = owner.get(&ticket).await;
    assert_eq!((page.status, page.state()), (StatusCode::OK, "ticket_open"));
    assert!(page.text.contains("<strong>Research</strong>, since"));
    assert!(page.text.contains("Newsletter") && !page.text.contains(&research));
    let (to, mail) = server.desk().mail("consent_withdrawn").await;
    assert_eq!(to, "zoe@home.example");
    assert!(
        !mail.to_string().contains("Research"),
        "a mail is no place for it"
    );
    server.desk().mail("withdrawal_noted").await;
    let kept = "SELECT COUNT(*) FROM withdrawals WHERE way = 'link' AND actor_id IS NULL";
    assert_eq!(server.count(kept).await, 1);

    // Sent twice it is done once; and the neighbour has lost nothing.
    owner.submit(&purposes, &[("purpose", &research)]).await;
    assert_eq!(server.count(kept).await, 1);
    let mut connection = server.admin.acquire().await.unwrap();
    let front = server.keys.front();
    for (of, count) in [(&link, 1), (&stays, 0)] {
        let found = database::withdrawals::of_record(&mut connection, &front, of.record).await;
        assert_eq!(found.unwrap().rows.len(), count);
    }
}

#[tokio::test]
async fn wrong_codes_shut_nobody_out_and_late_ones_are_over() {
    let server = Server::start().await;
    let (owner, _, ticket) = signed(&server).await;
    owner.submit(&ticket, &[]).await;
    server.desk().answer().await;
    let right = code(&server).await;
    let door = format!("{ticket}/code");
    let stranger = owner.elsewhere(&server);
    for _ in 0..10 {
        let page = stranger.submit(&door, &[("code", "22222-22222")]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.text.contains("That is not the code"));
    }
    assert_eq!(
        owner.submit(&door, &[("code", &right)]).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(owner.get(&ticket).await.state(), "ticket_open");
    // Who asks anew, or goes on guessing, throws nobody out who is in.
    server.clock.advance(MINUTE * 5);
    stranger.submit(&ticket, &[]).await;
    stranger.submit(&door, &[("code", "22222-22222")]).await;
    assert_eq!(owner.get(&ticket).await.state(), "ticket_open");

    server.desk().answer().await;
    let late = code(&server).await;
    server.clock.advance(MINUTE * 60);
    let page = stranger.submit(&door, &[("code", &late)]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(stranger.get(&ticket).await.state(), "ticket");
    assert_eq!(
        owner.get(&ticket).await.state(),
        "ticket",
        "its hour is over, too"
    );
    assert_eq!(server.count("SELECT COUNT(*) FROM withdrawals").await, 0);
}

#[tokio::test]
async fn other_tickets_lead_nowhere() {
    let server = Server::start().await;
    let (owner, _, ticket) = signed(&server).await;
    let cut = &ticket[..ticket.len() - 1];
    let forged = [format!("{cut}A"), format!("{cut}E")];
    let forged = forged.into_iter().find(|forged| *forged != ticket);
    for path in ["/w/x".to_owned(), forged.unwrap()] {
        for page in [owner.get(&path).await, owner.submit(&path, &[]).await] {
            assert_eq!(
                (page.status, page.state()),
                (StatusCode::NOT_FOUND, "unknown")
            );
        }
    }
}

/// Somebody who declined has nothing, and nobody learns so from here.
#[tokio::test]
async fn a_ticket_of_somebody_who_is_gone_tells_nothing() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    owner.identify(&link).await;
    owner
        .submit(&link.door("decline"), &[("confirm", "yes")])
        .await;
    let ticket = server.desk().ticket(&link);
    assert_eq!(
        owner.submit(&ticket, &[]).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(owner.get(&ticket).await.state(), "ticket_code");
    server.desk().answer().await;
    assert_eq!(owner.get(&ticket).await.state(), "ticket_code");
    let mails = "SELECT COUNT(*) FROM outbox WHERE kind = 'owner_code'";
    assert_eq!(server.count(mails).await, 0);
}

/// Rows that somebody planted let nobody in.
#[tokio::test]
async fn a_planted_request_lets_nobody_in() {
    let server = Server::start().await;
    let (owner, _, ticket) = signed(&server).await;
    let (thief, _, own) = signed(&server).await;
    thief.submit(&own, &[]).await;
    server.desk().answer().await;
    let code = code(&server).await;
    // The thief's own request, put under the other's record.
    server
        .run(
            "INSERT INTO owner_requests SELECT REVERSE(id), (SELECT id FROM records WHERE id <> record_id LIMIT 1), state,
             content, asked_at, mac FROM owner_requests",
        )
        .await;
    let page = owner.get(&ticket).await;
    assert_eq!(page.state(), "ticket", "{}", page.text);
    owner
        .submit(&format!("{ticket}/code"), &[("code", &code)])
        .await;
    assert_eq!(owner.get(&ticket).await.state(), "ticket");
    // The thief's own is not touched by it.
    thief
        .submit(&format!("{own}/code"), &[("code", &code)])
        .await;
    assert_eq!(thief.get(&own).await.state(), "ticket_open");
}

#[tokio::test]
async fn an_owner_asks_for_a_correction_by_a_code() {
    let server = Server::start().await;
    let (owner, link, ticket) = signed(&server).await;
    owner.submit(&ticket, &[]).await;
    server.desk().answer().await;
    let correction = format!("{ticket}/correction");
    assert_eq!(
        owner.get(&correction).await.location(),
        ticket,
        "not let in"
    );
    let early = owner
        .submit(&correction, &[("note", "My age is 35.")])
        .await;
    assert_eq!(early.status, StatusCode::UNAUTHORIZED);
    assert!(early.text.contains("My age is 35."), "nothing is lost");

    let code = code(&server).await;
    owner
        .submit(&format!("{ticket}/code"), &[("code", &code)])
        .await;
    let page = owner.get(&correction).await;
    assert_eq!((page.status, page.state()), (StatusCode::OK, "correction"));
    let empty = owner.submit(&correction, &[("note", " ")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = owner
        .submit(&correction, &[("note", "My age is 35.")])
        .await;
    assert_eq!(done.location(), ticket);
    let page = owner.get(&ticket).await;
    assert!(page.text.contains("The desk has your note."));
    assert!(!page.text.contains("data-testid=\"correction\""));
    // A second one is not swallowed.
    let again = owner.submit(&correction, &[("note", "And my name.")]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.text.contains("was not sent") && again.text.contains("And my name."));
    server.desk().answer().await;
    let wishes =
        database::corrections::of_record(&mut server.admin.acquire().await.unwrap(), link.record)
            .await
            .unwrap();
    let cell = &wishes[0];
    let opened = database::sealed::open_cell(
        &link.key,
        cell.version,
        cell.draft,
        keyring::CellKind::CorrectionNote,
        &cell.note,
    );
    assert_eq!(opened.unwrap().text(), Some("My age is 35."));
    let (to, _) = server.desk().mail("correction_asked").await;
    assert_eq!(to, "desk@riverside.example");
}

#[tokio::test]
async fn a_ticket_whose_rows_somebody_changed_says_so_and_leads_nowhere() {
    let server = Server::start().await;
    let (owner, _, ticket) = signed(&server).await;
    owner.submit(&ticket, &[]).await;
    server.desk().answer().await;
    let code = code(&server).await;
    let door = format!("{ticket}/code");
    owner.submit(&door, &[("code", &code)]).await;
    assert_eq!(owner.get(&ticket).await.state(), "ticket_open");
    let wish = format!("{ticket}/correction");
    assert_eq!(owner.get(&wish).await.status, StatusCode::OK);
    // A request that is not ours lets nobody in, by its cookie or by its code; another one is asked for.
    server
        .run("UPDATE owner_requests SET asked_at = asked_at + 1")
        .await;
    assert_eq!(owner.get(&ticket).await.state(), "ticket");
    let page = owner.submit(&door, &[("code", &code)]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    // Without its record there is nothing to ask for.
    server
        .run("UPDATE records SET updated_at = updated_at + 1")
        .await;
    let page = owner.submit(&ticket, &[]).await;
    page.assert_altered();
    assert_eq!(server.count("SELECT COUNT(*) FROM owner_requests").await, 1);
}
