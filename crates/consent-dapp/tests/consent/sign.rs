//! `POST /c/{secret}/sign`.

use std::time::Duration;

use database::consent_links;
use database::outbox;
use database::records::RecordState;
use record::ids::Version;
use record::proof::Fields;
use record::time::UnixMillis;
use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Owner, Server};

#[tokio::test]
async fn the_registered_wallet_signs() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    let page = owner.consent(&link, &["research"]).await;
    assert_eq!(
        (page.status, page.json()["next"].as_str()),
        (StatusCode::OK, Some(link.path.as_str())),
        "{}",
        page.text
    );

    assert_eq!(
        server.desk().record(&link).await.state,
        RecordState::Consented
    );
    let mut connection = server.admin.acquire().await.unwrap();
    let consent = database::consents::load(&mut connection, link.record, Version::FIRST)
        .await
        .unwrap()
        .unwrap();
    let row = database::record_versions::load(&mut connection, link.record, Version::FIRST)
        .await
        .unwrap()
        .unwrap();
    let opened = database::sealed::SealedVersion {
        values: row,
        consent: Some(consent),
    }
    .open(&link.key);
    let fields = opened.whole_fields().unwrap();
    let (message, signature) = (
        opened.whole_message().unwrap(),
        opened.signature.as_ref().unwrap().as_ref().unwrap(),
    );
    assert_eq!(message.rebuilt(&fields, owner.wallet()), *message);
    let digest = message.digest(31_337, crate::harness::DEPLOYMENT_RELAY);
    let record::signature::ConsentSignature::Ecdsa(ecdsa) = signature else {
        panic!("kind 1")
    };
    assert_eq!(ecdsa.recover(&digest).unwrap(), owner.wallet());

    assert_eq!(
        server
            .count("SELECT COUNT(*) FROM consent_links WHERE state = 'used'")
            .await,
        1
    );
    assert_eq!(server.count("SELECT COUNT(*) FROM record_events WHERE kind = 'consented' AND actor_kind = 'owner'").await, 1);
    assert_eq!(server.count("SELECT COUNT(*) FROM outbox").await, 2);
    assert_eq!(owner.get(&link.path).await.state(), "used");
}

#[tokio::test]
async fn desk_and_owner_are_told_and_the_mails_hold_no_more_than_a_first_name() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    owner.consent(&link, &[]).await;

    let front = server.keys.front();
    let mut connection = server.admin.acquire().await.unwrap();
    let mut mails = outbox::claim_due(
        &mut connection,
        &front,
        9,
        Duration::ZERO,
        server.clock.now(),
    )
    .await
    .unwrap()
    .rows;
    mails.sort_by(|a, b| a.kind.cmp(&b.kind));
    let told: Vec<_> = mails
        .iter()
        .map(|mail| {
            (
                mail.kind.as_str(),
                mail.open_recipient(&front).unwrap().unwrap().to_string(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("consent_given", "desk@riverside.example".to_owned()),
            ("consent_received", "zoe@home.example".to_owned())
        ]
    );
    let payload = |index: usize| {
        let payload: &outbox::Mail = &mails[index];
        String::from_utf8(payload.open_payload(&front).unwrap().unwrap().to_vec()).unwrap()
    };
    assert!(payload(0).contains(&link.record.to_string()) && payload(1).contains("Zoë"));
    for personal in ["Ågren", "Lime", "+49", "zoe@", &owner.wallet().to_string()] {
        assert!(
            !payload(0).contains(personal) && !payload(1).contains(personal),
            "{personal}"
        );
    }
}

#[tokio::test]
async fn each_purpose_can_be_refused_alone() {
    let server = Server::start().await;
    for granted in [&[][..], &["newsletter"], &["research", "newsletter"]] {
        let owner = Owner::new(&server);
        let link = server.desk().enter(owner.wallet()).await;
        assert_eq!(owner.consent(&link, granted).await.status, StatusCode::OK);
        let receipt = owner.get(&link.door("receipt.json")).await.json();
        assert_eq!(
            receipt["granted"].as_array().unwrap().len(),
            granted.len(),
            "{granted:?}"
        );
    }
}

#[tokio::test]
async fn another_wallet_is_told_both_addresses_and_nothing_is_stored() {
    let server = Server::start().await;
    let (owner, stranger) = (Owner::new(&server), Owner::new(&server));
    let link = server.desk().enter(owner.wallet()).await;
    // Somebody with the code, and another wallet.
    stranger.identify(&link).await;
    let signature = stranger.sign(&stranger.message(&link, &[]).await);
    let page = stranger.hand_in(&link, &[], &signature).await;
    assert_eq!(
        (page.status, page.problem().as_str()),
        (StatusCode::FORBIDDEN, "wrong_wallet")
    );
    for wallet in [owner.wallet(), stranger.wallet()] {
        assert!(page.text.contains(&wallet.to_string()));
    }
    assert_nothing_stored(&server).await;
    assert_eq!(owner.consent(&link, &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_signature_over_other_ticks_is_refused() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    owner.identify(&link).await;
    let signature = owner.sign(&owner.message(&link, &[]).await);
    let page = owner.hand_in(&link, &["research"], &signature).await;
    assert_eq!(
        (page.status, page.problem().as_str()),
        (StatusCode::CONFLICT, "changed_meanwhile")
    );
    assert_nothing_stored(&server).await;
}

#[tokio::test]
async fn a_row_changed_between_reading_and_signing_is_refused() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    owner.identify(&link).await;
    let signature = owner.sign(&owner.message(&link, &[]).await);

    server
        .desk()
        .forge(&link, |row| {
            row.fields = with_email(&row.fields, "thief@example.org")
        })
        .await;
    let page = owner.hand_in(&link, &[], &signature).await;
    assert_eq!(
        (page.status, page.problem().as_str()),
        (StatusCode::CONFLICT, "changed_meanwhile")
    );
    assert_nothing_stored(&server).await;

    // A cell of another field, which opens under its own header only.
    server.run("UPDATE record_versions SET email = phone").await;
    let page = owner.hand_in(&link, &[], &signature).await;
    page.assert_door_closed();
    assert_nothing_stored(&server).await;
}

#[tokio::test]
async fn a_wallet_swapped_into_the_row_gets_no_owners_signature() {
    let server = Server::start().await;
    let (owner, thief) = (Owner::new(&server), Owner::new(&server));
    let link = server.desk().enter(owner.wallet()).await;
    owner.identify(&link).await;
    let signature = owner.sign(&owner.message(&link, &[]).await);
    server
        .desk()
        .forge(&link, |row| row.wallet = thief.wallet())
        .await;
    let page = owner.hand_in(&link, &[], &signature).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert_nothing_stored(&server).await;
}

#[tokio::test]
async fn racing_submissions_give_exactly_one_consent() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    owner.identify(&link).await;
    let signature = owner.sign(&owner.message(&link, &[]).await);
    let hand_in = || owner.hand_in(&link, &[], &signature);
    let pages = tokio::join!(hand_in(), hand_in(), hand_in(), hand_in());
    let mut statuses = [pages.0, pages.1, pages.2, pages.3].map(|page| page.status);
    statuses.sort();
    assert_eq!(
        statuses,
        [
            StatusCode::OK,
            StatusCode::GONE,
            StatusCode::GONE,
            StatusCode::GONE
        ]
    );
    assert_eq!(server.count("SELECT COUNT(*) FROM consents").await, 1);
    assert_eq!(server.count("SELECT COUNT(*) FROM outbox").await, 2);
}

#[tokio::test]
async fn signing_races_declining_and_one_wins() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    owner.identify(&link).await;
    let signature = owner.sign(&owner.message(&link, &[]).await);
    let (door, form) = (link.door("decline"), [("confirm", "yes")]);
    let (signed, declined) = tokio::join!(
        owner.hand_in(&link, &[], &signature),
        owner.submit(&door, &form)
    );
    let state = server.desk().record(&link).await.state;
    match signed.status {
        StatusCode::OK => assert_eq!(state, RecordState::Consented),
        _ => assert_eq!(state, RecordState::Declined),
    }
    assert!(declined.status == StatusCode::SEE_OTHER || declined.status == StatusCode::GONE);
    let values = server.count("SELECT COUNT(*) FROM record_versions").await;
    assert_eq!(values, i64::from(state == RecordState::Consented));
}

#[tokio::test]
async fn a_link_serves_once_and_a_stranger_reads_only_that_it_was_used() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    owner.consent(&link, &[]).await;

    let later = owner.elsewhere(&server);
    let page = later.get(&link.path).await;
    assert_eq!((page.status, page.state()), (StatusCode::GONE, "used"));
    assert!(!page.text.contains("Zoë"));
    let page = later
        .submit(&link.door("code"), &[("code", &link.code)])
        .await;
    assert_eq!((page.status, page.state()), (StatusCode::GONE, "used"));
}

#[tokio::test]
async fn a_plain_no_signature_is_refused_in_words() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    owner.identify(&link).await;
    // A Safe's two signatures, say.
    let page = owner
        .hand_in(&link, &[], &format!("0x{}", "11".repeat(130)))
        .await;
    assert_eq!(
        (page.status, page.problem().as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, "contract_wallet")
    );
    let page = owner
        .post(&link.door("sign"), &json!({ "granted": [] }))
        .await;
    assert_eq!(page.problem(), "malformed");
    assert_nothing_stored(&server).await;
}

#[tokio::test]
async fn a_nonce_serves_one_consent() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    owner.identify(&link).await;
    let nonce = owner.message(&link, &[]).await["typedData"]["message"]["nonce"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let mut connection = server.admin.acquire().await.unwrap();
    let taken = database::consents::nonce_index(&server.keys.front(), &nonce);
    sqlx::query("INSERT INTO consents SELECT ?, 1, 0, id, 'x', 'x', ?, 1, 'x' FROM consent_links")
        .bind([7_u8; 16].as_slice())
        .bind(taken.as_slice())
        .execute(&mut *connection)
        .await
        .unwrap();
    let signature = owner.sign(&owner.message(&link, &[]).await);
    let page = owner.hand_in(&link, &[], &signature).await;
    assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(
        server.desk().record(&link).await.state,
        RecordState::AwaitingConsent
    );
}

#[tokio::test]
async fn a_link_that_nobody_used_forgets_the_key_once_it_has_expired() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    let front = server.keys.front();
    let mut connection = server.account.acquire().await.unwrap();
    let expires = sqlx::query_scalar("SELECT expires_at FROM consent_links");
    let expires = UnixMillis(expires.fetch_one(&mut *connection).await.unwrap());
    let mut forget = async |before| {
        consent_links::forget_lapsed(&mut connection, &front, before)
            .await
            .unwrap()
    };
    assert_eq!(forget(expires).await, 0);
    assert_eq!(forget(expires.plus(Duration::from_millis(1))).await, 1);
    assert_eq!(forget(expires.plus(Duration::from_millis(1))).await, 0);
    let kept = "SELECT COUNT(*) FROM consent_links WHERE wrapped_key <> '' OR desk_code <> ''";
    assert_eq!(server.count(kept).await, 0);
    server.clock.advance(Duration::from_hours(24 * 400));
    assert_eq!(owner.get(&link.path).await.state(), "expired");
}

#[tokio::test]
async fn an_hour_after_signing_the_link_forgets_the_key() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    owner.consent(&link, &[]).await;
    let front = server.keys.front();
    let mut connection = server.account.acquire().await.unwrap();
    let now = server.clock.now();
    assert_eq!(
        consent_links::forget_used(&mut connection, &front, now)
            .await
            .unwrap(),
        0
    );
    server.clock.advance(Duration::from_millis(1));
    assert_eq!(
        consent_links::forget_used(&mut connection, &front, server.clock.now())
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        server
            .count("SELECT COUNT(*) FROM consent_links WHERE wrapped_key <> ''")
            .await,
        0
    );
}

async fn assert_nothing_stored(server: &Server) {
    for sql in [
        "SELECT COUNT(*) FROM consents",
        "SELECT COUNT(*) FROM outbox",
        "SELECT COUNT(*) FROM consent_links WHERE state <> 'open'",
        "SELECT COUNT(*) FROM records WHERE state <> 'awaiting_consent'",
    ] {
        assert_eq!(server.count(sql).await, 0, "{sql}");
    }
}

fn with_email(fields: &Fields, email: &str) -> Fields {
    let mut forged = Fields::new();
    for (name, field) in fields.iter() {
        let value = if name.as_str() == "email" {
            email
        } else {
            field.value()
        };
        forged
            .insert(name.clone(), field.salt().clone(), value.to_owned())
            .unwrap();
    }
    forged
}
