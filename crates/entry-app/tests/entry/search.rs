//! `/records/search`

use crate::harness::{Server, Typed, WALLET};

const SEARCHED: &str = "SELECT COUNT(*) FROM access_log WHERE action = 'searched'";

#[tokio::test]
async fn a_record_is_found_by_its_whole_address_and_the_look_is_logged() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = clerk.entered(&Typed::default()).await;
    let plain = WALLET.to_lowercase();
    for query in [" Zoe@HOME.example ", WALLET, &plain] {
        let answer = clerk.post("/records/search", &[("query", query)]).await;
        assert_eq!(answer.status, 200);
        assert!(answer.says(&format!("href=\"{page}\"")), "{query}");
    }
    assert_eq!(server.count(SEARCHED).await, 3);
    for part in ["zoe@home", "zoe@home.example.org"] {
        let answer = clerk.post("/records/search", &[("query", part)]).await;
        assert!(!answer.says(&page), "{part}");
    }
    assert_eq!(server.count(SEARCHED).await, 3, "nobody was seen");
}

#[tokio::test]
async fn whoever_is_not_here_is_not_found() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let query = [("query", "nobody@home.example")];
    let answer = clerk.post("/records/search", &query).await;
    assert_eq!(answer.status, 200);
    assert!(answer.says("No record has this address."));
    assert!(
        answer.says("value=\"nobody@home.example\""),
        "to be corrected"
    );
}

#[tokio::test]
async fn what_is_no_address_is_told_beside_the_field() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    for (query, problem) in [
        ("", "Please enter a whole e-mail address"),
        ("Ågren", "Names are sealed"),
        ("0x7099", "0x followed by 40"),
        ("zoe@", "an e-mail address such as"),
    ] {
        let answer = clerk.post("/records/search", &[("query", query)]).await;
        assert_eq!(answer.status, 422, "{query}");
        assert!(answer.problem_of("query").contains(problem), "{query}");
    }
}

/// Addresses end up in histories, logs and proxies.
#[tokio::test]
async fn what_is_searched_for_stays_out_of_addresses() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = clerk.entered(&Typed::default()).await;
    let form = clerk.get("/records/search").await;
    assert!(form.says("<form method=\"post\"") && !form.says("method=\"get\""));
    let answer = clerk.get("/records/search?query=zoe@home.example").await;
    assert_eq!(answer.status, 200);
    assert!(!answer.says(&page), "an address finds nothing");
    assert_eq!(server.count(SEARCHED).await, 0);
}
