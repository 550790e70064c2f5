//! `/records/new`

use std::time::Duration;

use database::key_checks;
use database::records::RecordState;
use devstack::Inbox;
use reqwest::StatusCode;

use crate::harness::{Server, Setup, Typed, WALLET};

#[tokio::test]
async fn a_person_is_entered_and_their_link_is_shown_once() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = clerk.entered(&Typed::default()).await;
    assert_eq!(
        server.record(&page).await.state,
        RecordState::AwaitingConsent
    );

    let shown = clerk.get(&page).await;
    assert!(shown.says("Give this to the owner"), "{}", shown.body);
    let link = shown.between("<code title=\"https://consent.riverside.example/c/", "\"");
    assert_eq!(link.len(), 43, "{link}");
    let code = shown.between("id=\"desk-code\">", "<");
    assert!(code.len() == 6 && code.bytes().all(|digit| digit.is_ascii_digit()));
    assert!(shown.says("aria-label=\"QR code of the consent link\""));
    for text in [
        "Zoë Ågren",
        "zoe@home.example",
        "+4915123456789",
        "7 Lime Walk, 90210 Riverside",
        WALLET,
        "The person&#39;s own",
        "by Person clerk",
    ] {
        assert!(shown.says(text), "{text}\n{}", shown.body);
    }
    let again = clerk.get(&page).await;
    assert!(!again.says(&link) && !again.says("Give this to the owner"));
    assert!(again.says(&code), "the code can be looked up");
}

#[tokio::test]
async fn what_the_database_could_not_take_is_sent_again_without_typing() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let submission = clerk.get("/records/new").await.hidden("submission");
    let typed = Typed::default().with("submission", &submission);
    server.network.cut();
    let answer = clerk.post("/records/new", &typed.fields()).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        answer.says("We can&#39;t reach the database"),
        "{}",
        answer.body
    );
    assert!(answer.says("Send it again"));
    server.network.heal();
    assert_eq!(server.count("SELECT COUNT(*) FROM records").await, 0);
    let kept: Vec<(&str, String)> = typed
        .fields()
        .into_iter()
        .map(|(name, _)| (name, answer.hidden(name).replace("&#10;", "\n")))
        .collect();
    let kept: Vec<(&str, &str)> = kept
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    assert_eq!(kept, typed.fields());
    let address = answer.between("<form method=\"post\" action=\"/records", "\"");
    for _ in 0..2 {
        let answer = clerk.post(&format!("/records{address}"), &kept).await;
        assert!(
            answer.location().starts_with("/records/"),
            "{}",
            answer.body
        );
    }
    assert_eq!(server.count("SELECT COUNT(*) FROM records").await, 1);
}

#[tokio::test]
async fn every_wrong_field_is_told_and_nothing_is_lost() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let typed = Typed::default()
        .with("name", "  ")
        .with("email", "zoe \"at\" home")
        .with("phone", "0151 23456789")
        .with("age", "minus one")
        .with("address", "")
        .with("wallet", "0x7099");
    let answer = clerk.enter(&typed).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.says("6 things need your attention"));
    for (field, problem) in [
        ("name", "Please fill in this field."),
        ("email", "Please enter an e-mail address"),
        ("phone", "country code"),
        ("age", "whole number from 0 to 150"),
        ("address", "Please fill in this field."),
        ("wallet", "0x followed by 40 characters"),
    ] {
        let told = answer.problem_of(field);
        assert!(told.contains(problem), "{field}: {told:?}");
    }
    for kept in [
        "value=\"zoe &#34;at&#34; home\"",
        "value=\"0151 23456789\"",
        "value=\"minus one\"",
        "value=\"0x7099\"",
    ] {
        assert!(answer.says(kept), "{kept}\n{}", answer.body);
    }
    assert_eq!(server.count("SELECT COUNT(*) FROM records").await, 0);
}

#[tokio::test]
async fn a_right_field_stays_beside_a_wrong_one() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let typed = Typed::default()
        .with("signer", "guardian")
        .with("relation", "her <mother>")
        .with("send", "mail")
        .with("age", "");
    let answer = clerk.enter(&typed).await;
    assert_eq!(answer.status, 422);
    for kept in [
        "value=\"Zoë Ågren\"",
        "\n7 Lime Walk\n90210 Riverside</textarea>",
        "<option value=\"guardian\" selected>",
        "value=\"her &#60;mother&#62;\"",
        "value=\"mail\" checked",
    ] {
        assert!(answer.says(kept), "{kept}\n{}", answer.body);
    }
    let submission = answer.hidden("submission");
    let typed = typed.with("age", "0").with("submission", &submission);
    let answer = clerk.post("/records/new", &typed.fields()).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
}

#[tokio::test]
async fn a_wallet_without_checksum_is_confirmed_by_its_last_characters() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let plain = WALLET.to_lowercase();
    let typed = Typed::default().with("wallet", &plain);
    let answer = clerk.enter(&typed).await;
    assert_eq!(answer.status, 422);
    assert!(answer.problem_of("last_characters").contains("no checksum"));

    let typed = typed.with("submission", &answer.hidden("submission"));
    let wrong = typed.clone().with("last_characters", "dc79c9");
    let answer = clerk.post("/records/new", &wrong.fields()).await;
    assert!(
        answer
            .problem_of("last_characters")
            .contains("not the last 6")
    );
    assert!(answer.says("value=\"dc79c9\""));

    let right = typed.with("last_characters", " DC79C8 ");
    let answer = clerk.post("/records/new", &right.fields()).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert!(
        clerk.get(answer.location()).await.says(WALLET),
        "with its checksum"
    );
}

#[tokio::test]
async fn a_wallet_with_a_wrong_checksum_is_refused() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let typed = Typed::default().with("wallet", &WALLET.replace("C51", "c51"));
    let answer = clerk.enter(&typed).await;
    assert_eq!(answer.status, 422);
    assert!(
        answer
            .problem_of("wallet")
            .contains("capital letters do not fit")
    );
}

#[tokio::test]
async fn a_guardian_or_proxy_needs_their_relation() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    for signer in ["guardian", "proxy"] {
        let typed = Typed::default().with("signer", signer);
        let answer = clerk.enter(&typed).await;
        assert_eq!(answer.status, 422);
        assert!(!answer.problem_of("relation").is_empty(), "{signer}");
    }
    let nobody = Typed::default().with("signer", "a friend");
    let answer = clerk.enter(&nobody).await;
    assert!(!answer.problem_of("signer").is_empty());

    let typed = Typed::default()
        .with("signer", "guardian")
        .with("relation", "mother");
    let page = clerk.entered(&typed).await;
    assert!(clerk.get(&page).await.says("A guardian&#39;s: mother"));
}

#[tokio::test]
async fn somebody_who_may_be_here_already_is_announced() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let first = clerk.entered(&Typed::default()).await;
    let other_wallet = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    let same_mail = Typed::default()
        .with("name", "Zoe Agren")
        .with("email", "ZOE@home.example")
        .with("wallet", other_wallet);
    let same_wallet = Typed::default().with("email", "zoe@work.example");
    for typed in [&same_mail, &same_wallet] {
        let answer = clerk.enter(typed).await;
        assert_eq!(answer.status, 422);
        assert!(answer.says("This person may be here already."));
        assert!(answer.says(&format!("href=\"{first}\"")), "leads there");
        assert_eq!(answer.badges(), ["Awaiting consent"]);
        assert_eq!(server.count("SELECT COUNT(*) FROM records").await, 1);
    }
    let answer = clerk.enter(&same_mail.with("duplicate", "confirmed")).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(server.count("SELECT COUNT(*) FROM records").await, 2);
}

#[tokio::test]
async fn a_form_sent_twice_enters_one_record() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let form = clerk.get("/records/new").await;
    let typed = Typed::default().with("submission", &form.hidden("submission"));
    let fields = typed.fields();
    let (first, second) = tokio::join!(
        clerk.post("/records/new", &fields),
        clerk.post("/records/new", &fields)
    );
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (303, 303));
    assert_eq!(first.location(), second.location());
    assert_eq!(server.count("SELECT COUNT(*) FROM records").await, 1);
    let page = clerk.get(first.location()).await;
    assert!(
        page.says("Give this to the owner"),
        "a double click loses no link"
    );

    server.clock.advance(Duration::from_secs(60));
    let changed = typed.with("name", "Somebody Else");
    let later = clerk.post("/records/new", &changed.fields()).await;
    assert_eq!(later.location(), first.location());
    let page = clerk.get(later.location()).await;
    assert!(page.says("This form was sent before"));
    assert!(page.says("Zoë Ågren") && !page.says("Somebody Else"));
    assert_eq!(server.count("SELECT COUNT(*) FROM records").await, 1);
}

#[tokio::test]
async fn the_link_goes_out_by_mail() {
    let inbox = Inbox::shared().await.unwrap();
    let server = Server::start_with(Setup {
        smtp_url: inbox.smtp_url().to_string(),
        ..Setup::default()
    })
    .await;
    let clerk = server.clerk().await;
    let email = format!("{:08x}@home.example", rand::random::<u32>());
    let typed = Typed::default().with("email", &email).with("send", "mail");
    let page = clerk.entered(&typed).await;
    let mail = inbox
        .wait_for(Duration::from_secs(30), |mail| mail.is_to(&email))
        .await
        .unwrap();

    let shown = clerk.get(&page).await;
    assert!(shown.says("is on its way by e-mail"));
    let link = shown.between("data-copy=\"", "\"");
    assert!(mail.text.contains(&link), "{link}\n{}", mail.text);
    assert!(mail.text.contains("Zoë") && !mail.text.contains("Ågren"));
    let code = shown.between("id=\"desk-code\">", "<");
    assert!(!mail.text.contains(&code) && !mail.html.contains(&code));
}

/// This host has not been given the key file in which the version that it holds is destroyed.
#[tokio::test]
async fn a_host_that_is_behind_with_its_keys_takes_nobody_in_and_keeps_what_was_typed() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    assert_eq!(clerk.get("/readyz").await.status, 200);
    let mut connection = server.admin.acquire().await.unwrap();
    let (keys, now, rng) = (&server.keys, server.clock.now(), &mut rand::rng());
    let retired = key_checks::retire(&mut connection, keys, 1, now, rng);
    retired.await.unwrap();

    let answer = clerk.enter(&Typed::default()).await;
    assert_eq!(
        answer.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "{}",
        answer.body
    );
    assert!(
        answer.says("this server still has an old key file"),
        "{}",
        answer.body
    );
    assert!(answer.says("value=\"Zoë Ågren\""), "nothing typed is lost");
    for table in ["records", "owner_keys", "record_versions"] {
        let rows = format!("SELECT COUNT(*) FROM {table}");
        let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(rows))
            .fetch_one(&server.admin)
            .await
            .unwrap();
        assert_eq!(rows, 0, "{table}");
    }
    assert_eq!(clerk.get("/readyz").await.status, 503);
    let raised = "SELECT COUNT(*) FROM operations_alarms WHERE kind = 'keys_behind'";
    devstack::wait_until("the alarm", Duration::from_secs(30), || async {
        Ok((server.count(raised).await == 1).then_some(()))
    })
    .await
    .unwrap();

    key_checks::employ(&mut connection, 1).await.unwrap();
    let answer = clerk.enter(&Typed::default()).await;
    assert!(
        answer.location().starts_with("/records/"),
        "{}",
        answer.body
    );
    assert_eq!(clerk.get("/readyz").await.status, 200);
}
