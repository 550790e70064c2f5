use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tokio::sync::OnceCell;
use url::Url;

use crate::process::{OnOrphaned, Process, Signal};
use crate::readiness::wait_until;
use crate::stack_dir::StackDir;
use crate::{ports, tools};

const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// How an inbox is started.
#[derive(Clone, Debug, Default)]
pub struct InboxOptions {
    /// Where mails and log are kept; without it in a throw-away folder.
    pub dir: Option<PathBuf>,
    /// The SMTP port; without it a free one.
    pub smtp_port: Option<u16>,
    /// The port of the web page; without it a free one.
    pub web_port: Option<u16>,
}

/// A real SMTP server that keeps every mail, with a web page and a REST interface.
pub struct Inbox {
    smtp: Url,
    web: Url,
    http: reqwest::Client,
    /// Whose mails are told; without it everybody's.
    sender: Option<String>,
    own: Option<Own>,
}

struct Own {
    dir: PathBuf,
    process: Option<Process>,
    _throw_away: Option<StackDir>,
}

/// One mail as the inbox tells it.
#[derive(Clone, Debug, Deserialize)]
pub struct Mail {
    /// The inbox's own id.
    pub id: String,
    /// The subject line.
    #[serde(default)]
    pub subject: String,
    /// Senders.
    #[serde(default)]
    pub from: Vec<Mailbox>,
    /// Recipients.
    #[serde(default)]
    pub to: Vec<Mailbox>,
    /// The plain text part.
    #[serde(default)]
    pub text: String,
    /// The HTML part.
    #[serde(default)]
    pub html: String,
    /// All headers, names in lower case.
    #[serde(default)]
    pub headers: serde_json::Map<String, serde_json::Value>,
}

/// A name with an address.
#[derive(Clone, Debug, Deserialize)]
pub struct Mailbox {
    /// `someone@example.org`
    pub address: String,
    /// The display name, or empty.
    #[serde(default)]
    pub name: String,
}

impl Mail {
    /// Whether the mail went to this address.
    pub fn is_to(&self, address: &str) -> bool {
        self.to
            .iter()
            .any(|mailbox| mailbox.address.eq_ignore_ascii_case(address))
    }
}

impl Inbox {
    /// Starts an inbox and waits until both doors are open.
    pub async fn start(options: &InboxOptions) -> Result<Self> {
        let smtp_port = ports::claim("inbox (SMTP)", options.smtp_port)?;
        let web_port = ports::claim("inbox (web page)", options.web_port)?;
        let throw_away = options
            .dir
            .is_none()
            .then(|| StackDir::throw_away("inbox"))
            .transpose()?;
        let dir = match (&options.dir, &throw_away) {
            (Some(dir), _) => dir.clone(),
            (None, Some(stack)) => stack.part("inbox")?,
            (None, None) => bail!("no folder for the inbox"),
        };
        let mut inbox = Self::at(
            &format!("smtp://127.0.0.1:{smtp_port}"),
            &format!("http://127.0.0.1:{web_port}/"),
        )?;
        inbox.own = Some(Own {
            dir,
            process: None,
            _throw_away: throw_away,
        });
        inbox.resume().await?;
        Ok(inbox)
    }

    /// The inbox that `SMTP_URL` and `INBOX_URL` name; without them one that is started on first
    /// use and ends with this process.
    pub async fn shared() -> Result<&'static Self> {
        static SHARED: OnceCell<Inbox> = OnceCell::const_new();
        SHARED
            .get_or_try_init(|| async {
                match (std::env::var("SMTP_URL"), std::env::var("INBOX_URL")) {
                    (Ok(smtp), Ok(web)) => Self::at(&smtp, &web),
                    _ => Self::start(&InboxOptions::default()).await,
                }
            })
            .await
    }

    fn at(smtp: &str, web: &str) -> Result<Self> {
        Ok(Self {
            smtp: Url::parse(smtp)?,
            web: Url::parse(web)?,
            http: http_client()?,
            sender: None,
            own: None,
        })
    }

    /// The same inbox as one of the many who use it sees it: with what it sent itself, by this address.
    pub fn of_sender(&self, address: &str) -> Self {
        Self {
            smtp: self.smtp.clone(),
            web: self.web.clone(),
            http: self.http.clone(),
            sender: Some(address.to_owned()),
            own: None,
        }
    }

    /// Whose mails it tells, unless everybody's.
    pub fn sender(&self) -> Option<&str> {
        self.sender.as_deref()
    }

    /// Whether it is ours to stop.
    pub fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// Where mails go in.
    pub fn smtp_url(&self) -> &Url {
        &self.smtp
    }

    /// The web page, also the root of the REST interface.
    pub fn web_url(&self) -> &Url {
        &self.web
    }

    /// All mails, oldest first.
    pub async fn messages(&self) -> Result<Vec<Mail>> {
        let mut url = self.web.join("email")?;
        if let Some(sender) = &self.sender {
            url.query_pairs_mut().append_pair("from.address", sender);
        }
        Ok(self
            .http
            .get(url)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?)
    }

    /// All mails to one address, oldest first.
    pub async fn messages_to(&self, address: &str) -> Result<Vec<Mail>> {
        Ok(self
            .messages()
            .await?
            .into_iter()
            .filter(|mail| mail.is_to(address))
            .collect())
    }

    /// The newest mail that `wanted` accepts, waited for.
    pub async fn wait_for(&self, limit: Duration, wanted: impl Fn(&Mail) -> bool) -> Result<Mail> {
        wait_until("a mail", limit, || async {
            Ok(self.messages().await?.into_iter().rev().find(&wanted))
        })
        .await
    }

    /// Forgets all mails.
    pub async fn clear(&self) -> Result<()> {
        self.own.as_ref().context("the inbox isn't ours")?;
        self.http
            .delete(self.web.join("email/all")?)
            .send()
            .await?
            .error_for_status()?;
        Ok(())
    }

    /// Stops the inbox: SMTP is down until [`Self::resume`]. Mails are kept.
    pub async fn stop(&mut self) -> Result<()> {
        let own = self.own.as_mut().context("the inbox isn't ours")?;
        if let Some(mut process) = own.process.take() {
            process.stop(Signal::TERM, STOP_LIMIT).await?;
        }
        Ok(())
    }

    /// Starts the inbox again on the same ports.
    pub async fn resume(&mut self) -> Result<()> {
        let ports = (
            self.smtp.port().context("SMTP port")?,
            self.web.port().context("web port")?,
        );
        let own = self.own.as_mut().context("the inbox isn't ours")?;
        let command = server_command(&own.dir, ports)?;
        let process = Process::spawn(
            "inbox",
            &command,
            &own.dir.join("inbox.log"),
            OnOrphaned::Kill,
        )?;
        let process = own.process.insert(process);
        let health = self.web.join("healthz")?;
        let ready = wait_until("the inbox", START_LIMIT, || async {
            self.http
                .get(health.clone())
                .send()
                .await?
                .error_for_status()?;
            tokio::net::TcpStream::connect(("127.0.0.1", ports.0)).await?;
            Ok(Some(()))
        })
        .await;
        process.check_running()?;
        ready.map_err(|problem| process.explain(&problem))
    }

    /// Fails with the log's end when the inbox has ended by itself.
    pub fn check_running(&mut self) -> Result<()> {
        match self.own.as_mut().and_then(|own| own.process.as_mut()) {
            Some(process) => process.check_running(),
            None => Ok(()),
        }
    }
}

fn server_command(dir: &std::path::Path, (smtp, web): (u16, u16)) -> Result<Command> {
    let program = tools::node_modules().join("maildev/bin/maildev");
    if !program.is_file() {
        bail!(
            "the mail inbox is not installed ({}): run `make install-demo` first",
            program.display()
        );
    }
    let mails = dir.join("mails");
    std::fs::create_dir_all(&mails)?;
    let mut command = Command::new(tools::program(&["node"], "nodejs")?);
    command
        .arg(program)
        .args(["--ip", "127.0.0.1", "--web-ip", "127.0.0.1"]);
    command.args(["--smtp", &smtp.to_string(), "--web", &web.to_string()]);
    command.arg("--mail-directory").arg(mails);
    Ok(command)
}

/// Without kept connections: the one inbox of a process serves tests with a runtime each, and a connection ends with the runtime
/// that opened it, maybe under the hands of another.
fn http_client() -> Result<reqwest::Client> {
    Ok(reqwest::Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(0)
        .timeout(Duration::from_secs(10))
        .build()?)
}
