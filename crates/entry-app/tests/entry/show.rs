//! `/records/{id}` and `/records/{id}/progress`

use std::time::Duration;

use crate::harness::{Owner, Server, Typed};

const REVEALED: &str = "SELECT COUNT(*) FROM access_log WHERE action = 'revealed'";

#[tokio::test]
async fn each_showing_of_the_details_is_logged() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = clerk.entered(&Typed::default()).await;
    assert_eq!(server.count(REVEALED).await, 0);
    for looks in 1..=2 {
        assert!(clerk.get(&page).await.says("zoe@home.example"));
        assert_eq!(server.count(REVEALED).await, looks);
    }
}

/// The title is what a browser keeps in its history.
#[tokio::test]
async fn neither_title_nor_address_names_the_person() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = clerk.entered(&Typed::default()).await;
    let shown = clerk.get(&page).await;
    let title = shown.between("<title>", "</title>");
    assert!(
        title.starts_with(&format!("Record {}", &page[9..17])),
        "{title}"
    );
    assert_eq!(page.len(), "/records/".len() + 32);
}

#[tokio::test]
async fn what_the_page_fetches_again_shows_no_details_and_is_no_look() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let owner = Owner::new();
    let typed = Typed::default().with("wallet", &owner.address());
    let page = clerk.entered(&typed).await;
    let shown = clerk.get(&page).await;
    let address = shown.between("data-refresh=\"", "\"");
    assert_eq!(address, format!("{page}/progress"));
    owner.sign(&server, &page, true).await;

    let looks = server.count(REVEALED).await;
    let progress = clerk.get(&address).await;
    assert!(progress.says("Approve</button>"), "{}", progress.body);
    assert!(progress.section("signature").contains("Research"));
    assert!(
        !progress.says("data-refresh"),
        "nothing changes by itself now"
    );
    for word in typed.personal() {
        assert!(!progress.body.to_lowercase().contains(&word), "{word}");
    }
    assert_eq!(server.count(REVEALED).await, looks);
}

#[tokio::test]
async fn what_the_owner_signed_is_shown_with_each_choice() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    for (research, told) in [(true, "Granted"), (false, "Not granted")] {
        let owner = Owner::new();
        let typed = Typed::default()
            .with("wallet", &owner.address())
            .with("duplicate", "confirmed");
        let page = clerk.entered(&typed).await;
        assert_eq!(clerk.get(&page).await.section("signature"), "");
        owner.sign(&server, &page, research).await;
        let shown = clerk.get(&page).await;
        assert!(shown.says("The owner has signed. Approve it"));
        let signature = shown.section("signature");
        assert!(signature.contains("Research") && signature.contains("Art. 6(1)(a)"));
        assert!(signature.contains(&format!("<span>{told}</span>")));
        let history = shown.section("history");
        assert!(history.contains("Signed by the data owner"), "{history}");
    }
}

#[tokio::test]
async fn a_correction_is_shown_in_the_owners_words_until_it_is_met() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let owner = Owner::new();
    let typed = Typed::default().with("wallet", &owner.address());
    let page = clerk.entered(&typed).await;
    owner
        .ask(&server, &page, "I moved to <Mill Lane 3>.\nThank you.")
        .await;
    let words = "I moved to &#60;Mill Lane 3&#62;.\nThank you.";
    let shown = clerk.get(&page).await;
    assert!(
        shown.section("correction").contains(words),
        "{}",
        shown.body
    );
    assert!(shown.says(&format!("href=\"{page}/edit\"")));
    let edit = format!("{page}/edit");
    let form = clerk.get(&edit).await;
    assert!(
        form.section("correction").contains(words),
        "beside the form, too"
    );

    let typed = typed
        .with("address", "Mill Lane 3")
        .with("draft", &form.hidden("draft"));
    assert_eq!(clerk.post(&edit, &typed.fields()).await.status, 303);
    let shown = clerk.get(&page).await;
    assert!(!shown.says("Thank you.") && shown.says("Mill Lane 3"));
}

#[tokio::test]
async fn of_a_person_who_declined_nothing_is_left() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let owner = Owner::new();
    let typed = Typed::default().with("wallet", &owner.address());
    let page = clerk.entered(&typed).await;
    clerk.get(&page).await;
    owner.decline(&server, &page).await;
    let shown = clerk.get(&page).await;
    assert_eq!(shown.status, 200);
    assert!(shown.says("Destroyed when the owner declined."));
    assert!(!shown.says("behind Sealwatch"));
    for word in typed.personal() {
        assert!(!shown.body.to_lowercase().contains(&word), "{word}");
    }
}

#[tokio::test]
async fn a_link_past_its_time_is_told() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = clerk.entered(&Typed::default()).await;
    let shown = clerk.get(&page).await;
    assert_eq!(shown.badges(), ["Awaiting consent", "Open"]);
    server.clock.advance(Duration::from_hours(14 * 24));
    assert_eq!(clerk.sign_in("clerk").await.status, 303);
    let shown = clerk.get(&page).await;
    assert_eq!(shown.badges(), ["Awaiting consent", "Expired"]);
    assert!(shown.says("make a new one") && shown.says("Send again"));
    assert!(!shown.says("Show the code") && !shown.says("Revoke"));
}
