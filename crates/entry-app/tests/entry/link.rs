//! `/records/{id}/link` and `/records/{id}/revoke`

use database::consent_links::{self, ConsentLink, LinkState};
use database::outbox::{self, Mail, MailState};
use keyring::LinkSecret;
use notification::EventKey;

use crate::harness::{Answer, Owner, Server, Typed};

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
    async fn give_up_mail_of(&self, link: &ConsentLink) {
        let (front, mut connection) = (self.keys.front(), self.admin.acquire().await.unwrap());
        let event = EventKey::of_consent_link(link.id);
        let written = outbox::by_event_key(&mut connection, &front, event.as_bytes()).await;
        let mail = Mail {
            state: MailState::GivenUp,
            ..written.unwrap().unwrap()
        };
        self.run("DELETE FROM outbox").await;
        let written = outbox::enqueue(&mut connection, &front, &mail).await;
        assert!(written.unwrap());
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

#[tokio::test]
async fn a_mail_that_was_given_up_is_told_where_its_link_is() {
    const WARNING: &str = "The e-mail with this link could not be delivered.";
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = clerk.entered(&Typed::default().with("send", "mail")).await;
    let shown = clerk.get(&page).await;
    assert!(!shown.says(WARNING));

    let link = server.link(&shown).await;
    server.give_up_mail_of(&link).await;
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
