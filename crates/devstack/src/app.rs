use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use url::Url;

use crate::process::{OnOrphaned, Process, Signal};
use crate::readiness::wait_until;
use crate::{ports, tools};

const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(40);

/// What is needed to run one of our apps.
#[derive(Clone, Debug)]
pub struct AppSpec {
    /// The binary's name, such as `entry-app`.
    pub name: String,
    /// Where its log goes.
    pub dir: PathBuf,
    /// Its port on 127.0.0.1; without it a free one.
    pub port: Option<u16>,
    /// Its settings. `LISTEN` is set by us, `PUBLIC_URL` too unless it is given.
    pub env: BTreeMap<String, OsString>,
    /// How long it may take until `/readyz` answers 200.
    pub start_limit: Duration,
}

impl AppSpec {
    /// An app without settings yet.
    pub fn new(name: &str, dir: impl Into<PathBuf>) -> Self {
        Self {
            name: name.to_owned(),
            dir: dir.into(),
            port: None,
            env: BTreeMap::new(),
            start_limit: START_LIMIT,
        }
    }

    /// Sets one environment variable.
    #[must_use]
    pub fn env(mut self, key: &str, value: impl Into<OsString>) -> Self {
        self.env.insert(key.to_owned(), value.into());
        self
    }

    /// Chooses the port.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }
}

/// One of our apps as a child process. It sees only the settings of its spec, not our environment.
pub struct App {
    spec: AppSpec,
    url: Url,
    http: reqwest::Client,
    process: Option<Process>,
}

impl App {
    /// Starts the built binary and waits until `/readyz` says 200.
    pub async fn start(mut spec: AppSpec) -> Result<Self> {
        let port = ports::claim(&spec.name, spec.port)?;
        spec.port = Some(port);
        let url = format!("http://127.0.0.1:{port}");
        spec.env
            .insert("LISTEN".to_owned(), format!("127.0.0.1:{port}").into());
        spec.env
            .entry("PUBLIC_URL".to_owned())
            .or_insert_with(|| url.clone().into());
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(10))
            .build()?;
        let mut app = Self {
            spec,
            url: Url::parse(&url)?,
            http,
            process: None,
        };
        app.resume().await?;
        Ok(app)
    }

    /// The app's root page.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The settings that it gets when it starts.
    pub fn env(&self) -> &BTreeMap<String, OsString> {
        &self.spec.env
    }

    /// A page of the app.
    pub fn page(&self, path: &str) -> Result<Url> {
        Ok(self.url.join(path)?)
    }

    /// Everything the app has logged.
    pub fn log(&self) -> String {
        fs::read(self.log_path())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// The log's end, to follow a semicolon.
    pub fn last_words(&self) -> String {
        let process = self.process.as_ref();
        process.map_or_else(|| "it does not run".to_owned(), Process::last_words)
    }

    /// The log file.
    pub fn log_path(&self) -> PathBuf {
        self.spec.dir.join(format!("{}.log", self.spec.name))
    }

    /// Its process id while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(Process::pid)
    }

    /// Changes a setting for the next [`Self::resume`].
    pub fn set_env(&mut self, key: &str, value: impl Into<OsString>) {
        self.spec.env.insert(key.to_owned(), value.into());
    }

    /// SIGKILL, and waits until it is gone.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// SIGTERM; fails when the app doesn't end in time or ends with an error.
    pub async fn stop(&mut self) -> Result<()> {
        if let Some(mut process) = self.process.take() {
            let status = process.stop(Signal::TERM, STOP_LIMIT).await?;
            if !status.success() {
                anyhow::bail!(
                    "{} ended with {status}; {}",
                    self.spec.name,
                    process.last_words()
                );
            }
        }
        Ok(())
    }

    /// Starts it again on the same port with the same settings.
    pub async fn resume(&mut self) -> Result<()> {
        self.spawn()?;
        self.wait_ready().await
    }

    /// Starts it again and doesn't wait.
    pub fn spawn(&mut self) -> Result<()> {
        let mut command = Command::new(tools::binary(&self.spec.name)?);
        command.env_clear().envs(&self.spec.env);
        self.process = Some(Process::spawn_alone(
            &self.spec.name,
            &command,
            &self.log_path(),
            OnOrphaned::Terminate,
        )?);
        Ok(())
    }

    /// Waits until `/readyz` says 200.
    pub async fn wait_ready(&mut self) -> Result<()> {
        let ready = self.url.join("readyz")?;
        let process = self.process.as_mut().context("the app is stopped")?;
        let answered = wait_until("/readyz", self.spec.start_limit, || {
            let running = process.check_running();
            let request = self.http.get(ready.clone());
            async move {
                if let Err(ended) = running {
                    return Ok(Some(Err(ended)));
                }
                let answer = request.send().await?;
                anyhow::ensure!(
                    answer.status().is_success(),
                    "{}: {}",
                    answer.status(),
                    answer.text().await?
                );
                Ok(Some(Ok(())))
            }
        })
        .await;
        match answered {
            Ok(outcome) => outcome,
            Err(problem) => Err(process.explain(&problem)),
        }
    }

    /// Fails with the log's end when the app has ended by itself.
    pub fn check_running(&mut self) -> Result<()> {
        self.process
            .as_mut()
            .context("the app is stopped")?
            .check_running()
    }
}
