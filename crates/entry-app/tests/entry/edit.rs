//! `/records/{id}/edit`

use database::{owner_keys, record_versions};
use record::ids::Draft;

use crate::harness::{Owner, Server, Typed, WALLET};

impl Server {
    /// The salts of the newest draft, in order of the fields' names.
    async fn salts(&self, page: &str) -> Vec<[u8; 32]> {
        let record = self.record(page).await;
        let mut connection = self.admin.acquire().await.unwrap();
        let wrapped = owner_keys::of_record(&mut connection, record.id)
            .await
            .unwrap();
        let key = self.keys.unwrap_owner_key(&wrapped.unwrap()).unwrap();
        let row = record_versions::load(&mut connection, record.id, record.version).await;
        let plain = row.unwrap().unwrap().open(&key).unwrap();
        plain
            .fields
            .iter()
            .map(|(_, field)| *field.salt().as_bytes())
            .collect()
    }
}

#[tokio::test]
async fn an_edit_makes_a_new_draft_with_new_salts_and_a_new_link() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = clerk.entered(&Typed::default()).await;
    let first = clerk.get(&page).await.between("data-copy=\"", "\"");
    let before = server.salts(&page).await;

    let edit = format!("{page}/edit");
    let form = clerk.get(&edit).await;
    for stored in [
        "Zoë Ågren",
        "zoe@home.example",
        "+4915123456789",
        "34",
        WALLET,
    ] {
        assert!(form.says(&format!("value=\"{stored}\"")), "{stored}");
    }
    let typed = Typed::default()
        .with("email", "zoe@work.example")
        .with("draft", &form.hidden("draft"));
    let answer = clerk.post(&edit, &typed.fields()).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, &*page));

    let record = server.record(&page).await;
    assert_eq!(record.draft, Draft::new(1));
    assert_eq!(record.version.get(), 1);
    let after = server.salts(&page).await;
    assert!(before.iter().all(|salt| !after.contains(salt)) && after.len() == 5);
    let shown = clerk.get(&page).await;
    assert!(shown.says("zoe@work.example") && !shown.says("zoe@home.example"));
    assert!(shown.says("Give this to the owner"));
    assert_ne!(shown.between("data-copy=\"", "\""), first);
    let open = "SELECT COUNT(*) FROM consent_links WHERE state = 'open'";
    assert_eq!(server.count(open).await, 1, "the old one is dead");
    let found = clerk
        .post("/records/search", &[("query", "zoe@home.example")])
        .await;
    assert!(!found.says(&page), "it is found by its new address only");
}

#[tokio::test]
async fn opening_the_form_is_a_look_and_is_logged() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = clerk.entered(&Typed::default()).await;
    clerk.get(&format!("{page}/edit")).await;
    let edited = "SELECT COUNT(*) FROM access_log WHERE action = 'edited'";
    assert_eq!(server.count(edited).await, 1);
}

#[tokio::test]
async fn wrong_fields_change_nothing_and_come_back() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = clerk.entered(&Typed::default()).await;
    let edit = format!("{page}/edit");
    let draft = clerk.get(&edit).await.hidden("draft");
    let typed = Typed::default()
        .with("age", "very old")
        .with("name", "Zoë Lind")
        .with("draft", &draft);
    let answer = clerk.post(&edit, &typed.fields()).await;
    assert_eq!(answer.status, 422);
    assert!(answer.problem_of("age").contains("whole number"));
    assert!(answer.says("value=\"Zoë Lind\"") && answer.says("value=\"very old\""));
    assert_eq!(server.record(&page).await.draft, Draft::FIRST);
}

#[tokio::test]
async fn a_record_is_no_duplicate_of_itself_but_of_others() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let owner = Owner::new();
    let other = Typed::default()
        .with("email", "other@home.example")
        .with("wallet", &owner.address());
    clerk.entered(&other).await;
    let page = clerk.entered(&Typed::default()).await;
    let edit = format!("{page}/edit");
    let typed = Typed::default().with("draft", &clerk.get(&edit).await.hidden("draft"));
    let clash = typed.clone().with("wallet", &owner.address());
    let answer = clerk.post(&edit, &clash.fields()).await;
    assert_eq!(answer.status, 422);
    assert!(answer.says("This person may be here already."));
    assert_eq!(clerk.post(&edit, &typed.fields()).await.status, 303);
}

#[tokio::test]
async fn two_who_edit_at_once_do_not_undo_each_others_work() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = clerk.entered(&Typed::default()).await;
    let edit = format!("{page}/edit");
    let draft = clerk.get(&edit).await.hidden("draft");
    let mine = Typed::default().with("age", "35").with("draft", &draft);
    let theirs = Typed::default()
        .with("name", "Zoë Lind")
        .with("draft", &draft);
    assert_eq!(clerk.post(&edit, &theirs.fields()).await.status, 303);

    let answer = clerk.post(&edit, &mine.fields()).await;
    assert_eq!(answer.status, 422);
    assert!(answer.says("Somebody else has changed the details meanwhile."));
    assert!(answer.says("value=\"35\""), "nothing typed is lost");
    assert_eq!(server.record(&page).await.draft, Draft::new(1));
    let knowing = mine.with("draft", &answer.hidden("draft"));
    assert_eq!(clerk.post(&edit, &knowing.fields()).await.status, 303);
    assert_eq!(server.record(&page).await.draft, Draft::new(2));
}

#[tokio::test]
async fn what_the_owner_has_answered_is_not_edited() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    for declines in [false, true] {
        let owner = Owner::new();
        let typed = Typed::default()
            .with("wallet", &owner.address())
            .with("duplicate", "confirmed");
        let page = clerk.entered(&typed).await;
        let edit = format!("{page}/edit");
        let draft = clerk.get(&edit).await.hidden("draft");
        match declines {
            true => owner.decline(&server, &page).await,
            false => owner.sign(&server, &page, true).await,
        }
        assert_eq!(clerk.get(&edit).await.status, 409);
        let typed = typed.with("age", "99").with("draft", &draft);
        let answer = clerk.post(&edit, &typed.fields()).await;
        assert_eq!(answer.status, 409, "{}", answer.body);
        assert!(!clerk.get(&page).await.says("Edit the details"));
        assert_eq!(server.record(&page).await.draft, Draft::FIRST);
    }
}
