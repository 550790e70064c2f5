//! The mail inbox: what goes in by SMTP comes out by REST, also after it was down.

use std::time::Duration;

use devstack::{Inbox, InboxOptions};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// No test waits longer for anything.
const LIMIT: Duration = Duration::from_secs(60);

/// A mail by hand, line by line.
async fn send(inbox: &Inbox, to: &str, subject: &str) -> anyhow::Result<()> {
    let port = inbox.smtp_url().port().unwrap();
    let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", port)).await?);
    let recipient = format!("RCPT TO:<{to}>");
    let mail = format!(
        "From: <desk@example.org>\r\nTo: <{to}>\r\nSubject: {subject}\r\n\r\nGood day.\r\n."
    );
    for line in [
        "",
        "HELO localhost",
        "MAIL FROM:<desk@example.org>",
        &recipient,
        "DATA",
        &mail,
        "QUIT",
    ] {
        if !line.is_empty() {
            stream.write_all(format!("{line}\r\n").as_bytes()).await?;
        }
        let mut answer = String::new();
        stream.read_line(&mut answer).await?;
        anyhow::ensure!(answer.starts_with(['2', '3']), "{line}: {answer}");
    }
    Ok(())
}

#[tokio::test]
async fn a_mail_is_waited_for_and_found() {
    let inbox = Inbox::start(&InboxOptions::default()).await.unwrap();
    assert!(inbox.messages().await.unwrap().is_empty());
    send(&inbox, "ada@example.org", "One").await.unwrap();
    send(&inbox, "bob@example.org", "Two").await.unwrap();
    let mail = inbox
        .wait_for(LIMIT, |mail| mail.is_to("BOB@example.org"))
        .await
        .unwrap();
    assert_eq!(
        (mail.subject.as_str(), mail.text.trim()),
        ("Two", "Good day.")
    );
    assert_eq!(mail.from[0].address, "desk@example.org");
    assert_eq!(inbox.messages_to("ada@example.org").await.unwrap().len(), 1);
    let seen_by = async |sender| inbox.of_sender(sender).messages().await.unwrap().len();
    assert_eq!(seen_by("desk@example.org").await, 2);
    assert_eq!(seen_by("desk+1@example.org").await, 0);
    inbox.clear().await.unwrap();
    assert!(inbox.messages().await.unwrap().is_empty());
    let waited = inbox.wait_for(Duration::from_millis(200), |_| true).await;
    assert!(waited.unwrap_err().to_string().contains("a mail"));
}

#[tokio::test]
async fn a_stopped_inbox_refuses_and_comes_back_on_the_same_port_with_its_mails() {
    let mut inbox = Inbox::start(&InboxOptions::default()).await.unwrap();
    send(&inbox, "ada@example.org", "Before").await.unwrap();
    inbox.stop().await.unwrap();
    assert!(send(&inbox, "ada@example.org", "Lost").await.is_err());
    inbox.resume().await.unwrap();
    send(&inbox, "ada@example.org", "After").await.unwrap();
    inbox
        .wait_for(LIMIT, |mail| mail.subject == "After")
        .await
        .unwrap();
    let subjects: Vec<String> = inbox
        .messages()
        .await
        .unwrap()
        .into_iter()
        .map(|mail| mail.subject)
        .collect();
    assert_eq!(subjects, ["Before", "After"]);
}
