//! `/records/{id}/link` and `/records/{id}/revoke`

use std::sync::Arc;
use std::time::Duration;

use database::consent_links::{self, ConsentLink, LinkState};
use database::outbox::{self, Mail, MailState};
use keyring::LinkSecret;
use notification::EventKey;
use sqlx::Row;
use sqlx::mysql::MySqlRow;
use tokio::task::JoinSet;

use crate::harness::{Answer, Owner, Server, Typed};

/// So many does a pool have.
const CONNECTIONS: usize = 10;

impl Server {
    /// The link that a page hands over, as consent-dapp finds it.
    async fn link(&self, page: &Answer) -> ConsentLink {
        let secret = page.between("data-copy=\"https://consent.riverside.example/c/", "\"");
        let secret = LinkSecret::from_url(&secret).unwrap();
        let (front, mut connection) = (self.keys.front(), self.admin.acquire().await.unwrap());
        let hash = front.hash_secret(&secret);
        let link = consent_links::by_secret_hash(&mut connection, &front, &hash).await;
        link.unwrap().unwrap()
    }

    /// As the worker does it when the mail server refuses the mail for good.
    pub async fn give_up_mail(&self, event: EventKey) {
        let (front, mut connection) = (self.keys.front(), self.admin.acquire().await.unwrap());
        let written = outbox::by_event_key(&mut connection, &front, event.as_bytes()).await;
        let mail = Mail {
            state: MailState::GivenUp,
            ..written.unwrap().unwrap()
        };
        self.run("DELETE FROM outbox").await;
        let written = outbox::enqueue(&mut connection, &front, &mail).await;
        assert!(written.unwrap());
    }

    /// How many connections wait for a record that is locked.
    async fn waiting(&self) -> usize {
        let ours: String = sqlx::query_scalar("SELECT DATABASE()")
            .fetch_one(&self.admin)
            .await
            .unwrap();
        let listed = sqlx::raw_sql("SHOW FULL PROCESSLIST").fetch_all(&self.admin);
        let rows = listed.await.unwrap();
        let statement = |row: &MySqlRow| {
            let is_ours = row.get_unchecked::<Option<String>, _>("db").as_ref() == Some(&ours);
            let info: Option<Vec<u8>> = row.get_unchecked("Info");
            info.filter(|_| is_ours)
        };
        let lock = b"SELECT * FROM records WHERE id = ";
        let statements = rows.iter().filter_map(statement);
        statements.filter(|info| info.starts_with(lock)).count()
    }

    async fn is_open(&self, page: &Answer) -> bool {
        self.link(page).await.is_open(self.clock.now())
    }
}

#[tokio::test]
async fn a_link_sent_again_replaces_the_one_before() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = clerk.entered(&Typed::default()).await;
    let first = clerk.get(&page).await;
    assert!(server.is_open(&first).await);

    for (send, mails) in [("mail", 1), ("desk", 1)] {
        let path = format!("{page}/link");
        let answer = clerk.post(&path, &[("send", send)]).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (303, &*page));
        let shown = clerk.get(&page).await;
        assert_eq!(shown.says("is on its way by e-mail"), send == "mail");
        assert!(server.is_open(&shown).await);
        let old = server.link(&first).await;
        assert_eq!(old.state, LinkState::Revoked);
        assert!(old.wrapped_key.is_empty(), "it opens nothing any more");
        assert_eq!(server.count("SELECT COUNT(*) FROM outbox").await, mails);
    }
    let open = "SELECT COUNT(*) FROM consent_links WHERE state = 'open'";
    assert_eq!(server.count(open).await, 1);
}

/// As many at once as there are connections, each with one in hand and in wait for the same record: none may keep it while
/// it waits for another.
#[tokio::test]
async fn requests_at_once_leave_each_other_a_connection() {
    let server = Server::start().await;
    let clerk = Arc::new(server.clerk().await);
    let page = clerk.entered(&Typed::default()).await;
    for what in ["link", "revoke"] {
        let mut lock = server.admin.begin().await.unwrap();
        let locked = sqlx::query("SELECT * FROM records FOR UPDATE");
        locked.fetch_all(&mut *lock).await.unwrap();
        let mut requests = JoinSet::new();
        for _ in 0..CONNECTIONS {
            let (clerk, path) = (Arc::clone(&clerk), format!("{page}/{what}"));
            requests.spawn(async move { clerk.post(&path, &[("send", "desk")]).await.status });
        }
        let all_wait = async || Ok((server.waiting().await == CONNECTIONS).then_some(()));
        let wait = devstack::wait_until("all to wait", Duration::from_secs(60), all_wait);
        wait.await.unwrap();
        lock.rollback().await.unwrap();
        let answers = requests.join_all().await;
        assert!(answers.iter().all(|status| *status == 303), "{answers:?}");
        if what == "link" {
            let shown = clerk.get(&page).await;
            assert!(shown.says("Give this to the owner"), "{}", shown.body);
        }
    }
}

#[tokio::test]
async fn a_mail_that_was_given_up_is_told_where_its_link_is() {
    const WARNING: &str = "The e-mail with this link could not be delivered.";
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = clerk.entered(&Typed::default().with("send", "mail")).await;
    let shown = clerk.get(&page).await;
    assert!(!shown.says(WARNING));

    let link = server.link(&shown).await;
    let event = EventKey::of_consent_link(link.id);
    server.give_up_mail(event).await;
    assert!(clerk.get(&page).await.says(WARNING));
    let path = format!("{page}/link");
    clerk.post(&path, &[("send", "desk")]).await;
    assert!(!clerk.get(&page).await.says(WARNING), "a new link, no mail");
}

#[tokio::test]
async fn a_link_is_taken_back() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = clerk.entered(&Typed::default()).await;
    let first = clerk.get(&page).await;
    let path = format!("{page}/revoke");
    assert_eq!(clerk.post(&path, &[]).await.location(), page);
    let shown = clerk.get(&page).await;
    assert!(shown.says("The link is taken back."));
    assert_eq!(shown.badges(), ["Awaiting consent", "Taken back"]);
    assert!(shown.says("No link lets the owner in any more"));
    assert_eq!(server.link(&first).await.state, LinkState::Revoked);

    clerk.post(&path, &[]).await;
    assert!(
        clerk
            .get(&page)
            .await
            .says("There was no open link to take back.")
    );
    assert_eq!(
        clerk
            .post(&format!("{page}/link"), &[("send", "desk")])
            .await
            .status,
        303
    );
    assert!(server.is_open(&clerk.get(&page).await).await);
}

#[tokio::test]
async fn no_link_is_made_once_the_owner_has_signed() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let owner = Owner::new();
    let typed = Typed::default().with("wallet", &owner.address());
    let page = clerk.entered(&typed).await;
    owner.sign(&server, &page, true).await;
    let answer = clerk
        .post(&format!("{page}/link"), &[("send", "mail")])
        .await;
    assert_eq!(answer.status, 409);
    assert!(answer.says("Consented"), "{}", answer.body);
    let shown = clerk.get(&page).await;
    assert_eq!(shown.badges()[0], "Consented");
    assert!(!shown.says("Send again"));
    assert_eq!(server.count("SELECT COUNT(*) FROM outbox").await, 0);
}
