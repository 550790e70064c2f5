//! A peer that speaks SMTP by a script: for refusals and for accidents that a real server can't be asked for.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// What the peer answers.
#[derive(Clone, Copy)]
pub(crate) struct Script {
    pub(crate) greeting: &'static str,
    pub(crate) recipient: &'static str,
    /// Empty: the mail is taken, and the line goes dead before the answer.
    pub(crate) data: &'static str,
}

pub(crate) const POLITE: Script = Script {
    greeting: "220 peer",
    recipient: "250 fine",
    data: "250 taken",
};

pub(crate) struct Peer {
    pub(crate) url: Url,
    script: Arc<Mutex<Script>>,
    taken: Arc<Mutex<Vec<String>>>,
}

impl Peer {
    pub(crate) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let script = Arc::new(Mutex::new(script));
        let taken = Arc::new(Mutex::new(Vec::new()));
        let (shared, mails) = (script.clone(), taken.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, shared.clone(), mails.clone()));
            }
        });
        Self {
            url: url.parse().unwrap(),
            script,
            taken,
        }
    }

    pub(crate) fn change(&self, script: Script) {
        *self.script.lock().unwrap() = script;
    }

    /// Every mail as it came, byte for byte.
    pub(crate) fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }
}

/// Ends when the other side hangs up, or by its script.
async fn converse(
    stream: TcpStream,
    script: Arc<Mutex<Script>>,
    taken: Arc<Mutex<Vec<String>>>,
) -> std::io::Result<()> {
    let now = || *script.lock().unwrap();
    let mut stream = BufReader::new(stream);
    say(&mut stream, now().greeting).await?;
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        match line.get(..4).unwrap_or_default() {
            "EHLO" => say(&mut stream, "250 peer").await?,
            "RCPT" => say(&mut stream, now().recipient).await?,
            "QUIT" => return say(&mut stream, "221 bye").await,
            "DATA" => {
                say(&mut stream, "354 go on").await?;
                let mail = read_mail(&mut stream).await?;
                taken.lock().unwrap().push(mail);
                if now().data.is_empty() {
                    return Ok(());
                }
                say(&mut stream, now().data).await?;
            }
            _ => say(&mut stream, "250 fine").await?,
        }
    }
}

async fn read_mail(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut mail = String::new();
    while !mail.ends_with("\r\n.\r\n") {
        if stream.read_line(&mut mail).await? == 0 {
            break;
        }
    }
    Ok(mail)
}

async fn say(stream: &mut BufReader<TcpStream>, line: &str) -> std::io::Result<()> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await
}
